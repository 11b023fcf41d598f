package runtime

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/gorilla/websocket"
)

// Adopt takes over the writing of a connection that the application upgraded itself and goes on reading: the way in
// for code that can't give its upgrade up yet. The application must not write data messages on ws any more, and must
// call [Conn.Close] when its read loop ends. Compared with [Factory.Serve] such a connection pays a system call per
// event, gets no pings from the factory and is always [Healthy]; limits, order, counting and isolation are the same.
func (f *Factory) Adopt(ctx context.Context, user UserID, ws *websocket.Conn) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !f.life.enter() {
		return nil, ErrClosed
	}
	c, err := f.adopt(ctx, user, ws)
	if err != nil {
		f.life.leave()
		return nil, err
	}
	return c, nil
}

func (f *Factory) adopt(ctx context.Context, user UserID, ws *websocket.Conn) (*Conn, error) {
	h := &handshake{f: f, user: user, base: context.WithoutCancel(ctx), since: f.revocations.Load(), deadline: time.Now().Add(f.opts.HandshakeTimeout)}
	c, err := f.reserve(h)
	if err != nil {
		return nil, err
	}
	c.ws, c.nc, c.adopted = ws, ws.NetConn(), true
	sc := newScratch()
	defer sc.free()
	if err = h.callBound(c); err == nil {
		err = h.appearFor(c, sc, "")
	}
	if err != nil {
		c.abandon()
		return nil, err
	}
	c.announce(sc)
	return c, nil
}

// writeAdopted writes one frame by gorilla's own means, which are the application's too.
func (c *Conn) writeAdopted(data []byte) (int, error) {
	op, payload := splitFrame(data)
	deadline := time.Now().Add(c.uc.f.opts.WriteTimeout)
	var err error
	if op >= opClose {
		err = c.ws.WriteControl(int(op), payload, deadline)
	} else {
		err = c.ws.SetWriteDeadline(deadline)
		if err == nil {
			err = c.ws.WriteMessage(int(op), payload)
		}
	}
	if err != nil {
		return 0, err
	}
	return headerSize(data) + len(payload), nil
}

func headerSize(frame []byte) int {
	switch frame[1] {
	case 126:
		return 4
	case 127:
		return maxHeader
	}
	return 2
}

// splitFrame reads the first of the frames that this package built.
func splitFrame(b []byte) (op byte, payload []byte) {
	n := int(b[1])
	switch n {
	case 126:
		n = int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		n = int(binary.BigEndian.Uint64(b[2:]))
	}
	start := headerSize(b)
	return b[0] & 0x0f, b[start : start+n]
}
