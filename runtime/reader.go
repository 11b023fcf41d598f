package runtime

import (
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// read is the connection's reader: the one goroutine that an idle connection costs. Its exit releases the connection.
// Little stands on its stack while it waits, so that the smallest stack that Go has is enough.
func (c *Conn) read() {
	r := newInboundReader(c)
	for {
		mt, body, err := c.ws.NextReader()
		if err == nil {
			err = r.message(MessageType(mt), body)
		}
		if err != nil {
			c.readerExit(err)
			return
		}
	}
}

type inboundReader struct {
	c     *Conn
	limit rateLimit
}

//go:noinline
func newInboundReader(c *Conn) *inboundReader {
	r := &inboundReader{c: c, limit: rateLimit{perSecond: c.uc.f.opts.InboundRate}}
	r.limit.tokens = r.limit.burst()
	c.ws.SetReadLimit(int64(c.uc.f.opts.MaxInboundBytes))
	c.ws.SetPingHandler(r.ping)
	c.ws.SetPongHandler(c.pong)
	c.ws.SetCloseHandler(c.closed)
	return r
}

func (r *inboundReader) message(mt MessageType, body io.Reader) error {
	c := r.c
	if !r.limit.allow(c.uc.f.now()) {
		c.beginClose(closePolicy, "inbound rate", errInboundRate, dropDisconnected)
		return errInboundRate
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

func (r *inboundReader) ping(data string) error {
	if !r.limit.allow(r.c.uc.f.now()) {
		r.c.beginClose(closePolicy, "inbound rate", errInboundRate, dropDisconnected)
		return errInboundRate
	}
	r.c.control(controlFrame(opPong, []byte(data)))
	return nil
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
	var ce *websocket.CloseError
	polite := errors.As(err, &ce)
	sc := newScratch()
	uc.mu.Lock()
	farewell := c.state == StateDraining // a close frame of this side is under way or written
	if !c.mute && c.why == nil {
		c.why = readError(ce, err)
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
		c.uc.f.opts.Logger.Debug("wsmig: linger", "conn", c.id, "error", err)
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
	perSecond float64
	tokens    float64
	last      int64
}

func (l *rateLimit) burst() float64 { return max(l.perSecond, 1) }

func (l *rateLimit) allow(now int64) bool {
	if l.perSecond < 0 {
		return true
	}
	l.tokens = min(l.burst(), l.tokens+float64(now-l.last)*l.perSecond/1e9)
	l.last = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}
