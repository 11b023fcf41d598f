package chat

import (
	"context"
	"time"
)

// Loop is a goroutine that owns some state, as the hub of gorilla's chat example
// owns its maps: what is done on it needs no lock.
type Loop struct {
	ctx context.Context
	ops chan func()
}

// NewLoop starts a loop that runs until the lobby stops.
func NewLoop(l *Lobby) *Loop {
	p := &Loop{ctx: l.Context(), ops: make(chan func(), 256)}
	l.Go(func(ctx context.Context) {
		for {
			select {
			case f := <-p.ops:
				f()
			case <-ctx.Done():
				return
			}
		}
	})
	return p
}

// Later runs f on the loop after what was asked for before. It waits only while
// the loop is far behind.
func (p *Loop) Later(f func()) {
	select {
	case p.ops <- f:
	case <-p.ctx.Done():
	}
}

// Do runs f on the loop and waits for it. Once the loop has ended it does nothing.
func (p *Loop) Do(f func()) {
	done := make(chan struct{})
	p.Later(func() { f(); close(done) })
	select {
	case <-done:
	case <-p.ctx.Done():
	}
}

// Every calls f at regular intervals until the lobby stops: how servers collect
// small writes into larger ones.
func Every(l *Lobby, interval time.Duration, f func()) {
	l.Go(func(ctx context.Context) {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f()
			case <-ctx.Done():
				return
			}
		}
	})
}
