package runtime

import (
	"maps"
	goruntime "runtime"
	"strings"
	"sync"
	"time"
)

// Gate stands in front of an old connection manager while a program is being moved: sends to one user pass one after
// the other, sends to different users don't wait for each other, and all are counted. It does no I/O of its own; what
// it holds while a send runs is that user's turn, and for how long is metered.
//
// Generated code has one gate per manager and sends through it:
//
//	func (e Emitter) SendToUser(msg []byte) (err error) {
//		gate.Do(e.user, func() { err = manager.SendToUser(e.user, msg) })
//		return err
//	}
//
// A manager with a current user that one call sets and the next one reads is sent through with [Gate.Pair], which makes
// the pair one step:
//
//	gate.Pair(func() { manager.SetUser(e.user); err = manager.Emit(msg) })
//
// Re-entrance is safe: a goroutine that is inside a gate (the manager's send calls back into an emitter) never waits at
// one. If the turn it asks for is free it takes it, else it passes without, counted as Crossed. So nothing can
// deadlock, at the price that such an inner send is not ordered against others. A send that starts goroutines which
// send through the gate and waits for them does deadlock: such a manager gets no gate.
//
// The zero value is ready for use. A Gate must not be copied.
type Gate struct {
	mu    sync.Mutex
	turns map[any]*turn
	stats GateStats
}

// GateStats are a gate's counters since its start.
type GateStats struct {
	Calls   uint64        // sends that went through
	Pairs   uint64        // of them, stateful pairs
	Waited  uint64        // sends that had to wait for their turn
	Crossed uint64        // sends from inside another send whose turn was taken, and which did not wait for it
	Wait    time.Duration // sum of the waiting
	Held    time.Duration // sum of the time that turns were held
	MaxHeld time.Duration // the longest of them
	Keys    int           // turns that are held now
}

// turn is one key's queue; it exists while somebody holds or wants it.
type turn struct{ waiting []chan struct{} }

// pairKey is the one turn of all stateful pairs of a gate.
type pairKey struct{}

// NewGate makes a gate of its own. [Factory.Gate] makes one whose counters the factory shows.
func NewGate() *Gate { return new(Gate) }

// Do runs send when it is key's turn. The key is the user (or connection, or room) that the send is for, of any
// comparable type; a struct for keys of several parts. Calls with one key run in the order in which they came. A panic
// in send passes through and gives the turn back.
func (g *Gate) Do(key any, send func()) { g.pass(key, send) }

// DoAll runs send when it is the turn of all the keys at once, for a send that goes to several users in one call. It asks
// for all turns in one step, so two lists that overlap pass one after the other and can't wait for each other in a
// circle. A key that is there twice counts once; with no keys send runs at once.
func (g *Gate) DoAll(keys []any, send func()) { g.passAll(keys, send) }

// Pair runs send when no other pair of this gate runs: for managers that keep the addressee in a field between two
// calls.
func (g *Gate) Pair(send func()) { g.pass(pairKey{}, send) }

// Stats gives the counters.
func (g *Gate) Stats() GateStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Keys = len(g.turns)
	return s
}

// pass has a frame of its own on the stack, by which a goroutine inside a gate is known.
//
//go:noinline
func (g *Gate) pass(key any, send func()) {
	start := time.Now()
	held := g.enter(key)
	begun := time.Now()
	defer func() { g.leave(key, held, begun.Sub(start), time.Since(begun)) }()
	send()
}

// passAll is pass for several keys, known on the stack by its name as well.
//
//go:noinline
func (g *Gate) passAll(keys []any, send func()) {
	start := time.Now()
	held := g.enterAll(keys)
	begun := time.Now()
	defer func() { g.leaveAll(held, begun.Sub(start), time.Since(begun)) }()
	send()
}

