package runtime

import (
	"context"
	"errors"
	"sync"
	"time"
)

// farewell is how long a close frame may take that nobody wants to wait for.
const farewell = 250 * time.Millisecond

// lifetime counts what is under way: handshakes, then connections until their last callback returned.
type lifetime struct {
	mu     sync.Mutex
	active int
	ending bool
	done   chan struct{}
}

func (l *lifetime) init() { l.done = make(chan struct{}) }

func (l *lifetime) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending {
		return false
	}
	l.active++
	return true
}

func (l *lifetime) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	if l.ending && l.active == 0 {
		close(l.done)
	}
}

// end lets nothing new in; first tells whether this call was the one that did it.
func (l *lifetime) end() (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = !l.ending
	l.ending = true
	if first && l.active == 0 {
		close(l.done)
	}
	return first
}

// quiet waits until nothing can be written on a closing connection any more: its close frame is out, or it is closed.
func (c *Conn) quiet(ctx context.Context) error {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	for c.state != StateClosed && (c.busy || c.queue != nil) {
		if err := c.uc.waitOnceLocked(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Shutdown ends the factory. New handshakes are refused with 503, emitters return [ErrClosed], queued events are
// delivered as long as DrainTimeout and ctx allow, connections are closed with 1012, contexts end, and all goroutines
// of the factory have returned when it does, unless a callback of the application holds one and ctx ended first. A
// [*DrainError] says how many copies were not delivered. Further calls wait for the first and return nil, or the error of their own ctx.
func (f *Factory) Shutdown(ctx context.Context) error {
	f.draining.Store(true)
	if !f.life.end() {
		select {
		case <-f.stopped:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	before := f.Stats().undelivered()
	for _, c := range f.allConns() {
		c.beginClose(closeRestart, "shutting down", errDraining, keepQueue)
	}
	drainCtx, cancel := context.WithTimeout(ctx, f.opts.DrainTimeout)
	err := f.awaitConns(drainCtx)
	cancel()
	for _, c := range f.allConns() {
		c.kill(dropShutdown)
	}
	select {
	case <-f.life.done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	f.endContexts()
	f.janitor.end()
	f.poller.end()
	for _, w := range f.workers {
		w.end()
	}
	if f.busCancel != nil {
		f.busCancel()
	}
	close(f.stopped)
	lost := f.Stats().undelivered() - before
	if lost == 0 && (err == nil || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil) {
		return nil
	}
	return &DrainError{Dropped: lost, Err: err}
}

func (s Stats) undelivered() uint64 {
	var n uint64
	for _, d := range s.Dropped {
		n += d
	}
	return n
}

// awaitConns waits for each connection to have written what it has.
func (f *Factory) awaitConns(ctx context.Context) error {
	for _, c := range f.allConns() {
		if err := c.quiet(ctx); err != nil {
			return err
		}
	}
	select {
	case <-f.life.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Factory) allConns() []*Conn {
	var all []*Conn
	for i := range f.shards {
		for _, uc := range f.shards[i].contexts() {
			uc.mu.Lock()
			all = append(all, uc.conns...)
			uc.mu.Unlock()
		}
	}
	return all
}

func (f *Factory) endContexts() {
	for i := range f.shards {
		s := &f.shards[i]
		for _, uc := range s.contexts() {
			s.mu.Lock()
			uc.mu.Lock()
			var end ending
			if uc.end == ucOpen {
				end = s.closeLocked(uc, ucEnded)
				s.endLocked(uc)
			}
			uc.mu.Unlock()
			s.mu.Unlock()
			end.run()
		}
		s.mu.Lock()
		s.parked, s.revoked = nil, nil
		s.mu.Unlock()
	}
}
