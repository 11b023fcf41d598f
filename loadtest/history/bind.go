package history

import (
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
)

// maxConns keeps a wild connection number from growing the table without bound.
const maxConns = 1 << 26

// What happens to streams, connections and rooms: every function here runs under
// the checker's lock.

func (c *Checker) plan(spec *Stream) bool {
	if spec == nil || spec.ID == 0 || spec.ID > canary.MaxStream || c.streams.get(uint32(spec.ID)) != nil || c.principal(spec.Owner) == nil {
		return false
	}
	s := &stream{Stream: *spec}
	switch a := spec.Audience; a.Kind {
	case ToPrincipal, ToSession, ToReply:
		p := c.principal(a.Principal)
		if p == nil {
			return false
		}
		p.streams = append(p.streams, s)
		c.attachAll(s, p)
	case ToRoom:
		r := c.room(a.Room)
		r.streams = append(r.streams, s)
		for id := range r.members {
			if m, _ := c.principal(id).in(a.Room); !m.leaving {
				c.attachAll(s, c.principal(id))
			}
		}
	case ToAll:
		c.public = append(c.public, s)
		for i := range c.principals {
			c.attachAll(s, &c.principals[i])
		}
	default:
		return false
	}
	c.streams.put(uint32(spec.ID), s)
	return true
}

func (c *Checker) attachAll(s *stream, p *principal) {
	for _, st := range p.seats {
		if st.due {
			s.attach(st, false)
		}
	}
}

func (c *Checker) room(id RoomID) *room {
	r := c.rooms[id]
	if r == nil {
		r = &room{members: map[PrincipalID]bool{}}
		c.rooms[id] = r
	}
	return r
}

// streamsOf visits every stream whose audience the user is in.
func (c *Checker) streamsOf(p *principal, visit func(*stream)) {
	for _, s := range p.streams {
		visit(s)
	}
	for _, s := range c.public {
		visit(s)
	}
	for id, m := range p.rooms {
		if m.member && !m.leaving {
			for _, s := range c.room(id).streams {
				visit(s)
			}
		}
	}
}

func (c *Checker) member(e *Event) bool {
	p := c.principal(e.Session.Principal)
	if p == nil || e.Room == 0 {
		return false
	}
	r := c.room(e.Room)
	switch m, _ := p.in(e.Room); e.Op {
	case Join:
		p.setRoom(e.Room, membership{member: true})
		r.members[p.id] = true
	case Leaving:
		m.leaving = m.member
		p.setRoom(e.Room, m)
	default:
		p.setRoom(e.Room, membership{left: e.At})
		delete(r.members, p.id)
	}
	for _, s := range r.streams {
		for _, st := range p.seats {
			switch {
			case e.Op != Join:
				s.detach(st)
			case st.due:
				s.expect(st)
			}
		}
	}
	return true
}

func (c *Checker) open(e *Event) bool {
	nobody := e.Session.Principal == 0
	if e.Conn == 0 || e.Conn > maxConns || c.conns.get(uint32(e.Conn)) != nil || !nobody && c.principal(e.Session.Principal) == nil {
		return false
	}
	k := newConn(e.Conn, c.model.Key)
	k.dialled, k.comingAt = e.Session, e.At
	k.note(record{at: e.At, op: Open})
	c.conns.put(uint32(e.Conn), k)
	return true
}

// change applies what befalls one connection.
func (c *Checker) change(e *Event) bool {
	k := c.conns.get(uint32(e.Conn))
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	ok := true
	switch e.Op {
	case Login:
		ok = c.login(k, e)
	case Bind:
		ok = c.bind(k, e)
	case Leaving:
		c.dueSeat(k.seat, false, false)
	case Unbind:
		k.leftAt = e.At
		c.trailing.logouts.Add(1)
		c.leaveSeat(k.release(), true)
	case Close:
		c.heal(k, e.At)
		if !k.closed && k.sits() {
			c.leaveSeat(k.seat, e.Planned || c.principal(k.bound.Principal).replaced(k))
		}
		k.closed = true
		k.closedAt.Store(int64(e.At) + 1)
	case Fault:
		if !k.faulted && !k.closed {
			k.faulted = true
			c.faults.Add(1)
			c.dueSeat(k.seat, false, false)
		}
	case Heal:
		if k.faulted {
			c.heal(k, e.At)
			c.dueSeat(k.seat, true, false)
		}
	case Declare:
		c.announced(k, uint64(e.Count))
	}
	k.note(record{at: e.At, op: e.Op})
	return ok
}

func (c *Checker) heal(k *conn, at time.Duration) {
	if k.faulted {
		k.faulted, k.healedAt = false, at
		c.faults.Add(-1)
		c.healed.Store(int64(at))
	}
}

// login makes the present session end, and the next one begin, at a moment of the
// server's choice: from now on nothing is due to the present one here, what is for
// the next one may come before the server says so, and a server that hangs up instead
// of changing the user has only refused.
func (c *Checker) login(k *conn, e *Event) bool {
	if c.principal(e.Session.Principal) == nil {
		return false
	}
	if k.seat != nil || k.past[0] != 0 {
		k.comingAt = e.At // else it came when it was dialled
	}
	k.dialled, k.asked = e.Session, true
	c.dueSeat(k.seat, false, false)
	return true
}

func (c *Checker) bind(k *conn, e *Event) bool {
	p := c.principal(e.Session.Principal)
	if p == nil || k.closed {
		return false
	}
	c.leaveSeat(k.release(), true)
	k.dialled, k.asked, k.bound, k.boundAt = e.Session, false, e.Session, e.At
	k.seat = p.take(e.Session, k)
	if last := p.recent[0].Load(); last != uint32(k.id) {
		p.recent[1].Store(last)
		p.recent[0].Store(uint32(k.id))
	}
	for _, st := range p.seats {
		if st != k.seat && st.due && !st.taken && st.conn.closedAt.Load() > int64(k.comingAt) {
			c.dueSeat(st, false, false) // the server broke that one off for this one
		}
	}
	c.dueSeat(k.seat, true, e.Resumed)
	return true
}

// leaveSeat frees a seat. After a planned end nothing more is due there; when the
// server closed on its own, what is emitted next is still expected to arrive. Many
// servers let a user's newest connection replace the others: nothing is due to
// one that was closed while a later one stands, or comes.
func (c *Checker) leaveSeat(st *seat, planned bool) {
	if st == nil {
		return
	}
	st.taken = false
	if planned {
		c.dueSeat(st, false, false)
	}
}

func (c *Checker) dueSeat(st *seat, due, resumed bool) {
	if st == nil {
		return
	}
	resumed = resumed || due && st.due // the server broke off: nothing in between is excused
	st.due = due
	c.streamsOf(c.principal(st.session.Principal), func(s *stream) {
		if due {
			s.attach(st, resumed)
		} else {
			s.detach(st)
		}
	})
}

func (c *Checker) revoke(e *Event) bool {
	p := c.principal(e.Session.Principal)
	if p == nil {
		return false
	}
	p.revoked.Store(int64(e.At))
	for _, st := range p.seats {
		c.dueSeat(st, false, false)
	}
	return true
}

// announced takes the server's word that events of this connection's user were
// dropped: n of them, or, for 0, all that are missing by now.
func (c *Checker) announced(k *conn, n uint64) {
	p := c.principal(k.bound.Principal)
	if p == nil {
		return
	}
	p.budget += n
	if n > 0 {
		return
	}
	c.streamsOf(p, func(s *stream) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.cell(p.id).told = s.sent.last
	})
}
