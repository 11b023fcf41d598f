package runtime_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// Bounds that no option sets, and the edges of those that one does.

// TestLaw11ClaimIsExact: many that come at once get as many places as there are, not one more.
func TestLaw11ClaimIsExact(t *testing.T) {
	const limit = 1_000_000
	var n atomic.Int64
	var got [8]int
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			for wsruntime.Claim(&n, limit) {
				got[i]++
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, g := range got {
		sum += g
	}
	require.Equal(t, limit, sum)
}

// TestLaw11InboundExact: a message of exactly the size allowed is no mistake.
func TestLaw11InboundExact(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{MaxInboundBytes: 1000, OnMessage: echo})
	r := runtimetest.Record(t, f, "alice")
	require.NoError(t, r.Conn().WriteMessage(websocket.BinaryMessage, make([]byte, 1000)))
	require.Len(t, r.Wait(1)[0].Raw, 1000)
}

// TestLaw11RateRefills: the rate is one per second, not a ration for life.
func TestLaw11RateRefills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{InboundRate: 10, PingInterval: -1})
		ws := runtimetest.Pipe(t, f, "alice")
		r := runtimetest.NewRecorder(t, ws)
		for range 5 {
			for range 10 {
				require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("x")))
			}
			<-time.After(time.Second)
		}
		require.EqualValues(t, 50, f.Stats().Inbound)
		require.NoError(t, r.Err())
		for range 11 {
			_ = ws.WriteMessage(websocket.TextMessage, []byte("x")) // the last of them is too much
		}
		require.Equal(t, 1008, r.WaitClosed())
	})
}

// TestLaw11OnConnectTime: HandshakeTimeout ends a callback that takes too long, by its context.
func TestLaw11OnConnectTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{HandshakeTimeout: 3 * time.Second, OnConnect: func(ctx context.Context, _ *wsruntime.Conn) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		begun := time.Now()
		ws, _, err := runtimetest.Dial(f, "alice", "")
		require.NoError(t, err)
		require.Equal(t, 1008, runtimetest.NewRecorder(t, ws).WaitClosed())
		require.Equal(t, 3*time.Second, time.Since(begun))
		synctest.Wait()
		require.NoError(t, runtimetest.Residue(f))
	})
}

// TestLaw11PongsAreBounded: a client that sends pings and reads nothing fills no memory with their answers.
func TestLaw11PongsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{InboundRate: -1, PingInterval: -1, WriteTimeout: time.Hour})
		ws, em, _ := stuffed(t, f)
		for range 500 {
			require.NoError(t, ws.WriteControl(websocket.PingMessage, []byte("ping"), deadline()))
		}
		synctest.Wait()
		pongs := 0
		ws.SetPongHandler(func(string) error { pongs++; return nil })
		r := runtimetest.NewRecorder(t, ws)
		require.NoError(t, em.Emit(t.Context(), event("behind them")))
		r.Wait(2)
		require.Positive(t, pongs)
		require.LessOrEqual(t, pongs, 16)
	})
}

// TestLaw11SlowApplication: while OnMessage takes its time the client is held back, not the memory filled, and it is not
// blamed for pongs that nobody has read.
func TestLaw11SlowApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const sent = 60
		release := make(chan struct{})
		handled := 0
		f := newFactory(t, &wsruntime.Options{PingInterval: 10 * time.Second, PongWait: 5 * time.Second,
			OnMessage: func(context.Context, *wsruntime.Conn, wsruntime.MessageType, []byte) error {
				<-release
				handled++
				return nil
			}})
		r := runtimetest.Record(t, f, "alice") // answers pings
		c := conn(t, f, emitter(t, f, "alice"))
		for range sent {
			require.NoError(t, r.Conn().WriteMessage(websocket.TextMessage, []byte("x")))
		}
		<-time.After(5 * time.Minute)
		require.LessOrEqual(t, f.Stats().Inbound, uint64(18), "one is handled, 16 wait, one is in the reader's hands")
		require.Equal(t, wsruntime.StateReady, c.State())
		close(release)
		synctest.Wait()
		require.Equal(t, sent, handled)
		<-time.After(time.Minute)
		require.Equal(t, wsruntime.Healthy, c.Health())
	})
}

// TestLaw11AbsentUsersAreBounded: rings of users who are away are kept for so many users only, the latest.
func TestLaw11AbsentUsersAreBounded(t *testing.T) {
	const users = 3000
	f := newFactory(t, &wsruntime.Options{MaxUsers: 1})
	var last string
	for i := range users {
		last = fmt.Sprint("u", i)
		em, err := f.Emitter(t.Context(), wsruntime.UserID(last))
		require.NoError(t, err)
		require.ErrorIs(t, em.Emit(t.Context(), event(last)), wsruntime.ErrNoConnection)
		require.NoError(t, em.Close())
	}
	require.LessOrEqual(t, f.Stats().Resumable, 64*17)
	require.EqualValues(t, 1, resume(t, f, wsruntime.UserID(last), "").Frames()[0].Seq, "the stream of who was here last goes on")
}

// TestLaw11RevocationsAreForgotten: the mark of a revocation is for handshakes that are under way, no longer.
func TestLaw11RevocationsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{HandshakeTimeout: 2 * time.Second})
		for i := range 100 {
			require.NoError(t, f.Revoke(t.Context(), wsruntime.UserID(fmt.Sprint("u", i))))
		}
		<-time.After(3 * time.Second)
		require.Equal(t, 100, wsruntime.RevocationMarks(f))
		<-time.After(3 * time.Second)
		require.Zero(t, wsruntime.RevocationMarks(f))
	})
}

