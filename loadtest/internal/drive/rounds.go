package drive

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// Time alone proves nothing: on a machine with too little of it, a correct server
// takes as long as it takes. What a server has not done yet counts as never done
// only once it has brought back, rounds times in a row, what was sent after the
// round before had come.
const rounds = 5

// insist gives what is missing every chance to come before it counts as lost. It
// reports false when the server delivers nothing just now.
func (d *Driver) insist(ctx context.Context, dirty []*stream, patience time.Duration, seen func() bool) bool {
	for range rounds {
		var lacking []*stream
		for _, s := range dirty {
			if d.checker.Lacking(s.id) {
				lacking = append(lacking, s)
			}
		}
		if len(lacking) == 0 {
			return true
		}
		if !d.answering(ctx, lacking, patience, seen) {
			return false
		}
		pause(ctx, grace/rounds)
	}
	return true
}

// asking is how many streams are asked whether the server delivers.
const asking = 8

// answering reports whether the server delivers just now, by sending on some
// streams that have worked before, those of first above all: one that is kept from
// running has lost nothing. Where no stream can tell, it is what the caller saw.
func (d *Driver) answering(ctx context.Context, first []*stream, patience time.Duration, seen func() bool) bool {
	var asked []*stream
	ask := func(s *stream) {
		if len(asked) < asking && d.due(s) > 0 && d.sendFence(ctx, s) {
			asked = append(asked, s)
		}
	}
	for _, s := range first {
		if !s.many && d.fenced(s) {
			ask(s)
		}
	}
	d.streams.each(func(s *stream) {
		if s.tally.arrived() > 0 && !s.many && s.tally.left() == 0 {
			ask(s)
		}
	})
	if len(asked) == 0 {
		return seen()
	}
	one := func(*stream) bool {
		for _, s := range asked {
			if d.fenced(s) {
				return true
			}
		}
		return false
	}
	return len(d.await(ctx, asked, one, patience)) == 0
}

// settling learns how long servers without a ready frame take to register a
// connection.
type settling struct {
	fails atomic.Int32
}

// limit is how long to wait for a sign that a connection is registered: less
// once the server has shown that it gives none.
func (s *settling) limit() time.Duration {
	if s.fails.Load() > 2 {
		return 50 * time.Millisecond
	}
	return time.Second
}

// prove sends events to a person until one arrives on the connection, for servers
// that don't say when a connection is registered. One that none arrives on, while
// others get theirs time and again, counts as registered: from then on what does
// not come is lost.
func (d *Driver) prove(ctx context.Context, c *conn) {
	p := c.person()
	if c.settled.Load() || p == nil {
		return
	}
	began, wait := time.Now(), time.Millisecond
	for done := 0; ; wait = min(2*wait, 50*time.Millisecond) {
		d.probe(ctx, p)
		d.until(ctx, wait, func() bool { return c.settled.Load() || !c.alive() })
		if c.settled.Load() {
			d.settling.fails.Store(0)
			return
		}
		if !c.alive() || ctx.Err() != nil {
			return
		}
		others := d.round(ctx, p)
		if others {
			done++
		}
		switch late := time.Since(began) > d.settling.limit(); {
		case late && done >= rounds:
			d.settling.fails.Add(1)
			c.settled.Store(true)
			return
		case late && !others:
			return // nothing is known, and nothing is owed until something arrives
		}
	}
}

// workedOff waits until the server has surely taken note of what was sent for a
// person before, where it gives no answer.
func (d *Driver) workedOff(ctx context.Context, p *person) bool {
	pause(ctx, quiet)
	for range rounds {
		if !d.round(ctx, p) {
			return false
		}
	}
	return ctx.Err() == nil
}

const (
	roundLimit = 500 * time.Millisecond
	roundTries = 4 // users who are tried
)

// round sends something to another user than p and waits until it is back.
func (d *Driver) round(ctx context.Context, p *person) bool {
	tried := 0
	for i := 1; i < len(d.people) && tried < roundTries && ctx.Err() == nil; i++ {
		q := d.people[(p.index+i)%len(d.people)]
		if q.ghost || q.odd || !q.proven() {
			continue
		}
		tried++
		s, seq := d.probe(ctx, q)
		if s == nil {
			continue
		}
		if d.until(ctx, roundLimit, func() bool { return s.hasBack(seq) }) {
			return true
		}
	}
	return false
}

// proven reports whether something surely arrives at the person.
func (p *person) proven() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.slots {
		if c.alive() && c.settled.Load() && c.gate.Load() == nil {
			return true
		}
	}
	return false
}

// hasBack reports whether an event of the stream, or a later one, arrived.
func (s *stream) hasBack(seq uint64) bool { return s.tally.last() >= seq }

// probe sends one event to a person by the first emitter that can: one to all, or to
// the sender's own connection alone, only where there is no other.
func (d *Driver) probe(ctx context.Context, p *person) (*stream, uint64) {
	for _, rank := range []int{probesUser, probesMany, probesReply} {
		for i, e := range d.program.emitters {
			if e.probes() != rank {
				continue
			}
			st := plan.Step{User: p.index, By: plan.None, Emitter: i}
			if e.frame != nil {
				if st.By = d.prober(p, e); st.By == plan.None {
					continue
				}
			}
			return d.emit(ctx, &st, d.now())
		}
	}
	return nil, 0
}

const (
	probesNobody = iota
	probesUser
	probesMany
	probesReply
)

// probes says what an event of the emitter can find out.
func (e *emitter) probes() int {
	switch {
	case len(e.args) > 0 || e.audience == "session":
		return probesNobody
	case e.audience == "reply":
		return probesReply
	case e.broadcasts():
		return probesMany
	}
	return probesUser
}

// prober is who may send to a person: himself, or the first other user whose
// connection is known to work.
func (d *Driver) prober(p *person, e *emitter) int {
	if e.self {
		return p.index
	}
	for _, other := range d.people {
		if other != p && !other.odd && other.anyConn().alive() {
			return other.index
		}
	}
	return plan.None
}
