package drive

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
)

// protocols holds what every connection receives against the orders of events that
// the configuration expects. The zero value expects none.
type protocols struct {
	specs  []*history.Sequence
	joined bool // events for many: a run may have begun before its receiver came

	mu    sync.Mutex
	tally []Protocol
}

// Protocol is what came of one order of events.
type Protocol struct {
	Name     string
	Runs     uint64 // whose beginning was received
	Events   uint64
	Faults   uint64
	Examples []string // the first faults
}

const maxExamples = 10

// watched is one connection's part.
type watched struct {
	mu      sync.Mutex
	watches []*history.Watch // nil once the connection has ended
	moved   time.Duration    // when the latest event of a protocol came
}

func (d *Driver) expectEvents() {
	for i := range d.opts.File.Expect.Events {
		s := d.opts.File.Expect.Events[i].Sequence()
		d.protocols.specs = append(d.protocols.specs, s)
		d.protocols.tally = append(d.protocols.tally, Protocol{Name: s.Name})
	}
	d.protocols.joined = slices.ContainsFunc(d.program.emitters, func(e *emitter) bool { return e.broadcasts() })
}

// watch begins with a connection. Only a user's first one surely sees every run
// from its beginning: what goes on when another comes began elsewhere.
func (d *Driver) watch(p *person) *watched {
	if len(d.protocols.specs) == 0 {
		return nil
	}
	p.mu.Lock()
	first := !p.watched
	p.watched = true
	p.mu.Unlock()
	w := &watched{}
	for _, s := range d.protocols.specs {
		w.watches = append(w.watches, history.NewWatch(s))
	}
	if !first || d.protocols.joined {
		w.late()
	}
	return w
}

// late says that something may have passed the connection by.
func (w *watched) late() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.watches {
		one.Late()
	}
}

func (c *conn) watch(data []byte, at time.Duration) {
	w := c.watched
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, one := range w.watches {
		_, before, _ := one.Counts()
		c.d.protocols.found(i, c, one.Frame(data))
		if _, after, _ := one.Counts(); after > before {
			w.moved = at
		}
	}
}

// found keeps the first faults as examples.
func (p *protocols) found(i int, c *conn, faults []history.SequenceFault) {
	if len(faults) == 0 {
		return
	}
	id := c.person().id
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range faults {
		if one := &p.tally[i]; len(one.Examples) < maxExamples {
			one.Examples = append(one.Examples, fmt.Sprintf("%s, connection c%d: %s", id, c.id, f.Error()))
		}
	}
}

// leave counts what a connection saw when it has ended; runs under way then are
// nobody's fault.
func (p *protocols) leave(w *watched) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	add(p.tally, w.watches)
	w.watches = nil
}

func add(tally []Protocol, watches []*history.Watch) {
	for i, one := range watches {
		runs, events, faults := one.Counts()
		tally[i].Runs += runs
		tally[i].Events += events
		tally[i].Faults += faults
	}
}

const (
	endQuiet = 3 * time.Second  // without an event of a protocol, before a run counts as never ended
	endLimit = 30 * time.Second // however much goes on
)

// EndEvents waits for the runs under way and counts those that don't end while the
// server brings back what others are sent. It reports false when it brings back
// nothing, so that nothing can be said of them. Nothing may be sent meanwhile.
func (d *Driver) EndEvents(ctx context.Context) bool {
	if len(d.protocols.specs) == 0 {
		return true
	}
	began := d.now()
	d.until(ctx, endLimit, func() bool {
		open, moved := d.openRuns()
		return open == 0 || d.now()-max(moved, began) > endQuiet
	})
	if open, _ := d.openRuns(); open == 0 || ctx.Err() != nil {
		return true
	}
	for range rounds {
		if !d.round(ctx, &person{index: -1}) {
			return false
		}
	}
	d.reading(func(c *conn) {
		for i, one := range c.watched.watches {
			_, _, before := one.Counts()
			faults := one.End()
			_, _, after := one.Counts()
			d.protocols.found(i, c, faults[max(0, len(faults)-int(after-before)):])
		}
	})
	return true
}

// reading visits the connections that are read, with what they saw locked.
func (d *Driver) reading(visit func(*conn)) {
	d.conns.each(func(c *conn) {
		if c.alive() && c.gate.Load() == nil {
			c.watched.mu.Lock()
			defer c.watched.mu.Unlock()
			visit(c)
		}
	})
}

// openRuns counts the runs that stand on connections that are read, and says when
// an event of any protocol came last.
func (d *Driver) openRuns() (open int, moved time.Duration) {
	d.reading(func(c *conn) {
		for _, one := range c.watched.watches {
			open += one.Open()
		}
		moved = max(moved, c.watched.moved)
	})
	return open, moved
}

// Protocols is what came so far of each order of events that was expected.
func (d *Driver) Protocols() []Protocol {
	if len(d.protocols.specs) == 0 {
		return nil
	}
	d.protocols.mu.Lock()
	out := slices.Clone(d.protocols.tally)
	for i := range out {
		out[i].Examples = slices.Clone(out[i].Examples)
	}
	d.protocols.mu.Unlock()
	d.conns.each(func(c *conn) {
		c.watched.mu.Lock()
		defer c.watched.mu.Unlock()
		add(out, c.watched.watches)
	})
	return out
}
