package history

import (
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
)

const maxHits = 8

// hit is one event, however many marks of it a frame carries.
type hit struct {
	mark  canary.Mark
	main  bool
	worn  Code // P2 or P3 when it arrived damaged
	at    int
	end   int
	owner PrincipalID
}

// reading is the state of judging one frame. It lives on the stack.
type reading struct {
	at      time.Duration
	wire    Wire
	conn    *conn
	verdict Verdict
	hits    [maxHits]hit
	n       int
	own     bool       // an own event with its main mark is in the frame
	foreign hit        // a foreign one that is, if main is set
	found   []Evidence // nil until something is worth keeping
}

func (c *Checker) recv(e *Event) Verdict {
	k := c.conns.get(uint32(e.Conn))
	if k == nil {
		return c.fault(e)
	}
	r := reading{at: e.At, wire: e.Wire, conn: k}
	k.mu.Lock()
	c.read(&r, e)
	k.mu.Unlock()
	if len(r.found) > 0 {
		c.keep(r.found, e)
	}
	return r.verdict
}

// keep is apart from recv so that a reader's stack has no room for it as a rule: with
// ten thousand of them its size is felt.
//
//go:noinline
func (c *Checker) keep(found []Evidence, e *Event) {
	for i := range found {
		ev := &found[i]
		ev.Frame, ev.FrameLen, ev.Wire = clip(e.Frame, ev.from, ev.to), len(e.Frame), e.Wire
		c.witness(*ev)
	}
}

// read scans the frame and judges what it finds; the connection is locked.
func (c *Checker) read(r *reading, e *Event) {
	k := r.conn
	control := e.Wire >= CloseReason
	for k.scan.Reset(e.Frame); k.scan.Next(); {
		c.sort(r, k.scan.Match())
	}
	c.judgeHits(r)
	if r.own && r.foreign.main {
		c.flag(r, P4, &r.foreign)
	}
	found := r.verdict.Events > 0 || r.verdict.Kind != NoCanary
	k.frames++
	switch {
	case found:
		k.judged++
	case e.Known || control:
		k.known++
	default:
		k.unjudged++
	}
	k.note(record{at: e.At, op: Recv, kind: r.verdict.Kind, stream: StreamID(r.hits[0].mark.Stream), seq: uint32(r.hits[0].mark.Seq)})
}

// sort puts a find with the event it belongs to, or judges it at once when it
// belongs to none.
func (c *Checker) sort(r *reading, m canary.Match) {
	h := hit{mark: m.Mark, at: m.At, end: m.End, owner: PrincipalID(m.Owner)}
	switch {
	case m.Proven && m.Field == canary.FieldIdentity:
		if !r.conn.serves(h.owner) {
			c.flag(r, X5, &h)
		}
	case m.Proven:
		switch m.Kind {
		case canary.Truncated:
			h.worn = P2
		case canary.Corrupted:
			h.worn = P3
		}
		c.collect(r, h, m.Main())
	case m.Kind == canary.OldRun:
		r.conn.old++
		r.raise(OldRun, None, 0)
	case m.Kind == canary.Forged:
		c.flag(r, P0, &h)
	case m.Kind == canary.Corrupted:
		c.flag(r, P3, &h)
	case m.Kind == canary.Tile:
		c.tile(r, &h)
	default:
		c.cut(r, m, &h)
	}
}

// collect keeps one hit for each event of the frame.
func (c *Checker) collect(r *reading, h hit, main bool) {
	h.main = main
	for i := range r.n {
		if o := &r.hits[i]; o.mark.Stream == h.mark.Stream && o.mark.Seq == h.mark.Seq {
			o.main = o.main || main
			if o.worn == None {
				o.worn = h.worn
			}
			return
		}
	}
	if r.n == maxHits {
		c.judgeHits(r)
	}
	r.hits[r.n] = h
	r.n++
}

