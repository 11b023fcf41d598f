package history

import (
	"slices"
	"strings"

	"github.com/wsmig/wsmig/loadtest/canary"
)

// plants breaks a scene in one way for each code that frames alone can show. X6
// needs two runs, X7 faults and H no frames.
var plants = []struct {
	code  Code
	plant func(s *scene)
}{
	{X0, func(s *scene) { s.then(s.again(s.cb, s.receipt().Frame)) }},
	{X1a, func(s *scene) {
		s.then(Event{Op: Unbind, Conn: s.receipt().Conn})
		s.then(s.again(s.receipt().Conn, s.emitted()))
	}},
	{X1b, func(s *scene) {
		s.then(Event{Op: Open, Conn: s.fresh, Session: s.a}, s.again(s.fresh, s.receipt().Frame))
	}},
	{X1c, func(s *scene) {
		frame := s.emitted()
		s.then(Event{Op: Bind, Conn: s.receipt().Conn, Session: s.b}, s.again(s.receipt().Conn, frame))
	}},
	{X1d, func(s *scene) {
		s.stream().Audience = Audience{Kind: ToSession, Principal: s.a.Principal, Device: s.a.Device}
		s.then(s.again(s.tab(), s.receipt().Frame))
	}},
	{X2, func(s *scene) {
		foreign := s.other
		foreign.Field = 1
		s.receipt().Frame = s.put(s.key.Mint(s.match.Mark) + s.key.Mint(foreign))
	}},
	{X3, func(s *scene) {
		s.stream().Audience = Audience{Kind: ToReply, Principal: s.a.Principal, Conn: s.receipt().Conn}
		s.then(s.again(s.cb, s.receipt().Frame))
	}},
	{X4, plantOverreach},
	{X5, func(s *scene) {
		mark := s.key.Mint(canary.Mark{Owner: uint32(s.b.Principal), Field: canary.FieldIdentity})
		s.receipt().Frame = s.put(s.key.Mint(s.match.Mark) + mark)
	}},
	{D0, plantLoss},
	{D1, func(s *scene) { s.then(s.again(s.receipt().Conn, s.receipt().Frame)) }},
	{D2, func(s *scene) {
		s.stream().Unordered = false
		first, second := s.emitted(), s.emitted()
		s.then(s.again(s.receipt().Conn, second), s.again(s.receipt().Conn, first))
	}},
	{D3, plantStarved},
	{D4, func(s *scene) {
		late := s.again(s.receipt().Conn, s.emitted())
		late.At += 2 * drillLate
		s.then(late)
	}},
	{P0, func(s *scene) {
		text := []byte(s.key.Mint(s.match.Mark))
		last := len(text) - 2
		text[last] = map[bool]byte{true: '1', false: '0'}[text[last] == '0']
		s.receipt().Frame = s.put(string(text))
	}},
	{P1, func(s *scene) {
		m := s.match.Mark
		m.Seq = s.last + 1000
		s.receipt().Frame = s.put(s.key.Mint(m))
	}},
	{P2, func(s *scene) { s.receipt().Frame = s.put(s.key.Mint(s.match.Mark)[:canary.Len-4]) }},
	{P3, func(s *scene) {
		text := s.key.Mint(s.match.Mark)
		s.receipt().Frame = s.put(text[:20] + "?" + text[21:])
	}},
	{P4, func(s *scene) { s.receipt().Frame = s.put(s.key.Mint(s.match.Mark) + s.key.Mint(s.other)) }},
	{P5, func(s *scene) {
		e := s.again(s.receipt().Conn, s.emitted())
		e.Wire = Ping
		s.then(e)
	}},
}

// plantOverreach makes a room of the receipt's stream with the receiver as its
// only member, and lets the other one hear it.
func plantOverreach(s *scene) {
	room := RoomID(1<<32 - 1)
	s.stream().Audience = Audience{Kind: ToRoom, Room: room}
	join := Event{Op: Join, Room: room, Session: s.a}
	s.events = slices.Insert(s.events, s.plan+1, join)
	s.at++
	s.then(s.again(s.cb, s.receipt().Frame))
}

// plantLoss takes the receipt away. That its trigger succeeded may have been
// recorded after it, so it is said again.
func plantLoss(s *scene) {
	sent := Event{Op: Sent, At: s.receipt().At, StreamID: StreamID(s.match.Stream), Seq: s.match.Seq}
	id := s.match.Mark
	s.events = slices.DeleteFunc(s.events, func(e Event) bool {
		return e.Op == Recv && strings.Contains(strings.ToLower(string(e.Frame)), s.key.Mint(id))
	})
	s.events = append(s.events, sent)
}

// plantStarved opens a second connection of the receiver that gets nothing.
func plantStarved(s *scene) {
	s.tab()
	for range starvedAfter + 1 {
		s.then(s.again(s.receipt().Conn, s.emitted()))
	}
}
