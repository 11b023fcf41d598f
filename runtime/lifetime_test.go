package runtime_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	goruntime "runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// openFiles counts this process's descriptors, -1 where the system doesn't say.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}

// TestLaw07ChurnLeavesNothing opens, uses and ends many connections in every way and looks for what is left: map
// entries, goroutines, descriptors.
func TestLaw07ChurnLeavesNothing(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{ResumeEvents: -1, IdleTTL: 300 * time.Millisecond}) // for who joins a room when nobody is there
	url := serve(t, f)
	warm := dial(t, url, "warm")
	require.NoError(t, warm.Close())
	gone(t, f)
	goroutines, files := goruntime.NumGoroutine(), openFiles()
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() { churn(t, f, url, wsruntime.UserID(fmt.Sprint("u", k%3)), rand.New(rand.NewPCG(1, uint64(k)))) })
	}
	wg.Wait()
	gone(t, f)
	require.Positive(t, f.Stats().ConnsClosed)
	require.Equal(t, f.Stats().ConnsOpened, f.Stats().ConnsClosed)
	require.Equal(t, f.Stats().ContextsCreated, f.Stats().ContextsClosed)
	eventually(t, "goroutines and descriptors of before", func() bool {
		return goruntime.NumGoroutine() <= goroutines && openFiles() <= files
	})
}

func churn(t *testing.T, f *wsruntime.Factory, url string, user wsruntime.UserID, rng *rand.Rand) {
	for range 12 {
		ws, _, err := websocket.DefaultDialer.Dial(url+"?user="+string(user), nil)
		if err != nil {
			continue // somebody else revoked the user meanwhile
		}
		em, err := f.Emitter(context.Background(), user)
		if err != nil {
			t.Error(err)
			return
		}
		_ = f.Room("lobby").Join(context.Background(), user)
		for range rng.IntN(5) {
			_ = em.Emit(context.Background(), event("x")) // the connection may be on its way out
		}
		switch rng.IntN(5) {
		case 0:
			_ = f.Revoke(context.Background(), user)
		case 1:
			for c := range em.UserContext().Pool().All() {
				_ = c.Close(1000, "")
			}
		case 2:
			_ = ws.NetConn().Close() // no close frame
		}
		_ = em.Close()
		_ = em.Close()
		_ = ws.Close()
	}
}

// TestLaw07ReleaseIsTheReaders: the end of a connection needs no timer; here none is due for an hour.
func TestLaw07ReleaseIsTheReaders(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{ResumeTTL: time.Hour, IdleTTL: time.Hour, PingInterval: time.Hour, PongWait: time.Hour, DrainTimeout: time.Hour})
	ws := dial(t, serve(t, f), "alice")
	eventually(t, "the connection", func() bool { return f.Stats().ConnsReady == 1 })
	em := emitter(t, f, "alice")
	require.NoError(t, ws.NetConn().Close())
	eventually(t, "the release", func() bool { return wsruntime.Held(em) == 0 && f.Stats().Conns == 0 })
	require.NoError(t, em.Close())
	gone(t, f)
}

// TestLaw07CloseTakesAHandle: closing one of two tabs leaves the other; the old connection's end does not touch a newer
// one of the same user.
func TestLaw07CloseTakesAHandle(t *testing.T) {
	f := newFactory(t, nil)
	old := runtimetest.Record(t, f, "alice")
	em := emitter(t, f, "alice")
	first := conn(t, f, em)
	newer := runtimetest.Record(t, f, "alice")
	require.NoError(t, first.Close(1000, "old tab"))
	require.Equal(t, 1000, old.WaitClosed())
	eventually(t, "the end", func() bool { return first.State() == wsruntime.StateClosed })
	require.NoError(t, first.Close(1000, "twice"))
	require.NoError(t, em.Emit(t.Context(), event(1)))
	require.Len(t, newer.Wait(1), 1)
}

func TestLaw07JanitorRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, nil)
		start := f.Stats().JanitorLastRun
		for range 3 {
			<-time.After(10 * time.Second) // of the bubble's clock
			last := f.Stats().JanitorLastRun
			require.Greater(t, last.Sub(start), 8*time.Second)
			start = last
		}
	})
}

