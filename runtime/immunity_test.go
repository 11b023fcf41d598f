package runtime_test

// The mechanisms by which one user's events reached another in public incidents, and what shows that this package is
// immune. Where the design leaves no place for a mechanism, the line says why; the test named with it would notice.
//
//	M01 broadcast by default              TestImmunityNobody
//	M02 last writer wins                  TestImmunityCanaries: no "current" anything exists
//	M03 check then act                    TestImmunityCanaries; TestGatePair for managers that are still in use
//	M04 captured loop variable            TestImmunityCanaries: fan-out runs in the caller, no goroutine per recipient
//	M05 caller's bytes queued uncopied    TestLaw05MemoryIsTheCallersAgain, TestImmunityCanaries
//	M06 buffer put back too early         TestImmunityCanaries
//	M07 buffer put back twice             TestImmunityCanaries: it kills connections while they are written
//	M08 buffer not truncated              TestImmunityCanaries: long and short take turns
//	M09 shared encoder                    TestImmunityCanaries
//	M10 spliced frames                    TestPingFloodMeetsLargeMessages
//	M11 request context after the handler TestImmunityRequestContext
//	M12 id aliases a request buffer       TestImmunityAliasedID
//	M13 lost registration                 TestImmunityCanaries: who stays connected loses nothing in the churn
//	M14 old socket unregisters the new    TestImmunityOverlap, TestLaw07CloseTakesAHandle
//	M15 slot or descriptor used again     TestImmunityLateSend
//	M16 key not unique                    TestLaw12FourUsers, TestCompoundID: keys are ids, whole
//	M17 id normalised                     TestLaw12FourUsers, FuzzIDs
//	M18 cache without the user            TestImmunitySameRequest: nothing is cached but the user's own ring
//	M19 reply left on a shared connection TestLaw06Block: an emit that is given up leaves nothing; there is no back end
//	M20 resume without owner              TestResumeIsTheOwners, FuzzResumeToken, TestModel
//	M21 evicted context used again        TestImmunityEvicted
//	M22 creation not rolled back          TestLaw08*
//	M23 authorisation of connect time     TestLaw13Revoke*
//	M24 client names the recipient        TestImmunityClientsWord
//	M25 wrong kind of id, all devices     TestImmunityDevices; ids of different kinds are different types
//	M26 shared worker, shared fate        TestLaw09StalledReader
//	M27 side channels                     TestImmunitySideChannels
//	M28 nodes                             TestTwoNodes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestImmunityNobody(t *testing.T) {
	f := newFactory(t, nil)
	bob := runtimetest.Record(t, f, "bob")
	bob.WaitType("wsmig.ready")
	_, err := f.Emitter(t.Context(), "")
	require.ErrorIs(t, err, wsruntime.ErrInvalidID)
	for _, user := range []wsruntime.UserID{"unknown", "*", "None", "all", "bo", "bobb"} {
		require.ErrorIs(t, emitter(t, f, user).Emit(t.Context(), event(user)), wsruntime.ErrNoConnection)
	}
	_, err = f.Room("").Emit(t.Context(), event(1))
	require.ErrorIs(t, err, wsruntime.ErrNoConnection)
	require.NoError(t, emitter(t, f, "bob").Emit(t.Context(), event("fence")))
	require.Equal(t, []string{`"fence"`}, datas(bob.Wait(1)))
}

// canaryText is made of its user's letter alone, so that any byte of it elsewhere tells.
func canaryText(user, n int) string {
	return fmt.Sprintf("%c%d:%s", 'A'+user, n, strings.Repeat(string(rune('A'+user)), []int{3, 40, 2000, 9, 20000}[n%5]))
}

