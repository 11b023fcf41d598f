package natsbus

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// A fence is a message of this node to itself by way of the history. Everything that was subscribed before it was raised
// is known to the stream's leader when it comes back, since both went the same way: what is stored behind it reaches
// this node. One fence serves all who wait for one, so a storm of reconnecting users costs few.
type fencer struct {
	mu      sync.Mutex
	raised  uint64 // number of the last one
	waiting []*waiter
	wake    chan struct{}
	back    chan struct{}
}

// waiter wants a fence that is raised after it came.
type waiter struct {
	need uint64
	ear  *ear        // becomes live
	done chan uint64 // gets the fence's place in the history; buffered
}

func (f *fencer) init() {
	f.wake, f.back = make(chan struct{}, 1), make(chan struct{}, 1)
}

func (f *fencer) request(w *waiter) {
	f.mu.Lock()
	w.need = f.raised + 1
	f.waiting = append(f.waiting, w)
	f.mu.Unlock()
	poke(f.wake)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// raise numbers the next fence, 0 if nobody waits for one.
func (f *fencer) raise() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) == 0 {
		return 0
	}
	f.raised++
	return f.raised
}

// pass takes out those for whom fence number n is late enough.
func (f *fencer) pass(n uint64) []*waiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	var done, rest []*waiter
	for _, w := range f.waiting {
		if w.need <= n {
			done = append(done, w)
		} else {
			rest = append(rest, w)
		}
	}
	f.waiting = rest
	return done
}

// sync raises a fence and returns its place in the history when it is back.
func (b *Bus) sync(ctx context.Context) (uint64, error) {
	w := &waiter{done: make(chan uint64, 1)}
	b.fence.request(w)
	select {
	case at := <-w.done:
		return at, nil
	case <-ctx.Done():
		b.fence.pass(0)
		return 0, ctx.Err()
	}
}

func fenceData(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

const fenceRetry = 500 * time.Millisecond

// raiseFences raises one fence at a time, and another one when it does not come back.
func (b *Bus) raiseFences() {
	for {
		n := b.fence.raise()
		if n == 0 {
			select {
			case <-b.fence.wake:
				continue
			case <-b.ctx.Done():
				return
			}
		}
		wait := fenceRetry
		if err := b.nc.PublishMsg(&nats.Msg{Subject: b.names.fence(b.id), Data: fenceData(n)}); err != nil {
			wait = retryWait
		}
		timer := time.NewTimer(wait)
		select {
		case <-b.fence.back:
		case <-timer.C:
		case <-b.ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// fenced runs in the loop when a fence came back: those who waited for it miss nothing from its place on.
func (b *Bus) fenced(data []byte, at uint64) {
	if len(data) != 8 {
		return
	}
	b.proved.Store(time.Now().UnixNano())
	number := binary.BigEndian.Uint64(data)
	b.mu.Lock()
	if !b.catch.on && at <= b.catch.proof.at {
		b.suspectLocked("the history's numbers began anew", b.catch.safe)
	}
	if !b.catch.on {
		b.catch.proof = proof{at, number}
	}
	// Before anybody is woken, and during a catch-up too: an ear that becomes live here hears nothing of before, so its
	// user has to read the history up to here. Who listened already leaves out what comes by both ways.
	b.position.Store(max(b.position.Load(), at))
	b.mu.Unlock()
	for _, w := range b.fence.pass(number) {
		if w.ear != nil {
			b.mu.Lock()
			w.ear.live, w.ear.last, w.ear.before = true, at, at
			b.mu.Unlock()
			close(w.ear.ready)
		}
		if w.done != nil {
			w.done <- at
		}
	}
	poke(b.fence.back)
}
