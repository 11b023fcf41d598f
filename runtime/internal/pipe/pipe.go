// Package pipe is a network connection in memory. Unlike net.Pipe it has a buffer, so that a test may write first and
// read later; unlike a socket it can be waited for in a testing/synctest bubble.
package pipe

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Conn is one end. Closing either end ends the reading of the other after what was written before.
type Conn struct {
	in, out *half
}

// half is one direction.
type half struct {
	mu       sync.Mutex
	moved    sync.Cond
	data     []byte
	capacity int
	ended    bool // no more is written
	dropped  bool // nobody reads any more
	readBy   deadline
	writeBy  deadline
}

type deadline struct {
	passed bool
	timer  *time.Timer
	set    int // tells a timer that fires late from the current one
}

// New makes a connection whose two directions hold up to capacity bytes each.
func New(capacity int) (a, b *Conn) {
	x, y := newHalf(capacity), newHalf(capacity)
	return &Conn{in: x, out: y}, &Conn{in: y, out: x}
}

func newHalf(capacity int) *half {
	h := &half{capacity: capacity}
	h.moved.L = &h.mu
	return h
}

// Read waits for data, the end, or the deadline.
func (c *Conn) Read(p []byte) (int, error) {
	h := c.in
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.dropped:
			return 0, net.ErrClosed
		case h.readBy.passed:
			return 0, os.ErrDeadlineExceeded
		case len(h.data) > 0:
			n := copy(p, h.data)
			h.data = h.data[n:]
			h.moved.Broadcast()
			return n, nil
		case h.ended:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		h.moved.Wait()
	}
}

// Write waits for room as long as the deadline allows; what it put in before stays.
func (c *Conn) Write(p []byte) (n int, err error) {
	h := c.out
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.ended:
			return n, net.ErrClosed
		case h.dropped:
			return n, io.ErrClosedPipe
		case h.writeBy.passed:
			return n, os.ErrDeadlineExceeded
		case len(p) == 0:
			return n, nil
		}
		if k := min(len(p), h.capacity-len(h.data)); k > 0 {
			h.data = append(h.data, p[:k]...)
			n, p = n+k, p[k:]
			h.moved.Broadcast()
			continue
		}
		h.moved.Wait()
	}
}

// CloseWrite ends the writing of this end; the other end reads what is left, then io.EOF.
func (c *Conn) CloseWrite() error {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.out.ended = true
	c.out.moved.Broadcast()
	return nil
}

// Close ends both directions of this end. Calls that wait return net.ErrClosed.
func (c *Conn) Close() error {
	_ = c.CloseWrite()
	c.in.mu.Lock()
	c.in.dropped = true
	c.in.moved.Broadcast()
	c.in.mu.Unlock()
	_ = c.SetDeadline(time.Time{})
	return nil
}

// SetDeadline bounds reads and writes.
func (c *Conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline bounds reads, also one that waits already.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.bound(&c.in.readBy, t)
	return nil
}

// SetWriteDeadline bounds writes, also one that waits already.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.bound(&c.out.writeBy, t)
	return nil
}

func (h *half) bound(d *deadline, t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.set++
	d.passed = false
	if !t.IsZero() {
		h.arm(d, time.Until(t), d.set)
	}
	h.moved.Broadcast()
}

func (h *half) arm(d *deadline, left time.Duration, set int) {
	if left <= 0 {
		d.passed = true
		return
	}
	d.timer = time.AfterFunc(left, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if d.set == set {
			d.passed = true
			h.moved.Broadcast()
		}
	})
}

type addr struct{}

func (addr) Network() string { return "pipe" }
func (addr) String() string  { return "pipe" }

// LocalAddr has no meaning here.
func (c *Conn) LocalAddr() net.Addr { return addr{} }

// RemoteAddr has no meaning here.
func (c *Conn) RemoteAddr() net.Addr { return addr{} }
