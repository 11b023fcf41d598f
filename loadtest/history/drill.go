package history

import (
	"bytes"
	"slices"
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
)

// Drill is the outcome of the checker's self-test: the traffic that was recorded
// at the start of the run, broken on purpose once for each of Codes, must make
// the checker name that code.
type Drill struct {
	Codes  []Code // those that frames alone can show, all of which were tried
	Missed []Code
	Why    string // why it could not be held at all; then everything is missed
}

// Passed is the number of codes that were named.
func (d *Drill) Passed() int { return len(d.Codes) - len(d.Missed) }

// Total is the number of codes that were tried.
func (d *Drill) Total() int { return len(d.Codes) }

// drillLate is the bound for D4 in the drill.
const drillLate = 24 * time.Hour

// scene is a copy of real traffic up to one receipt that was the receiver's own,
// while another user was connected as well.
type scene struct {
	key    *canary.Key
	events []Event
	at     int // the receipt is events[at]
	match  canary.Match
	plan   int // its stream is planned by events[plan]
	last   uint64
	ended  uint64  // events of its stream that are surely complete
	a, b   Session // the receiver and the other
	cb     ConnID  // the other's connection
	other  canary.Mark
	fresh  ConnID // a connection number that nobody has
}

// Drill holds the self-test on what has been recorded so far. It does not change
// the checker.
func (c *Checker) Drill() *Drill {
	d := &Drill{}
	for _, p := range plants {
		d.Codes = append(d.Codes, p.code)
	}
	events := c.tape.copy()
	s, ok := stage(events, c.model.Key)
	if !ok {
		d.Missed = d.Codes
		d.Why = "the recorded traffic has no event that its user received while another was connected"
		return d
	}
	before := c.rehearse(s.events)
	for _, p := range plants {
		copied := s.copy()
		p.plant(&copied)
		if after := c.rehearse(copied.events); after[p.code] <= before[p.code] {
			d.Missed = append(d.Missed, p.code)
		}
	}
	return d
}

// rehearse judges a history from its start, with a fence at its end.
func (c *Checker) rehearse(events []Event) Counts {
	m := &Model{Key: c.model.Key, Users: c.model.Users, LateAfter: drillLate, Record: -1, Evidence: 1}
	check := newChecker(m, false)
	end := time.Duration(0)
	for _, e := range events {
		end = max(end, e.At)
		check.Feed(e)
	}
	check.Feed(Event{Op: Fence, At: end})
	return check.Counts()
}

func (s *scene) copy() scene {
	dup := *s
	dup.events = make([]Event, len(s.events))
	for i := range s.events {
		dup.events[i] = copyEvent(&s.events[i])
	}
	return dup
}

// casting follows a recorded history to find its scene.
type casting struct {
	bound  map[ConnID]Session
	plans  map[StreamID]int
	last   map[StreamID]uint64
	recent map[PrincipalID]canary.Mark // the latest event emitted for each user
	conns  ConnID
	key    *canary.Key
	best   *scene
}

func stage(events []Event, key *canary.Key) (*scene, bool) {
	for _, change := range []func([]Event, *canary.Key) []Event{unchanged, personal, readdressed} {
		events = change(events, key)
		c := casting{bound: map[ConnID]Session{}, plans: map[StreamID]int{}, last: map[StreamID]uint64{}, recent: map[PrincipalID]canary.Mark{}, key: key}
		for i := range events {
			c.follow(events, i)
		}
		if c.best != nil {
			c.best.events = events[:c.best.at+1]
			c.best.fresh = c.conns + 1
			return c.best, true
		}
	}
	return nil, false
}

func unchanged(events []Event, _ *canary.Key) []Event { return events }

// personal makes every stream its owner's alone: a server that only answers, or
// only sends to rooms, or has no user but the one who wrote to the other, is judged by
// the same checker.
func personal(events []Event, _ *canary.Key) []Event {
	out := slices.Clone(events)
	for i := range out {
		if out[i].Op == Plan {
			s := *out[i].Stream
			s.Author, s.Audience = 0, Audience{Kind: ToPrincipal, Principal: s.Owner}
			out[i].Stream = &s
		}
	}
	return out
}

// readdressed makes every stream that of the first user who received something of
// it, for servers that don't send to a room's speaker himself.
func readdressed(events []Event, key *canary.Key) []Event {
	heard := map[StreamID]PrincipalID{}
	bound := map[ConnID]PrincipalID{}
	for i := range events {
		switch e := &events[i]; e.Op {
		case Bind:
			bound[e.Conn] = e.Session.Principal
		case Recv:
			for m := range key.Scan(e.Frame) {
				if id := StreamID(m.Stream); m.Kind == canary.Valid && heard[id] == 0 {
					heard[id] = bound[e.Conn]
				}
			}
		}
	}
	out := slices.Clone(events)
	for i := range out {
		switch e := &out[i]; e.Op {
		case Plan:
			if who := heard[e.Stream.ID]; who != 0 {
				s := *e.Stream
				s.Owner, s.Author, s.Audience = who, 0, Audience{Kind: ToPrincipal, Principal: who}
				e.Stream = &s
			}
		case Recv:
			e.Frame = reowned(e.Frame, key, heard)
		}
	}
	return out
}

