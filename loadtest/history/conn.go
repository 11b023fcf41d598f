package history

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
)

const (
	ringLen   = 64
	ringFirst = 4
	pasts     = 4
)

// conn is one socket. Its frames come from one reader; the lock is for those who
// bind, break or look at it from elsewhere.
type conn struct {
	id       ConnID
	mu       sync.Mutex
	scan     canary.Scanner
	dialled  Session // as whom it was opened or is logging in
	asked    bool    // the server was told of dialled, and may act on it
	bound    Session // nobody while Principal is 0
	boundAt  time.Duration
	comingAt time.Duration      // since when it may have been taken for the user it is bound to
	leftAt   time.Duration      // when its last user's logout was acknowledged
	past     [pasts]PrincipalID // who was bound before, latest first
	seat     *seat
	closed   bool
	closedAt atomic.Int64 // 0 while it is open
	faulted  bool
	healedAt time.Duration
	frames   uint64
	known    uint64
	judged   uint64
	own      uint64
	unjudged uint64
	old      uint64
	echoes   uint64
	ring     []record // grows up to ringLen
	ringAt   uint64
}

// record is one entry of a connection's memory, packed since there are up to 64 for
// each connection: of the number only the low half is kept.
type record struct {
	at     time.Duration
	seq    uint32
	stream StreamID
	user   PrincipalID
	op     Op
	kind   Kind
}

func newConn(id ConnID, k *canary.Key) *conn {
	return &conn{id: id, scan: *canary.NewScanner(k)}
}

func (c *conn) note(r record) {
	r.user = c.bound.Principal
	switch n := len(c.ring); {
	case n == ringLen:
		c.ring[c.ringAt%ringLen] = r
	case n == cap(c.ring):
		c.ring = append(append(make([]record, 0, max(2*n, ringFirst)), c.ring...), r)
	default:
		c.ring = append(c.ring, r)
	}
	c.ringAt++
}

// recent copies the records since the given moment, oldest first.
func (c *conn) recent(since time.Duration) (steps []Step) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := uint64(len(c.ring))
	for i := c.ringAt - n; i < c.ringAt; i++ {
		if r := c.ring[i%n]; r.at >= since {
			steps = append(steps, Step{At: r.at, Op: r.op, Kind: r.kind, Conn: c.id, User: r.user, Stream: r.stream, Seq: uint64(r.seq)})
		}
	}
	return steps
}

// sits reports whether the connection's seat is still its own.
func (c *conn) sits() bool { return c.seat != nil && c.seat.conn == c }

// serves reports whether the connection is the user's, or may have become so.
func (c *conn) serves(p PrincipalID) bool {
	return c.bound.Principal == p || c.asked && c.dialled.Principal == p
}

// waited reports whether the harness kept the connection from reading since then.
func (c *conn) waited(since time.Duration) bool { return c.faulted || c.healedAt > since }

func (c *conn) wasBoundTo(p PrincipalID) bool {
	for _, q := range c.past {
		if q == p {
			return true
		}
	}
	return false
}

// release ends the current binding.
func (c *conn) release() *seat {
	if p := c.bound.Principal; p != 0 && c.past[0] != p {
		copy(c.past[1:], c.past[:pasts-1])
		c.past[0] = p
	}
	st := c.seat
	c.bound, c.seat = Session{}, nil
	return st
}

// seat is a session as its deliveries see it: the chain of connections, one after
// the other, on which it sat. A session with two connections at once has two.
type seat struct {
	session Session
	conn    *conn
	taken   bool // a connection is on it
	due     bool // its lanes are active: what is emitted must arrive
}

// principal is one user.
type principal struct {
	id      PrincipalID
	seats   []*seat
	streams []*stream        // addressed to this user alone
	budget  uint64           // announced losses not yet accounted for
	recent  [2]atomic.Uint32 // connections bound last, for evidence
	mu      sync.Mutex
	rooms   map[RoomID]membership
	revoked atomic.Int64 // when, 0: never
}

type membership struct {
	member  bool
	leaving bool // asked to: the server ends it at a moment of its own choice
	left    time.Duration
}

func (p *principal) in(room RoomID) (membership, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.rooms[room]
	return m, ok
}

func (p *principal) setRoom(room RoomID, m membership) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rooms == nil {
		p.rooms = map[RoomID]membership{}
	}
	p.rooms[room] = m
}

func (p *principal) revokedAt() time.Duration { return time.Duration(p.revoked.Load()) }

// replaced reports whether the user has a connection that came after the one given.
func (p *principal) replaced(k *conn) bool {
	return slices.ContainsFunc(p.seats, func(st *seat) bool { return st != k.seat && st.taken && st.conn.boundAt > k.boundAt })
}

// take finds a seat of the session that no connection is on, or adds one.
func (p *principal) take(s Session, c *conn) *seat {
	for _, st := range p.seats {
		if !st.taken && st.session.Device == s.Device {
			st.taken, st.conn = true, c
			return st
		}
	}
	st := &seat{session: s, conn: c, taken: true}
	p.seats = append(p.seats, st)
	return st
}