// TestImmunityCanaries: many users at once, messages of changing lengths from reused memory, clients that are torn off
// while they are written to. Every byte that any client receives is its own user's, and who stays loses nothing.
func TestImmunityCanaries(t *testing.T) {
	const users, each = 6, 150
	f := newFactory(t, &wsruntime.Options{Framing: wsruntime.Raw, QueueEvents: 2 * each, QueueBytes: 16 << 20})
	url := serve(t, f)
	name := func(u int) wsruntime.UserID { return wsruntime.UserID(fmt.Sprint("user", u)) }
	var stay []*runtimetest.Recorder
	for u := range users {
		stay = append(stay, record(t, url, name(u)))
		conn(t, f, emitter(t, f, name(u)))
	}
	stop := make(chan struct{})
	var churners, emitters sync.WaitGroup
	for u := range users {
		churners.Go(func() { tearOff(t, url, name(u), u, stop) })
		emitters.Go(func() {
			em, err := f.Emitter(context.Background(), name(u))
			if err != nil {
				t.Error(err)
				return
			}
			defer em.Close()
			var buf []byte
			for n := range each {
				buf = append(buf[:0], canaryText(u, n)...)
				_ = em.EmitRaw(context.Background(), wsruntime.TextMessage, buf) // a torn-off device may overflow
				for i := range buf {
					buf[i] = '!'
				}
			}
		})
	}
	emitters.Wait()
	close(stop)
	churners.Wait()
	for u, r := range stay {
		for n, fr := range r.Wait(each) {
			require.Equal(t, canaryText(u, n), string(fr.Raw))
		}
	}
	require.Zero(t, f.Stats().IsolationViolations)
}

// tearOff connects the user's second device again and again, reads a little and cuts the line.
func tearOff(t *testing.T, url string, user wsruntime.UserID, u int, stop <-chan struct{}) {
	rng := rand.New(rand.NewPCG(7, uint64(u)))
	for {
		select {
		case <-stop:
			return
		default:
		}
		ws, _, err := websocket.DefaultDialer.Dial(url+"?user="+string(user), nil)
		if err != nil {
			t.Error(err)
			return
		}
		if err := ws.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
			t.Error(err)
		}
		for range rng.IntN(10) {
			_, p, err := ws.ReadMessage()
			if err != nil {
				break
			}
			if other := bytes.Trim(p, fmt.Sprintf("%c0123456789:", 'A'+u)); len(other) > 0 {
				t.Errorf("%q received %q", user, other)
			}
		}
		_ = ws.NetConn().Close()
	}
}

type ctxKey struct{}

// TestImmunityRequestContext: the values of a connection's context stay those of its own request, after the handler
// returned and others came on the same server.
func TestImmunityRequestContext(t *testing.T) {
	got := make(chan string, 64)
	f := newFactory(t, &wsruntime.Options{OnMessage: func(ctx context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, _ []byte) error {
		got <- fmt.Sprint(c.User(), " ", ctx.Value(ctxKey{}), " ", c.Context().Value(ctxKey{}), " ", ctx.Err())
		return nil
	}})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := r.URL.Query().Get("user")
		ctx, cancel := context.WithCancel(context.WithValue(r.Context(), ctxKey{}, user))
		defer cancel()
		if err := f.Serve(w, r.WithContext(ctx), wsruntime.UserID(user)); err != nil {
			t.Error(err)
		}
	})
	var conns []*websocket.Conn
	for i := range 10 {
		ws, _, err := runtimetest.DialHandler(h, fmt.Sprint("/?user=u", i), nil)
		require.NoError(t, err)
		conns = append(conns, ws)
	}
	for i, ws := range conns {
		require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("x")))
		require.Equal(t, fmt.Sprintf("u%d u%d u%d <nil>", i, i, i), <-got)
		require.NoError(t, ws.Close())
	}
	em := emitter(t, f, "fresh")
	require.NoError(t, em.UserContext().Context().Err())
}

// TestImmunityAliasedID: the authenticator's id is a view of a buffer that the next request overwrites.
func TestImmunityAliasedID(t *testing.T) {
	f := newFactory(t, nil)
	buf := make([]byte, 5)
	auth := func(r *http.Request) (wsruntime.UserID, error) {
		copy(buf, r.URL.Query().Get("user"))
		return wsruntime.UserID(unsafe.String(&buf[0], len(buf))), nil
	}
	users := []string{"alice", "bobby", "carol"}
	var rs []*runtimetest.Recorder
	for _, user := range users {
		ws, _, err := runtimetest.DialHandler(f.Handler(auth), "/?user="+user, nil)
		require.NoError(t, err)
		rs = append(rs, runtimetest.NewRecorder(t, ws))
	}
	for i, user := range users {
		require.NoError(t, emitter(t, f, wsruntime.UserID(user)).Emit(t.Context(), event(user)))
		require.Equal(t, []string{`"` + user + `"`}, datas(rs[i].Wait(1)))
	}
}

