package natsbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// ear is this node's subscription to one user, to one room, or to the broadcasts. There is one per subject, however many
// asked for it.
type ear struct {
	what    kind
	id      string // the user or the room
	in, out string
	sub     *nats.Subscription
	ready   chan struct{} // closed when nothing can pass it by any more

	// Guarded by Bus.mu.
	deliver func(*wsruntime.BusMessage)
	refs    int
	live    bool
	last    uint64 // everything up to it was handed over
	before  uint64 // last, when the catch-up began
	seen    int    // messages since then
}

// Subscribe listens for one user, the empty one meaning broadcasts and control.
func (b *Bus) Subscribe(user wsruntime.UserID, deliver func(*wsruntime.BusMessage)) (func(), error) {
	if user == "" {
		b.mu.Lock()
		b.everyone = deliver
		b.mu.Unlock()
		return b.listen(&ear{what: kindBroadcast, in: b.names.broadcast(), deliver: deliver})
	}
	return b.listen(&ear{what: kindEvent, id: string(user), in: b.names.user(string(user)), deliver: deliver})
}

// SubscribeRoom listens for one room.
func (b *Bus) SubscribeRoom(room string, deliver func(*wsruntime.BusMessage)) (func(), error) {
	return b.listen(&ear{what: kindRoom, id: room, in: b.names.room(room), deliver: deliver})
}

// listen returns when a fence that was raised after the subscription has come back: from its number on nothing is
// missed.
func (b *Bus) listen(e *ear) (func(), error) {
	e.out = b.names.out(e.in)
	b.mu.Lock()
	if known := b.ears[e.out]; known != nil {
		known.refs++
		e = known
		b.mu.Unlock()
	} else {
		e.refs, e.ready = 1, make(chan struct{})
		sub, err := b.nc.ChanSubscribe(e.out, b.in) // only writes to a buffer
		if err != nil {
			b.mu.Unlock()
			return nil, fmt.Errorf("wsmig: natsbus: subscribe: %w", err)
		}
		e.sub = sub
		b.ears[e.out] = e
		b.mu.Unlock()
		b.fence.request(&waiter{ear: e})
	}
	// Without a fence for that long this node counts as cut off: its clients do better elsewhere.
	ctx, cancel := context.WithTimeout(b.ctx, min(b.opts.PublishTimeout, b.opts.CutOff))
	defer cancel()
	select {
	case <-e.ready:
		return func() { b.unlisten(e) }, nil
	case <-ctx.Done():
		b.unlisten(e)
		return nil, fmt.Errorf("wsmig: natsbus: subscribe: what is stored does not come back: %w", chain(b.nc.LastError(), ctx.Err()))
	}
}

func (b *Bus) unlisten(e *ear) {
	b.mu.Lock()
	e.refs--
	ended := e.refs == 0
	heard := e.last
	if ended {
		delete(b.ears, e.out)
		if all := b.ears[b.names.out(b.names.broadcast())]; all != nil {
			heard = max(heard, all.last)
		}
	}
	live := e.live
	b.mu.Unlock()
	if !ended {
		return
	}
	if err := e.sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		b.log.Debug("wsmig: natsbus: unsubscribe", "error", err)
	}
	if e.what == kindEvent && live {
		b.mark(e, heard)
	}
}

// mark notes in the history that this user had everything up to a number and left: later, when what is that old was
// forgotten, it is still known that nothing of it was missed. It is not worth waiting for.
func (b *Bus) mark(e *ear, heard uint64) {
	m := &wsruntime.BusMessage{User: wsruntime.UserID(e.id), Seq: heard}
	if err := b.nc.Publish(e.in, encodeMark(m)); err != nil {
		b.log.Debug("wsmig: natsbus: mark", "error", err)
	}
}

func (b *Bus) hears(out string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ears[out] != nil
}

// Elsewhere asks the other nodes for a user.
func (b *Bus) Elsewhere(ctx context.Context, user wsruntime.UserID) ([]string, bool, error) {
	return b.ask(ctx, b.names.out(b.names.user(string(user))))
}

// ask finds out whether another node listens to a subject. NATS knows when nobody does.
func (b *Bus) ask(ctx context.Context, out string) (rooms []string, there bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, b.opts.ControlTimeout)
	defer cancel()
	var reply *nats.Msg
	for wait := askTime; ; wait *= 2 {
		reply, err = b.request(ctx, wait, out)
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			break
		}
	}
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("wsmig: natsbus: who has the user: %w", err)
	}
	if err := json.Unmarshal(reply.Data, &rooms); err != nil {
		return nil, false, fmt.Errorf("wsmig: natsbus: who has the user: %w", err)
	}
	return rooms, true, nil
}

// askTime is how long the first try waits: a node that has just stopped to listen does not answer, and the next try
// finds out.
const askTime = 100 * time.Millisecond

func (b *Bus) request(ctx context.Context, wait time.Duration, subject string) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return b.nc.RequestWithContext(ctx, subject, nil)
}

// answer replies to ask.
func (b *Bus) answer(m *nats.Msg) {
	b.mu.Lock()
	e := b.ears[m.Subject]
	b.mu.Unlock()
	if e == nil || m.Reply == "" {
		return
	}
	rooms := []string{}
	if e.what == kindEvent {
		rooms = append(rooms, b.node.Rooms(wsruntime.UserID(e.id))...)
	}
	text, err := json.Marshal(rooms)
	if err == nil {
		err = m.Respond(text)
	}
	if err != nil {
		b.log.Debug("wsmig: natsbus: answer", "error", err)
	}
}
