package history

import "sync"

// stream is the state of one stream: what was sent, and a cell for each user who
// is due its events.
type stream struct {
	Stream
	mu      sync.Mutex
	sent    emissions
	fenced  uint64 // emissions up to here are settled
	first   cell   // the cell of the only addressee
	more    map[PrincipalID]*cell
	own     uint64   // receipts within the audience
	awaited bool     // somebody was there to receive at least once
	echoed  *tracker // what its author received, nil when nothing
}

// cell is what one user received of one stream, over all his connections.
type cell struct {
	who     PrincipalID
	seen    tracker
	settled uint64 // judged by a fence up to here
	told    uint64 // losses up to here were announced
	lost    []span // counted as lost, in case they arrive after all
	lanes   []lane
}

// lane is what one seat, a chain of connections of one session, received of one
// stream. Duplicates and order are judged here.
type lane struct {
	seat   *seat
	active bool
	from   uint64 // due from this number on
	got    uint64 // receipts since the last fence
	// after are the numbers that must not come any more: asked for in order over one
	// connection, and complete before something was begun that has arrived already.
	after span
	seen  tracker
}

// cell finds or makes the cell of a user; the caller holds s.mu.
func (s *stream) cell(who PrincipalID) *cell {
	if s.first.who == who {
		return &s.first
	}
	if s.first.who == 0 {
		s.first.who = who
		return &s.first
	}
	c := s.more[who]
	if c == nil {
		if s.more == nil {
			s.more = map[PrincipalID]*cell{}
		}
		c = &cell{who: who}
		s.more[who] = c
	}
	return c
}

func (s *stream) cells(visit func(*cell)) {
	if s.first.who != 0 {
		visit(&s.first)
	}
	for _, c := range s.more {
		visit(c)
	}
}

// arrived counts those of lo..hi that came on any connection.
func (c *cell) arrived(lo, hi uint64) uint64 {
	if lo > hi {
		return 0
	}
	n := hi - lo + 1
	c.seen.missing(lo, hi, func(gap span) { n -= gap.hi - gap.lo + 1 })
	return n
}

func (c *cell) lane(st *seat, from uint64) *lane {
	for i := range c.lanes {
		if c.lanes[i].seat == st {
			return &c.lanes[i]
		}
	}
	c.lanes = append(c.lanes, lane{seat: st, from: from})
	return &c.lanes[len(c.lanes)-1]
}

// attach makes the seat due everything that is emitted from now on, or, when the
// server promised to replay, from where the seat left off.
func (s *stream) attach(st *seat, resumed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reaches(st) {
		return
	}
	l := s.cell(st.session.Principal).lane(st, s.sent.last+1)
	if !resumed {
		l.from = s.sent.last + 1
	}
	l.active, l.got = true, 0
	s.awaited = true
}

// expect attaches the seat where it is not attached yet.
func (s *stream) expect(st *seat) {
	s.mu.Lock()
	active := s.reaches(st) && s.cell(st.session.Principal).lane(st, s.sent.last+1).active
	s.mu.Unlock()
	if !active {
		s.attach(st, false)
	}
}

func (s *stream) detach(st *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.cell(st.session.Principal)
	for i := range c.lanes {
		if c.lanes[i].seat == st {
			c.lanes[i].active = false
		}
	}
}

// reaches reports whether the seat's session belongs to the audience, membership
// aside.
func (s *stream) reaches(st *seat) bool {
	switch a := s.Audience; a.Kind {
	case ToPrincipal:
		return a.Principal == st.session.Principal
	case ToSession:
		return a.Principal == st.session.Principal && a.Device == st.session.Device
	case ToReply:
		return a.Principal == st.session.Principal && st.conn != nil && a.Conn == st.conn.id
	}
	return true
}

// outcome of a receipt within the audience.
type outcome struct {
	code  Code
	known bool // the emission is still remembered
	sent  emission
	first bool // nobody else of the addressee's connections had it before
	found bool // it had been counted as lost
	both  bool // its author received it as well
}

// receive judges an event that reached one of those it was meant for, of which o
// says how it was sent; the caller holds s.mu.
func (s *stream) receive(o *outcome, st *seat, seq uint64) {
	c := s.arrive(o, st.session.Principal, seq)
	l := c.lane(st, seq)
	switch {
	case !l.seen.add(seq):
		o.code = D1
		return
	case seq >= l.after.lo && seq <= l.after.hi && !s.Unordered && !s.sent.doubted(seq):
		o.code = D2
	}
	l.got++
	if o.known {
		l.bar(span{seq - uint64(o.sent.run), seq - uint64(o.sent.barrier)})
	}
}

// arrive notes that an event reached one of its users, on whatever connection; the
// caller holds s.mu.
func (s *stream) arrive(o *outcome, who PrincipalID, seq uint64) *cell {
	s.own++
	c := s.cell(who)
	o.first = c.seen.add(seq)
	o.found = o.first && seq <= c.settled && unlose(&c.lost, seq)
	o.both = s.echoed != nil && s.echoed.has(seq)
	return c
}

// bar notes what must not come any more after a receipt of the run that begins at
// s.lo. Of two runs the later one is remembered.
func (l *lane) bar(s span) {
	switch {
	case s.hi < s.lo || s.lo < l.after.lo:
	case s.lo > l.after.lo:
		l.after = s
	default:
		l.after.hi = max(l.after.hi, s.hi)
	}
}

// echo notes that the author received an event and reports whether the addressee
// has it too.
func (s *stream) echo(seq uint64) (both bool) {
	if s.echoed == nil {
		s.echoed = &tracker{}
	}
	s.echoed.add(seq)
	return s.first.who != 0 && s.first.seen.has(seq)
}

func unlose(lost *[]span, seq uint64) bool {
	if len(*lost) == 0 {
		return false
	}
	t := tracker{gaps: &gaps{holes: *lost}, base: 1 << 62}
	if t.has(seq) {
		return false
	}
	t.fillHole(seq)
	*lost = t.gaps.holes
	return true
}
