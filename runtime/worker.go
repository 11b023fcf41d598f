package runtime

import (
	"sync"
	"sync/atomic"
	"time"
)

// worker flushes the dirty connections of its part of the users, without ever blocking on one of them.
type worker struct {
	f    *Factory
	wake chan struct{}
	done chan struct{}
	idle atomic.Bool

	window atomic.Int64 // number of the current budget window
	used   atomic.Int64 // inline writes in it

	mu    sync.Mutex
	queue []*Conn // guarded by mu
	stop  bool    // guarded by mu
}

// The budget of writes in the emitting goroutine. While little happens they save a hand-over between goroutines, a
// hundred microseconds; in a flood they would take the batching away, which is what makes a flood cheap. So a window
// that used its budget up is followed by some without any.
const (
	inlineWindow  = int64(time.Millisecond)
	inlineBudget  = 40
	inlinePenalty = 4
)

func newWorker(f *Factory) *worker {
	w := &worker{f: f, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// inline tells whether the caller may write itself.
func (w *worker) inline() bool {
	if !w.idle.Load() {
		return false
	}
	now := w.f.now() / inlineWindow
	if last := w.window.Load(); now > last && w.window.CompareAndSwap(last, now) {
		w.used.Store(0)
	} else if now < last {
		return false
	}
	n := w.used.Add(1)
	if n == inlineBudget {
		w.window.Store(now + inlinePenalty)
	}
	return n <= inlineBudget
}

func (w *worker) add(c *Conn) {
	w.mu.Lock()
	w.queue = append(w.queue, c)
	w.mu.Unlock()
	if w.idle.Load() {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

func (w *worker) run() {
	defer close(w.done)
	var op = newWriteOp()
	defer op.free()
	var batch []*Conn
	for {
		w.mu.Lock()
		batch, w.queue = w.queue, batch[:0]
		stop := w.stop
		w.mu.Unlock()
		if len(batch) == 0 {
			if stop {
				return
			}
			w.sleep()
			continue
		}
		w.round(op, batch)
	}
}

// round flushes each connection once.
func (w *worker) round(op *writeOp, batch []*Conn) {
	begun := w.f.now()
	op.events = 0
	for i, c := range batch {
		batch[i] = nil
		if c.flushOnce(op) {
			w.mu.Lock()
			w.queue = append(w.queue, c)
			w.mu.Unlock()
		}
	}
	if d := pause(len(batch), op.events, time.Duration(w.f.now()-begun)); d > 0 {
		time.Sleep(d)
	}
}

// pause is how long a worker waits after a round of n writes that carried so many events. When each carried several, or
// when the round took long, a flood is on: then a pause lets more events join the next writes, of which each costs as
// much as the making of several events. It is as long as the round was, so that the time which an event waits at most
// doubles, but within bounds: after a round shorter than minPause it is longer than the round, and it never adds more
// than maxPause. The first condition halves the number of writes in a flood for 1,000 users (0.07 per event in place of
// 0.14); the second is for so many users that each write finds one event, since the writes keep the emitters from
// emitting: 0.37 in place of 0.44 for 5,000 with envelopes, and 7 % less processor time. Writes that are full already
// gain nothing by waiting.
func pause(n, events int, took time.Duration) time.Duration {
	if events >= fullBatch*n || events < 2*n && took < longRound {
		return 0
	}
	return min(max(took, minPause), maxPause)
}

const (
	minPause  = 50 * time.Microsecond
	maxPause  = 20 * time.Millisecond
	longRound = time.Millisecond
	fullBatch = 24
)

// sleep waits for work. Idle is said before the queue is looked at again: whoever adds afterwards wakes.
func (w *worker) sleep() {
	w.idle.Store(true)
	w.mu.Lock()
	empty := len(w.queue) == 0 && !w.stop
	w.mu.Unlock()
	if empty {
		<-w.wake
	}
	w.idle.Store(false)
}

func (w *worker) end() {
	w.mu.Lock()
	w.stop = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	<-w.done
}
