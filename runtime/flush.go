package runtime

import (
	"errors"
	"os"
	"time"
)

// A connection with something to write is dirty; exactly one party has the duty to write it, by the flag busy: a
// worker's queue, the goroutine that emitted, or a goroutine of its own. That is what keeps frames whole and in order.

// kick hands a connection that has just become dirty to a flusher.
func (f *Factory) kick(c *Conn) {
	switch {
	case c.raw == nil:
		go c.flushBlocking()
	case f.workerOf(c).inline():
		op := newWriteOp()
		if c.flushOnce(op) {
			f.workerOf(c).add(c)
		}
		op.free()
	default:
		f.workerOf(c).add(c)
	}
}

// workerOf gives the worker that flushes a user's connections.
func (f *Factory) workerOf(c *Conn) *worker { return f.workers[int(c.owner)%len(f.workers)] }

// then is what a flusher has to do after it gave the lock back.
type then uint8

const (
	thenNothing then = iota
	thenHalfClose
	thenFinish
)

// takeLocked moves the queue into flight. Here, where bytes are about to be written, each event's addressee is
// compared with the connection's owner.
func (c *Conn) takeLocked() bool {
	if c.gaps {
		c.tellGapsLocked()
	}
	b := c.queue
	if b == nil {
		return false
	}
	for _, e := range b.live() {
		if e.owner != c.owner && e.kind.event() {
			c.quarantineLocked(b)
			break
		}
	}
	c.queue, c.flight = nil, b
	return true
}

// tellGapsLocked puts gap frames where the events would have been.
func (c *Conn) tellGapsLocked() {
	rare := c.rare
	if rare.missed.set && c.state == StateReady {
		if c.queue == nil {
			c.queue = newBuffer()
		}
		c.queue.push(rare.missed.frame("overflow"), entry{kind: kindControl})
	}
	if rare.lost.set && c.queue != nil {
		c.queue.insertGap(rare.lost.frame("overflow"))
	}
	c.noGapsLocked()
}

// flushOnce writes one batch without blocking and tells whether more is waiting. The caller has the duty to flush; it
// loses it unless true is returned.
func (c *Conn) flushOnce(op *writeOp) (again bool) {
	uc := c.uc
	uc.mu.Lock()
	if c.flight == nil && !c.takeLocked() {
		next := c.restLocked()
		uc.mu.Unlock()
		c.do(next)
		return false
	}
	data := c.flight.bytes[c.flight.head:]
	op.events += int(c.flight.events)
	uc.mu.Unlock()

	n, err := op.try(c, data)

	uc.mu.Lock()
	c.wroteLocked(n)
	if err == nil && n == len(data) {
		c.flight.free()
		c.flight = nil
		if c.queue != nil {
			uc.notifyLocked()
			uc.mu.Unlock()
			return true
		}
		next := c.restLocked()
		uc.mu.Unlock()
		c.do(next)
		return false
	}
	uc.mu.Unlock()
	if err != nil {
		c.writeFailed(err)
		return false
	}
	go c.flushBlocking()
	return false
}

// flushBlocking writes until nothing is left, on a goroutine of its own: the way of connections that can't be written
// without blocking, and of a client that does not read.
func (c *Conn) flushBlocking() {
	for {
		c.uc.mu.Lock()
		if c.flight == nil && !c.takeLocked() {
			next := c.restLocked()
			c.uc.mu.Unlock()
			c.do(next)
			return
		}
		data := c.flight.bytes[c.flight.head:]
		c.uc.mu.Unlock()
		n, err := c.writeSome(data)
		c.uc.mu.Lock()
		c.wroteLocked(n)
		if c.flight.size() == 0 {
			c.flight.free()
			c.flight = nil
		}
		c.uc.notifyLocked()
		c.uc.mu.Unlock()
		if err != nil {
			c.writeFailed(err)
			return
		}
	}
}

// blockingChunk bounds one blocking write, so that a slow client that does make progress is not taken for a dead one:
// a TLS connection that ran into its deadline can't go on. It is the size of a TLS record.
const blockingChunk = 16 << 10

func (c *Conn) writeSome(data []byte) (int, error) {
	f := c.uc.f
	if err := f.inject("write"); err != nil {
		return 0, err
	}
	if err := c.nc.SetWriteDeadline(time.Now().Add(f.opts.WriteTimeout)); err != nil {
		return 0, err
	}
	n, err := c.writeFrames(data)
	if err == nil && c.raw != nil {
		err = c.nc.SetWriteDeadline(time.Time{}) // the next non-blocking write would fail on a deadline that passed
	}
	if isTimeout(err) {
		err = errWriteTimeout
		if n > 0 {
			err = nil
		}
	}
	return n, err
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded)
}

func (c *Conn) wroteLocked(n int) {
	uc := c.uc
	uc.writes++
	uc.written += uint64(n)
	c.flight.advance(n, func(e entry) {
		if e.kind.event() {
			c.finished++
			uc.typeLocked(e.typ).Delivered++
		}
	})
}

// restLocked gives the duty to flush back.
func (c *Conn) restLocked() then {
	c.busy = false
	c.uc.notifyLocked()
	switch {
	case c.readerDone, c.adopted && c.state == StateDraining:
		return thenFinish
	case c.state == StateDraining && !c.halfClosed:
		c.halfClosed = true
		c.closeBy = c.uc.f.now() + int64(closeGrace)
		return thenHalfClose
	}
	return thenNothing
}

func (c *Conn) do(next then) {
	switch next {
	case thenHalfClose:
		c.halfClose()
	case thenFinish:
		c.finish()
	}
}

// writeFailed ends the connection: after a failed write nobody knows how much the client got, so nothing is written
// twice on it. The reason is noted before the socket is closed: the reader finds that out at once, and has one of its own.
func (c *Conn) writeFailed(err error) {
	c.uc.mu.Lock()
	if c.state < StateDraining {
		c.state, c.rareLocked().why = StateDraining, err
	}
	c.halfClosed = true
	c.uc.mu.Unlock()
	c.closeSocket()
	sc := newScratch()
	c.uc.mu.Lock()
	c.discardLocked(sc, c.killReason)
	next := c.restLocked()
	c.uc.mu.Unlock()
	c.uc.settle(sc)
	sc.free()
	c.do(next)
}

// discardLocked drops what is queued and in flight; the caller has the duty to flush.
func (c *Conn) discardLocked(sc *scratch, why dropIndex) {
	c.dropQueueLocked(sc, why)
	if b := c.queue; b != nil {
		c.queue = nil
		b.free()
	}
	b := c.flight
	if b == nil {
		return
	}
	c.flight = nil
	for _, e := range b.live() {
		if e.kind.event() {
			c.finished++
			c.uc.dropLocked(sc, e, why, false)
		}
	}
	b.free()
}

// dropQueueLocked drops the events that wait and leaves the server's own frames.
func (c *Conn) dropQueueLocked(sc *scratch, why dropIndex) {
	c.noGapsLocked()
	if c.queue == nil {
		return
	}
	c.queue.strip(func(e entry) {
		c.finished++
		c.uc.dropLocked(sc, e, why, false)
	})
	if c.queue.size() == 0 {
		c.queue.free()
		c.queue = nil
	}
}