func TestLaw07IdleTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{IdleTTL: time.Minute})
		forgotten, used := emitter(t, f, "forgotten"), emitter(t, f, "used")
		connected := emitter(t, f, "connected")
		r := runtimetest.Record(t, f, "connected")
		r.WaitType("wsmig.ready")
		closed := false
		forgotten.UserContext().OnClose(func() { closed = true })
		for range 4 {
			require.ErrorIs(t, used.Emit(t.Context(), event(1)), wsruntime.ErrNoConnection)
			<-time.After(45 * time.Second)
		}
		require.ErrorIs(t, forgotten.Emit(t.Context(), event(1)), wsruntime.ErrClosed)
		require.True(t, closed)
		require.NoError(t, connected.Emit(t.Context(), event(1)), "a live socket is never idle")
		require.Equal(t, 2, f.Stats().Users)
		again := emitter(t, f, "forgotten")
		require.ErrorIs(t, again.Emit(t.Context(), event(1)), wsruntime.ErrNoConnection, "the user may come back")
	})
}

func TestUserContext(t *testing.T) {
	f := newFactory(t, nil)
	type key struct{}
	em, other := emitter(t, f, "alice"), emitter(t, f, "alice")
	uc := em.UserContext()
	require.Same(t, uc, other.UserContext(), "one context per user")
	require.NotSame(t, uc, emitter(t, f, "bob").UserContext())
	require.Equal(t, wsruntime.UserID("alice"), uc.User())
	uc.Store(key{}, "hers")
	_, ok := emitter(t, f, "bob").UserContext().Load(key{})
	require.False(t, ok)
	v, ok := other.UserContext().Load(key{})
	require.True(t, ok)
	require.Equal(t, "hers", v)
	uc.Delete(key{})
	_, ok = uc.Load(key{})
	require.False(t, ok)

	var order []int
	ctx := uc.Context()
	uc.OnClose(func() { order = append(order, 1) })
	uc.OnClose(func() { panic("in the middle") })
	uc.OnClose(func() { order = append(order, 2) })
	require.NoError(t, em.Close())
	require.NoError(t, ctx.Err(), "another handle holds it")
	require.NoError(t, other.Close())
	require.Equal(t, []int{2, 1}, order, "last in, first out, and a panic stops nobody")
	require.ErrorIs(t, ctx.Err(), context.Canceled)
	uc.OnClose(func() { order = append(order, 3) })
	require.Equal(t, []int{2, 1, 3}, order, "too late means at once")
	uc.Store(key{}, "after the end")
	_, ok = uc.Load(key{})
	require.False(t, ok)
	require.ErrorIs(t, em.Emit(t.Context(), event(1)), wsruntime.ErrClosed)
	fresh := emitter(t, f, "alice").UserContext()
	require.NotSame(t, uc, fresh)
}

func TestForIsAView(t *testing.T) {
	f := newFactory(t, nil)
	r := runtimetest.Record(t, f, "alice")
	em := emitter(t, f, "alice")
	one := em.For("one")
	require.Equal(t, wsruntime.ThreadID("one"), one.Thread())
	require.Equal(t, wsruntime.UserID("alice"), one.User())
	require.NoError(t, one.Close())
	require.ErrorIs(t, one.Emit(t.Context(), event(1)), wsruntime.ErrClosed)
	require.ErrorIs(t, one.Flush(t.Context()), wsruntime.ErrClosed)
	require.NoError(t, em.Emit(t.Context(), event(1)), "closing a view closes nothing else")
	r.Wait(1)
	two := em.For("two")
	none := em.For("")
	require.NoError(t, none.Close(), "a view without a thread is a view too")
	require.NoError(t, em.Emit(t.Context(), event(1)))
	require.NoError(t, em.Close())
	require.ErrorIs(t, two.Emit(t.Context(), event(1)), wsruntime.ErrClosed, "it ends with what it came from")
	require.EqualValues(t, 0, f.Stats().EmittersActive)
	require.ErrorIs(t, em.For("bad\x00").Emit(t.Context(), event(1)), wsruntime.ErrClosed)
}