// tile judges padding without its mark. Beside an event of the same owner it is
// what that event was damaged by, and told there.
func (c *Checker) tile(r *reading, h *hit) {
	for i := range r.n {
		if r.hits[i].owner == h.owner {
			return
		}
	}
	if r.conn.serves(h.owner) {
		c.flag(r, P2, h)
		return
	}
	c.flag(r, X2, h)
}

// cut judges a mark that lacks its end. It proves nothing, but one that names an
// existing event of somebody else is taken for a piece of that event.
func (c *Checker) cut(r *reading, m canary.Match, h *hit) {
	code := P2
	if m.SeqKnown && !r.conn.serves(h.owner) {
		if s := c.streams.get(h.mark.Stream); s != nil && uint32(s.Owner) == h.mark.Owner {
			s.mu.Lock()
			o, _ := s.sent.get(h.mark.Seq)
			sent := h.mark.Seq > 0 && h.mark.Seq <= s.sent.last
			s.mu.Unlock()
			if _, by := c.access(r.conn, s, o.at); sent && by == denied {
				code = X2
			}
		}
	}
	c.flag(r, code, h)
}

// flag counts an anomaly of the frame and keeps it as evidence while there is
// room.
func (c *Checker) flag(r *reading, code Code, h *hit) {
	c.flagSent(r, code, h, emission{})
}

func (c *Checker) flagSent(r *reading, code Code, h *hit, sent emission) {
	c.count(code, 1)
	r.raise(kindOf[code], code, h.owner)
	if code.Leak() {
		c.evidence.leak(h.owner, r.conn.bound.Principal)
	}
	if len(r.found) == maxHits || !c.evidence.room(c.phase.Load().name, code, h.owner, r.conn.bound.Principal) {
		return
	}
	r.found = append(r.found, Evidence{
		Code: code, Owner: h.owner, Receiver: r.conn.bound.Principal, At: r.at, Emitted: sent.at, Conn: r.conn.id,
		Stream: StreamID(h.mark.Stream), Seq: h.mark.Seq, Field: h.mark.Field, Via: sent.conn, Bound: r.conn.boundAt, from: h.at, to: h.end,
	})
}

func (r *reading) raise(kind Kind, code Code, owner PrincipalID) {
	if kind > r.verdict.Kind {
		r.verdict.Kind, r.verdict.Code, r.verdict.Owner = kind, code, owner
	}
}

func (c *Checker) judgeHits(r *reading) {
	for i := range r.n {
		c.judge(r, &r.hits[i])
	}
	r.verdict.Events += r.n
	r.n = 0
}

// judge decides about one event in the frame.
func (c *Checker) judge(r *reading, h *hit) {
	s := c.streams.get(h.mark.Stream)
	if s == nil && c.model.Remote != nil {
		if a, ok := c.model.Remote(StreamID(h.mark.Stream), h.owner); ok {
			c.abroad(r, h, a)
			return
		}
	}
	if s == nil || s.Owner != h.owner {
		c.flag(r, P1, h)
		return
	}
	s.mu.Lock()
	sent, known := s.sent.get(h.mark.Seq)
	if h.mark.Seq == 0 || h.mark.Seq > s.sent.last {
		s.mu.Unlock()
		c.flag(r, P1, h)
		return
	}
	code, by := c.access(r.conn, s, sent.at) // its locks are below a stream's
	o := outcome{sent: sent, known: known}
	switch {
	case !h.main:
	case by == member:
		s.receive(&o, r.conn.seat, h.mark.Seq)
	case by == ahead:
		s.arrive(&o, r.conn.dialled.Principal, h.mark.Seq)
	}
	s.mu.Unlock()
	switch {
	case by == author:
		c.echo(r, s, h)
		r.raise(Echo, None, h.owner)
		c.tell(r, s, h, Receipt{Kind: Echo}, sent)
	case by == denied:
		c.outside(r, s, h, code, sent)
	case h.main:
		c.inside(r, s, h, &o)
	default:
		r.raise(Own, None, h.owner)
	}
}