// enterAll takes the turns and returns those that are held. Whoever is inside a gate already takes what is free.
func (g *Gate) enterAll(keys []any) (held []any) {
	var waits []chan struct{}
	g.mu.Lock()
	g.stats.Calls++
	if g.turns == nil {
		g.turns = make(map[any]*turn)
	}
	mine := make(map[any]bool, len(keys))
	inside, asked := false, false
	for _, key := range keys {
		if mine[key] {
			continue
		}
		mine[key] = true
		t, taken := g.turns[key]
		if taken && !asked {
			inside, asked = insideGate(), true
		}
		switch {
		case !taken:
			g.turns[key] = new(turn)
		case inside:
			continue
		default:
			ready := make(chan struct{})
			t.waiting = append(t.waiting, ready)
			waits = append(waits, ready)
		}
		held = append(held, key)
	}
	if inside {
		g.stats.Crossed++
	}
	if len(waits) > 0 {
		g.stats.Waited++
	}
	g.mu.Unlock()
	for _, ready := range waits {
		<-ready
	}
	return held
}

// enter takes the turn and tells whether it is held; a goroutine that is inside already never waits.
func (g *Gate) enter(key any) (held bool) {
	g.mu.Lock()
	g.stats.Calls++
	if key == (pairKey{}) {
		g.stats.Pairs++
	}
	t, taken := g.turns[key]
	if !taken {
		if g.turns == nil {
			g.turns = make(map[any]*turn)
		}
		g.turns[key] = new(turn)
		g.mu.Unlock()
		return true
	}
	if insideGate() {
		g.stats.Crossed++
		g.mu.Unlock()
		return false
	}
	g.stats.Waited++
	ready := make(chan struct{})
	t.waiting = append(t.waiting, ready)
	g.mu.Unlock()
	<-ready
	return true
}

func (g *Gate) leave(key any, held bool, wait, run time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.Wait += wait
	if !held {
		return
	}
	g.meter(run)
	g.next(key)
}

func (g *Gate) leaveAll(held []any, wait, run time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.Wait += wait
	if len(held) > 0 {
		g.meter(run)
	}
	for _, key := range held {
		g.next(key)
	}
}

// meter notes for how long turns were held. The caller holds mu.
func (g *Gate) meter(run time.Duration) {
	g.stats.Held += run
	g.stats.MaxHeld = max(g.stats.MaxHeld, run)
}

// next hands the turn on. The caller holds mu.
func (g *Gate) next(key any) {
	t := g.turns[key]
	if len(t.waiting) == 0 {
		delete(g.turns, key)
		return
	}
	first := t.waiting[0]
	t.waiting = t.waiting[1:]
	close(first)
}

const passName = "/runtime.(*Gate).pass"

// insideGate looks for pass on the goroutine's own stack, above the call that asks. It is only asked when a turn is
// taken; a look at the stack is the one way to know a goroutine again that holds nothing in its hands.
func insideGate() bool {
	var pcs [64]uintptr
	calls := 0
	for skip := 2; ; skip += len(pcs) {
		n := goruntime.Callers(skip, pcs[:])
		for _, pc := range pcs[:n] {
			if f := goruntime.FuncForPC(pc - 1); f != nil && strings.HasSuffix(strings.TrimSuffix(f.Name(), "All"), passName) {
				calls++
			}
		}
		if calls > 1 || n < len(pcs) {
			return calls > 1
		}
	}
}

// gateTable has the gates of a factory by name.
type gateTable struct {
	mu    sync.Mutex
	gates map[string]*Gate
}

// Gate gives the factory's gate of this name, which is made when it is first asked for; name it after the manager.
func (f *Factory) Gate(name string) *Gate {
	f.gates.mu.Lock()
	defer f.gates.mu.Unlock()
	g := f.gates.gates[name]
	if g == nil {
		g = NewGate()
		if f.gates.gates == nil {
			f.gates.gates = make(map[string]*Gate)
		}
		f.gates.gates[name] = g
	}
	return g
}

// Gates gives the counters of all gates by name.
func (f *Factory) Gates() map[string]GateStats {
	f.gates.mu.Lock()
	gates := maps.Clone(f.gates.gates)
	f.gates.mu.Unlock()
	all := make(map[string]GateStats, len(gates))
	for name, g := range gates {
		all[name] = g.Stats()
	}
	return all
}
