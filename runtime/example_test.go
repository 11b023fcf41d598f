package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// exampleT lets examples use the test helpers: it ends the program on a failure, and cleans up when asked.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (t *exampleT) Helper()                      {}
func (t *exampleT) Cleanup(f func())             { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
func (t *exampleT) Logf(string, ...any)          {}

func (t *exampleT) end() {
	for i := range t.cleanups {
		t.cleanups[len(t.cleanups)-1-i]()
	}
}

func newExample() (*exampleT, *wsruntime.Factory) {
	t := &exampleT{}
	return t, runtimetest.New(t, nil)
}

// The handler authenticates; an emitter reaches the user whom it was made for and nobody else.
func Example() {
	f, err := wsruntime.NewFactory(nil)
	if err != nil {
		panic(err)
	}
	http.Handle("/ws", f.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		session, err := r.Cookie("session")
		if err != nil {
			return "", err
		}
		return userOf(session.Value)
	}))

	ctx := context.Background()
	em, err := f.Emitter(ctx, "alice")
	if err != nil {
		panic(err)
	}
	err = em.Emit(ctx, wsruntime.Event{Type: "invoice.paid", Data: map[string]int{"number": 7}})
	fmt.Println(errors.Is(err, wsruntime.ErrNoConnection))
	fmt.Println(em.Close(), f.Shutdown(ctx))
	// Output:
	// true
	// <nil> <nil>
}

func userOf(session string) (wsruntime.UserID, error) { return wsruntime.UserID(session), nil }

func ExampleEmitter_For() {
	t, f := newExample()
	defer t.end()
	alice := runtimetest.Record(t, f, "alice")
	alice.WaitType("wsmig.ready")
	em, err := f.Emitter(context.Background(), "alice")
	if err != nil {
		panic(err)
	}
	defer em.Close()
	for _, thread := range []wsruntime.ThreadID{"work", "home"} {
		if err := em.For(thread).Emit(context.Background(), wsruntime.Event{Type: "note", Data: "hello"}); err != nil {
			panic(err)
		}
	}
	for _, fr := range alice.Wait(2) {
		fmt.Println(fr.Seq, fr.Thread, string(fr.Data))
	}
	// Output:
	// 1 work "hello"
	// 2 home "hello"
}

func ExampleFactory_Room() {
	t, f := newExample()
	defer t.end()
	ctx := context.Background()
	alice, bob := runtimetest.Record(t, f, "alice"), runtimetest.Record(t, f, "bob")
	alice.WaitType("wsmig.ready")
	bob.WaitType("wsmig.ready")
	room := f.Room("planning")
	if err := room.Join(ctx, "alice"); err != nil {
		panic(err)
	}
	n, err := room.Emit(ctx, wsruntime.Event{Type: "said", Data: "hi"})
	fmt.Println(n, err, room.Members(), len(alice.Wait(1)), len(bob.Events()))
	// Output: 1 <nil> [alice] 1 0
}

func ExampleUserContext_Pool() {
	t, f := newExample()
	defer t.end()
	phone, laptop := runtimetest.Record(t, f, "alice"), runtimetest.Record(t, f, "alice")
	phone.WaitType("wsmig.ready")
	laptop.WaitType("wsmig.ready")
	em, err := f.Emitter(context.Background(), "alice")
	if err != nil {
		panic(err)
	}
	defer em.Close()
	for c := range em.UserContext().Pool().All() {
		fmt.Println(c.User(), c.State(), c.Health())
	}
	// Output:
	// alice ready healthy
	// alice ready healthy
}

func ExampleFactory_Revoke() {
	t, f := newExample()
	defer t.end()
	ctx := context.Background()
	alice := runtimetest.Record(t, f, "alice")
	alice.WaitType("wsmig.ready")
	em, err := f.Emitter(ctx, "alice")
	if err != nil {
		panic(err)
	}
	fmt.Println(f.Revoke(ctx, "alice"))
	fmt.Println(em.Emit(ctx, wsruntime.Event{Type: "secret"}))
	fmt.Println(alice.WaitClosed())
	// Output:
	// <nil>
	// wsmig: revoked
	// 1008
}

func ExampleFactory_Stats() {
	t, f := newExample()
	defer t.end()
	ctx := context.Background()
	alice := runtimetest.Record(t, f, "alice")
	alice.WaitType("wsmig.ready")
	for _, user := range []wsruntime.UserID{"alice", "bob"} {
		em, err := f.Emitter(ctx, user)
		if err != nil {
			panic(err)
		}
		defer em.Close()
		_ = em.Emit(ctx, wsruntime.Event{Type: "note"}) // bob is not there
		_ = em.Flush(ctx)
	}
	s := f.Stats()
	fmt.Println(s.Emitted, s.Delivered, s.Dropped)
	// Output: 2 1 map[no_connection:1]
}

// A gate makes two calls on an old manager, of which the first one sets what the second one uses, a single step.
func ExampleGate_Pair() {
	var gate wsruntime.Gate
	var manager struct{ current string }
	gate.Pair(func() {
		manager.current = "alice"
		fmt.Println("to", manager.current)
	})
	fmt.Println(gate.Stats().Pairs)
	// Output:
	// to alice
	// 1
}

// Agent events: secrets in what tools are given and return are redacted.
func ExampleEmitter_ToolExecuting() {
	t, f := newExample()
	defer t.end()
	alice := runtimetest.Record(t, f, "alice")
	alice.WaitType("wsmig.ready")
	em, err := f.Emitter(context.Background(), "alice")
	if err != nil {
		panic(err)
	}
	defer em.Close()
	if err := em.ToolExecuting(context.Background(), "planner", "run-1", "search", map[string]string{"q": "go", "api_key": "k"}); err != nil {
		panic(err)
	}
	fmt.Println(string(alice.Wait(1)[0].Data))
	// Output: {"agent_name":"planner","run_id":"run-1","tool_name":"search","tool_input":{"api_key":"[redacted]","q":"go"}}
}