// TestImmunityOverlap: the new connection comes before the old one goes, as mobile clients do it.
func TestImmunityOverlap(t *testing.T) {
	f := newFactory(t, nil)
	url := serve(t, f)
	em := emitter(t, f, "alice")
	old := record(t, url, "alice")
	old.WaitType("wsmig.ready")
	for i := range 20 {
		next := record(t, url, "alice")
		next.WaitType("wsmig.ready")
		require.NoError(t, old.Conn().NetConn().Close())
		eventually(t, "the old one's end", func() bool { return em.UserContext().Pool().Len() == 1 })
		require.NoError(t, em.Emit(t.Context(), event(i)))
		require.Equal(t, []string{fmt.Sprint(i)}, datas(next.Wait(1)))
		old = next
	}
}

// TestImmunityLateSend: A goes, B comes at once (and gets A's descriptor), and A's handles are still used.
func TestImmunityLateSend(t *testing.T) {
	f := newFactory(t, nil)
	url := serve(t, f)
	for range 20 {
		a := dial(t, url, "a")
		em := emitter(t, f, "a")
		old := conn(t, f, em)
		require.NoError(t, a.NetConn().Close())
		b := record(t, url, "b")
		for range 20 {
			_ = em.Emit(t.Context(), event("for a")) // the server may not have noticed yet
			_ = old.Emit(t.Context(), event("for a"))
		}
		b.WaitType("wsmig.ready")
		require.NoError(t, emitter(t, f, "b").Emit(t.Context(), event("for b")))
		require.Equal(t, []string{`"for b"`}, datas(b.Wait(1)))
		require.NoError(t, b.Conn().Close())
		require.NoError(t, em.Close())
		eventually(t, "both gone", func() bool { return f.Stats().Conns == 0 })
		require.ErrorIs(t, old.Emit(t.Context(), event("for a")), wsruntime.ErrClosed)
	}
}

func TestImmunitySameRequest(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{OnMessage: func(ctx context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
		return c.Emit(ctx, wsruntime.Event{Type: string(data), Data: c.User()})
	}})
	var wg sync.WaitGroup
	for i := range 20 {
		r := runtimetest.Record(t, f, wsruntime.UserID(fmt.Sprint("u", i)))
		wg.Go(func() {
			for range 5 {
				if err := r.Conn().WriteMessage(websocket.TextMessage, []byte("whoami")); err != nil {
					t.Error(err)
				}
			}
			for _, fr := range r.Wait(5) {
				if string(fr.Data) != fmt.Sprintf(`"u%d"`, i) {
					t.Errorf("u%d was told %s", i, fr.Data)
				}
			}
		})
	}
	wg.Wait()
}

// TestImmunityEvicted: B takes the only place from A, whose queue and ring are full.
func TestImmunityEvicted(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{MaxUsers: 1, MaxConns: 1, AtLimit: wsruntime.EvictOldest})
	runtimetest.Pipe(t, f, "a")
	em := emitter(t, f, "a")
	em.UserContext().Store("k", "a's")
	for range 50 {
		require.NoError(t, em.Emit(t.Context(), event("a's "+strings.Repeat("a", 4000))))
	}
	b := runtimetest.Record(t, f, "b")
	b.WaitType("wsmig.ready")
	bs := emitter(t, f, "b")
	_, ok := bs.UserContext().Load("k")
	require.False(t, ok)
	require.ErrorIs(t, em.Emit(t.Context(), event("a's")), wsruntime.ErrClosed)
	require.NoError(t, bs.Emit(t.Context(), event("b's")))
	got := b.Wait(1)
	require.Equal(t, []string{`"b's"`}, datas(got))
	require.EqualValues(t, 1, got[0].Seq)
}