// TestLaw02EvidenceIsBounded: a bug that goes on and on fills no memory; the latest is what is kept.
func TestLaw02EvidenceIsBounded(t *testing.T) {
	f := newFactory(t, nil)
	runtimetest.Record(t, f, "bob").WaitType("wsmig.ready")
	em, bobs := emitter(t, f, "alice"), emitter(t, f, "bob")
	foreign := conn(t, f, bobs)
	wsruntime.Infiltrate(em, foreign)
	for range 100 {
		require.ErrorIs(t, em.Emit(t.Context(), event(1)), wsruntime.ErrOwner)
	}
	wsruntime.Expel(em, foreign)
	v := f.Violations()
	require.Len(t, v, 64)
	require.EqualValues(t, 37, v[0].Seq)
	require.EqualValues(t, 100, v[63].Seq)
	require.EqualValues(t, 100, f.Stats().IsolationViolations)
}

// TestLaw06DisconnectOfAStalledClient: who reads not even the close frame is gone a moment later all the same.
func TestLaw06DisconnectOfAStalledClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{QueueEvents: 1, Overflow: wsruntime.Disconnect, WriteTimeout: time.Hour, PingInterval: -1})
		_, em, _ := stuffed(t, f)
		c := conn(t, f, em)
		require.NoError(t, em.Emit(t.Context(), event("queued")))
		require.ErrorIs(t, em.Emit(t.Context(), event("too much")), wsruntime.ErrOverflow)
		<-time.After(3 * time.Second)
		require.Equal(t, wsruntime.StateClosed, c.State())
		require.ErrorIs(t, c.Err(), wsruntime.ErrOverflow)
		require.NoError(t, runtimetest.Conserved(f))
	})
}

// TestLaw08Adopt: a connection that is not taken over after all leaves nothing, and stays the application's.
func TestLaw08Adopt(t *testing.T) {
	adoptInVain(t, "mine", func(context.Context, *wsruntime.Conn) error { return errInjected })
}

// TestLaw10CloseAdoptedInOnConnect: nor if it is closed by the callback.
func TestLaw10CloseAdoptedInOnConnect(t *testing.T) {
	adoptInVain(t, "", func(_ context.Context, c *wsruntime.Conn) error { return c.Close(4001, "") })
}

func adoptInVain(t *testing.T, want string, onConnect func(context.Context, *wsruntime.Conn) error) {
	t.Helper()
	f := newFactory(t, &wsruntime.Options{MaxConns: 1, OnConnect: onConnect, OnDisconnect: func(*wsruntime.Conn, error) { t.Error("it was never ready") }})
	var up websocket.Upgrader
	left := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		if _, err := f.Adopt(r.Context(), "alice", ws); err == nil {
			t.Error("it was taken over")
		}
		left <- runtimetest.Residue(f)
		_ = ws.WriteMessage(websocket.TextMessage, []byte("mine")) // it may be closed
	}))
	defer srv.Close()
	url := "ws" + strings.TrimPrefix(srv.URL, "http")
	for range 2 {
		r := record(t, url, "alice")
		require.NoError(t, <-left)
		if want == "" {
			require.Equal(t, 4001, r.WaitClosed())
			continue
		}
		require.Equal(t, want, string(r.Wait(1)[0].Raw))
	}
}

// TestLaw13RevokeStopsWhatIsBeingWritten: what is half written when Revoke is called is not written on after it.
func TestLaw13RevokeStopsWhatIsBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{WriteTimeout: time.Hour, PingInterval: -1})
		ws, _, _ := stuffed(t, f)
		require.NoError(t, f.Revoke(t.Context(), "alice"))
		synctest.Wait() // the socket is closed; the writer finds out
		s := f.Stats()
		require.Zero(t, s.InFlight)
		require.EqualValues(t, 1, s.Dropped[wsruntime.ReasonRevoked])
		r := runtimetest.NewRecorder(t, ws)
		require.Equal(t, 1006, r.WaitClosed())
		require.Empty(t, r.Events())
	})
}

// TestBurstPinsNoMemory: a buffer that grew large in a burst is not kept for small events.
func TestBurstPinsNoMemory(t *testing.T) {
	require.LessOrEqual(t, wsruntime.PooledAfterBurst(100, 1<<20), 64<<10)
}

// TestLaw10CloseInOnConnect: a connection that its own OnConnect closes is never ready, and its client is told the code
// that was given there.
func TestLaw10CloseInOnConnect(t *testing.T) {
	for _, way := range []string{"TCP", "pipe"} {
		t.Run(way, func(t *testing.T) {
			var ended atomic.Int32
			f := newFactory(t, &wsruntime.Options{
				OnConnect:    func(_ context.Context, c *wsruntime.Conn) error { return c.Close(4001, "not today") },
				OnDisconnect: func(*wsruntime.Conn, error) { ended.Add(1) },
			})
			var r *runtimetest.Recorder
			if way == "TCP" {
				r = record(t, serve(t, f), "alice")
			} else {
				r = runtimetest.Record(t, f, "alice")
			}
			require.Equal(t, 4001, r.WaitClosed())
			require.Empty(t, r.Frames())
			gone(t, f)
			require.Zero(t, ended.Load(), "who was never connected is not disconnected")
			require.Zero(t, f.Stats().ConnsOpened)
			eventually(t, "the count", func() bool { return f.Stats().Refused == 1 }) // the client hears of it first
		})
	}
}
