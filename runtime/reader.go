package runtime

import (
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// read is the connection's reader. Its exit releases the connection. It is there while something comes in, and waits
// for more from a client that sends messages; for one that does not the poller waits. When all that came has been read,
// a goroutine that has not used its stack yet goes on: reading a message takes more of it than waiting, and a stack that
// has grown to 4 KB is never made smaller.
func (c *Conn) read() {
	if c.park() {
		return
	}
	for {
		mt, body, err := c.ws.NextReader()
		if err == nil {
			err = c.message(MessageType(mt), body)
		}
		if err != nil {
			c.readerExit(err)
			return
		}
		if c.raw != nil && c.in.Buffered() == 0 {
			c.spoke = true
			go c.read()
			return
		}
	}
}

// startReader hands gorilla what it calls for control frames, and starts.
func (c *Conn) startReader() {
	o := &c.uc.f.opts
	c.limit.tokens = burst(o.InboundRate)
	c.ws.SetReadLimit(int64(o.MaxInboundBytes))
	c.ws.SetPingHandler(c.ping)
	c.ws.SetPongHandler(c.pong)
	c.ws.SetCloseHandler(c.closed)
	c.returnInput()
	if c.raw == nil || !c.arm() {
		go c.read()
	}
}

func (c *Conn) message(mt MessageType, body io.Reader) error {
	if err := c.checkRate(); err != nil {
		return err
	}
	limit := c.uc.f.opts.MaxInboundBytes
	data, err := io.ReadAll(io.LimitReader(body, int64(limit)+1))
	switch {
	case err != nil:
		return err
	case len(data) > limit:
		c.beginClose(closeTooBig, "", errInboundSize, dropDisconnected)
		return errInboundSize
	case mt == TextMessage && !utf8.Valid(data):
		c.beginClose(closeInvalid, "", errInboundUTF8, dropDisconnected)
		return errInboundUTF8
	}
	c.receive(mt, data)
	return nil
}

func (c *Conn) ping(data string) error {
	if err := c.checkRate(); err != nil {
		return err
	}
	c.control(controlFrame(opPong, []byte(data)))
	return nil
}

func (c *Conn) checkRate() error {
	f := c.uc.f
	if c.limit.allow(f.opts.InboundRate, f.now()) {
		return nil
	}
	c.beginClose(closePolicy, "inbound rate", errInboundRate, dropDisconnected)
	return errInboundRate
}

// closed answers the client's close frame with its own code.
func (c *Conn) closed(code int, _ string) error {
	if code == websocket.CloseNoStatusReceived {
		c.control(controlFrame(opClose, nil))
		return nil
	}
	c.control(closeFrame(code, ""))
	return nil
}

// readerExit starts the end of the connection, whatever it was that ended the reading.
func (c *Conn) readerExit(err error) {
	uc := c.uc
	c.returnInput()
	var ce *websocket.CloseError
	polite := errors.As(err, &ce)
	sc := newScratch()
	uc.mu.Lock()
	farewell := c.state == StateDraining // a close frame of this side is under way or written
	if !c.mute && c.whyLocked() == nil {
		c.rareLocked().why = readError(ce, err)
	}
	c.state = max(c.state, StateDraining)
	c.dropQueueLocked(sc, dropDisconnected)
	c.closeBy = uc.f.now() + int64(closeGrace)
	uc.mu.Unlock()
	uc.settle(sc)
	sc.free()
	if !farewell {
		c.closeSocket()
	} else if !polite {
		c.linger()
	}

	uc.mu.Lock()
	c.readerDone = true
	idle := !c.busy
	uc.notifyLocked()
	uc.mu.Unlock()
	if idle {
		c.finish()
	}
}

// linger reads on without looking, so that the client gets the close frame: closing a socket with unread bytes resets
// it, and a reset throws away what was written.
func (c *Conn) linger() {
	if err := c.nc.SetReadDeadline(time.Now().Add(closeGrace)); err != nil {
		return
	}
	if _, err := io.Copy(io.Discard, c.nc); err != nil {
		c.uc.f.opts.Logger.Debug("wsmig: linger", "conn", c.ID(), "error", err)
	}
}

// readError is the error that the application sees: none for a normal closure by the client.
func readError(ce *websocket.CloseError, err error) error {
	if ce != nil && (ce.Code == websocket.CloseNormalClosure || ce.Code == websocket.CloseGoingAway || ce.Code == websocket.CloseNoStatusReceived) {
		return nil
	}
	return err
}

// rateLimit is a token bucket; only the reader touches it.
type rateLimit struct {
	tokens float64
	last   int64
}

func burst(perSecond float64) float64 { return max(perSecond, 1) }

func (l *rateLimit) allow(perSecond float64, now int64) bool {
	if perSecond < 0 {
		return true
	}
	l.tokens = min(burst(perSecond), l.tokens+float64(now-l.last)*perSecond/1e9)
	l.last = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}
