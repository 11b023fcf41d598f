package runtime_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// flood emits to a deaf user until its socket takes no more and its queue is full, or it was disconnected for that.
func flood(t *testing.T, em *wsruntime.Emitter) {
	t.Helper()
	big := strings.Repeat("x", 32<<10)
	emit := func() {
		for range 50 {
			_ = em.Emit(t.Context(), event(big)) // policies differ; the point is that it returns
		}
	}
	eventually(t, "a full socket", func() bool {
		emit()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		return em.Flush(ctx) != nil || em.UserContext().Pool().Len() == 0
	})
	emit()
}

// TestLaw09StalledReader: with one user's socket full, everybody else's events come, and in no more time than it takes.
func TestLaw09StalledReader(t *testing.T) {
	for _, policy := range []wsruntime.OverflowPolicy{wsruntime.DropOldest, wsruntime.DropNewest, wsruntime.Disconnect} {
		t.Run(policy.String(), func(t *testing.T) {
			f := newFactory(t, &wsruntime.Options{Overflow: policy, DrainTimeout: 100 * time.Millisecond})
			url := serve(t, f)
			deaf(t, url, "alice")
			bob := record(t, url, "bob")
			alices, bobs := emitter(t, f, "alice"), emitter(t, f, "bob")
			require.True(t, wsruntime.Fast(conn(t, f, alices)), "this is about the shared workers")
			conn(t, f, bobs)
			flood(t, alices)
			for i := range 100 {
				require.NoError(t, bobs.Emit(t.Context(), event(i)))
				flood1(t, alices)
			}
			require.Len(t, bob.Wait(100), 100)
			require.Zero(t, dropped(f, "bob"))
			require.Positive(t, dropped(f, "alice"), "alice was stalled indeed")
		})
	}
}

func flood1(t *testing.T, em *wsruntime.Emitter) { _ = em.Emit(t.Context(), event("more")) }

func dropped(f *wsruntime.Factory, user wsruntime.UserID) uint64 {
	s, _ := f.UserStats(user)
	var n uint64
	for _, d := range s.Dropped {
		n += d
	}
	return n
}

// TestLaw09Panic: a panic in one user's callback ends that connection, with 1011, and nobody else's.
func TestLaw09Panic(t *testing.T) {
	var ended atomic.Value
	f := newFactory(t, &wsruntime.Options{
		OnMessage: func(_ context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
			if string(data) == "panic" {
				panic("alice did it")
			}
			return c.EmitRaw(context.Background(), wsruntime.TextMessage, data)
		},
		OnDisconnect: func(_ *wsruntime.Conn, err error) {
			ended.Store(err)
			panic("again")
		},
	})
	url := serve(t, f)
	alice, bob := record(t, url, "alice"), record(t, url, "bob")
	require.NoError(t, alice.Conn().WriteMessage(websocket.TextMessage, []byte("panic")))
	require.Equal(t, 1011, alice.WaitClosed())
	require.NoError(t, bob.Conn().WriteMessage(websocket.TextMessage, []byte("still here")))
	require.Equal(t, "still here", string(bob.Wait(1)[0].Raw))
	eventually(t, "OnDisconnect", func() bool { return f.Stats().Panics == 2 })
	var pe *wsruntime.PanicError
	require.ErrorAs(t, ended.Load().(error), &pe)
	require.Equal(t, "OnMessage", pe.Callback)
}

// TestLaw09NoLockAroundCallbacks calls everything from inside every callback: a lock that were held would deadlock.
func TestLaw09NoLockAroundCallbacks(t *testing.T) {
	var f *wsruntime.Factory
	calls := make(chan string, 64)
	everything := func(name string, user wsruntime.UserID) {
		ctx := context.Background()
		em, err := f.Emitter(ctx, user)
		if err != nil && !errors.Is(err, wsruntime.ErrClosed) {
			t.Error(err)
		}
		if err == nil {
			_ = em.Emit(ctx, event(name)) // there may be nobody
			em.UserContext().Store(name, 1)
			em.UserContext().Pool().Len()
			_ = em.Close()
		}
		_ = f.Room("r").Join(ctx, user)
		_, _ = f.Room("r").Emit(ctx, event(name))
		_, _ = f.Broadcast(ctx, event(name))
		f.Stats()
		f.UserStats(user)
		calls <- name
	}
	f = newFactory(t, &wsruntime.Options{
		OnConnect: func(_ context.Context, c *wsruntime.Conn) error {
			c.UserContext().OnClose(func() { everything("OnClose", c.User()) })
			everything("OnConnect", c.User())
			return nil
		},
		OnMessage: func(_ context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, _ []byte) error {
			everything("OnMessage", c.User())
			return nil
		},
		OnDisconnect: func(c *wsruntime.Conn, _ error) { everything("OnDisconnect", c.User()) },
		Redact:       func(_ string, v any) any { everything("Redact", "alice"); return v },
		Observer:     nosy{call: everything},
	})
	r := record(t, serve(t, f), "alice")
	r.WaitType("wsmig.ready")
	em := emitter(t, f, "alice")
	require.NoError(t, r.Conn().WriteMessage(websocket.TextMessage, []byte("x")))
	require.NoError(t, em.ToolExecuting(t.Context(), "a", "r", "t", "x"))
	await(t, calls, "OnConnect", "Connected", "OnMessage", "Redact")
	require.NoError(t, em.Close())
	require.NoError(t, r.Conn().Close())
	await(t, calls, "OnDisconnect", "Disconnected", "OnClose")
}

// await reads names until each of those wanted has come.
func await(t *testing.T, calls <-chan string, wanted ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, w := range wanted {
		missing[w] = true
	}
	late := time.After(patience)
	for len(missing) > 0 {
		select {
		case name := <-calls:
			delete(missing, name)
		case <-late:
			require.Failf(t, "no call", "of %v", missing)
		}
	}
}

type nosy struct {
	wsruntime.NopObserver
	call func(string, wsruntime.UserID)
}

func (n nosy) Connected(c *wsruntime.Conn)             { n.call("Connected", c.User()) }
func (n nosy) Disconnected(c *wsruntime.Conn, _ error) { n.call("Disconnected", c.User()) }

// TestLaw09ObserverPanics: not even the observer can take anything down.
func TestLaw09ObserverPanics(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{Observer: rude{}})
	r := runtimetest.Record(t, f, "alice")
	require.NoError(t, emitter(t, f, "alice").Emit(t.Context(), event(1)))
	r.Wait(1)
}

type rude struct{ wsruntime.NopObserver }

func (rude) Connected(*wsruntime.Conn) { panic("rude") }

// TestLaw09SlowHandler: while OnMessage takes its time, the same client's pings are answered, and others are served.
func TestLaw09SlowHandler(t *testing.T) {
	release := make(chan struct{})
	f := newFactory(t, &wsruntime.Options{OnMessage: func(context.Context, *wsruntime.Conn, wsruntime.MessageType, []byte) error {
		<-release
		return nil
	}})
	defer close(release)
	ws := dial(t, serve(t, f), "alice")
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("slow")))
	pong := make(chan string, 1)
	ws.SetPongHandler(func(data string) error { pong <- data; return nil })
	require.NoError(t, ws.WriteControl(websocket.PingMessage, []byte("are you there"), deadline()))
	runtimetest.NewRecorder(t, ws)
	require.Equal(t, "are you there", <-pong)
}
