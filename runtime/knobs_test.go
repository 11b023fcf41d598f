package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// optionTests has, for each field of Options, a test that shows it change behaviour: here, or by the name of one in
// another file.
var optionTests = map[string]func(*testing.T){
	"MaxUsers":           TestLaw11RejectNew,
	"MaxConns":           TestLaw11RejectNew,
	"MaxConnsPerUser":    TestLaw11RejectNew,
	"AtLimit":            TestLaw11EvictOldest,
	"QueueEvents":        TestLaw06DropNewest,
	"QueueBytes":         TestLaw06QueueBytes,
	"Overflow":           TestLaw06Disconnect,
	"MaxEventBytes":      TestLaw11EventSize,
	"MaxInboundBytes":    TestLaw11Inbound,
	"InboundRate":        TestLaw11Inbound,
	"ResumeEvents":       TestResumeGaps,
	"ResumeBytes":        TestResumeBounds,
	"ResumeTTL":          TestResumeBounds,
	"IdleTTL":            TestLaw07IdleTTL,
	"PingInterval":       TestLaw10HalfOpen,
	"PongWait":           TestLaw10HalfOpen,
	"HandshakeTimeout":   TestLaw11OnConnectTime,
	"WriteTimeout":       TestWriteTimeout,
	"DrainTimeout":       testDrainTimeout,
	"Framing":            TestRawBytes,
	"OnMessage":          TestLaw09Panic,
	"OnConnect":          TestLaw10OnlyReadyIsVisible,
	"OnDisconnect":       testOnDisconnect,
	"Redact":             TestRedactHook,
	"CheckOrigin":        TestLaw13Origin,
	"Compression":        TestCompression,
	"RejectAfterUpgrade": TestRejectAfterUpgrade,
	"HealthDegraded":     TestLaw10HalfOpen,
	"HealthUnhealthy":    TestLaw10HalfOpen,
	"Bus":                TestTwoNodes,
	"Logger":             testLogger,
	"Observer":           testObserver,
	"_":                  nil,
}

// TestLaw14EveryOption: a field that no test names is a knob that may be dead.
func TestLaw14EveryOption(t *testing.T) {
	for field := range reflect.TypeFor[wsruntime.Options]().Fields() {
		require.Contains(t, optionTests, field.Name)
	}
	for _, own := range []string{"DrainTimeout", "OnDisconnect", "Logger", "Observer"} {
		t.Run(own, optionTests[own])
	}
}

func testDrainTimeout(t *testing.T) {
	for _, d := range []time.Duration{time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newFactory(t, &wsruntime.Options{DrainTimeout: d, PingInterval: -1, WriteTimeout: time.Hour})
			_, em, _ := stuffed(t, f)
			begun := time.Now()
			var de *wsruntime.DrainError
			require.ErrorAs(t, conn(t, f, em).Close(1000, ""), &de)
			require.EqualValues(t, 1, de.Dropped)
			require.Equal(t, d, time.Since(begun))
			require.ErrorContains(t, de, "1 events undelivered")
			require.NoError(t, em.Close())
			gone(t, f)
			require.EqualValues(t, 1, f.Stats().Dropped[wsruntime.ReasonClosed])
		})
	}
}

func testOnDisconnect(t *testing.T) {
	ends := make(chan error, 1)
	f := newFactory(t, &wsruntime.Options{OnDisconnect: func(_ *wsruntime.Conn, err error) { ends <- err }})
	for name, tc := range map[string]struct {
		end  func(*websocket.Conn)
		want func(error) bool
	}{
		"normal": {func(ws *websocket.Conn) {
			require.NoError(t, ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), deadline()))
		}, func(err error) bool { return err == nil }},
		"no status": {func(ws *websocket.Conn) {
			require.NoError(t, ws.WriteControl(websocket.CloseMessage, nil, deadline()))
		}, func(err error) bool { return err == nil }},
		"odd code": {func(ws *websocket.Conn) {
			require.NoError(t, ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4711, "why"), deadline()))
		}, func(err error) bool { return websocket.IsCloseError(err, 4711) }},
		"torn off": {func(ws *websocket.Conn) { require.NoError(t, ws.NetConn().Close()) }, func(err error) bool { return err != nil }},
	} {
		ws := runtimetest.Pipe(t, f, "alice")
		tc.end(ws)
		require.Condition(t, func() bool { return tc.want(<-ends) }, name)
	}
}

