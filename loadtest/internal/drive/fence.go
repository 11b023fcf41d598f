package drive

import (
	"context"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
)

const (
	poll  = time.Millisecond
	grace = 15 * time.Millisecond // what overtakes a fence comes soon after it
)

// Fence waits until everything sent has arrived and lets the checker count what
// has not. Streams on which something is missing get one more event: once that is
// back, what was sent before it will not come any more. patience bounds the wait
// for streams on which nothing comes back at all. It reports false when the server
// answered nothing, so that nothing can be said. Nothing may be sent meanwhile.
func (d *Driver) Fence(ctx context.Context, patience time.Duration) bool {
	d.mu.Lock()
	dirty := d.dirty
	d.dirty = nil
	d.mu.Unlock()
	before := d.arrived.Load()
	open := d.await(ctx, dirty, d.complete, min(patience, 20*time.Millisecond))
	if len(open) > 0 {
		open = d.fenceOff(ctx, open, patience)
	}
	seen := func() bool { return d.arrived.Load() > before }
	answers := len(open) == 0 || d.answering(ctx, nil, patience, seen)
	if answers {
		d.copies(ctx, dirty)
		answers = d.insist(ctx, dirty, patience, seen)
	}
	if !answers || ctx.Err() != nil {
		d.mu.Lock()
		d.dirty = append(d.dirty, dirty...)
		d.mu.Unlock()
		return false
	}
	for _, s := range dirty {
		d.settle(s)
	}
	return true
}

const (
	copyLimit = 500 * time.Millisecond
	copySoon  = 20 * time.Millisecond // for a server that sends to one connection of a user only
)

// copies waits until a user's further connections have what the first one had, so
// that one that is merely behind is not taken for one that gets nothing.
func (d *Driver) copies(ctx context.Context, dirty []*stream) {
	var sent []*stream
	for _, s := range dirty {
		if !s.many && d.standing(s) > 1 && s.tally.arrived() > 0 && d.sendFence(ctx, s) {
			sent = append(sent, s)
		}
	}
	limit := copyLimit
	if d.partial.Load() > 2 {
		limit = copySoon
	}
	if len(sent) == 0 {
		return
	}
	everywhere := func() bool {
		for _, s := range sent {
			if int(s.back.Load()) < d.standing(s) {
				return false
			}
		}
		return true
	}
	if d.until(ctx, limit, everywhere) {
		d.partial.Store(0)
	} else {
		d.partial.Add(1)
	}
}

// standing counts the addressee's connections that surely receive.
func (d *Driver) standing(s *stream) (n int) {
	p := d.person(s.key.to)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.slots {
		if c.alive() && c.settled.Load() && !c.parting.Load() && c.gate.Load() == nil && (s.spec.Audience.Kind == history.ToPrincipal || i == s.key.slot) {
			n++
		}
	}
	return n
}

// silence is how long a server says nothing at all before it counts as stuck.
const silence = 1500 * time.Millisecond

// arriveWithin waits until everything that is due has arrived, or until the server
// shows no sign of life. It reports false when stop or the limit came first.
func (d *Driver) arriveWithin(ctx context.Context, limit time.Duration, stop func() bool) bool {
	d.mu.Lock()
	dirty := append([]*stream(nil), d.dirty...)
	d.mu.Unlock()
	last, since, stopped := d.heard.sum(), time.Now(), false
	ended := d.until(ctx, limit, func() bool {
		if stopped = stop(); stopped {
			return true
		}
		if n := d.heard.sum(); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) > silence {
			return true
		}
		for _, s := range dirty {
			if !s.many && s.tally.left() > 0 {
				return false
			}
		}
		return true
	})
	return ended && !stopped
}

// settle lets the checker judge one stream.
func (d *Driver) settle(s *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.checker.Feed(history.Event{Op: history.Fence, StreamID: s.id, At: d.now()})
	s.tally.settle(s.seq)
	s.open.Store(false)
	s.fence.Store(0)
	s.dirty.Store(false)
}

// complete reports whether a stream misses nothing that is known to be due.
func (d *Driver) complete(s *stream) bool {
	if s.many {
		return !s.open.Load() || d.fenced(s)
	}
	return s.tally.left() == 0
}

// fenced reports whether the fence of a stream is back everywhere.
func (d *Driver) fenced(s *stream) bool {
	if s.many {
		n, sure := d.dueMany(s)
		return sure && s.fence.Load() > 0 && s.back.Load() >= int64(max(n, 1))
	}
	return s.fence.Load() > 0 && s.back.Load() >= int64(max(d.due(s), 1))
}

// await polls until done holds for all streams or no event at all has come for the
// time given, and returns those left. Copies count as events: a server that is
// busy with a broadcast to thousands is not silent.
func (d *Driver) await(ctx context.Context, streams []*stream, done func(*stream) bool, quiet time.Duration) []*stream {
	last, since := d.events.sum(), time.Now()
	for {
		began := time.Now()
		left := streams[:0:0]
		for _, s := range streams {
			if !done(s) {
				left = append(left, s)
			}
		}
		if n := d.events.sum(); n != last {
			last, since = n, time.Now()
		}
		if len(left) == 0 || time.Since(since) > quiet || ctx.Err() != nil {
			return left
		}
		streams = left
		pause(ctx, max(poll, pollShare*time.Since(began)))
	}
}

// pollShare keeps the polling of many streams to a small part of the time, which
// the server needs more.
const pollShare = 10

// fenceOff sends a fence on each stream that has a sender and somebody to receive,
// and waits for it. It returns the streams whose fence did not come back.
func (d *Driver) fenceOff(ctx context.Context, streams []*stream, patience time.Duration) []*stream {
	var sent []*stream
	for _, s := range streams {
		if d.nobody(s) {
			continue // nothing can be lost
		}
		if d.sendFence(ctx, s) {
			sent = append(sent, s)
		}
	}
	left := d.await(ctx, sent, d.fenced, patience/3)
	for _, s := range left {
		d.sendFence(ctx, s) // the fence itself may have been lost
	}
	left = d.await(ctx, left, d.fenced, 2*patience/3)
	d.await(ctx, streams, d.complete, grace)
	return left
}

// nobody reports whether there is surely nobody to receive. Of a room one of whose
// members is just coming nothing is sure.
func (d *Driver) nobody(s *stream) bool {
	if s.many {
		n, sure := d.dueMany(s)
		return sure && n == 0
	}
	return d.due(s) == 0
}

func (d *Driver) sendFence(ctx context.Context, s *stream) bool {
	out := emission{intended: d.now()}
	if s.frame != nil || s.key.emitter < 0 {
		by := d.person(s.key.by)
		if by == nil || s.key.emitter < 0 {
			return false // a request's connection may be gone, and each has its own stream
		}
		if out.via = by.anyConn(); !out.via.alive() || s.key.conn != 0 && out.via.id != s.key.conn {
			return false
		}
	}
	s.back.Store(0)
	s.fence.Store(s.next())
	d.send(ctx, s, out)
	return true
}

// next is the number that the next event will have.
func (s *stream) next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seq + 1
}

// until polls a condition for a time.
func (d *Driver) until(ctx context.Context, limit time.Duration, done func() bool) bool {
	for end := time.Now().Add(limit); ; {
		if done() {
			return true
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return false
		}
		pause(ctx, poll/4)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
