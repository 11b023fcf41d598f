package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// writeBuffer is the size of gorilla's write buffers, of which it hardly ever needs one.
const writeBuffer = 256

// writeBufferPool keeps gorilla from holding a write buffer per connection. It is hardly ever asked: data frames are
// built here.
var writeBufferPool sync.Pool

// reserve takes a place for a connection under all limits, before the upgrade costs anything.
func (f *Factory) reserve(h *handshake) (*Conn, error) {
	if err := f.claimConn(h.user); err != nil {
		return nil, err
	}
	uc, err := f.holdConn(h)
	if err != nil {
		f.conns.Add(-1)
		return nil, err
	}
	now := f.now()
	c := &Conn{uc: uc, owner: uc.owner, number: f.minted.Add(1), device: h.device, slot: true, killReason: dropDisconnected,
		ponged: now, base: h.base}
	if err := f.inject("reserved"); err != nil {
		c.abandon()
		return nil, err
	}
	return c, nil
}

// abandon gives back what reserve took; the connection was never visible to anybody.
func (c *Conn) abandon() {
	c.uc.mu.Lock()
	c.state = StateClosed
	c.freeSlotLocked()
	c.cancelLocked()
	c.uc.mu.Unlock()
	c.uc.release(holdConn)
}

func (h *handshake) upgrade() error {
	f := h.f
	hj := &hijacker{ResponseWriter: h.w, conn: h.conn}
	up := websocket.Upgrader{
		HandshakeTimeout:  max(time.Until(h.deadline), time.Millisecond),
		WriteBufferSize:   writeBuffer,
		WriteBufferPool:   &writeBufferPool,
		EnableCompression: f.opts.Compression,
		CheckOrigin:       func(*http.Request) bool { return true }, // decided before anything was reserved
	}
	header := h.w.Header().Clone()
	header.Del("Sec-Websocket-Extensions")
	if err := f.inject("upgrade"); err != nil {
		http.Error(h.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return err
	}
	ws, err := up.Upgrade(hj, h.r, header)
	if err != nil {
		return fmt.Errorf("wsmig: upgrade: %w", err)
	}
	c := h.conn
	c.ws, c.state = ws, StateUpgraded
	if err := f.inject("upgraded"); err != nil {
		c.closeSocket()
		return err
	}
	return nil
}

// bind asks the application, makes the connection visible and starts its reader. From here on the client is told by
// close frames; the error says that the handshake was refused although it was upgraded.
func (h *handshake) bind() error {
	c := h.conn
	sc := newScratch()
	defer sc.free()
	err := h.callBound(c)
	if err == nil {
		err = h.appearFor(c, sc, queryParam(h.r, "resume"))
	}
	if err != nil {
		h.turnAway(refusalCode(err))
		return err
	}
	c.announce(sc)
	c.startReader()
	return nil
}

func refusalCode(err error) int {
	var pe *PanicError
	switch {
	case errors.As(err, &pe):
		return closeInternal
	case errors.Is(err, errDraining), errors.Is(err, ErrClosed):
		return closeRestart
	case errors.Is(err, errBus):
		return closeTryAgain
	}
	return closePolicy
}

// announce does what follows from a connection having become ready.
func (c *Conn) announce(sc *scratch) {
	c.uc.settle(sc)
	c.uc.f.connsOpened.Add(1)
	c.uc.f.observe(func(o Observer) { o.Connected(c) })
}

// callBound brings a connection to bound and asks the application, which may still refuse it.
func (h *handshake) callBound(c *Conn) (err error) {
	f := h.f
	c.uc.mu.Lock()
	c.state = StateBound
	c.uc.mu.Unlock()
	if err := f.inject("bound"); err != nil {
		return err
	}
	if err := c.uc.subscribe(); err != nil {
		return fmt.Errorf("%w: %w", errBus, err)
	}
	if f.opts.OnConnect == nil {
		return nil
	}
	ctx, cancel := context.WithDeadline(c.Context(), h.deadline)
	defer cancel()
	if perr := f.guard("OnConnect", func() { err = f.opts.OnConnect(ctx, c) }); perr != nil {
		return perr
	}
	return err
}

// appear is the step from bound to ready.
func (c *Conn) appear(sc *scratch, resume string, past *recollection) error {
	uc := c.uc
	if err := uc.f.inject("appear"); err != nil {
		return err
	}
	uc.mu.Lock()
	defer uc.mu.Unlock()
	switch {
	case uc.end != ucOpen:
		return uc.end.err()
	case uc.f.draining.Load():
		return errDraining
	case c.state >= StateDraining: // OnConnect closed it
		return cmp.Or(c.whyLocked(), ErrClosed)
	case past != nil && past.since != uc.f.reopened.Load(): // who was ready in time was sent away
		return fmt.Errorf("%w: %w", errBus, errCutOff)
	}
	now := uc.f.now()
	if uc.backlog != nil {
		c.session = uc.backlog.session(c.device)
	}
	c.state, c.ponged, uc.active = StateReady, now, now
	uc.conns = append(uc.conns, c)
	c.greetLocked(sc, resume, past)
	return nil
}

// turnAway closes a connection that never became ready: its close frame goes out directly, since nobody else writes. If
// OnConnect closed it, one has been sent already. The handler need not wait for the client's answer.
func (h *handshake) turnAway(code int) {
	c := h.conn
	c.uc.mu.Lock()
	told := c.state >= StateDraining
	c.uc.mu.Unlock()
	c.abandon()
	h.lingers = true
	go func() {
		defer c.uc.f.life.leave()
		defer c.closeSocket()
		if err := c.nc.SetDeadline(time.Now().Add(closeGrace)); err != nil {
			return
		}
		var err error
		if !told {
			_, err = c.nc.Write(closeFrame(code, ""))
		}
		if err == nil {
			c.awaitAnswer()
		}
	}()
}

// awaitAnswer reads until the client has answered the close frame, or went away.
func (c *Conn) awaitAnswer() {
	c.ws.SetPingHandler(func(string) error { return nil })
	c.ws.SetCloseHandler(func(int, string) error { return nil })
	for {
		if _, _, err := c.ws.NextReader(); err != nil {
			return
		}
	}
}
