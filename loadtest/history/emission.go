package history

import "time"

const (
	minSent = 8   // emissions remembered by a new stream
	maxSent = 512 // at most: what is older has arrived or is very late
)

// emission is what is remembered of one event that was sent out.
type emission struct {
	seq     uint64
	at      time.Duration
	lag     int32  // microseconds from the intended moment to at
	barrier uint32 // seq minus the last number that was complete when this one began
	conn    ConnID
	run     uint32 // seq minus the first number of its run
}

// emissions is a ring of the latest emissions of a stream; it grows while the
// oldest may still be on its way.
type emissions struct {
	ring []emission
	last uint64 // highest number emitted
	done tracker
	// through is the number up to which all emissions are complete.
	through uint64
	excused []span // failed or in doubt: never lost
	forgot  uint64 // which ones up to here were excused is not known any more
	// A run are the emissions asked for over one connection, one after the other. A
	// server reads one connection in order and several at once, so that order is owed
	// within a run alone: what it has not read of a dead connection it may well deliver
	// after what its user asks for over the next one.
	via ConnID
	run uint64 // the first number of the run that goes on
}

// begin records the next emission and reports false when seq does not rise.
func (e *emissions) begin(ev *Event, received uint64) bool {
	if ev.Seq <= e.last {
		return false
	}
	if len(e.ring) == 0 {
		e.ring = make([]emission, minSent)
	}
	if n := uint64(len(e.ring)); e.last >= n && e.last-n >= received && n < maxSent {
		e.grow()
	}
	if ev.Seq > e.last+1 {
		e.excuse(span{e.last + 1, ev.Seq - 1})
	}
	e.last = ev.Seq
	if e.run == 0 || ev.Conn != e.via {
		e.run, e.via = ev.Seq, ev.Conn
	}
	lag := time.Duration(0)
	if ev.Intended > 0 {
		lag = ev.At - ev.Intended
	}
	e.ring[ev.Seq%uint64(len(e.ring))] = emission{
		seq: ev.Seq, at: ev.At, lag: int32(min(lag.Microseconds(), 1<<31-1)),
		barrier: uint32(min(ev.Seq-e.through, 1<<32-1)), conn: ev.Conn,
		run: uint32(min(ev.Seq-e.run, 1<<32-1)),
	}
	return true
}

func (e *emissions) grow() {
	bigger := make([]emission, 4*len(e.ring))
	for _, one := range e.ring {
		if one.seq > 0 {
			bigger[one.seq%uint64(len(bigger))] = one
		}
	}
	e.ring = bigger
}

// get finds an emission that is still remembered.
func (e *emissions) get(seq uint64) (emission, bool) {
	if len(e.ring) == 0 {
		return emission{}, false
	}
	if one := e.ring[seq%uint64(len(e.ring))]; one.seq == seq {
		return one, true
	}
	return emission{}, false
}

// end completes seq. An event whose trigger failed or timed out is excused: it
// may arrive, but can't be lost.
func (e *emissions) end(seq uint64, excused bool) {
	if !e.done.add(seq) {
		return
	}
	if excused {
		e.excuse(span{seq, seq})
	}
	for e.through < e.last && e.done.has(e.through+1) {
		e.through++
	}
}

func (e *emissions) excuse(s span) {
	if n := len(e.excused); n > 0 && e.excused[n-1].hi+1 == s.lo {
		e.excused[n-1].hi = s.hi
	} else {
		e.excused = append(e.excused, s)
	}
	for seq := s.lo; seq <= s.hi && s.hi-s.lo < window; seq++ {
		e.done.add(seq)
	}
	if s.lo == e.through+1 {
		e.through = s.hi
	}
}

// due reports whether the event was surely sent.
func (e *emissions) due(seq uint64) bool {
	if !e.done.has(seq) {
		return false
	}
	return !e.doubted(seq)
}

// doubted reports whether the event's trigger failed, or may still be at work.
func (e *emissions) doubted(seq uint64) bool {
	for _, s := range e.excused {
		if seq >= s.lo && seq <= s.hi {
			return true
		}
	}
	return seq <= e.forgot
}

// maxExcused are the spans that are kept beyond a fence.
const maxExcused = 32

// settle forgets what no later judgement needs. An event in doubt may still come,
// in any order.
func (e *emissions) settle() {
	n := len(e.excused) - maxExcused
	if n <= 0 {
		return
	}
	for _, s := range e.excused[:n] {
		e.forgot = max(e.forgot, s.hi)
	}
	e.excused = append([]span(nil), e.excused[n:]...)
}
