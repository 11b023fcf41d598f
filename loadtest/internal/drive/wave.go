package drive

import (
	"cmp"
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

const (
	dialling   = 128                   // handshakes at a time while everybody connects
	senders    = 64                    // goroutines that send events of ungated waves
	spin       = 50 * time.Microsecond // a sleep is not exact below this
	exactLanes = 4                     // with more, spinning would take the server's time
)

// Gather connects the ordinary users from one number up to another, spread over
// ramp, and waits until all are bound. It fails when the very first can't connect.
func (d *Driver) Gather(ctx context.Context, ramp time.Duration, from, to int) error {
	if from == 0 {
		c, err := d.connect(ctx, d.people[0], 0, nil)
		if err != nil {
			return err
		}
		d.prove(ctx, c)
		from = 1
	}
	w := plan.Wave{}
	for i := from; i < to; i++ {
		at := time.Duration(float64(ramp) * float64(i-from) / float64(to-from))
		w.Steps = append(w.Steps, plan.Step{Op: plan.Connect, User: i, By: plan.None, Lane: -i % dialling, At: at})
	}
	d.play(ctx, &w, d.now())
	if d.Lost() {
		return ErrTargetLost
	}
	return ctx.Err()
}

// Restore brings everybody back to one plain connection under the given setup.
func (d *Driver) Restore(ctx context.Context, setup plan.Setup) {
	changed := setup.Compress != d.setup.Compress || setup.Proxy != d.setup.Proxy || setup.Same != d.setup.Same && d.program.usesDevice()
	if setup.Same != d.setup.Same {
		defer d.lanes.Clear() // their frames may name devices
	}
	d.setup = setup
	w := plan.Wave{}
	for _, p := range d.people {
		w.Steps = append(w.Steps, p.restore(changed && (d.opts.Shard != nil || p.index < plan.Few))...)
	}
	if len(w.Steps) > 0 {
		d.play(ctx, &w, d.now())
	}
}

func (p *person) restore(again bool) (steps []plan.Step) {
	step := func(op plan.Op, slot int) {
		steps = append(steps, plan.Step{Op: op, User: p.index, Slot: slot, By: plan.None, Lane: -1 - p.index%dialling})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for slot, c := range p.slots {
		if c.alive() && (slot > 0 || again || p.odd || c.gate.Load() != nil || !c.belongs(p)) {
			step(plan.Close, slot)
		}
	}
	if c := p.slots[0]; !p.odd && !p.ghost && (len(steps) > 0 || !c.alive()) {
		step(plan.Connect, 0)
	}
	return steps
}

// belongs reports whether the connection is bound to this person; after a logout
// it is to nobody.
func (c *conn) belongs(p *person) bool {
	return c.settled.Load() && !c.parting.Load() && c.person() == p
}

// Limits say how long a schedule is played.
type Limits struct {
	Enough   func(played int, since time.Duration) bool // asked where a cycle of waves ends
	Late     func() bool                                // from then on a cycle is ended without pauses
	Patience func() time.Duration                       // of fences
}

// Play runs a schedule's waves until it is enough, and fences them. It stops only
// where a cycle of waves ends, unless ctx does. It reports how many waves it played
// and whether the fence came back.
func (d *Driver) Play(ctx context.Context, s *plan.Schedule, waves iter.Seq[plan.Wave], l *Limits) (int, bool) {
	d.checker.Feed(history.Event{Op: history.Phase, Name: s.Name, At: d.now(), Excused: s.Setup.Faulty})
	d.Restore(ctx, s.Setup)
	begin, played := time.Now(), 0
	pace := &pace{next: d.now()}
	whole, broken := true, false
	for w := range waves {
		if ctx.Err() != nil || d.Lost() || whole && (broken || l.Enough(played, time.Since(begin))) {
			break
		}
		if whole {
			pace.rush = false
		}
		whole = w.Last
		if broken {
			continue // to the end of the cycle
		}
		d.planned.Add(w.Events())
		d.wave(ctx, &w, pace, l.Late)
		played++
		broken = w.Fence && !d.Fence(ctx, l.Patience())
	}
	fenced := d.Fence(ctx, l.Patience())
	return played, fenced
}

// pace is when the next wave is wanted. rush means that time ran out in the midst
// of a cycle: everybody is brought back, and nothing more is sent.
type pace struct {
	next time.Duration
	rush bool
}

func (d *Driver) wave(ctx context.Context, w *plan.Wave, p *pace, isLate func() bool) {
	late := isLate()
	held := w.Sample == plan.Held && d.waiting.long(d.now())
	if p.rush = late && (p.rush || w.Settle > 0); p.rush || held {
		w.Every = 0
		w.Steps = slices.DeleteFunc(slices.Clone(w.Steps), func(s plan.Step) bool { return s.Op == plan.Emit })
	}
	if late {
		p.next = d.now()
	} else {
		pause(ctx, p.next-d.now())
	}
	began := d.now()
	d.waiting.watch(w.Sample, began)
	d.play(ctx, w, p.next) // late or not, the event was wanted then
	d.busy.Add(int64(max(d.now()-began, w.Every)))
	p.next = max(p.next+w.Every, d.now()-w.Every)
	if w.Settle > 0 && !late {
		p.rush = !d.arriveWithin(ctx, w.Settle, isLate)
	}
}

// Busy is the time in which waves were played: fences, and everybody's return
// after a schedule, are not in it.
func (d *Driver) Busy() time.Duration { return time.Duration(d.busy.Load()) }

// play runs one wave: the steps of a lane one after the other, the lanes at once.
func (d *Driver) play(ctx context.Context, w *plan.Wave, start time.Duration) {
	if w.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.Limit)
		defer cancel()
	}
	lanes := map[int][]*plan.Step{}
	for i := range w.Steps {
		s := &w.Steps[i]
		lanes[laneOf(w, s)] = append(lanes[laneOf(w, s)], s)
	}
	gate := make(chan struct{})
	var ready, all sync.WaitGroup
	ready.Add(len(lanes))
	for _, steps := range lanes {
		slices.SortStableFunc(steps, func(a, b *plan.Step) int { return cmp.Compare(a.At, b.At) })
		all.Go(func() {
			ready.Done()
			<-gate
			d.lane(ctx, steps, start, w.Gate, w.Gate && len(lanes) <= exactLanes)
		})
	}
	ready.Wait()
	if w.Gate {
		runtime.Gosched() // the last to be ready reach the gate
		start = max(start, d.now())
	}
	close(gate)
	all.Wait()
}

// laneOf bounds the goroutines of a wave that has no gate: its events share a few,
// an addressee's always the same one.
func laneOf(w *plan.Wave, s *plan.Step) int {
	if w.Gate || s.Op != plan.Emit || len(w.Steps) < 4*senders {
		return s.Lane
	}
	return -1<<40 - (s.Lane&0x7fffffff)%senders
}

func (d *Driver) lane(ctx context.Context, steps []*plan.Step, start time.Duration, gated, exact bool) {
	for _, s := range steps {
		intended := start + s.At
		d.wait(ctx, intended, exact)
		if ctx.Err() != nil || d.Lost() {
			return
		}
		if gated {
			intended = d.now() // as fast as it goes: nothing was wanted earlier
		}
		d.step(ctx, s, intended)
	}
}

// wait sleeps until a moment. Where few lanes run it spins through the last of it,
// since timers are coarser than what a pair of events needs.
func (d *Driver) wait(ctx context.Context, until time.Duration, exact bool) {
	left := until - d.now()
	if !exact {
		if left > 0 {
			pause(ctx, left)
		}
		return
	}
	if left > 2*spin {
		pause(ctx, left-spin)
	}
	for d.now() < until && ctx.Err() == nil {
		runtime.Gosched()
	}
}
