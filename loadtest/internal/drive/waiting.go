package drive

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// waiting compares how long events of users who read take just before others stop
// reading and while they don't. Only waves that the plan marks for it are looked
// at: what is sent to make a server run into full buffers takes its own time, and
// would be taken for interference.
type waiting struct {
	on     atomic.Bool // some window has been opened
	mu     sync.Mutex
	window [2]struct{ from, to time.Duration } // the latest one; to is 0 while it is open
	taken  [2]*hdrhistogram.Histogram
}

// watch opens and closes windows: sample is that of the wave that begins now.
func (w *waiting) watch(sample plan.Sample, now time.Duration) {
	if sample == plan.NoSample && !w.on.Load() {
		return
	}
	w.on.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, one := range []plan.Sample{plan.Calm, plan.Held} {
		at := &w.window[i]
		open := at.from > 0 && at.to == 0
		switch {
		case one == sample && !open:
			at.from, at.to = now, 0
		case one != sample && open:
			at.to = now
		}
	}
}

// hold is how long readers are kept from reading to see what that does to others.
const hold = time.Second

// long reports whether they have been kept long enough.
func (w *waiting) long(now time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := w.window[1]
	return at.from > 0 && at.to == 0 && now-at.from > hold
}

// add takes an event, if it was sent within a window.
func (w *waiting) add(emitted, delay time.Duration) {
	if !w.on.Load() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.window {
		if at := w.window[i]; at.from > 0 && emitted >= at.from && (at.to == 0 || emitted < at.to) {
			if w.taken[i] == nil {
				w.taken[i] = hdrhistogram.New(1, latencyMost, latencyDigits)
			}
			record(w.taken[i], delay)
		}
	}
}

// Interference is what stalled readers did to the others: the 99th percentile of
// their delays just before, and the 90th meanwhile.
func (d *Driver) Interference() (i history.Interference) {
	d.waiting.mu.Lock()
	defer d.waiting.mu.Unlock()
	if calm := d.waiting.taken[0]; calm != nil {
		i.Calm, i.CalmN = time.Duration(calm.ValueAtQuantile(99))*time.Microsecond, uint64(calm.TotalCount())
	}
	if held := d.waiting.taken[1]; held != nil {
		i.Stalled, i.StalledN = time.Duration(held.ValueAtQuantile(90))*time.Microsecond, uint64(held.TotalCount())
	}
	return i
}
