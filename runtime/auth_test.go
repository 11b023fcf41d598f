package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestLaw13Authentication(t *testing.T) {
	for name, tc := range map[string]struct {
		auth   wsruntime.Authenticator
		status int
	}{
		"error":      {func(*http.Request) (wsruntime.UserID, error) { return "alice", errors.New("no") }, 401},
		"empty":      {func(*http.Request) (wsruntime.UserID, error) { return "", nil }, 401},
		"invalid id": {func(*http.Request) (wsruntime.UserID, error) { return "a\x00", nil }, 401},
		"revoked": {func(*http.Request) (wsruntime.UserID, error) {
			return "", fmt.Errorf("session: %w", wsruntime.ErrRevoked)
		}, 403},
		"too often": {func(*http.Request) (wsruntime.UserID, error) {
			return "", &wsruntime.LimitError{Limit: "logins a minute", Max: 5}
		}, 429},
		"panic": {func(*http.Request) (wsruntime.UserID, error) { panic("no") }, 500},
		"too slow": {func(r *http.Request) (wsruntime.UserID, error) {
			<-r.Context().Done()
			return "alice", nil
		}, 503},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFactory(t, &wsruntime.Options{HandshakeTimeout: 50 * time.Millisecond})
			_, resp, err := runtimetest.DialHandler(f.Handler(tc.auth), "/", nil)
			require.Error(t, err)
			require.Equal(t, tc.status, resp.StatusCode)
			require.NoError(t, runtimetest.Residue(f))
			require.EqualValues(t, 1, f.Stats().Refused)
			require.Zero(t, f.Stats().ContextsCreated, "no path to a context without authentication")
		})
	}
	f := newFactory(t, nil)
	require.Panics(t, func() { f.Handler(nil) })
}

func TestLaw13Origin(t *testing.T) {
	f := newFactory(t, nil)
	open := newFactory(t, &wsruntime.Options{CheckOrigin: func(*http.Request) bool { return true }})
	broken := newFactory(t, &wsruntime.Options{CheckOrigin: func(*http.Request) bool { panic("no") }})
	dialFrom := func(f *wsruntime.Factory, origins ...string) int {
		h := http.Header{"Origin": origins}
		if origins == nil {
			h = nil
		}
		ws, resp, err := runtimetest.DialHandler(f.Handler(byQuery), "/?user=alice", h)
		if err == nil {
			require.NoError(t, ws.Close())
		}
		return resp.StatusCode
	}
	require.Equal(t, 101, dialFrom(f), "no Origin: not a browser")
	require.Equal(t, 101, dialFrom(f, "http://pipe"))
	require.Equal(t, 101, dialFrom(f, "https://PIPE"))
	for _, origin := range []string{"http://evil.example", "http://pipe.evil.example", "null", "http://pipe:81", "://", ""} {
		require.Equal(t, 403, dialFrom(f, origin), origin)
	}
	require.Equal(t, 403, dialFrom(f, "http://pipe", "http://evil.example"), "two of them")
	require.Equal(t, 101, dialFrom(open, "http://evil.example"))
	require.Equal(t, 403, dialFrom(broken, "http://pipe"), "a check that fails is no yes")
}

// TestRejectAfterUpgrade: browsers can read a close code where they can't read a status.
func TestRejectAfterUpgrade(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{RejectAfterUpgrade: true, MaxConns: 1})
	refuse := func(auth wsruntime.Authenticator, h http.Header) int {
		ws, resp, err := runtimetest.DialHandler(f.Handler(auth), "/?user=alice", h)
		require.NoError(t, err)
		require.Equal(t, 101, resp.StatusCode)
		return runtimetest.NewRecorder(t, ws).WaitClosed()
	}
	nobody := func(*http.Request) (wsruntime.UserID, error) { return "", errors.New("who") }
	require.Equal(t, 1008, refuse(nobody, nil))
	require.Equal(t, 1008, refuse(byQuery, http.Header{"Origin": {"http://evil.example"}}))
	require.Equal(t, 1011, refuse(func(*http.Request) (wsruntime.UserID, error) { panic("no") }, nil))
	runtimetest.Pipe(t, f, "bob")
	require.Equal(t, 1013, refuse(byQuery, nil))
	w := httptest.NewRecorder()
	f.Handler(byQuery).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?user=alice", nil))
	require.Equal(t, http.StatusBadRequest, w.Code, "who does not speak WebSocket gets HTTP")
}

func TestServeErrors(t *testing.T) {
	f := newFactory(t, nil)
	w := httptest.NewRecorder()
	err := f.Serve(w, httptest.NewRequest(http.MethodGet, "/", nil), "alice")
	var he *wsruntime.HandshakeError
	require.ErrorAs(t, err, &he)
	require.Equal(t, http.StatusBadRequest, he.Status)
	require.ErrorContains(t, err, "HTTP 400")
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(k, v)
	}
	w = httptest.NewRecorder()
	require.ErrorContains(t, f.Serve(w, r, "alice"), "wsmig: upgrade: ", "a ResponseWriter that can't be taken over")
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.ErrorIs(t, f.Serve(httptest.NewRecorder(), r, "bad\n"), wsruntime.ErrInvalidID)
	require.NoError(t, runtimetest.Residue(f))
}

