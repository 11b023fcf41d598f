package faults

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Fault is what is done to a link. The zero value is a link that works.
type Fault struct {
	Delay  time.Duration // of every piece, in both directions; order is kept
	Jitter time.Duration // up to this is added to each delay
	Split  int           // bytes of a write at most; 0: as they came
	Pace   int           // bytes a second at most; 0: no limit
}

// Link is one connection through the proxy. Its methods are safe for concurrent
// use and take effect on the bytes that come next.
type Link struct {
	mu     sync.Mutex
	fault  Fault
	thaw   chan struct{} // not nil: nothing passes until it is closed
	ends   [2]net.Conn
	broken bool
	hard   bool
}

func newLink() *Link { return &Link{} }

// Set mistreats the link from now on.
func (l *Link) Set(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = f
}

// Freeze lets nothing pass any more, in neither direction, and tells nobody: a
// half-open connection. It lasts until the link ends.
func (l *Link) Freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.thaw == nil {
		l.thaw = make(chan struct{})
	}
}

// Reset ends the link so that both ends see an error.
func (l *Link) Reset() { l.end(true) }

// Drop ends the link so that both ends see the end of the stream, in the middle of
// whatever was under way.
func (l *Link) Drop() { l.end(false) }

func (l *Link) end(hard bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken, l.hard = true, l.hard || hard
	if l.thaw != nil {
		close(l.thaw)
		l.thaw = nil
	}
	for _, conn := range l.ends {
		if conn == nil {
			continue
		}
		if l.hard {
			reset(conn)
		} else {
			_ = conn.Close() // gone already is as good
		}
	}
}

// run hands on bytes until one side ends.
func (l *Link) run(ctx context.Context, client, server net.Conn) {
	l.mu.Lock()
	l.ends = [2]net.Conn{client, server}
	broken := l.broken
	l.mu.Unlock()
	defer context.AfterFunc(ctx, l.Drop)()
	if broken {
		l.end(false)
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			copyThrough(way[0], func(p []byte) error { return l.pass(ctx, way[1], p) })
			l.end(false)
		})
	}
	both.Wait()
}

// pass writes one piece in the way that the fault wants.
func (l *Link) pass(ctx context.Context, to io.Writer, p []byte) error {
	l.mu.Lock()
	f, frozen := l.fault, l.thaw
	l.mu.Unlock()
	if frozen != nil {
		<-frozen
		return net.ErrClosed
	}
	delay := f.Delay
	if f.Jitter > 0 {
		delay += rand.N(f.Jitter)
	}
	if !wait(ctx, delay) {
		return ctx.Err()
	}
	size := len(p)
	if f.Split > 0 {
		size = f.Split
	}
	if f.Pace > 0 {
		size = min(size, max(f.Pace/50, 1))
	}
	for len(p) > 0 {
		n := min(size, len(p))
		if _, err := to.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
		if f.Pace > 0 && !wait(ctx, time.Duration(n)*time.Second/time.Duration(f.Pace)) {
			return ctx.Err()
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
