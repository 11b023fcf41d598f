package runtime_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// refused dials a user who must not get in and returns the HTTP status.
func refused(t *testing.T, f *wsruntime.Factory, user wsruntime.UserID) int {
	t.Helper()
	_, resp, err := runtimetest.Dial(f, user, "")
	require.Error(t, err)
	require.NotNil(t, resp)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		require.Equal(t, "1", resp.Header.Get("Retry-After"))
	}
	return resp.StatusCode
}

func TestLaw11RejectNew(t *testing.T) {
	for name, tc := range map[string]struct {
		o      wsruntime.Options
		second wsruntime.UserID
		status int
	}{
		"MaxConnsPerUser": {wsruntime.Options{MaxConnsPerUser: 1}, "alice", http.StatusTooManyRequests},
		"MaxConns":        {wsruntime.Options{MaxConns: 1}, "bob", http.StatusServiceUnavailable},
		"MaxUsers":        {wsruntime.Options{MaxUsers: 1}, "bob", http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			var cause atomic.Value
			tc.o.Observer = refusals{&cause}
			f := newFactory(t, &tc.o)
			first := runtimetest.Pipe(t, f, "alice")
			for range 3 {
				require.Equal(t, tc.status, refused(t, f, tc.second), "limit + 1")
			}
			var limit *wsruntime.LimitError
			require.ErrorAs(t, cause.Load().(error), &limit)
			require.ErrorIs(t, limit, wsruntime.ErrLimit)
			require.Equal(t, name, limit.Limit)
			require.Equal(t, 1, limit.Max)
			require.ErrorContains(t, limit, name+" is 1")
			require.NoError(t, first.Close())
			gone(t, f)
			r := runtimetest.Record(t, f, tc.second)
			r.WaitType("wsmig.ready")
		})
	}
}

type refusals struct {
	last *atomic.Value
}

func (refusals) Connected(*wsruntime.Conn)                           {}
func (refusals) Disconnected(*wsruntime.Conn, error)                 {}
func (r refusals) Refused(_ wsruntime.UserID, err error)             { r.last.Store(err) }
func (refusals) Dropped(wsruntime.UserID, wsruntime.DropReason, int) {}
func (refusals) Violation(wsruntime.Violation)                       {}

// TestLaw11ExactUnderLoad: with many clients at once exactly as many get in as there are places, again and again.
func TestLaw11ExactUnderLoad(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{MaxConnsPerUser: 3})
	for range 3 {
		var in atomic.Int32
		var wg sync.WaitGroup
		conns := make([]*websocket.Conn, 20)
		for i := range conns {
			wg.Go(func() {
				ws, _, err := runtimetest.Dial(f, "alice", "")
				if err == nil {
					conns[i] = ws
					in.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 3, in.Load())
		for _, ws := range conns {
			if ws != nil {
				require.NoError(t, ws.Close())
			}
		}
		gone(t, f)
	}
}

func TestLaw11EvictOldest(t *testing.T) {
	for name, o := range map[string]wsruntime.Options{
		"MaxConnsPerUser": {MaxConnsPerUser: 2}, "MaxConns": {MaxConns: 2}, "MaxUsers": {MaxUsers: 1, MaxConns: 2},
	} {
		t.Run(name, func(t *testing.T) {
			o.AtLimit = wsruntime.EvictOldest
			f := newFactory(t, &o)
			oldest := runtimetest.Record(t, f, "alice")
			oldest.WaitType("wsmig.ready")
			newcomer := wsruntime.UserID("alice")
			if name == "MaxUsers" {
				newcomer = "bob"
			}
			second := runtimetest.Record(t, f, "alice")
			second.WaitType("wsmig.ready")
			runtimetest.Record(t, f, newcomer).WaitType("wsmig.ready")
			require.Equal(t, 1008, oldest.WaitClosed())
			if name != "MaxUsers" {
				require.NoError(t, second.Err(), "only the oldest")
			}
		})
	}
}

// TestLaw11LivenessFirst: a connection that answers no pings makes room before anybody is refused or a live one is
// evicted.
func TestLaw11LivenessFirst(t *testing.T) {
	for _, policy := range []wsruntime.LimitPolicy{wsruntime.RejectNew, wsruntime.EvictOldest} {
		t.Run(policy.String(), func(t *testing.T) {
			f := newFactory(t, &wsruntime.Options{MaxConnsPerUser: 2, AtLimit: policy})
			oldest := runtimetest.Record(t, f, "alice")
			oldest.WaitType("wsmig.ready")
			runtimetest.Pipe(t, f, "alice")
			var dead *wsruntime.Conn
			for c := range emitter(t, f, "alice").UserContext().Pool().All() {
				dead = c
			}
			wsruntime.Stall(dead, time.Hour)
			runtimetest.Record(t, f, "alice").WaitType("wsmig.ready")
			eventually(t, "the dead one's end", func() bool { return dead.State() >= wsruntime.StateDraining })
			require.NoError(t, oldest.Err())
		})
	}
}

// TestLaw11DeadUsersMakeRoom: the same for MaxUsers; a user who is still wanted, by an emitter or on a live connection,
// is not dead.
func TestLaw11DeadUsersMakeRoom(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{MaxUsers: 1})
	silent := runtimetest.Record(t, f, "alice")
	silent.WaitType("wsmig.ready")
	em := emitter(t, f, "alice")
	first := conn(t, f, em)
	wsruntime.Stall(first, time.Hour)
	require.Equal(t, http.StatusServiceUnavailable, refused(t, f, "bob"), "an emitter holds her")
	require.NoError(t, em.Close())
	runtimetest.Record(t, f, "alice").WaitType("wsmig.ready")
	require.Equal(t, http.StatusServiceUnavailable, refused(t, f, "bob"), "her other connection lives")
	for c := range first.UserContext().Pool().All() {
		if c != first {
			wsruntime.Stall(c, time.Hour)
		}
	}
	runtimetest.Record(t, f, "bob").WaitType("wsmig.ready")
	require.Equal(t, 1008, silent.WaitClosed())
	require.Equal(t, 1, f.Stats().Users)
}

// TestLaw11EmittersCount: users without a connection count against MaxUsers too, idle ones make room by option.
func TestLaw11EmittersCount(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{MaxUsers: 2})
	emitter(t, f, "a")
	b := emitter(t, f, "b")
	emitter(t, f, "b")
	_, err := f.Emitter(t.Context(), "c")
	require.ErrorIs(t, err, wsruntime.ErrLimit)
	require.Equal(t, 2, f.Stats().Users)
	require.NoError(t, b.Close())

	f = newFactory(t, &wsruntime.Options{MaxUsers: 2, AtLimit: wsruntime.EvictOldest})
	runtimetest.Record(t, f, "connected").WaitType("wsmig.ready")
	idle := emitter(t, f, "idle")
	emitter(t, f, "newcomer")
	require.ErrorIs(t, idle.Emit(t.Context(), event(1)), wsruntime.ErrClosed, "who has no connection goes first")
	require.NoError(t, emitter(t, f, "connected").Emit(t.Context(), event(1)))
}

