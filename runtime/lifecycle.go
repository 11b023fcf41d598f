package runtime

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// closeGrace is how long a client has to answer a close frame before its socket is closed.
const closeGrace = time.Second

// Close sends what is queued, then a close frame with this code and reason, and ends the connection. It waits for the
// queue, at most DrainTimeout; a [*DrainError] says how many copies were left. The connection can't be seen any more
// from the start of the call on. Closing a connection that is closed returns nil. A code that may not be sent (RFC 6455,
// section 7.4) and a reason of more than 123 bytes are errors, and close nothing.
func (c *Conn) Close(code int, reason string) error {
	if err := checkClose(code, reason); err != nil {
		return err
	}
	if !c.beginClose(code, reason, ErrClosed, keepQueue) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.uc.f.opts.DrainTimeout)
	defer cancel()
	return c.drain(ctx, dropClosed)
}

func checkClose(code int, reason string) error {
	valid := code >= 3000 && code <= 4999 || code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006
	if !valid {
		return fmt.Errorf("wsmig: %d is not a close code that may be sent", code)
	}
	if len(reason) > 123 {
		return fmt.Errorf("wsmig: a close reason has at most 123 bytes, this one %d", len(reason))
	}
	return nil
}

// keepQueue in place of a reason to drop: what is queued is written before the close frame.
const keepQueue = dropKinds

// beginClose makes a connection invisible and queues its close frame, behind the queue or in place of it. It returns
// false if the connection was closing already.
func (c *Conn) beginClose(code int, reason string, why error, drop dropIndex) bool {
	sc := newScratch()
	defer sc.free()
	c.uc.mu.Lock()
	if c.state >= StateDraining {
		c.uc.mu.Unlock()
		return false
	}
	c.state, c.rareLocked().why, c.mute = StateDraining, why, true
	wait := closeGrace
	if drop == keepQueue {
		wait = c.uc.f.opts.DrainTimeout + closeGrace
	} else {
		c.dropQueueLocked(sc, drop)
	}
	c.closeBy = c.uc.f.now() + int64(wait)
	c.pushLocked(sc, closeFrame(code, reason), entry{kind: kindControl})
	c.uc.notifyLocked()
	c.uc.mu.Unlock()
	c.uc.settle(sc)
	return true
}

// drain waits until a closing connection has written everything; at the end of ctx the rest is dropped.
func (c *Conn) drain(ctx context.Context, why dropIndex) error {
	uc := c.uc
	uc.mu.Lock()
	var err error
	for err == nil && c.state != StateClosed && (c.busy || c.queue != nil) {
		err = uc.waitOnceLocked(ctx)
	}
	left := uint64(0)
	if c.queue != nil {
		left += uint64(c.queue.events)
	}
	if c.flight != nil {
		left += uint64(c.flight.events)
	}
	uc.mu.Unlock()
	if err == nil {
		return nil
	}
	c.kill(why)
	return &DrainError{Dropped: left, Err: err}
}

// kill closes the socket at once; the reader and the flusher find out and wind the connection down.
func (c *Conn) kill(why dropIndex) {
	sc := newScratch()
	c.uc.mu.Lock()
	c.state, c.mute = max(c.state, StateDraining), true
	c.killReason = why
	c.dropQueueLocked(sc, why)
	idle := c.adopted && !c.busy // nobody reads it here, so nobody else would find out
	c.uc.notifyLocked()
	c.uc.mu.Unlock()
	c.closeSocket()
	c.uc.settle(sc)
	sc.free()
	if idle {
		c.finish()
	}
}

// closeSocket closes the socket and sees to it that a reader finds out. Closing twice is fine.
func (c *Conn) closeSocket() {
	c.uc.mu.Lock()
	c.shut = true
	c.uc.mu.Unlock()
	defer c.rouse()
	if err := c.nc.Close(); err != nil {
		c.uc.f.opts.Logger.Debug("wsmig: close", "conn", c.ID(), "error", err)
	}
}

// closeWriter is what TCP, Unix and TLS connections have.
type closeWriter interface{ CloseWrite() error }

// halfClose ends the writing side and leaves the client closeGrace to answer, so that what was written is not lost to a
// reset.
func (c *Conn) halfClose() {
	var err error
	if cw, ok := c.nc.(closeWriter); ok {
		err = cw.CloseWrite()
	}
	if derr := c.nc.SetReadDeadline(time.Now().Add(closeGrace)); err != nil || derr != nil {
		c.kill(dropClosed)
		return
	}
	c.rouse() // only a reader that waits knows of deadlines
}

// finish is the end of a connection: its reader is gone and nobody writes. It runs once, and not for one that never
// became ready: that one's handshake undoes it.
func (c *Conn) finish() {
	f := c.uc.f
	c.closeSocket()
	sc := newScratch()
	c.uc.mu.Lock()
	if c.state == StateClosed || !slices.Contains(c.uc.conns, c) {
		c.uc.mu.Unlock()
		sc.free()
		return
	}
	c.state = StateClosed
	c.cancelLocked()
	c.discardLocked(sc, c.killReason)
	c.freeSlotLocked()
	c.uc.conns = slices.DeleteFunc(c.uc.conns, func(o *Conn) bool { return o == c })
	c.uc.active = f.now()
	c.uc.notifyLocked()
	last := !c.serving
	c.serving = c.serving || last
	c.uc.mu.Unlock()
	c.uc.settle(sc)
	sc.free()
	f.poller.forget(c)
	f.connsClosed.Add(1)
	if last {
		c.bury()
	}
}

// bury tells the application and gives the connection's hold on its user back. It comes after the last OnMessage.
func (c *Conn) bury() {
	f := c.uc.f
	why := c.Err()
	if f.opts.OnDisconnect != nil {
		if err := f.guard("OnDisconnect", func() { f.opts.OnDisconnect(c, why) }); err != nil {
			f.opts.Logger.Error("wsmig: OnDisconnect", "conn", c.ID(), "error", err)
		}
	}
	f.observe(func(o Observer) { o.Disconnected(c, why) })
	c.uc.release(holdConn)
	f.life.leave()
}

// freeSlotLocked lets the next connection in; a connection that is evicted gives its place up before its socket is
// gone.
func (c *Conn) freeSlotLocked() {
	if c.slot {
		c.slot = false
		c.uc.slots--
		c.uc.f.conns.Add(-1)
	}
}

// control queues one of the server's own frames. After a close frame nothing more may follow, so that one empties the
// queue and makes the connection invisible.
func (c *Conn) control(frame []byte) {
	sc := newScratch()
	defer sc.free()
	c.uc.mu.Lock()
	op := frame[0] & 0x0f
	switch {
	case c.state >= StateDraining:
		c.uc.mu.Unlock()
		return
	case op == opClose:
		c.state = StateDraining
		c.closeBy = c.uc.f.now() + int64(closeGrace)
		c.dropQueueLocked(sc, dropDisconnected)
	case c.queue != nil && len(c.queue.live())-int(c.queue.events) >= maxControls:
		c.uc.mu.Unlock()
		return
	}
	c.pushLocked(sc, frame, entry{kind: kindControl})
	c.uc.mu.Unlock()
	c.uc.settle(sc)
}

// maxControls bounds the pongs that wait for a client that sends pings and reads nothing.
const maxControls = 16
