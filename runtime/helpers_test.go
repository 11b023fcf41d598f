package runtime_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
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

// patience is how long a test waits for what must come before it fails.
const patience = time.Minute

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// options fills in what tests want unless they say otherwise.
func options(o *wsruntime.Options) *wsruntime.Options {
	if o == nil {
		o = &wsruntime.Options{}
	}
	if o.Logger == nil {
		o.Logger = quiet
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = time.Minute // on a busy machine a stalled client would be closed before the test is done with it
	}
	return o
}

func newFactory(t testing.TB, o *wsruntime.Options) *wsruntime.Factory {
	t.Helper()
	return runtimetest.New(t, options(o))
}

// byQuery authenticates whom the query names: tests are their own clients.
func byQuery(r *http.Request) (wsruntime.UserID, error) {
	return wsruntime.UserID(r.URL.Query().Get("user")), nil
}

// serve puts the factory behind a real server and returns the URL to dial.
func serve(t testing.TB, f *wsruntime.Factory) string {
	t.Helper()
	srv := httptest.NewServer(f.Handler(byQuery))
	t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

// dial opens a real socket for a user.
func dial(t testing.TB, url string, user wsruntime.UserID) *websocket.Conn {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.Dial(url+"?user="+string(user), nil)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

func record(t testing.TB, url string, user wsruntime.UserID) *runtimetest.Recorder {
	t.Helper()
	return runtimetest.NewRecorder(t, dial(t, url, user))
}

func emitter(t testing.TB, f *wsruntime.Factory, user wsruntime.UserID) *wsruntime.Emitter {
	t.Helper()
	em, err := f.Emitter(t.Context(), user)
	require.NoError(t, err)
	t.Cleanup(func() { _ = em.Close() })
	return em
}

func event(data any) wsruntime.Event { return wsruntime.Event{Type: "test", Data: data} }

// conn waits for the user's connections and returns the first.
func conn(t testing.TB, f *wsruntime.Factory, em *wsruntime.Emitter) *wsruntime.Conn {
	t.Helper()
	var first *wsruntime.Conn
	eventually(t, "a connection", func() bool {
		for c := range em.UserContext().Pool().All() {
			first = c
			return true
		}
		return false
	})
	return first
}

// eventually polls for something that other goroutines bring about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(patience); !ok(); <-time.After(time.Millisecond) {
		require.False(t, time.Now().After(late), "waited for "+what)
	}
}

// gone waits until nothing of any user is left.
func gone(t testing.TB, f *wsruntime.Factory) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, runtimetest.WaitResidue(ctx, f))
}

func datas(frames []runtimetest.Frame) []string {
	var all []string
	for _, f := range frames {
		all = append(all, string(f.Data))
	}
	return all
}

func decode[T any](t testing.TB, raw json.RawMessage) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal(raw, &v))
	return v
}

// deaf dials a socket that reads nothing, with small buffers, so that little fills it.
func deaf(t testing.TB, url string, user wsruntime.UserID) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			err = nc.(*net.TCPConn).SetReadBuffer(4096)
		}
		return nc, err
	}}
	ws, resp, err := d.Dial(url+"?user="+string(user), nil)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

func deadline() time.Time { return time.Now().Add(patience) }
