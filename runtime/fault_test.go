package runtime_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

var errInjected = errors.New("injected")

// TestLaw08EachStepOfAConnection makes each step of making a connection fail. Nothing may be left, and the next client
// gets in, under limits that would tell if the first had kept a place.
func TestLaw08EachStepOfAConnection(t *testing.T) {
	for _, step := range wsruntime.Steps {
		t.Run(step, func(t *testing.T) {
			var broken atomic.Bool
			broken.Store(true)
			f := newFactory(t, &wsruntime.Options{MaxUsers: 1, MaxConns: 1, MaxConnsPerUser: 1})
			var last atomic.Value
			wsruntime.SetFault(f, func(s string) error {
				if broken.Load() && slices.Contains(wsruntime.Steps, s) {
					last.Store(s)
					if s == step {
						return errInjected
					}
				}
				return nil
			})
			url := serve(t, f)
			ws, resp, err := websocket.DefaultDialer.Dial(url+"?user=mallory", nil)
			if err == nil { // refused after the upgrade
				require.NoError(t, ws.SetReadDeadline(deadline()))
				_, _, err = ws.ReadMessage()
				var late net.Error
				require.False(t, errors.As(err, &late) && late.Timeout(), "the socket is closed")
				require.NoError(t, ws.Close())
			} else if resp != nil {
				require.NotEqual(t, http.StatusSwitchingProtocols, resp.StatusCode)
			}
			require.Error(t, err)
			require.Equal(t, step, last.Load(), "the step was reached")
			gone(t, f)
			eventually(t, "the count", func() bool { return f.Stats().Refused == 1 }) // the client hears of it first

			broken.Store(false)
			r := record(t, url, "alice")
			r.WaitType("wsmig.ready")
			require.NoError(t, emitter(t, f, "alice").Emit(t.Context(), event(1)))
			require.Equal(t, []string{"1"}, datas(r.Wait(1)))
		})
	}
}

func TestLaw08Emitter(t *testing.T) {
	for _, step := range []string{"context", "emitter"} {
		t.Run(step, func(t *testing.T) {
			f := newFactory(t, nil)
			wsruntime.SetFault(f, func(s string) error {
				if s == step {
					return errInjected
				}
				return nil
			})
			_, err := f.Emitter(t.Context(), "alice")
			require.ErrorIs(t, err, errInjected)
			require.NoError(t, runtimetest.Residue(f))
			require.Zero(t, f.Stats().EmittersCreated)
		})
	}
	f := newFactory(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.Emitter(ctx, "alice")
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, runtimetest.Residue(f))
}

// TestLaw08Callbacks: an OnConnect that fails or panics rolls everything back.
func TestLaw08Callbacks(t *testing.T) {
	for name, tc := range map[string]struct {
		call func() error
		code int
	}{
		"error": {func() error { return errInjected }, 1008},
		"panic": {func() error { panic("no") }, 1011},
	} {
		t.Run(name, func(t *testing.T) {
			var ended atomic.Int32
			f := newFactory(t, &wsruntime.Options{
				OnConnect:    func(context.Context, *wsruntime.Conn) error { return tc.call() },
				OnDisconnect: func(*wsruntime.Conn, error) { ended.Add(1) },
			})
			ws := dial(t, serve(t, f), "alice")
			r := runtimetest.NewRecorder(t, ws)
			require.Equal(t, tc.code, r.WaitClosed())
			require.Empty(t, r.Frames(), "it was never ready")
			gone(t, f)
			require.Zero(t, ended.Load(), "who was never connected is not disconnected")
		})
	}
}

// brokenConn works until it is armed. Then it waits for its gate, takes so many bytes and fails every further write, in
// the middle of a frame if need be.
type brokenConn struct {
	net.Conn
	armed atomic.Bool
	gate  chan struct{}
	left  int
}

func (c *brokenConn) Write(p []byte) (int, error) {
	if !c.armed.Load() {
		return c.Conn.Write(p)
	}
	<-c.gate
	n, err := c.Conn.Write(p[:min(len(p), c.left)])
	c.left -= n
	if err == nil && n < len(p) {
		err = errInjected
	}
	return n, err
}

// TestLaw04WriteErrorEndsTheConnection: after a write that failed part of the way nothing more goes out on that
// connection, no frame goes out twice, what was written whole counts as delivered and the rest as dropped.
func TestLaw04WriteErrorEndsTheConnection(t *testing.T) {
	const sent = 30
	for _, budget := range []int{0, 1, 500, 1001, 3000} {
		broken := &brokenConn{gate: make(chan struct{}), left: budget}
		f := newFactory(t, &wsruntime.Options{OnConnect: func(_ context.Context, c *wsruntime.Conn) error {
			wsruntime.Rewire(c, func(nc net.Conn) net.Conn { broken.Conn = nc; return broken })
			return nil
		}})
		r := runtimetest.Record(t, f, "alice")
		em := emitter(t, f, "alice")
		r.WaitType("wsmig.ready")
		c := conn(t, f, em)
		broken.armed.Store(true)
		for i := range sent {
			require.NoError(t, em.Emit(t.Context(), event(i)))
		}
		close(broken.gate)
		require.Equal(t, 1006, r.WaitClosed())
		eventually(t, "the end of the connection", func() bool { return c.State() == wsruntime.StateClosed })
		got := r.Events()
		for i, fr := range got {
			require.Equal(t, i, decode[int](t, fr.Data), "in order, none twice")
		}
		s := f.Stats()
		require.EqualValues(t, len(got), s.Delivered, "delivered means written whole")
		require.EqualValues(t, sent-len(got), s.Dropped[wsruntime.ReasonDisconnected])
		require.ErrorIs(t, c.Err(), errInjected)
		require.NoError(t, runtimetest.Conserved(f))
	}
}

// TestLaw08WriteOnTheFastPath makes the n-th non-blocking write of a real socket fail.
func TestLaw08WriteOnTheFastPath(t *testing.T) {
	for n := range 4 {
		f := newFactory(t, nil)
		var writes atomic.Int32
		wsruntime.SetFault(f, func(step string) error {
			if step == "write" && writes.Add(1) > int32(n) {
				return errInjected
			}
			return nil
		})
		url := serve(t, f)
		r := record(t, url, "alice")
		em := emitter(t, f, "alice")
		eventually(t, "the attempt", func() bool { return f.Stats().ConnsOpened == 1 })
		for i := range 10 {
			_ = em.Emit(t.Context(), event(i)) // fails once the connection is gone
			_ = em.Flush(t.Context())
		}
		require.Equal(t, 1006, r.WaitClosed())
		require.NoError(t, em.Close())
		gone(t, f)
		require.EqualValues(t, len(r.Events()), f.Stats().Delivered)
		require.NoError(t, runtimetest.Conserved(f))
	}
}
