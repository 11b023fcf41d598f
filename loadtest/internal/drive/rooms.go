package drive

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
)

// joinRooms makes a connection a member of its person's rooms and waits until the
// server has surely taken note.
func (d *Driver) joinRooms(ctx context.Context, c *conn) {
	p := c.person()
	c.joining.Store(&joining{})
	c.left.Store(false)
	c.watched.late()
	if p.odd {
		c.joining.Store(joinedRooms())
		return
	}
	any := false
	for _, e := range d.program.emitters {
		if e.audience != spec.AudienceRoom {
			continue
		}
		d.checker.Feed(history.Event{Op: history.Join, At: d.now(), Room: d.roomID(e, p), Session: history.Session{Principal: p.who}})
		if e.join == nil {
			continue
		}
		any = true
		values := *c.values
		values.Room = d.roomName(e, p)
		if err := d.act(ctx, e.join, c, &values); err != nil {
			d.problem("join: " + plainError(err))
		}
	}
	proof := joinedRooms()
	if any {
		proof = d.barrier(ctx, c)
		c.watched.late() // only now it surely misses nothing of its rooms
	}
	c.joining.Store(proof)
}

// leaveRooms ends the memberships that have a way to end; what is sent to those
// rooms after the server has surely taken note is for others.
func (d *Driver) leaveRooms(ctx context.Context, c *conn) {
	if !c.alive() {
		return
	}
	p := c.person()
	c.left.Store(true)
	c.watched.late()
	for _, e := range d.program.emitters {
		if e.leave != nil {
			d.checker.Feed(history.Event{Op: history.Leaving, At: d.now(), Room: d.roomID(e, p), Session: history.Session{Principal: p.who}})
		}
	}
	var rooms []history.RoomID
	for _, e := range d.program.emitters {
		if e.leave == nil {
			continue
		}
		values := *c.values
		values.Room = d.roomName(e, p)
		if err := d.act(ctx, e.leave, c, &values); err != nil {
			d.problem("leave: " + plainError(err))
			continue
		}
		rooms = append(rooms, d.roomID(e, p))
	}
	if !d.barrier(ctx, c).sure.Load() {
		return // not surely: what arrives is still allowed
	}
	for _, room := range rooms {
		d.checker.Feed(history.Event{Op: history.Leave, At: d.now(), Room: room, Session: history.Session{Principal: p.who}})
	}
}

// barrier waits until the server has worked off what this connection sent: an
// event of its own that comes back shows it. A server that is slow may show it
// later.
func (d *Driver) barrier(ctx context.Context, c *conn) *joining {
	p := c.person()
	out := &joining{at: d.now()}
	for i, e := range d.program.emitters {
		if e.frame == nil || !e.self || e.broadcasts() {
			continue
		}
		s, err := d.stream(laneKey{emitter: i, to: p.index, by: p.index})
		if err != nil {
			break
		}
		c.joining.Store(out)
		d.send(ctx, s, emission{via: c, intended: out.at})
		came := d.until(ctx, d.settling.limit()/5, func() bool { return out.sure.Load() || !c.alive() })
		if came && c.alive() {
			d.settling.fails.Store(0)
		} else {
			d.settling.fails.Add(1)
		}
		return out
	}
	if c.joining.Store(out); d.workedOff(ctx, p) {
		out.sure.Store(true)
	}
	return out
}

// joining is how far a connection is in joining its rooms, or in leaving them.
type joining struct {
	sure atomic.Bool
	at   time.Duration // what was asked for later and came back shows that the server took note
}

func joinedRooms() *joining {
	j := &joining{}
	j.sure.Store(true)
	return j
}

// joined reports whether the server has surely made the connection a member of its
// rooms.
func (c *conn) joined() bool {
	j := c.joining.Load()
	return j != nil && j.sure.Load()
}

// worked notes that something came back that was sent at a moment over this
// connection. A server reads a connection in order.
func (c *conn) worked(sent time.Duration) {
	if c == nil {
		return
	}
	if j := c.joining.Load(); j != nil && j.at > 0 && sent >= j.at {
		j.sure.Store(true)
	}
}

// heardRoom notes that the connection received what was sent to its room at a
// moment: who has asked to leave may still.
func (c *conn) heardRoom(sent time.Duration) {
	if c != nil && !c.left.Load() {
		c.worked(sent)
	}
}