func TestLaw11EventSize(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{MaxEventBytes: 100})
	r := runtimetest.Record(t, f, "alice")
	em := emitter(t, f, "alice")
	for _, err := range []error{
		em.Emit(t.Context(), event(strings.Repeat("x", 99))),
		em.EmitRaw(t.Context(), wsruntime.TextMessage, make([]byte, 101)),
	} {
		require.ErrorIs(t, err, wsruntime.ErrLimit)
		require.ErrorContains(t, err, "MaxEventBytes")
	}
	require.NoError(t, em.Emit(t.Context(), event(strings.Repeat("x", 98))))
	require.NoError(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, make([]byte, 100)))
	r.Wait(2)
}

// TestLaw11Inbound: what a client may send is bounded in size, rate and form; too much closes that client alone.
func TestLaw11Inbound(t *testing.T) {
	for name, tc := range map[string]struct {
		send func(*testing.T, *websocket.Conn)
		code int
	}{
		"size": {func(t *testing.T, ws *websocket.Conn) {
			require.NoError(t, ws.WriteMessage(websocket.TextMessage, make([]byte, 2000)))
		}, 1009},
		"rate": {func(t *testing.T, ws *websocket.Conn) {
			for range 30 {
				_ = ws.WriteMessage(websocket.TextMessage, []byte("x")) // the server may have had enough
			}
		}, 1008},
		"pings": {func(t *testing.T, ws *websocket.Conn) {
			for range 30 {
				_ = ws.WriteControl(websocket.PingMessage, nil, deadline())
			}
		}, 1008},
		"not UTF-8": {func(t *testing.T, ws *websocket.Conn) {
			require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte{0xff}))
		}, 1007},
		"malformed": {func(t *testing.T, ws *websocket.Conn) {
			_, err := ws.NetConn().Write([]byte{0xff, 0xff, 0xff})
			require.NoError(t, err)
		}, 1002},
		"unmasked": {func(t *testing.T, ws *websocket.Conn) {
			_, err := ws.NetConn().Write([]byte{0x81, 0x01, 'x'})
			require.NoError(t, err)
		}, 1002},
		"the application": {func(t *testing.T, ws *websocket.Conn) {
			require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("refuse me")))
		}, 1008},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFactory(t, &wsruntime.Options{MaxInboundBytes: 1000, InboundRate: 10,
				OnMessage: func(_ context.Context, _ *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
					if string(data) == "refuse me" {
						return errors.New("refused")
					}
					return nil
				}})
			url := serve(t, f)
			ws, bob := dial(t, url, "alice"), record(t, url, "bob")
			bob.WaitType("wsmig.ready")
			tc.send(t, ws)
			require.Equal(t, tc.code, runtimetest.NewRecorder(t, ws).WaitClosed())
			require.NoError(t, emitter(t, f, "bob").Emit(t.Context(), event(1)))
			bob.Wait(1)
		})
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, o := range map[string]*wsruntime.Options{
		"QueueEvents": {QueueEvents: -1}, "QueueBytes": {QueueBytes: -1}, "MaxEventBytes": {MaxEventBytes: -1},
		"MaxInboundBytes": {MaxInboundBytes: -1}, "ResumeBytes": {ResumeBytes: -1}, "ResumeTTL": {ResumeTTL: -1}, "PongWait": {PongWait: -1},
		"HandshakeTimeout": {HandshakeTimeout: -1}, "WriteTimeout": {WriteTimeout: -1}, "DrainTimeout": {DrainTimeout: -1},
		"AtLimit": {AtLimit: 9}, "Overflow": {Overflow: 9}, "Framing": {Framing: 9}, "over QueueBytes": {QueueBytes: 10, MaxEventBytes: 11},
		"under HealthDegraded": {HealthDegraded: 2, HealthUnhealthy: 1}, "HealthDegraded": {HealthDegraded: -1},
	} {
		_, err := wsruntime.NewFactory(o)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "wsmig: ")
	}
	_, err := wsruntime.NewFactory(&wsruntime.Options{QueueEvents: -1, Framing: 9})
	require.ErrorContains(t, err, "QueueEvents")
	require.ErrorContains(t, err, "Framing", "all of them at once")
}