func testLogger(t *testing.T) {
	var mu sync.Mutex
	var out bytes.Buffer
	f := newFactory(t, &wsruntime.Options{Logger: slog.New(slog.NewTextHandler(lockedWriter{&mu, &out}, nil)),
		OnConnect: func(context.Context, *wsruntime.Conn) error { panic("in OnConnect") }})
	ws, _, err := runtimetest.Dial(f, "alice", "")
	require.NoError(t, err)
	runtimetest.NewRecorder(t, ws).WaitClosed()
	mu.Lock()
	defer mu.Unlock()
	require.Contains(t, out.String(), "panic in callback")
	require.Contains(t, out.String(), "OnConnect")
}

type lockedWriter struct {
	mu  *sync.Mutex
	out *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// witness notes what an Observer is told.
type witness struct{ calls chan string }

func (w witness) Connected(c *wsruntime.Conn) { w.calls <- "connected " + string(c.User()) }
func (w witness) Disconnected(c *wsruntime.Conn, _ error) {
	w.calls <- "disconnected " + string(c.User())
}
func (w witness) Refused(u wsruntime.UserID, err error) { w.calls <- "refused " + string(u) }
func (w witness) Dropped(u wsruntime.UserID, r wsruntime.DropReason, n int) {
	w.calls <- "dropped " + string(u) + " " + string(r)
}
func (w witness) Violation(v wsruntime.Violation) { w.calls <- "violation " + string(v.Intended) }

func testObserver(t *testing.T) {
	w := witness{make(chan string, 64)}
	f := newFactory(t, &wsruntime.Options{Observer: w, MaxConnsPerUser: 1})
	r := runtimetest.Record(t, f, "bob")
	require.Equal(t, 429, refused(t, f, "bob"))
	em, bobs := emitter(t, f, "alice"), emitter(t, f, "bob")
	require.ErrorIs(t, em.Emit(t.Context(), event(1)), wsruntime.ErrNoConnection)
	foreign := conn(t, f, bobs)
	wsruntime.Infiltrate(em, foreign)
	require.ErrorIs(t, em.Emit(t.Context(), event(1)), wsruntime.ErrOwner)
	wsruntime.Expel(em, foreign)
	require.NoError(t, r.Conn().Close())
	await(t, w.calls, "connected bob", "refused bob", "dropped alice no_connection", "violation alice", "dropped alice owner", "disconnected bob")
}

// TestLaw14EveryCounter makes each counter of Stats and UserStats move; one that no step here names would be dead.
func TestLaw14EveryCounter(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{QueueEvents: 1, MaxConnsPerUser: 2, OnMessage: func(context.Context, *wsruntime.Conn, wsruntime.MessageType, []byte) error { panic("x") }})
	moved := map[string]bool{}
	look := func() {
		s := reflect.ValueOf(f.Stats())
		for i := range s.NumField() {
			if !s.Field(i).IsZero() && s.Type().Field(i).Name != "Dropped" {
				moved[s.Type().Field(i).Name] = true
			}
		}
		for reason := range f.Stats().Dropped {
			moved["dropped "+string(reason)] = true
		}
	}
	em, bobs := emitter(t, f, "alice"), emitter(t, f, "bob")
	require.ErrorIs(t, em.Emit(t.Context(), event(1)), wsruntime.ErrNoConnection)
	require.NoError(t, f.Room("r").Join(t.Context(), "alice"))
	r := runtimetest.Record(t, f, "alice")
	epoch := r.WaitType("wsmig.ready").Epoch
	wsruntime.Infiltrate(bobs, conn(t, f, em))
	require.ErrorIs(t, bobs.Emit(t.Context(), event(1)), wsruntime.ErrOwner)
	wsruntime.Expel(bobs, conn(t, f, em))
	resume(t, f, "alice", epoch+":0")
	require.Equal(t, 429, refused(t, f, "alice"))
	runtimetest.Pipe(t, f, "stalled")
	stalled := emitter(t, f, "stalled")
	require.NoError(t, stalled.Emit(t.Context(), event(strings.Repeat("x", 70<<10))))
	eventually(t, "in flight", func() bool { return f.Stats().InFlight == 1 })
	for range 2 {
		require.NoError(t, stalled.Emit(t.Context(), event("queued, or dropped")))
	}
	eventually(t, "in flight and queued", func() bool { look(); return moved["InFlight"] && moved["Queued"] })
	require.NoError(t, r.Conn().WriteMessage(websocket.TextMessage, []byte("panic")))
	require.Equal(t, 1011, r.WaitClosed())
	require.NoError(t, f.Revoke(t.Context(), "stalled"))
	require.NoError(t, em.Close())
	short := runtimetest.Record(t, f, "short")
	short.WaitType("wsmig.ready")
	require.NoError(t, short.Conn().Close())
	eventually(t, "a parked ring", func() bool { look(); return moved["Resumable"] && moved["ConnsClosed"] })
	for field := range reflect.TypeFor[wsruntime.Stats]().Fields() {
		if field.Name != "Dropped" {
			require.True(t, moved[field.Name], "%s never moved", field.Name)
		}
	}
	for _, reason := range []wsruntime.DropReason{wsruntime.ReasonNoConnection, wsruntime.ReasonOverflow, wsruntime.ReasonOwner, wsruntime.ReasonRevoked} {
		require.True(t, moved["dropped "+string(reason)], reason)
	}
}