// abroad judges an event that another process sent.
func (c *Checker) abroad(r *reading, h *hit, a Audience) {
	s := stream{Stream: Stream{ID: StreamID(h.mark.Stream), Owner: h.owner, Audience: a}}
	if a.Kind != ToPrincipal {
		s.Author = h.owner
	}
	code, by := c.access(r.conn, &s, 0)
	if by == denied {
		c.outside(r, &s, h, code, emission{})
		return
	}
	r.own = true
	if h.main {
		r.conn.own++
	}
	r.raise(Own, None, h.owner)
	c.tell(r, &s, h, Receipt{Kind: Own}, emission{})
}

func (c *Checker) echo(r *reading, s *stream, h *hit) {
	r.conn.echoes++
	s.mu.Lock()
	both := h.main && s.echo(h.mark.Seq)
	s.mu.Unlock()
	if both {
		c.echoing.Store(true)
	}
}

// outside handles a receipt that was not for this connection now.
func (c *Checker) outside(r *reading, s *stream, h *hit, code Code, sent emission) {
	if code == X1a && sent.seq == h.mark.Seq && sent.at < r.conn.leftAt && c.trailing.excuses() {
		r.raise(Own, None, h.owner)
		return
	}
	if !h.main && code == X0 {
		code = X2
	}
	if h.main && h.owner != r.conn.bound.Principal {
		r.foreign = *h
	}
	c.flagSent(r, code, h, sent)
	c.tell(r, s, h, Receipt{Kind: kindOf[code], Code: code}, sent)
}

// inside handles an event that reached one of those it was for.
func (c *Checker) inside(r *reading, s *stream, h *hit, o *outcome) {
	r.own = true
	r.conn.own++
	if o.both {
		c.echoing.Store(true)
	}
	kind, code := Own, o.code
	if o.found {
		c.counts[D0].Add(^uint64(0))
		code = D4
	}
	delay := r.at - o.sent.at + time.Duration(o.sent.lag)*time.Microsecond
	if code == None && o.known && c.model.LateAfter > 0 && delay > c.model.LateAfter {
		code = D4
	}
	if h.worn != None {
		c.flagSent(r, h.worn, h, o.sent)
	}
	if s.Wire != AnyData && s.Wire != r.wire || r.wire >= CloseReason && s.Wire == AnyData {
		c.flagSent(r, P5, h, o.sent)
		if code == D1 {
			code = None // a copy where none belongs is one mistake
		}
	}
	if code != None {
		kind = kindOf[code]
		c.flagSent(r, code, h, o.sent)
	}
	if o.first {
		c.overlap.end(s)
		if o.known {
			c.compare(r, o.sent.at)
		}
	}
	r.raise(kind, code, h.owner)
	c.tell(r, s, h, Receipt{Kind: kind, Code: code, First: o.first}, o.sent)
}

// compare counts how long an event took, by whether somebody else was stalled
// meanwhile. What waited for the receiver's own stall to end says nothing.
func (c *Checker) compare(r *reading, sent time.Duration) {
	if r.conn.waited(sent) {
		return
	}
	stalled := c.faults.Load() > 0 || c.healed.Load() > int64(sent)
	c.delays.add(r.conn.id, r.at-sent, stalled)
}

func (c *Checker) tell(r *reading, s *stream, h *hit, out Receipt, sent emission) {
	if c.model.OnReceipt == nil {
		return
	}
	out.Conn, out.Stream, out.Owner, out.Seq, out.At = r.conn.id, s.ID, h.owner, h.mark.Seq, r.at
	if sent.seq == h.mark.Seq {
		out.Emitted, out.Via = sent.at, sent.conn
		out.Intended = sent.at - time.Duration(sent.lag)*time.Microsecond
		out.Waited = r.conn.waited(sent.at)
	}
	c.model.OnReceipt(out)
}
