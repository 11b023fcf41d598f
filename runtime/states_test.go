package runtime_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// TestLaw10OnlyReadyIsVisible looks from inside the callbacks at what can be seen at each step.
func TestLaw10OnlyReadyIsVisible(t *testing.T) {
	type look struct {
		state wsruntime.State
		len   int
	}
	seen := make(chan look, 2)
	var f *wsruntime.Factory
	f = newFactory(t, &wsruntime.Options{
		OnConnect: func(ctx context.Context, c *wsruntime.Conn) error {
			em, err := f.Emitter(ctx, c.User())
			if err != nil {
				return err
			}
			defer em.Close()
			if err := em.Emit(ctx, event("too early")); !errors.Is(err, wsruntime.ErrNoConnection) {
				t.Errorf("emit before ready: %v", err)
			}
			if err := c.Emit(ctx, event("too early")); !errors.Is(err, wsruntime.ErrNoConnection) {
				t.Errorf("emit to a connection before ready: %v", err)
			}
			seen <- look{c.State(), c.UserContext().Pool().Len()}
			return nil
		},
		OnDisconnect: func(c *wsruntime.Conn, _ error) { seen <- look{c.State(), c.UserContext().Pool().Len()} },
	})
	r := runtimetest.Record(t, f, "alice")
	require.Equal(t, look{wsruntime.StateBound, 0}, <-seen)
	em := emitter(t, f, "alice")
	c := conn(t, f, em)
	require.Equal(t, wsruntime.StateReady, c.State())
	require.NoError(t, em.Emit(t.Context(), event("now")))
	require.Equal(t, []string{`"now"`}, datas(r.Wait(1)))
	require.Equal(t, "wsmig.ready", r.Frames()[0].Type, "ready is the first frame")
	require.NoError(t, r.Conn().Close())
	require.Equal(t, look{wsruntime.StateClosed, 0}, <-seen)
}

func TestLaw10DrainingIsInvisible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{PingInterval: -1})
		ws, em, _ := stuffed(t, f)
		c := conn(t, f, em)
		done := make(chan error)
		go func() { done <- c.Close(1000, "") }()
		synctest.Wait()
		require.Equal(t, wsruntime.StateDraining, c.State())
		require.Zero(t, em.UserContext().Pool().Len())
		for seen := range em.UserContext().Pool().All() {
			require.Failf(t, "visible", "%v", seen.State())
		}
		require.ErrorIs(t, em.Emit(t.Context(), event(1)), wsruntime.ErrNoConnection)
		r := runtimetest.NewRecorder(t, ws)
		require.NoError(t, <-done)
		require.Equal(t, 1000, r.WaitClosed())
		require.Len(t, r.Events(), 1, "what was queued came")
		synctest.Wait()
		require.Equal(t, wsruntime.StateClosed, c.State())
	})
}

// TestLaw10HalfOpen: a client that is gone without a word is found within PingInterval + PongWait (and a tick).
func TestLaw10HalfOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var end error
		var at time.Time
		f := newFactory(t, &wsruntime.Options{PingInterval: 10 * time.Second, PongWait: 4 * time.Second,
			HealthDegraded: 11 * time.Second, HealthUnhealthy: 13 * time.Second,
			OnDisconnect: func(_ *wsruntime.Conn, err error) { end, at = err, time.Now() }})
		start := time.Now()
		runtimetest.Pipe(t, f, "alice") // nobody reads, so nobody answers pings
		em := emitter(t, f, "alice")
		c := conn(t, f, em)
		require.Equal(t, wsruntime.Healthy, c.Health())
		<-time.After(11500 * time.Millisecond)
		require.Equal(t, wsruntime.Degraded, c.Health())
		<-time.After(2 * time.Second)
		require.Equal(t, wsruntime.Unhealthy, c.Health())
		<-time.After(10 * time.Second)
		require.Equal(t, wsruntime.StateClosed, c.State())
		require.ErrorContains(t, end, "no pong")
		require.ErrorContains(t, c.Err(), "no pong")
		require.Less(t, at.Sub(start), 16*time.Second)
	})
}

// TestLaw10HealthFollowsPongs: a pong that answers no ping is no sign of life, one that does is.
func TestLaw10HealthFollowsPongs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{PingInterval: 10 * time.Second, PongWait: 5 * time.Second})
		live := runtimetest.Pipe(t, f, "live")
		runtimetest.NewRecorder(t, live) // gorilla's reader answers pings
		liar := runtimetest.Pipe(t, f, "liar")
		liar.SetPingHandler(func(string) error { return liar.WriteControl(websocket.PongMessage, []byte("unasked"), deadline()) })
		r := runtimetest.NewRecorder(t, liar)
		guesser := runtimetest.Pipe(t, f, "guesser")
		guesser.SetPingHandler(func(string) error { return guesser.WriteControl(websocket.PongMessage, []byte("four"), deadline()) })
		guess := runtimetest.NewRecorder(t, guesser)
		lives, lies := conn(t, f, emitter(t, f, "live")), conn(t, f, emitter(t, f, "liar"))
		opened := lives.LastPong()
		<-time.After(time.Minute)
		require.Equal(t, wsruntime.Healthy, lives.Health())
		require.Greater(t, lives.LastPong().Sub(opened), 45*time.Second)
		require.Equal(t, 1006, r.WaitClosed())
		require.Equal(t, 1006, guess.WaitClosed(), "the right length is not the right number")
		require.Equal(t, wsruntime.StateClosed, lies.State())
	})
}