func TestUserStats(t *testing.T) {
	f := newFactory(t, nil)
	_, ok := f.UserStats("alice")
	require.False(t, ok)
	r := runtimetest.Record(t, f, "alice")
	runtimetest.Record(t, f, "alice").WaitType("wsmig.ready")
	em := emitter(t, f, "alice")
	require.NoError(t, em.Emit(t.Context(), wsruntime.Event{Type: "a"}))
	require.NoError(t, em.Emit(t.Context(), wsruntime.Event{Type: "b"}))
	require.NoError(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, nil))
	require.ErrorIs(t, emitter(t, f, "bob").Emit(t.Context(), wsruntime.Event{Type: "a"}), wsruntime.ErrNoConnection)
	r.Wait(3)
	require.NoError(t, em.Flush(t.Context()))
	s, ok := f.UserStats("alice")
	require.True(t, ok)
	require.Equal(t, map[string]wsruntime.TypeStats{"a": {Emitted: 2, Delivered: 2}, "b": {Emitted: 2, Delivered: 2}, "raw": {Emitted: 2, Delivered: 2}}, s.ByType)
	require.EqualValues(t, 6, s.Emitted)
	require.EqualValues(t, 6, s.Delivered)
	require.Equal(t, 2, s.Conns)
	require.Equal(t, 1, s.Emitters)
	require.Equal(t, wsruntime.UserID("alice"), s.User)
	all := f.ByUser()
	require.Len(t, all, 2)
	require.Equal(t, map[string]wsruntime.TypeStats{"a": {Emitted: 1, Dropped: 1}}, all["bob"].ByType)
}

// TestTypesAreBounded: types that are made from user data can't fill the counters' memory, and lose no event.
func TestTypesAreBounded(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{QueueEvents: 5000, ResumeEvents: 5000})
	em := emitter(t, f, "alice")
	for i := range 1500 {
		err := em.Emit(t.Context(), wsruntime.Event{Type: "type" + strings.Repeat("x", i%7) + time.Duration(i).String()})
		require.ErrorIs(t, err, wsruntime.ErrNoConnection)
	}
	s, _ := f.UserStats("alice")
	require.LessOrEqual(t, len(s.ByType), 1024)
	require.EqualValues(t, 1500-1022, s.ByType["other"].Dropped)
	epoch := resume(t, f, "alice", "").Frames()[0].Epoch
	got := resume(t, f, "alice", epoch+":0").Wait(1500)
	require.Equal(t, "typexx"+time.Duration(1479).String(), got[1479].Type, "the ring keeps the name")
}

func TestEnumsHaveNames(t *testing.T) {
	require.Equal(t, "RejectNew EvictOldest 9", wsruntime.RejectNew.String()+" "+wsruntime.EvictOldest.String()+" "+wsruntime.LimitPolicy(9).String())
	require.Equal(t, "Block", wsruntime.Block.String())
	require.Equal(t, "Raw", wsruntime.Raw.String())
	require.Equal(t, "binary", wsruntime.BinaryMessage.String())
	require.Equal(t, "draining", wsruntime.StateDraining.String())
	require.Equal(t, "degraded", wsruntime.Degraded.String())
	require.Equal(t, http.StatusText(http.StatusForbidden)+" (HTTP 403)", (&wsruntime.HandshakeError{Status: 403, Err: errors.New("Forbidden")}).Error())
	require.Equal(t, "wsmig: closed with 2 events undelivered: x", (&wsruntime.DrainError{Dropped: 2, Err: errors.New("x")}).Error())
	require.Equal(t, "wsmig: panic in OnClose: x", (&wsruntime.PanicError{Callback: "OnClose", Value: "x"}).Error())
}
