package runtime_test

// The laws of the package and the test that fails when one is broken. Each was seen to fail with the law broken on
// purpose.
//
//	 1 bound              TestLaw01Bound, TestLaw01NoMethodTakesAUser, FuzzEmit
//	 2 owner at the wire  TestLaw02ForeignConnection, TestLaw02ForeignEvent, TestLaw02EvidenceIsBounded
//	 3 conservation       TestModel (model_test.go), TestLaw03DrainDeliversFirst, TestLaw03ShutdownReportsTheRest
//	 4 order, identity    TestLaw04Order, TestLaw04WriteErrorEndsTheConnection, TestModel
//	 5 caller's memory    TestLaw05MemoryIsTheCallersAgain, TestLaw05BadPayload
//	 6 overflow           TestLaw06* (overflow_test.go, bounds_test.go)
//	 7 lifetime           TestLaw07* (lifetime_test.go, poller_linux_test.go), TestIdleConnectionsCostNoGoroutine
//	 8 all or nothing     TestLaw08* (fault_test.go, bounds_test.go)
//	 9 no fate shared     TestLaw09* (fate_test.go)
//	10 states             TestLaw10* (states_test.go), TestPongsOnASocket
//	11 limits             TestLaw11* (limits_test.go, bounds_test.go)
//	12 ids                TestLaw12Ids, TestLaw12FourUsers, FuzzIDs
//	13 origin and auth    TestLaw13* (auth_test.go)
//	14 no dead knobs      TestLaw14EveryOption, TestLaw14EveryCounter (knobs_test.go)

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestLaw01Bound(t *testing.T) {
	f := newFactory(t, nil)
	alice, bob := runtimetest.Record(t, f, "alice"), runtimetest.Record(t, f, "bob")
	em := emitter(t, f, "alice")
	tries := []wsruntime.Event{
		event(map[string]string{"user": "bob", "user_id": "bob", "to": "bob"}),
		event(wsruntime.UserID("bob")),
		event(conn(t, f, emitter(t, f, "bob")).ID()),
		{Type: "bob", Data: json.RawMessage(`{"user":"bob"}`)},
		event(&wsruntime.Event{Type: "bob"}),
	}
	for _, ev := range tries {
		require.NoError(t, em.For("bob").Emit(t.Context(), ev))
	}
	require.NoError(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, []byte(`{"user":"bob"}`)))
	alice.Wait(len(tries) + 1)
	require.NoError(t, emitter(t, f, "bob").Emit(t.Context(), event("fence")))
	require.Equal(t, []string{`"fence"`}, datas(bob.Wait(1)), "bob got nothing but his own")
}

// TestLaw01NoMethodTakesAUser looks at the types: nothing that an emitter offers takes a user, a connection or a pool.
func TestLaw01NoMethodTakesAUser(t *testing.T) {
	em := reflect.TypeFor[*wsruntime.Emitter]()
	require.Positive(t, em.NumMethod())
	for m := range em.Methods() {
		for in := range m.Type.Ins() {
			require.NotContains(t, []string{"UserID", "ConnID", "Conn", "Pool", "UserContext", "Factory", "Room"}, strings.TrimLeft(in.Name(), "*"), m.Name)
		}
	}
	for field := range reflect.TypeFor[wsruntime.Event]().Fields() {
		require.Contains(t, []string{"Type", "Data"}, field.Name)
	}
}

func TestLaw02ForeignConnection(t *testing.T) {
	f := newFactory(t, nil)
	alice, bob := runtimetest.Record(t, f, "alice"), runtimetest.Record(t, f, "bob")
	em, bobs := emitter(t, f, "alice"), emitter(t, f, "bob")
	foreign := conn(t, f, bobs)
	wsruntime.Infiltrate(em, foreign)

	require.ErrorIs(t, em.Emit(t.Context(), event("for alice")), wsruntime.ErrOwner)
	wsruntime.Expel(em, foreign)
	require.NoError(t, bobs.Emit(t.Context(), event("for bob")))

	require.Equal(t, []string{`"for alice"`}, datas(alice.Wait(1)), "her own connection got it all the same")
	require.Equal(t, []string{`"for bob"`}, datas(bob.Wait(1)))
	s := f.Stats()
	require.EqualValues(t, 1, s.IsolationViolations)
	require.EqualValues(t, 1, s.Dropped[wsruntime.ReasonOwner])
	hers, _ := f.UserStats("alice")
	require.EqualValues(t, 1, hers.IsolationViolations)
	v := f.Violations()
	require.Len(t, v, 1)
	require.Equal(t, wsruntime.UserID("alice"), v[0].Intended)
	require.Equal(t, wsruntime.UserID("bob"), v[0].Owner)
	require.Equal(t, foreign.ID(), v[0].Conn)
	require.Equal(t, "test", v[0].Type)
	require.False(t, v[0].At.IsZero())
}

func TestLaw02ForeignEvent(t *testing.T) {
	f := newFactory(t, nil)
	bob := runtimetest.Record(t, f, "bob")
	em, bobs := emitter(t, f, "alice"), emitter(t, f, "bob")
	wsruntime.Misfile(em, conn(t, f, bobs), []byte(`"for alice"`))
	require.NoError(t, bobs.Emit(t.Context(), event("for bob")))

	require.Equal(t, []string{`"for bob"`}, datas(bob.Wait(1)))
	eventually(t, "evidence", func() bool { return len(f.Violations()) == 1 })
	v := f.Violations()[0]
	require.Equal(t, wsruntime.UserID("alice"), v.Intended)
	require.Equal(t, wsruntime.UserID("bob"), v.Owner)
	require.EqualValues(t, 7, v.Seq)
	require.EqualValues(t, 1, f.Stats().IsolationViolations)
	require.EqualValues(t, 1, f.Stats().Dropped[wsruntime.ReasonOwner])
	require.NoError(t, runtimetest.Conserved(f))
}