// TestAnswerHeader: what a handler around the factory set is part of the answer: the subprotocol, cookies.
func TestAnswerHeader(t *testing.T) {
	f := newFactory(t, nil)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Sec-WebSocket-Protocol", "chat.v2")
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		if err := f.Serve(w, r, "alice"); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	d := websocket.Dialer{Subprotocols: []string{"chat.v1", "chat.v2"}}
	ws, resp, err := d.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	require.NoError(t, err)
	defer ws.Close()
	require.Equal(t, "chat.v2", ws.Subprotocol())
	require.Contains(t, resp.Header.Get("Set-Cookie"), "seen=1")
	_, _, err = ws.ReadMessage()
	require.NoError(t, err)
}

func TestLaw13Revoke(t *testing.T) {
	f := newFactory(t, nil)
	url := serve(t, f)
	alice, tablet, bob := record(t, url, "alice"), record(t, url, "alice"), record(t, url, "bob")
	alice.WaitType("wsmig.ready")
	tablet.WaitType("wsmig.ready")
	bob.WaitType("wsmig.ready")
	em := emitter(t, f, "alice")
	require.NoError(t, em.Emit(t.Context(), event("before")))
	alice.Wait(1)
	epoch := alice.Events()[0].Epoch
	uc := em.UserContext()
	uc.Store("k", "v")
	require.NoError(t, f.Revoke(t.Context(), "alice"))

	require.ErrorIs(t, em.Emit(t.Context(), event("after")), wsruntime.ErrRevoked)
	require.ErrorIs(t, em.For("t").EmitRaw(t.Context(), wsruntime.TextMessage, nil), wsruntime.ErrRevoked)
	require.ErrorIs(t, uc.Context().Err(), context.Canceled)
	require.Equal(t, 1008, alice.WaitClosed())
	require.Equal(t, 1008, tablet.WaitClosed())
	require.NoError(t, emitter(t, f, "bob").Emit(t.Context(), event("his")))
	bob.Wait(1)

	again, _, err := runtimetest.Dial(f, "alice", "resume="+epoch+":0")
	require.NoError(t, err, "who authenticates anew may come back")
	r := runtimetest.NewRecorder(t, again)
	gap := r.WaitType("wsmig.gap")
	require.Equal(t, "epoch", gap.Reason, "what she had is forgotten")
	require.NotEqual(t, epoch, r.Frames()[0].Epoch)
	_, ok := emitter(t, f, "alice").UserContext().Load("k")
	require.False(t, ok)
	require.NoError(t, f.Revoke(t.Context(), "nobody"))
	require.ErrorIs(t, f.Revoke(t.Context(), ""), wsruntime.ErrInvalidID)
}

// TestLaw13RevokeMeetsAHandshake: who was authenticated before the revocation does not get in after it.
func TestLaw13RevokeMeetsAHandshake(t *testing.T) {
	for _, where := range []string{"authenticating", "in OnConnect"} {
		t.Run(where, func(t *testing.T) {
			in, out := make(chan struct{}), make(chan struct{})
			hold := func() { close(in); <-out }
			o := &wsruntime.Options{}
			auth := byQuery
			if where == "in OnConnect" {
				o.OnConnect = func(context.Context, *wsruntime.Conn) error { hold(); return nil }
			} else {
				auth = func(*http.Request) (wsruntime.UserID, error) { hold(); return "alice", nil }
			}
			f := newFactory(t, o)
			type answer struct {
				ws   *websocket.Conn
				resp *http.Response
			}
			got := make(chan answer)
			go func() {
				ws, resp, _ := runtimetest.DialHandler(f.Handler(auth), "/?user=alice", nil) // judged below
				got <- answer{ws, resp}
			}()
			<-in
			require.NoError(t, f.Revoke(t.Context(), "alice"))
			close(out)
			a := <-got
			if where == "authenticating" {
				require.Equal(t, 403, a.resp.StatusCode)
			} else {
				r := runtimetest.NewRecorder(t, a.ws)
				require.Equal(t, 1008, r.WaitClosed())
				require.Empty(t, r.Frames())
			}
			gone(t, f)
			require.NoError(t, f.Shutdown(t.Context()))
		})
	}
}

// TestLaw13RevokeOfAStalledClient: it takes effect at once although the client reads nothing.
func TestLaw13RevokeOfAStalledClient(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{WriteTimeout: time.Hour, PingInterval: -1}) // nothing else ends the connection
	ws := deaf(t, serve(t, f), "alice")
	em := emitter(t, f, "alice")
	c := conn(t, f, em)
	flood(t, em)
	require.NoError(t, f.Revoke(t.Context(), "alice"))
	delivered := f.Stats().Delivered
	require.Positive(t, f.Stats().Dropped[wsruntime.ReasonRevoked])
	gone(t, f)
	require.Equal(t, delivered, f.Stats().Delivered, "nothing was written after Revoke returned")
	require.ErrorIs(t, c.Err(), wsruntime.ErrRevoked)
	require.NoError(t, ws.Close())
}
