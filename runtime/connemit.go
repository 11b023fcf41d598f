package runtime

import "context"

// Emit sends an event to this one connection, for answers to what it asked. Its number is 0: it is outside the user's
// stream and never replayed. Errors are those of [Emitter.Emit]; [ErrNoConnection] says that this connection is not
// ready (any more).
func (c *Conn) Emit(ctx context.Context, ev Event) error {
	sc := newScratch()
	defer sc.free()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.uc.f.encodeEvent(sc, ev, ""); err != nil {
		return err
	}
	sc.msg.only, sc.msg.stream = c, false
	_, err := c.uc.deliver(ctx, sc)
	return err
}

// EmitRaw sends exactly these bytes as one message to this one connection.
func (c *Conn) EmitRaw(ctx context.Context, mt MessageType, data []byte) error {
	sc := newScratch()
	defer sc.free()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.uc.f.encodeRaw(sc, mt, data); err != nil {
		return err
	}
	sc.msg.only = c
	_, err := c.uc.deliver(ctx, sc)
	return err
}