func TestLaw03DrainDeliversFirst(t *testing.T) {
	for _, end := range []string{"shutdown", "close"} {
		t.Run(end, func(t *testing.T) {
			f := newFactory(t, nil)
			r := record(t, serve(t, f), "alice")
			em := emitter(t, f, "alice")
			c := conn(t, f, em)
			for i := range 500 {
				require.NoError(t, em.Emit(t.Context(), event(i)))
			}
			if end == "close" {
				require.NoError(t, c.Close(1000, "done"))
				require.Equal(t, 1000, r.WaitClosed())
			} else {
				require.NoError(t, f.Shutdown(t.Context()))
				require.Equal(t, 1012, r.WaitClosed())
			}
			require.Len(t, r.Events(), 500, "all that was queued came before the close frame")
		})
	}
}

func TestLaw03ShutdownReportsTheRest(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{DrainTimeout: 50e6, QueueEvents: 4096, QueueBytes: 64 << 20})
	deaf(t, serve(t, f), "alice")
	em := emitter(t, f, "alice")
	conn(t, f, em)
	big := strings.Repeat("x", 16<<10)
	for range 2000 {
		require.NoError(t, em.Emit(t.Context(), event(big)))
	}
	err := f.Shutdown(t.Context())
	var de *wsruntime.DrainError
	s := f.Stats()
	require.ErrorAs(t, err, &de)
	require.Equal(t, s.Emitted-s.Delivered, s.Dropped[wsruntime.ReasonShutdown]+s.Dropped[wsruntime.ReasonOverflow])
	require.Positive(t, de.Dropped)
	require.NoError(t, runtimetest.Conserved(f))
}

func TestLaw04Order(t *testing.T) {
	const emitters, each = 8, 200
	f := newFactory(t, &wsruntime.Options{QueueEvents: emitters * each})
	url := serve(t, f)
	var devices []*runtimetest.Recorder
	for range 3 {
		devices = append(devices, record(t, url, "alice"))
	}
	for _, d := range devices {
		d.WaitType("wsmig.ready")
	}
	var wg sync.WaitGroup
	for k := range emitters {
		em := emitter(t, f, "alice").For(wsruntime.ThreadID(fmt.Sprint("t", k)))
		wg.Go(func() {
			for i := range each {
				if err := em.Emit(context.Background(), event(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, d := range devices {
		next := map[wsruntime.ThreadID]int{}
		for i, fr := range d.Wait(emitters * each) {
			require.EqualValues(t, i+1, fr.Seq, "numbers without a hole on each device")
			require.Equal(t, next[fr.Thread], decode[int](t, fr.Data), "emit order of thread %s", fr.Thread)
			next[fr.Thread]++
		}
	}
}

func TestLaw05MemoryIsTheCallersAgain(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{QueueEvents: 4096})
	ws := dial(t, serve(t, f), "alice")
	em := emitter(t, f, "alice")
	conn(t, f, em)
	buf := make([]byte, 0, 64)
	m := map[string]int{}
	for i := range 500 {
		buf = fmt.Appendf(buf[:0], "%0*d", 1+i%50, i)
		m["i"] = i
		require.NoError(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, buf))
		require.NoError(t, em.Emit(t.Context(), event(m)))
		clear(buf[:cap(buf)])
		m["i"] = -1
	}
	r := runtimetest.NewRecorder(t, ws)
	for i, fr := range r.Wait(1000) {
		if i%2 == 0 {
			require.Equal(t, fmt.Sprintf("%0*d", 1+(i/2)%50, i/2), string(fr.Raw))
		} else {
			require.JSONEq(t, fmt.Sprintf(`{"i":%d}`, i/2), string(fr.Data))
		}
	}
}

type panicky struct{}

func (panicky) AppendJSON([]byte) ([]byte, error) { panic("no") }

type garbled struct{}

func (garbled) AppendJSON(dst []byte) ([]byte, error) { return append(dst, "\"\xff\""...), nil }

func TestLaw05BadPayload(t *testing.T) {
	f := newFactory(t, nil)
	r := runtimetest.Record(t, f, "alice")
	em := emitter(t, f, "alice")
	for name, ev := range map[string]wsruntime.Event{
		"channel": event(make(chan int)), "function": event(func() {}), "raw": event(json.RawMessage(`{"a":`)),
		"panic": event(panicky{}), "appender not UTF-8": event(garbled{}), "raw not UTF-8": event(json.RawMessage("\"\xff\"")), "no type": {Data: 1}, "reserved": {Type: "wsmig.ready"}, "long type": {Type: strings.Repeat("x", 257)},
		"type not UTF-8": {Type: "\xff"},
	} {
		require.ErrorIs(t, em.Emit(t.Context(), ev), wsruntime.ErrEncode, name)
	}
	require.ErrorIs(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, []byte{0xff}), wsruntime.ErrEncode)
	require.ErrorIs(t, em.EmitRaw(t.Context(), 9, nil), wsruntime.ErrEncode)
	require.NoError(t, em.EmitRaw(t.Context(), wsruntime.BinaryMessage, []byte{0xff}))
	require.Len(t, r.Wait(1), 1, "the connection lives")
	require.EqualValues(t, 1, f.Stats().Emitted, "what could not be encoded was not emitted")
}
