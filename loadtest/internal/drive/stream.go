package drive

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

// laneKey names a stream: one addressee, one emitter, one sender. Order is judged
// within a stream, and only one sender's events have one.
type laneKey struct {
	emitter int // -1: requests
	to      int
	by      int // -1: not over a connection
	slot    int // of a session's or a reply's connection
	conn    history.ConnID
}

// stream is what one sender sends to one audience through one emitter.
type stream struct {
	id   history.StreamID
	key  laneKey
	spec history.Stream

	mu     sync.Mutex // held while an event is sent: one at a time
	seq    uint64
	frame  *tmpl.Prepared
	call   *readyCall
	args   []*tmpl.Prepared
	buf    []byte
	values *tmpl.Values

	via   atomic.Pointer[conn] // over which the latest event went out
	tally tally
	many  bool        // the audience is more than one user: what is due is known by a fence alone
	open  atomic.Bool // many: something was surely sent since the last fence
	dirty atomic.Bool
	fence atomic.Uint64 // number of the fence event, 0 when there is none
	back  atomic.Int64  // connections that have it; many: users
}

// stream finds or makes the stream of a key.
func (d *Driver) stream(key laneKey) (*stream, error) {
	if s, ok := d.lanes.Load(key); ok {
		return s.(*stream), nil
	}
	s := &stream{key: key}
	if err := d.prepare(s); err != nil {
		return nil, err
	}
	s.mu.Lock() // whoever finds it waits until the checker knows it
	defer s.mu.Unlock()
	if known, loaded := d.lanes.LoadOrStore(key, s); loaded {
		return known.(*stream), nil
	}
	s.id = d.newStreamID(s)
	s.spec.ID = s.id
	d.streams.put(uint32(s.id), s)
	d.checker.Feed(history.Event{Op: history.Plan, Stream: &s.spec, At: d.now()})
	return s, nil
}

// prepare fills in everything but the canaries.
func (d *Driver) prepare(s *stream) error {
	key := s.key
	to, by := d.person(key.to), d.person(key.by)
	s.values = d.values(to, d.device(to, key.slot))
	if by != nil {
		s.values.From = d.values(by, "").User
	}
	s.spec = history.Stream{Owner: to.who, Name: "request"}
	if by != nil && by != to {
		s.spec.Author = by.who
	}
	if key.emitter < 0 {
		s.spec.Audience = history.Audience{Kind: history.ToReply, Principal: to.who, Conn: key.conn}
		s.spec.Unordered = d.program.replyID != nil // who can tell answers apart may be answered in any order
		return nil
	}
	e := d.program.emitters[key.emitter]
	s.values.Room = d.roomName(e, to)
	s.spec.Name = e.name
	s.spec.Audience = d.audience(e, to, key)
	s.many = e.broadcasts()
	if e.broadcasts() {
		s.spec.Author = to.who
	}
	return e.fill(s)
}

func (e *emitter) broadcasts() bool {
	return e.audience == spec.AudienceRoom || e.audience == spec.AudienceBroadcast
}

func (d *Driver) audience(e *emitter, to *person, key laneKey) history.Audience {
	switch e.audience {
	case spec.AudienceSession:
		return history.Audience{Kind: history.ToSession, Principal: to.who, Device: uint16(key.slot)}
	case spec.AudienceRoom:
		return history.Audience{Kind: history.ToRoom, Room: d.roomID(e, to)}
	case spec.AudienceBroadcast:
		return history.Audience{Kind: history.ToAll}
	case spec.AudienceReply:
		return history.Audience{Kind: history.ToReply, Principal: to.who, Conn: key.conn}
	}
	return history.Audience{Kind: history.ToPrincipal, Principal: to.who}
}

func (e *emitter) fill(s *stream) (err error) {
	if e.frame != nil {
		s.frame, err = e.frame.Prepare(s.values)
	}
	if e.call != nil && err == nil {
		s.call, err = e.call.prepare(s.values)
	}
	for _, arg := range e.args {
		if err != nil {
			break
		}
		var p *tmpl.Prepared
		p, err = arg.Prepare(s.values)
		s.args = append(s.args, p)
	}
	return err
}

// roomName and roomID name the room of a person for an emitter.
func (d *Driver) roomName(e *emitter, p *person) string {
	if e.rooms == 0 {
		return ""
	}
	n := p.seat() % e.rooms
	return fmt.Sprintf("room-%d-%d%s", e.index, n/2+1, []string{"", "b"}[n%2]) // one of two begins like the other
}

func (d *Driver) roomID(e *emitter, p *person) history.RoomID {
	return history.RoomID(1 + e.index*1_000_000 + p.seat()%max(e.rooms, 1))
}

