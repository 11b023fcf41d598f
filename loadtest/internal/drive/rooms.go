package drive

import (
	"context"
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
	if p.odd {
		c.joining.Store(&joining{sure: true})
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
	proof := &joining{sure: true}
	if any {
		proof = d.barrier(ctx, c)
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
	if !d.barrier(ctx, c).sure {
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
	for i, e := range d.program.emitters {
		if e.frame == nil || !e.self || e.broadcasts() {
			continue
		}
		s, err := d.stream(laneKey{emitter: i, to: p.index, by: p.index})
		if err != nil {
			break
		}
		out := &joining{proof: s, at: d.now()}
		out.seq = d.send(ctx, s, emission{via: c, intended: out.at})
		came := d.until(ctx, d.settling.limit()/5, func() bool { return s.tally.came(out.seq) || !c.alive() })
		if out.sure = came && c.alive(); out.sure {
			d.settling.fails.Store(0)
		} else {
			d.settling.fails.Add(1)
		}
		return out
	}
	pause(ctx, quiet)
	return &joining{sure: true}
}

// joining is how far a connection is in joining its rooms, or in leaving them.
type joining struct {
	sure  bool
	proof *stream // whose event seq shows, once it is back, that the server took note
	seq   uint64
	at    time.Duration
}

// joinPatience is how much younger than a request to join an event must be that
// came back before the request counts as worked off all the same.
const joinPatience = time.Second

// joined reports whether the server has surely made the connection a member of its
// rooms.
func (c *conn) joined() bool {
	j := c.joining.Load()
	if j == nil || j.sure || j.proof == nil {
		return j != nil && j.sure
	}
	return j.proof.tally.came(j.seq) || time.Duration(c.d.newest.Load()) > j.at+joinPatience
}
