package history

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
)

// Model is what the checker knows before the first event. It must not change
// while a Checker uses it.
type Model struct {
	// Key minted the canaries of this run. Required.
	Key *canary.Key
	// Users are the names of the principals; PrincipalID n is Users[n-1].
	Users []string
	// Remote says for whom a stream is that another process of the same run plans,
	// and false for one that nobody does. Such events are judged by their audience
	// alone: what is lost, doubled or out of order, the other process can't tell
	// either. Nil means that there is no other process.
	Remote func(StreamID, PrincipalID) (Audience, bool)
	// LateAfter is the bound for D4, from intended emission to receipt; 0 judges
	// none late.
	LateAfter time.Duration
	// OnReceipt is called for every event found in a frame, on the goroutine that
	// feeds the frame and while that connection is locked: it must be quick and must
	// not call the checker. Nil means nobody listens.
	OnReceipt func(Receipt)
	// Record keeps a copy of the first Record events of a few users for Drill; 0
	// means 2048, negative none.
	Record int
	// Evidence bounds the anomalies of each code that are kept with their context,
	// beside the first four of each phase; 0 means 50.
	Evidence int
	_        struct{}
}

// Checker judges one history. Any number of goroutines may call Feed at once, as
// long as each event is fed after what caused it: an Emit before the event is
// sent, a Recv after it was read. The events of one stream's Emit must be fed by
// rising Seq, the frames of one connection in the order of arrival.
type Checker struct {
	model      Model
	principals []principal
	streams    registry[stream]
	conns      registry[conn]

	mu     sync.Mutex // plan, bindings, membership: taken before any other lock
	rooms  map[RoomID]*room
	public []*stream // broadcasts
	phases []*phase

	phase    atomic.Pointer[phase]
	counts   [numCodes]atomic.Uint64
	declared atomic.Uint64
	faults   atomic.Int32
	healed   atomic.Int64 // when the last fault ended
	echoing  atomic.Bool  // some event reached both its author and its addressee
	trailing trailing
	overlap  *overlap
	delays   delays
	evidence evidence
	tape     tape
}

type room struct {
	members map[PrincipalID]bool
	streams []*stream
}

// phase is one schedule of the run.
type phase struct {
	name    string
	excused bool
	emitted atomic.Uint64
	counts  [numCodes]atomic.Uint64
}

// New returns a checker that has seen nothing yet.
func New(m *Model) *Checker { return newChecker(m, true) }

// newChecker makes one; a rehearsal needs no statistics of overlap.
func newChecker(m *Model, statistics bool) *Checker {
	c := &Checker{model: *m, principals: make([]principal, len(m.Users)+1), rooms: map[RoomID]*room{}}
	for i := range c.principals {
		c.principals[i].id = PrincipalID(i)
	}
	c.overlap = newOverlap(map[bool]int{true: len(m.Users)}[statistics])
	c.evidence.init(m.Evidence)
	c.tape.init(m.Record)
	c.beginPhase("", false)
	return c
}

// Name is the user's name, or empty for nobody.
func (c *Checker) Name(p PrincipalID) string {
	if p == 0 || int(p) > len(c.model.Users) {
		return ""
	}
	return c.model.Users[p-1]
}

// Counts is a snapshot of the anomalies so far, without those excused by faults.
func (c *Checker) Counts() (n Counts) {
	for i := range n {
		n[i] = c.counts[i].Load()
	}
	return n
}

// Feed takes the next event. For a Recv the verdict says what the frame was; for
// everything else it is zero, unless the event itself makes no sense, which is a
// harness fault.
func (c *Checker) Feed(e Event) Verdict {
	c.tape.record(&e)
	switch e.Op {
	case Recv:
		return c.recv(&e)
	case Emit:
		return c.emit(&e)
	case Sent, Unsent, Unknown:
		return c.ended(&e)
	}
	return c.feedRare(e)
}

// feedRare has its own copy of the event, so that only here it lives on the heap.
func (c *Checker) feedRare(e Event) Verdict {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.rare(&e) {
		return c.fault(&e)
	}
	return Verdict{}
}

// rare handles what happens seldom enough for one lock. It reports false for an
// event that names what does not exist.
func (c *Checker) rare(e *Event) bool {
	switch e.Op {
	case Plan:
		return c.plan(e.Stream)
	case Phase:
		c.beginPhase(e.Name, e.Excused)
	case Fence:
		return c.fence(e)
	case Revoke:
		return c.revoke(e)
	case Join, Leave:
		return c.member(e)
	case Open:
		return c.open(e)
	case Leaving:
		if e.Room == 0 {
			return c.change(e)
		}
		return c.member(e)
	case Garbled:
		return c.garbled(e)
	case Login, Bind, Unbind, Close, Fault, Heal, Declare:
		return c.change(e)
	default:
		return false
	}
	return true
}

func (c *Checker) beginPhase(name string, excused bool) {
	p := &phase{name: name, excused: excused}
	c.phases = append(c.phases, p)
	c.phase.Store(p)
	c.evidence.enter(name)
}

// count adds an anomaly to the totals and to the running phase. Delivery
// anomalies of a phase with faults stay out of the totals.
func (c *Checker) count(code Code, n uint64) {
	p := c.phase.Load()
	p.counts[code].Add(n)
	if !p.excused || !code.Delivery() {
		c.counts[code].Add(n)
	}
}

func (c *Checker) principal(p PrincipalID) *principal {
	if p == 0 || int(p) >= len(c.principals) {
		return nil
	}
	return &c.principals[p]
}

func (c *Checker) emit(e *Event) Verdict {
	s := c.streams.get(uint32(e.StreamID))
	if s == nil {
		return c.fault(e)
	}
	s.mu.Lock()
	ok := s.sent.begin(e, s.own)
	s.mu.Unlock()
	if !ok {
		return c.fault(e)
	}
	c.phase.Load().emitted.Add(1)
	c.overlap.begin(s)
	if via := c.conns.get(uint32(e.Conn)); via != nil {
		via.mu.Lock()
		via.note(record{at: e.At, seq: uint32(e.Seq), stream: e.StreamID, op: Emit})
		via.mu.Unlock()
	}
	return Verdict{}
}

func (c *Checker) ended(e *Event) Verdict {
	s := c.streams.get(uint32(e.StreamID))
	if s == nil {
		return c.fault(e)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent.end(e.Seq, e.Op != Sent)
	return Verdict{}
}

// garbled counts bytes that are no frames: something got into the midst of one.
func (c *Checker) garbled(e *Event) bool {
	k := c.conns.get(uint32(e.Conn))
	if k == nil {
		return false
	}
	k.mu.Lock()
	receiver, bound := k.bound.Principal, k.boundAt
	k.mu.Unlock()
	c.count(P3, 1)
	c.witness(Evidence{Code: P3, Receiver: receiver, At: e.At, Conn: e.Conn, Bound: bound, Note: e.Name})
	return true
}

// fault counts a harness fault.
func (c *Checker) fault(e *Event) Verdict {
	c.count(H, 1)
	c.witness(Evidence{Code: H, At: e.At, Conn: e.Conn, Stream: e.StreamID, Seq: e.Seq, Note: strings.TrimSpace(e.Op.String() + " " + e.Name)})
	return Verdict{Code: H}
}
