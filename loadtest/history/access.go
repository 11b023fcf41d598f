package history

import "time"

// grant is on what ground a connection may have an event that it received.
type grant uint8

const (
	denied grant = iota
	member       // it is of the audience
	ahead        // it is becoming so: the server may have made it the user's and not said so yet
	author       // its user wrote the event
)

// access decides whether a connection may receive an event of the stream now:
// None and on what ground, or the anomaly that the receipt is. The connection is
// locked.
func (c *Checker) access(k *conn, s *stream, emitted time.Duration) (Code, grant) {
	b, a := k.bound, &s.Audience
	var code Code
	switch a.Kind {
	case ToRoom:
		code = c.roomAccess(b, k, a.Room, emitted)
	case ToAll:
		if b.Principal == 0 {
			code = unbound(k)
		}
	default:
		code = c.personal(b, k, a, emitted)
	}
	switch {
	case code == None:
		return None, member
	case s.Author != 0 && s.Author == b.Principal:
		return None, author
	case k.asked && c.welcomes(k, a, emitted):
		return None, ahead
	}
	return code, denied
}

// welcomes reports whether the event is for whom the connection has asked to become.
func (c *Checker) welcomes(k *conn, a *Audience, emitted time.Duration) bool {
	switch a.Kind {
	case ToRoom:
		return c.roomAccess(k.dialled, k, a.Room, emitted) == None
	case ToAll:
		return true
	}
	return c.personal(k.dialled, k, a, emitted) == None
}

func (c *Checker) personal(b Session, k *conn, a *Audience, emitted time.Duration) Code {
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
	began := k.boundAt
	if k.asked && b == k.dialled {
		began = k.comingAt
	}
	if at := c.principal(b.Principal).revokedAt(); at > 0 && began < at && emitted > at {
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
func (c *Checker) roomAccess(b Session, k *conn, room RoomID, emitted time.Duration) Code {
	if b.Principal == 0 {
		return c.roomOutsider(k, room)
	}
	m, known := c.principal(b.Principal).in(room)
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
