package history

import "time"

// access decides whether a connection may receive an event of the stream now:
// None, or the anomaly that the receipt is. echo says that the receiver wrote it
// himself. The connection is locked.
func (c *Checker) access(k *conn, s *stream, now, emitted time.Duration) (code Code, echo bool) {
	b, a := k.bound, &s.Audience
	switch a.Kind {
	case ToRoom:
		code = c.roomAccess(k, a.Room, emitted)
	case ToAll:
		if b.Principal == 0 {
			code = unbound(k)
		}
	default:
		code = c.personal(k, a, emitted)
	}
	if code != None && s.Author != 0 && s.Author == b.Principal {
		return None, true
	}
	return code, false
}

func (c *Checker) personal(k *conn, a *Audience, emitted time.Duration) Code {
	b := k.bound
	if b.Principal != a.Principal {
		code := c.outsider(k, a.Principal)
		if code == X0 && a.Kind == ToReply {
			return X3
		}
		return code
	}
	if a.Kind == ToSession && b.Device != a.Device || a.Kind == ToReply && k.id != a.Conn {
		return X1d
	}
	if at := c.principal(b.Principal).revokedAt(); at > 0 && k.boundAt < at && emitted > at {
		return X1a
	}
	return None
}

// outsider names the receipt of p's event by a connection that is not p's now.
func (c *Checker) outsider(k *conn, p PrincipalID) Code {
	switch {
	case k.wasBoundTo(p) && k.bound.Principal == 0:
		return X1a
	case k.wasBoundTo(p):
		return X1c
	case k.dialled.Principal == p:
		return X1b
	}
	return X0
}

// unbound names the receipt of something public by a connection without a user.
func unbound(k *conn) Code {
	if k.past[0] != 0 {
		return X1a
	}
	return X1b
}

// roomAccess lets members in, and those who left only after the event was
// emitted.
func (c *Checker) roomAccess(k *conn, room RoomID, emitted time.Duration) Code {
	if k.bound.Principal == 0 {
		return c.roomOutsider(k, room)
	}
	m, known := c.principal(k.bound.Principal).in(room)
	if m.member || known && (emitted == 0 || emitted <= m.left) {
		return None
	}
	return X4
}

func (c *Checker) roomOutsider(k *conn, room RoomID) Code {
	for _, p := range [...]PrincipalID{k.past[0], k.dialled.Principal} {
		if p == 0 {
			continue
		}
		if m, _ := c.principal(p).in(room); m.member {
			return unbound(k)
		}
	}
	return X4
}
