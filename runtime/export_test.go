package runtime

import (
	"net"
	"time"
)

// What tests outside the package reach into, to break on purpose what can't be broken from outside.

// SetFault makes steps of the factory fail. Call it before the factory is used.
func SetFault(f *Factory, fault func(step string) error) { f.fault = fault }

// Steps are the places where SetFault can make something fail while a connection or an emitter is being made.
var Steps = []string{"context", "authenticated", "reserved", "upgrade", "upgraded", "bound", "appear"}

// Infiltrate puts another user's connection among the emitter's, as a bug would.
func Infiltrate(e *Emitter, c *Conn) {
	uc := e.root.uc
	uc.mu.Lock()
	defer uc.mu.Unlock()
	uc.conns = append(uc.conns, c)
}

// Expel undoes Infiltrate.
func Expel(e *Emitter, c *Conn) {
	uc := e.root.uc
	uc.mu.Lock()
	defer uc.mu.Unlock()
	kept := uc.conns[:0]
	for _, o := range uc.conns {
		if o != c {
			kept = append(kept, o)
		}
	}
	uc.conns = kept
}

// Misfile puts an event for the emitter's user into another user's queue, as a bug would.
func Misfile(e *Emitter, c *Conn, payload []byte) {
	sc := newScratch()
	sc.msg = message{op: opText, data: payload}
	sc.staticFrame()
	c.uc.mu.Lock()
	c.uc.typeLocked(typeRaw).Emitted++
	c.pushLocked(sc, sc.bytes(), entry{owner: e.root.uc.owner, seq: 7, kind: kindStream})
	c.uc.mu.Unlock()
	c.uc.settle(sc)
}

// Rewire gives a connection another socket, before anything reads or writes it; it then takes the plain path.
func Rewire(c *Conn, wrap func(net.Conn) net.Conn) {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	c.nc, c.raw = wrap(c.nc), nil
}

// Fast tells whether a connection is written without blocking.
func Fast(c *Conn) bool { return c.raw != nil }

// Held counts the connections that the user's context refers to, whatever their state.
func Held(e *Emitter) int {
	e.root.uc.mu.Lock()
	defer e.root.uc.mu.Unlock()
	return len(e.root.uc.conns)
}

// RevocationMarks counts what is remembered of revocations.
func RevocationMarks(f *Factory) int {
	n := 0
	for i := range f.shards {
		f.shards[i].mu.Lock()
		n += len(f.shards[i].revoked)
		f.shards[i].mu.Unlock()
	}
	return n
}

// PooledAfterBurst fills so many buffers with so many bytes, gives them back and tells the size of the largest that can
// be had afterwards.
func PooledAfterBurst(buffers, bytes int) int {
	most := 0
	for _, n := range []int{bytes, 1} {
		var held []*buffer
		for range buffers {
			b := newBuffer()
			if n == 1 {
				most = max(most, cap(b.bytes))
			}
			b.push(make([]byte, n), entry{})
			held = append(held, b)
		}
		for _, b := range held {
			b.free()
		}
	}
	return most
}

// Inline tells whether an emitter for users of the factory's first worker may write itself now.
func Inline(f *Factory) bool { return f.workers[0].inline() }

// Stall marks a connection as if its last pong were that old.
func Stall(c *Conn, age time.Duration) {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	c.ponged -= int64(age)
}

// Internals for tests of single functions.
var (
	ParseResume  = parseResume
	AppendTime   = appendTime
	AppendString = appendString
	RedactString = redactString
	Pause        = pause
	Claim        = claim
)

// TestRing is a backlog of its own.
type TestRing struct {
	f *Factory
	b *backlog
}

// NewTestRing makes one with these bounds.
func NewTestRing(events, bytes int) *TestRing {
	return &TestRing{f: &Factory{opts: Options{ResumeEvents: events, ResumeBytes: bytes}}, b: newBacklog()}
}

// Size is the memory of the payloads, in bytes.
func (r *TestRing) Size() int { return len(r.b.bytes) }

// Keep puts a payload in.
func (r *TestRing) Keep(p []byte) {
	r.b.next()
	r.b.keep(r.f, &message{data: p})
}

// All gives what is kept, oldest first.
func (r *TestRing) All() []string {
	var all []string
	r.b.after(0, func(_ uint64, k *kept) { all = append(all, string(r.b.bytes[k.start:k.start+k.n])) })
	return all
}
