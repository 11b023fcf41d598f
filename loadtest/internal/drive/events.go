package drive

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
)

// protocols holds what every connection receives against the orders of events that
// the configuration expects. The zero value expects none.
type protocols struct {
	specs []*history.Sequence

	mu    sync.Mutex
	tally []Protocol
	pause time.Duration // the longest within a run, of connections that have ended
}

// Protocol is what came of one order of events.
type Protocol struct {
	Name     string
	Runs     uint64 // whose beginning was received
	Events   uint64
	Faults   uint64
	Unnamed  uint64   // events that name no run, and so were not judged
	Full     bool     // more went on at once than can be watched
	Examples []string // the first faults
}

const maxExamples = 10

// watched is one connection's part.
type watched struct {
	mu      sync.Mutex
	watches []*history.Watch // nil once the connection has ended
	moved   time.Duration    // when the latest event of a protocol came

	behind atomic.Int64 // what stood while nobody read is through once something comes that was sent later; 0: it is
}

const unread = math.MaxInt64 // nobody reads

func (d *Driver) expectEvents() {
	for i := range d.opts.File.Expect.Events {
		s := d.opts.File.Expect.Events[i].Sequence()
		d.protocols.specs = append(d.protocols.specs, s)
		d.protocols.tally = append(d.protocols.tally, Protocol{Name: s.Name})
	}
}

// watch begins with a connection. No connection surely sees every run from its
// beginning: one may have begun elsewhere, or before the server had registered it.
func (d *Driver) watch() *watched {
	if len(d.protocols.specs) == 0 {
		return nil
	}
	w := &watched{}
	for _, s := range d.protocols.specs {
		w.watches = append(w.watches, history.NewWatch(s))
	}
	w.late()
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

// renew says that what follows is another user's.
func (w *watched) renew() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.watches {
		one.Renew()
	}
}

// stop says that from now on nobody reads, so that the server may drop what it
// likes, or that nobody knows what for.
func (w *watched) stop() {
	if w != nil {
		w.behind.Store(unread)
		w.late()
	}
}

// goOn says that this is over, but for what has piled up.
func (w *watched) goOn(now time.Duration) {
	if w != nil && w.behind.CompareAndSwap(unread, max(1, int64(now))) {
		w.late()
	}
}

// heard notes that something came that was sent at a moment.
func (w *watched) heard(sent time.Duration) {
	if w == nil {
		return
	}
	if behind := w.behind.Load(); behind > 0 && int64(sent) > behind {
		w.behind.CompareAndSwap(behind, 0)
	}
}

// gaps reports whether events may be missing around what comes now: the server may
// not have registered the connection, which may be out of its rooms, or behind.
func (c *conn) gaps() bool {
	return !c.settled.Load() || c.parting.Load() || c.left.Load() || c.watched.behind.Load() != 0
}

func (c *conn) watch(data []byte, at time.Duration) {
	w := c.watched
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, one := range w.watches {
		_, before, _ := one.Counts()
		c.d.protocols.found(i, c, one.FrameAt(data, at))
		if c.gaps() {
			one.Late()
		}
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
	p.pause = max(p.pause, longest(w.watches))
	w.watches = nil
}

func add(tally []Protocol, watches []*history.Watch) {
	for i, one := range watches {
		runs, events, faults := one.Counts()
		tally[i].Runs += runs
		tally[i].Events += events
		tally[i].Faults += faults
		tally[i].Unnamed += one.Unnamed()
		tally[i].Full = tally[i].Full || one.Full()
	}
}

// longest is how long a run was silent that went on all the same.
func longest(watches []*history.Watch) (out time.Duration) {
	for _, one := range watches {
		out = max(out, one.Pause())
	}
	return out
}

const (
	endQuiet  = 5 * time.Second  // without an event of a protocol, before a run counts as never ended
	endFactor = 4                // ... or so many times as long as runs were silent that went on
	endLimit  = 30 * time.Second // however much goes on
)

// EndEvents waits for the runs under way and counts those that don't end, and of
// which nothing more comes, while the server brings back what others are sent. It
// reports false when it brings back nothing, or too much still goes on, so that
// nothing can be said of them. Nothing may be sent meanwhile.
func (d *Driver) EndEvents(ctx context.Context) bool {
	if len(d.protocols.specs) == 0 {
		return true
	}
	began := d.now()
	still := d.until(ctx, endLimit, func() bool {
		open, moved, pause := d.openRuns()
		return open == 0 || d.now()-max(moved, began) > max(endQuiet, endFactor*pause)
	})
	if open, _, _ := d.openRuns(); open == 0 || ctx.Err() != nil {
		return true
	}
	if !still {
		return false
	}
	sofar := map[*history.Watch]uint64{}
	d.reading(func(c *conn) {
		for _, one := range c.watched.watches {
			_, sofar[one], _ = one.Counts()
		}
	})
	if !d.delivers(ctx) {
		return false
	}
	d.reading(func(c *conn) {
		for i, one := range c.watched.watches {
			if events, was := sofar[one]; was {
				d.protocols.found(i, c, one.EndSince(events))
			}
		}
	})
	return true
}

// delivers reports whether the server brings back one thing after the other, and
// gives a machine that hardly lets it run several tries at each.
func (d *Driver) delivers(ctx context.Context) bool {
	for done, failed := 0, 0; done < rounds; {
		switch {
		case d.round(ctx, &person{index: -1}):
			done, failed = done+1, 0
		case ctx.Err() != nil || failed == rounds:
			return false
		default:
			failed++
		}
	}
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
// an event of any protocol came last, and how long a run has been silent before it
// went on.
func (d *Driver) openRuns() (open int, moved, pause time.Duration) {
	d.protocols.mu.Lock()
	pause = d.protocols.pause
	d.protocols.mu.Unlock()
	d.reading(func(c *conn) {
		for _, one := range c.watched.watches {
			open += one.Open()
		}
		moved = max(moved, c.watched.moved)
		pause = max(pause, longest(c.watched.watches))
	})
	return open, moved, pause
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
