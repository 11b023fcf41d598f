package drive

import (
	"context"
	"time"

	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
)

// ladder are the sizes of payloads that are tried before larger ones are sent:
// servers have limits on what a client may send, and a client that breaks one is
// thrown out, rightly.
var ladder = []int{200, 1000, 16 << 10, 128 << 10, 1 << 20}

// rung is how long an answer may take.
const rung = time.Second

// Climb finds, for each emitter, how large a payload may be. Larger ones are cut
// to that afterwards.
func (d *Driver) Climb(ctx context.Context, most int) {
	for _, e := range d.program.emitters {
		e.most = 0
		if len(e.args) > 0 || e.hook != nil || e.call != nil && e.call.kind != "application/json" {
			continue // no place for padding
		}
		for _, size := range ladder {
			if size > most || e.broadcasts() && size > 1000 || !d.carriesSize(ctx, e, size) {
				break
			}
			e.most = size
		}
	}
	for _, e := range d.program.emitters {
		d.shun(ctx, e)
	}
	for _, p := range d.people[:min(len(d.people), d.config.Users)] {
		if c := p.slot(0); c != nil && !c.alive() {
			d.arrive(ctx, p, 0) // a limit that was found may have cost the connection
		}
	}
}

// shun finds out which users that are not there may be named: a server is free to
// hang up on whoever does that, and what is lost with the connection is not its
// fault.
func (d *Driver) shun(ctx context.Context, e *emitter) {
	if e.frame == nil || e.most == 0 || e.broadcasts() || e.audience == spec.AudienceReply {
		return
	}
	for _, ghost := range d.people {
		if !ghost.ghost || ctx.Err() != nil {
			continue
		}
		d.arrive(ctx, d.people[0], 0)
		st := plan.Step{User: ghost.index, By: d.prober(d.people[0], e), Emitter: e.index}
		via := d.person(st.By).slot0()
		if !via.alive() {
			return
		}
		via.tried.Store(true)
		d.emit(ctx, &st, d.now())
		if d.carriesSize(ctx, e, 0); !via.alive() {
			ghost.shun(e)
			d.problem("the server hangs up on who names a user that is not there: no more such events are sent")
		}
		via.tried.Store(false)
	}
}

func (p *person) slot0() *conn {
	if p == nil {
		return nil
	}
	return p.slot(0)
}

func (p *person) shun(e *emitter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shunned == nil {
		p.shunned = map[*emitter]bool{}
	}
	p.shunned[e] = true
}

// welcome reports whether the person may be named as an addressee. Who could not
// connect is nobody to the server either.
func (p *person) welcome(e *emitter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.shunned[e] && !(p.odd && p.barred != "")
}

// carriesSize sends one payload of that size to the first user and waits for it.
func (d *Driver) carriesSize(ctx context.Context, e *emitter, size int) bool {
	p := d.people[0]
	d.arrive(ctx, p, 0)
	c := p.slot(0)
	if !c.alive() || ctx.Err() != nil {
		return false
	}
	st := plan.Step{User: p.index, By: plan.None, Emitter: e.index}
	if e.frame != nil {
		if st.By = p.index; !e.self && !e.broadcasts() {
			st.By = d.prober(p, e)
		}
		if st.By == plan.None {
			return false
		}
	}
	key := laneKey{emitter: e.index, to: p.index, by: st.By}
	out := emission{size: size, intended: d.now()}
	if e.frame != nil {
		if out.via = d.person(st.By).anyConn(); !out.via.alive() {
			return false
		}
		out.via.tried.Store(true)
		defer out.via.tried.Store(false)
		if e.audience == "reply" {
			key.conn = out.via.id
		}
	}
	s, err := d.stream(key)
	if err != nil {
		return false
	}
	before := s.tally.arrived()
	d.send(ctx, s, out)
	arrived := d.until(ctx, rung, func() bool { return s.tally.arrived() > before || out.via != nil && !out.via.alive() })
	return arrived && s.tally.arrived() > before
}