// seat is a user's number in the whole run, from 0 on.
func (p *person) seat() int { return int(p.who) - 1 }

// roomOf is the room that a connection's own templates may name.
func (d *Driver) roomOf(p *person) string {
	for _, e := range d.program.emitters {
		if e.rooms > 0 {
			return d.roomName(e, p)
		}
	}
	return ""
}

// fillers mint the canaries of one event. Where a template's own event mark
// stands the payload may be padded to size.
func (s *stream) fillers(key *canary.Key, seq uint64, size int) (fill, short tmpl.Fill) {
	mark := canary.Mark{Owner: uint32(s.spec.Owner), Stream: uint32(s.id), Seq: seq}
	short = func(dst []byte, field uint8) []byte {
		mark.Field = field
		return key.Append(dst, mark)
	}
	fill = func(dst []byte, field uint8) []byte {
		if field == canary.FieldMain && size > canary.MinFill {
			return key.AppendFill(dst, mark, size)
		}
		return short(dst, field)
	}
	return fill, short
}

// receipt is called by the checker for each event that it finds in a frame.
func (d *Driver) receipt(r history.Receipt) {
	c := d.conns.get(uint32(r.Conn))
	c.hold().events++
	s := d.streams.get(uint32(r.Stream))
	if s == nil || r.Kind < history.Own || r.Kind > history.OutOfOrder {
		return
	}
	if !c.settled.Load() {
		c.settled.Store(true)
	}
	c.watched.heard(r.Emitted)
	d.conns.get(uint32(r.Via)).worked(r.Emitted)
	if s.spec.Audience.Kind == history.ToRoom {
		c.heardRoom(r.Emitted)
	}
	if s.fence.Load() == r.Seq && (r.First || !s.many && r.Kind != history.Duplicate) {
		s.back.Add(1)
	}
	if !r.First {
		return
	}
	s.tally.arrive(r.Seq, s.many)
	c.batch.arrived++
	if r.Emitted > 0 {
		if c.link == nil { // what a proxy delays says nothing about the server
			c.delay(delay{r.At - r.Intended, r.At - r.Emitted})
		}
		d.waiting.add(r.Emitted, r.At-r.Emitted)
	}
	if s.key.emitter < 0 && !d.replies.Load() {
		d.replies.Store(true)
	}
}

// due is the number of users of whom an event of the stream that is sent now must
// be received, 0 when that is not sure.
func (d *Driver) due(s *stream) int {
	switch s.spec.Audience.Kind {
	case history.ToPrincipal, history.ToSession:
		if d.person(s.key.to).reachable(s) {
			return 1
		}
		return 0
	case history.ToReply:
		if c := d.conns.get(uint32(s.spec.Audience.Conn)); c.alive() && (s.key.emitter >= 0 || d.replies.Load()) {
			return 1
		}
		return 0
	}
	n, sure := d.dueMany(s)
	if !sure {
		return 0
	}
	return n
}

// dueMany counts the members of a room, or everybody, and is not sure while one of
// them is just coming.
func (d *Driver) dueMany(s *stream) (n int, sure bool) {
	room := s.spec.Audience.Kind == history.ToRoom
	e := d.program.emitters[s.key.emitter]
	for _, p := range d.people {
		if p.ghost || room && (p.odd || s.spec.Audience.Room != d.roomID(e, p)) {
			continue
		}
		switch there, some := p.presence(room); {
		case there:
			n++
		case some:
			return 0, false
		}
	}
	return n, true
}

// presence reports whether the person surely receives public events, and whether
// there is a connection at all. While one of several is just coming nothing is
// sure: the server may send to another, which ends before it is read.
func (p *person) presence(room bool) (sure, some bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	some = p.coming.Load() > 0
	doubt := some
	for _, c := range p.slots {
		if !c.alive() || room && c.left.Load() {
			continue
		}
		some = true
		switch {
		case c.gate.Load() != nil || c.parting.Load():
		case c.settled.Load() && (!room || c.joined()):
			sure = true
		default:
			doubt = true
		}
	}
	return sure && !doubt, some
}

// reachable reports whether the person has a connection on which the server has
// proved that it sends to it, and none of which that is not known yet.
func (p *person) reachable(s *stream) (sure bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.slots {
		switch {
		case !c.alive() || c.gate.Load() != nil || c.parting.Load() || s.spec.Audience.Kind == history.ToSession && i != s.key.slot:
		case !c.settled.Load():
			return false
		default:
			sure = true
		}
	}
	return sure && p.coming.Load() == 0
}

func (p *person) connected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.slots {
		if c.alive() {
			return true
		}
	}
	return false
}