// TestWriteTimeout: a client that takes no byte for WriteTimeout is given up, one that takes some is not.
func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{WriteTimeout: 5 * time.Second, PingInterval: -1})
		_, em, _ := stuffed(t, f)
		c := conn(t, f, em)
		<-time.After(4 * time.Second)
		require.Equal(t, wsruntime.StateReady, c.State())
		<-time.After(7 * time.Second) // the first attempt took some bytes, so there was a second
		synctest.Wait()
		require.Equal(t, wsruntime.StateClosed, c.State())
		require.ErrorContains(t, c.Err(), "WriteTimeout")
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{WriteTimeout: 5 * time.Second, PingInterval: -1})
		ws := runtimetest.Pipe(t, f, "slow")
		em := emitter(t, f, "slow")
		require.NoError(t, em.Emit(t.Context(), event(strings.Repeat("x", 300<<10))))
		c := conn(t, f, em)
		buf := make([]byte, 10<<10)
		for range 30 {
			<-time.After(3 * time.Second)
			_, err := io.ReadFull(ws.NetConn(), buf)
			require.NoError(t, err)
		}
		require.Equal(t, wsruntime.StateReady, c.State())
	})
}

func TestShutdown(t *testing.T) {
	f := newFactory(t, nil)
	url := serve(t, f)
	r := record(t, url, "alice")
	em := emitter(t, f, "alice")
	conn(t, f, em)
	closed := make(chan struct{})
	em.UserContext().OnClose(func() { close(closed) })
	require.NoError(t, f.Shutdown(t.Context()))
	<-closed
	require.Equal(t, 1012, r.WaitClosed())
	require.ErrorIs(t, em.Emit(t.Context(), event(1)), wsruntime.ErrClosed)
	_, err := f.Emitter(t.Context(), "bob")
	require.ErrorIs(t, err, wsruntime.ErrClosed)
	_, err = f.Broadcast(t.Context(), event(1))
	require.ErrorIs(t, err, wsruntime.ErrClosed)
	_, resp, err := websocket.DefaultDialer.Dial(url+"?user=bob", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.NoError(t, f.Shutdown(t.Context()), "twice is fine")
	require.NoError(t, em.Close())
}

// TestShutdownDuringUpgrade: a handshake that is under way when the factory ends is told so, and not left over.
func TestShutdownDuringUpgrade(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	f := newFactory(t, &wsruntime.Options{OnConnect: func(context.Context, *wsruntime.Conn) error {
		close(in)
		<-out
		return nil
	}})
	url := serve(t, f)
	client := make(chan *websocket.Conn)
	go func() {
		ws, _, err := websocket.DefaultDialer.Dial(url+"?user=alice", nil)
		if err != nil {
			t.Error(err)
		}
		client <- ws
	}()
	<-in
	ended := make(chan error)
	go func() { ended <- f.Shutdown(context.Background()) }()
	eventually(t, "draining", func() bool {
		_, err := f.Emitter(t.Context(), "bob")
		return errors.Is(err, wsruntime.ErrClosed)
	})
	close(out)
	r := runtimetest.NewRecorder(t, <-client)
	require.Equal(t, 1012, r.WaitClosed())
	require.NoError(t, <-ended)
	require.Empty(t, r.Frames())
}

// TestShutdownWithAStuckCallback: the caller's context bounds the waiting for a callback that never returns.
func TestShutdownWithAStuckCallback(t *testing.T) {
	release := make(chan struct{})
	in := make(chan struct{})
	f, err := wsruntime.NewFactory(options(&wsruntime.Options{DrainTimeout: 20 * time.Millisecond,
		OnMessage: func(context.Context, *wsruntime.Conn, wsruntime.MessageType, []byte) error {
			close(in)
			<-release
			return nil
		}}))
	require.NoError(t, err)
	ws := runtimetest.Pipe(t, f, "alice")
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("x")))
	<-in
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, f.Shutdown(ctx), context.DeadlineExceeded)
	close(release)
	eventually(t, "the callback's end", func() bool { return f.Stats().ContextsActive == 0 })
}

func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{PingInterval: -1, WriteTimeout: time.Hour})
		ws, em, _ := stuffed(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, em.Flush(ctx), context.DeadlineExceeded)
		runtimetest.NewRecorder(t, ws)
		require.NoError(t, em.Flush(t.Context()))
		require.EqualValues(t, 1, f.Stats().Delivered)
	})
}
