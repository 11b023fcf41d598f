package loadtest

import (
	"iter"
	"slices"
	"time"

	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

const (
	firstRound  = 0.35 // share of the time that is spread evenly
	leastSlice  = 60 * time.Millisecond
	mostSlice   = 2 * time.Second
	steerSlices = 40 // slices that the rest of the time is cut into, about
	reserve     = 150 * time.Millisecond
)

// yield is what a schedule's time brought.
type yield struct{ kinds, leaks, pairs float64 }

func (y yield) since(before yield) yield {
	return yield{y.kinds - before.kinds, y.leaks - before.leaks, y.pairs - before.pairs}
}

// score weighs a yield: a new kind of anomaly above all, then whether anything
// leaked, then users who met for the first time.
func (y yield) score() float64 {
	score := 10*y.kinds + y.pairs/(y.pairs+50)
	if y.leaks > 0 {
		score++
	}
	return score
}

// entry is one schedule of a run.
type entry struct {
	schedule *plan.Schedule
	reason   string // why it does not run
	slices   int
	played   int
	spent    time.Duration
	last     float64 // score of a second in the latest slice
	plan     func(*plan.Schedule) iter.Seq[plan.Wave]
	planned  uint64 // events that the plan asked for
	pull     func() (plan.Wave, bool)
	stop     func()
}

// waves goes on in the schedule's plan where the slice before left off.
func (e *entry) waves() iter.Seq[plan.Wave] {
	if e.pull == nil {
		e.pull, e.stop = iter.Pull(e.plan(e.schedule))
	}
	return func(yield func(plan.Wave) bool) {
		for {
			w, ok := e.pull()
			if !ok || !yield(w) {
				return
			}
		}
	}
}

func (e *entry) took(played int, d time.Duration, y yield) {
	e.slices++
	e.played += played
	e.spent += d
	e.last = y.score() / max(d.Seconds(), 0.01)
}

// budget spreads a run's time over its schedules: a first round that gives each
// the same, then slices where anomalies or new overlap appeared, and where least
// was spent when nothing stands out.
type budget struct {
	entries []*entry
	first   []*entry
	slice   time.Duration
	turn    int
}

func (b *budget) init(schedules []*plan.Schedule, needs func(*plan.Schedule) string, waves func(*plan.Schedule) iter.Seq[plan.Wave]) {
	for _, s := range schedules {
		e := &entry{schedule: s, reason: needs(s), plan: waves}
		b.entries = append(b.entries, e)
		if e.reason == "" {
			b.first = append(b.first, e)
		}
	}
	// Those that fill windows take longest, and on a busy machine whatever they find
	// would cost the others their turn.
	slices.SortStableFunc(b.first, func(a, b *entry) int { return compareBool(a.schedule.Setup.Small, b.schedule.Setup.Small) })
}

// configured adds to quick, where nobody named schedules, those that the
// configuration was made fit for: who describes how sessions are resumed wants to
// know whether that is safe.
func (s *session) configured() []*plan.Schedule {
	chosen := s.settings.schedules
	if !s.settings.quick || s.server.Control || s.server.Strict {
		return chosen
	}
	bare := plan.Config{Users: 2, Compress: true, Faults: make([]plan.Fault, 1), Emitters: []plan.Emitter{{Socket: true, Self: true, Other: true}}}
	for _, one := range plan.All() {
		if !one.Quick && one.Needs(&bare) != "" && s.needs(one) == "" {
			chosen = append(chosen, one)
		}
	}
	return chosen
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// next picks a schedule and the time it gets; nil when the time is up.
func (b *budget) next(left time.Duration) (*entry, time.Duration) {
	left -= reserve
	if left < leastSlice/2 || b.runnable() == 0 {
		return nil, 0
	}
	if len(b.first) > 0 {
		e := b.first[0]
		if b.slice == 0 {
			b.slice = clamp(time.Duration(firstRound * float64(left) / float64(len(b.first))))
		}
		b.first = b.first[1:]
		return e, min(b.slice, left)
	}
	if b.slice < clamp(left/steerSlices) {
		b.slice = clamp(left / steerSlices)
	}
	b.turn++
	if b.turn%2 == 0 {
		return b.poorest(), min(b.slice, left)
	}
	return b.best(), min(b.slice, left)
}

func clamp(d time.Duration) time.Duration { return min(max(d, leastSlice), mostSlice) }

func (b *budget) runnable() (n int) {
	for _, e := range b.entries {
		if e.reason == "" {
			n++
		}
	}
	return n
}

// best is the schedule with the highest yield of late, less the more time it had.
func (b *budget) best() *entry {
	var best *entry
	worth := 0.0
	for _, e := range b.entries {
		if e.reason != "" {
			continue
		}
		w := (e.last + 0.5) / (1 + e.spent.Seconds())
		if best == nil || w > worth {
			best, worth = e, w
		}
	}
	return best
}

// poorest is the schedule that had least time: every other slice goes there, since
// what has not turned up yet may need a pattern that yields little else.
func (b *budget) poorest() (least *entry) {
	for _, e := range b.entries {
		if e.reason == "" && (least == nil || e.spent < least.spent) {
			least = e
		}
	}
	return least
}

// close ends what waves began, and says what did not run.
func (b *budget) close() {
	for _, e := range b.entries {
		if e.stop != nil {
			e.stop()
		}
		if e.reason == "" && e.played == 0 {
			e.reason = "budget"
		}
	}
}
