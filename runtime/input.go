package runtime

import (
	"bufio"
	"encoding/binary"
	"errors"
	"sync"
)

// An idle connection costs no goroutine: the poller waits for it. Where there is none, or while a client sends
// messages, one goroutine waits; and so that the smallest stack that Go has is enough for it, it waits outside gorilla,
// with nothing above it but the wait itself. Neither holds a buffer: one is taken when there is something to read.

// inputBytes is the buffer of a connection that is being read; bigger messages bypass it. slowInputBytes is that of
// connections that can't be asked whether there is something to read, and which therefore keep it; gorilla takes none
// that is smaller.
const (
	inputBytes     = 4 << 10
	slowInputBytes = 288
)

var inputs = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, inputBytes) }}

// errNothingYet says that a socket has nothing to read now.
var errNothingYet = errors.New("wsmig: nothing to read")

// takeInput gives the connection a buffer to read with.
func (c *Conn) takeInput() {
	if c.raw == nil {
		c.in = *bufio.NewReaderSize((*shim)(c), slowInputBytes)
		return
	}
	c.lent = inputs.Get().(*bufio.Reader)
	c.in = *c.lent
	c.in.Reset((*shim)(c))
}

// returnInput gives the buffer back, if it was lent. Nothing may be in it.
func (c *Conn) returnInput() {
	if c.lent == nil {
		return
	}
	c.in.Reset(nil)
	*c.lent, c.in = c.in, bufio.Reader{}
	inputs.Put(c.lent)
	c.lent = nil
}

// park waits until the client has sent something that is not a mere pong. It is called between two messages. If it
// returns true the connection has been left to the poller.
//
//go:noinline
func (c *Conn) park() (left bool) {
	if c.raw == nil || c.in.Buffered() > 0 {
		return false
	}
	c.returnInput()
	for {
		var err error
		if c.spoke {
			err = c.raw.Read(c.look)
		} else {
			err = c.raw.Read(c.glance)
		}
		switch {
		case c.lent != nil:
			return false
		case err != nil:
			c.takeInput() // whoever reads next runs into the error again
			return false
		case c.arm():
			return true
		}
		c.spoke = true // nothing polls: a goroutine has to
	}
}

// arm leaves the connection to the poller, unless it is at its end.
func (c *Conn) arm() bool {
	c.uc.mu.Lock()
	if c.shut || c.state >= StateDraining {
		c.uc.mu.Unlock()
		return false
	}
	c.armed, c.spoke = true, false
	c.uc.mu.Unlock()
	if c.uc.f.poller.arm(c) == nil {
		return true
	}
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	mine := c.armed
	c.armed = false
	return !mine // somebody has roused another reader already
}

// rouse makes a reader look, if none does.
func (c *Conn) rouse() {
	c.uc.mu.Lock()
	mine := c.armed
	c.armed = false
	c.uc.mu.Unlock()
	if mine {
		go c.read()
	}
}

// glance looks without waiting.
func (c *Conn) glance(fd uintptr) bool {
	c.look(fd)
	return true
}

// look reads what is there and tells whether the wait is over: there is something for gorilla, or there were only
// pongs. The answers to pings are taken here, so that they don't bring the reader into deeper water.
func (c *Conn) look(fd uintptr) bool {
	c.takeInput()
	for pongs := false; ; pongs = true {
		c.fd = int32(fd) + 1
		_, err := c.in.Peek(1)
		c.fd = 0
		switch {
		case err == errNothingYet:
			c.returnInput()
			return pongs
		case err != nil:
			c.keepLate(err)
			return true
		case c.compressed || !c.takePongs():
			return true
		}
	}
}

func (c *Conn) keepLate(err error) {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	c.rareLocked().late, c.late = err, true
}

// takePongs takes whole pongs off the input and tells whether nothing else is there. Only the plainest form of a pong
// is known here; everything else is for gorilla to judge.
func (c *Conn) takePongs() bool {
	const head = 6
	for c.in.Buffered() >= head {
		p, err := c.in.Peek(c.in.Buffered())
		if err != nil || p[0] != bitFin|opPong || p[1]&bitMask == 0 {
			return false
		}
		n := int(p[1] &^ bitMask)
		if n > maxControlPayload || len(p) < head+n {
			return false
		}
		if n == pingBytes {
			mask := binary.BigEndian.Uint32(p[2:])
			c.answered(binary.BigEndian.Uint32(p[head:]) ^ mask)
		}
		if _, err := c.in.Discard(head + n); err != nil {
			return false
		}
	}
	return c.in.Buffered() == 0
}