func reowned(frame []byte, key *canary.Key, heard map[StreamID]PrincipalID) []byte {
	out := slices.Clone(frame)
	for m := range key.Scan(frame) {
		if who := heard[StreamID(m.Stream)]; m.Kind == canary.Valid && who != 0 {
			mark := m.Mark
			mark.Owner = uint32(who)
			copy(out[m.At:], key.Mint(mark))
		}
	}
	return out
}

func (c *casting) follow(events []Event, i int) {
	e := &events[i]
	c.conns = max(c.conns, e.Conn)
	switch e.Op {
	case Plan:
		c.plans[e.Stream.ID] = i
	case Bind:
		c.bound[e.Conn] = e.Session
	case Unbind, Close, Fault:
		delete(c.bound, e.Conn)
	case Emit:
		c.last[e.StreamID] = e.Seq
		if p, ok := c.plans[e.StreamID]; ok && events[p].Stream.Audience.Kind == ToPrincipal {
			owner := events[p].Stream.Owner
			c.recent[owner] = canary.Mark{Owner: uint32(owner), Stream: uint32(e.StreamID), Seq: e.Seq}
		}
	case Recv:
		c.consider(events, i)
	}
}

// consider takes the receipt as the scene if it was the receiver's own. The last
// such receipt wins: it has the most history before it.
func (c *casting) consider(events []Event, i int) {
	e := &events[i]
	a, bound := c.bound[e.Conn]
	if !bound || e.Wire >= CloseReason {
		return
	}
	match, ok := ownMark(c.key, e.Frame, a.Principal)
	plan, planned := c.plans[StreamID(match.Stream)]
	if !ok || !planned || events[plan].Stream.Audience.Kind != ToPrincipal {
		return
	}
	author := func(id uint32) PrincipalID { return events[c.plans[StreamID(id)]].Stream.Author }
	for cb, b := range c.bound {
		other, emitted := c.recent[b.Principal]
		echoed := author(match.Stream) == b.Principal || emitted && author(other.Stream) == a.Principal // no leak where it goes
		if b.Principal != a.Principal && emitted && !echoed {
			c.best = &scene{key: c.key, at: i, match: match, plan: plan, last: c.last[StreamID(match.Stream)], a: a, b: b, cb: cb, other: other}
			return
		}
	}
}

// ownMark finds the user's own event in a frame that has no other.
func ownMark(key *canary.Key, frame []byte, p PrincipalID) (own canary.Match, ok bool) {
	for m := range key.Scan(frame) {
		if m.Kind != canary.Valid || PrincipalID(m.Owner) != p {
			return own, false
		}
		if m.Field == canary.FieldMain && !ok {
			own, ok = m, true
		}
	}
	return own, ok
}

// receipt is the event that the scene is about.
func (s *scene) receipt() *Event { return &s.events[s.at] }

// put replaces the mark in the receipt's frame by a text and returns the frame.
func (s *scene) put(text string) []byte {
	f := s.receipt().Frame
	return bytes.Join([][]byte{f[:s.match.At], []byte(text), f[s.match.End:]}, nil)
}

// again is the receipt once more, on a connection and with a frame of one's
// choice.
func (s *scene) again(conn ConnID, frame []byte) Event {
	e := *s.receipt()
	e.Conn, e.Frame = conn, frame
	return e
}

func (s *scene) then(events ...Event) {
	for i := range events {
		events[i].At = max(events[i].At, s.receipt().At)
	}
	s.events = append(s.events, events...)
}

// emitted adds the next event of the receipt's stream and returns its frame. What
// was under way when the scene was cut off is completed first.
func (s *scene) emitted() []byte {
	m := s.match.Mark
	id := StreamID(m.Stream)
	for ; s.ended < s.last; s.ended++ {
		s.then(Event{Op: Sent, StreamID: id, Seq: s.ended + 1})
	}
	s.last++
	s.ended = s.last
	m.Seq = s.last
	s.then(Event{Op: Emit, StreamID: id, Seq: m.Seq}, Event{Op: Sent, StreamID: id, Seq: m.Seq})
	return s.put(s.key.Mint(m))
}

// stream is the plan of the receipt's stream, to be changed in this copy.
func (s *scene) stream() *Stream { return s.events[s.plan].Stream }

// tab binds one more connection of the receiver, on another device.
func (s *scene) tab() ConnID {
	session := s.a
	session.Device += 1000
	s.then(Event{Op: Open, Conn: s.fresh, Session: session}, Event{Op: Bind, Conn: s.fresh, Session: session})
	return s.fresh
}