// TestImmunityClientsWord: nothing that a client says about who it is or where it belongs is believed.
func TestImmunityClientsWord(t *testing.T) {
	f := newFactory(t, nil)
	isMallory := func(*http.Request) (wsruntime.UserID, error) { return "mallory", nil }
	h := http.Header{"X-User": {"alice"}, "X-User-Id": {"alice"}, "X-Forwarded-User": {"alice"}, "Authorization": {"alice"}, "Cookie": {"user=alice"}}
	ws, _, err := runtimetest.DialHandler(f.Handler(isMallory), "/alice?user=alice&user_id=alice&room=r&session=alice&device=alice", h)
	require.NoError(t, err)
	mallory := runtimetest.NewRecorder(t, ws)
	runtimetest.Record(t, f, "alice").WaitType("wsmig.ready")
	require.NoError(t, f.Room("r").Join(t.Context(), "alice"))
	for _, say := range []string{`{"type":"join","room":"r"}`, `{"type":"subscribe","user":"alice"}`, `{"type":"wsmig.ready","user":"alice"}`, `{"type":"login","user":"alice"}`, `{"v":1,"type":"wsmig.resume","epoch":"x","seq":0}`} {
		require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte(say)))
	}
	eventually(t, "all of it", func() bool { return f.Stats().Inbound == 5 })
	require.NoError(t, emitter(t, f, "alice").Emit(t.Context(), event("alice's")))
	_, err = f.Room("r").Emit(t.Context(), event("the room's"))
	require.NoError(t, err)
	require.NoError(t, emitter(t, f, "mallory").Emit(t.Context(), event("fence")))
	require.Equal(t, []string{`"fence"`}, datas(mallory.Wait(1)))
	require.Equal(t, []wsruntime.UserID{"alice"}, f.Room("r").Members())
}

func TestImmunityDevices(t *testing.T) {
	f := newFactory(t, nil)
	var alices, bobs []*runtimetest.Recorder
	for range 3 {
		alices = append(alices, runtimetest.Record(t, f, "alice"))
		bobs = append(bobs, runtimetest.Record(t, f, "bob"))
	}
	for _, r := range bobs {
		r.WaitType("wsmig.ready")
	}
	em := emitter(t, f, "alice")
	require.Equal(t, 3, em.UserContext().Pool().Len())
	require.NoError(t, em.Emit(t.Context(), event("alice's")))
	require.NoError(t, emitter(t, f, "bob").Emit(t.Context(), event("bob's")))
	for i := range 3 {
		require.Equal(t, []string{`"alice's"`}, datas(alices[i].Wait(1)))
		require.Equal(t, []string{`"bob's"`}, datas(bobs[i].Wait(1)))
	}
	for c := range em.UserContext().Pool().All() {
		_, err := f.Emitter(t.Context(), wsruntime.UserID(c.ID())) // a connection id where a user is wanted takes a conversion
		require.NoError(t, err)
		break
	}
}

// TestImmunitySideChannels reads every byte of Bob's sockets, of each kind of frame and refusal, while things happen to
// Alice and go wrong with her secrets in their texts.
func TestImmunitySideChannels(t *testing.T) {
	const secret = "alice-secret"
	leaky := errors.New(secret)
	f := newFactory(t, &wsruntime.Options{PingInterval: 20 * time.Millisecond, MaxConnsPerUser: 2, Compression: true,
		OnMessage: func(context.Context, *wsruntime.Conn, wsruntime.MessageType, []byte) error { return leaky },
	})
	auth := func(r *http.Request) (wsruntime.UserID, error) {
		if r.URL.Query().Get("user") == "" {
			return "", leaky
		}
		return byQuery(r)
	}
	_, resp, err := runtimetest.DialHandler(f.Handler(auth), "/", nil)
	require.Error(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NotContains(t, string(body), secret)

	bob := runtimetest.Pipe(t, f, "bob")
	runtimetest.Record(t, f, secret).WaitType("wsmig.ready")
	em := emitter(t, f, secret)
	require.NoError(t, em.Emit(t.Context(), event(secret)))
	require.NoError(t, f.Room(secret).Join(t.Context(), secret))
	require.NoError(t, f.Revoke(t.Context(), secret))
	pinged := make(chan struct{}, 1)
	var wire bytes.Buffer
	tap := io.TeeReader(bob.NetConn(), &wire)
	go func() {
		<-pinged
		_ = bob.WriteMessage(websocket.TextMessage, []byte("make OnMessage fail"))
	}()
	buf := make([]byte, 4096)
	for err = nil; err == nil; {
		_, err = tap.Read(buf)
		if bytes.Contains(wire.Bytes(), []byte("\x89\x04")) {
			select {
			case pinged <- struct{}{}:
			default:
			}
		}
	}
	require.Contains(t, wire.String(), "\x89\x04", "a ping")
	require.Contains(t, wire.String(), "\x88\x02\x03\xf0", "a close frame, 1008, without a reason")
	require.NotContains(t, wire.String(), secret)
}
