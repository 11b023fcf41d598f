package runtime

import (
	"context"
	"errors"
)

// What a factory does when its bus has a history: nothing goes to a connection but by way of the history, so that all
// nodes see one order and know the same numbers.

// record publishes what the scratch holds for the user.
func (uc *UserContext) record(ctx context.Context, sc *scratch) error {
	f := uc.f
	uc.mu.Lock()
	err := uc.end.err()
	uc.active = f.janitor.last.Load()
	uc.mu.Unlock()
	if err == nil && f.draining.Load() {
		err = ErrClosed
	}
	if err != nil {
		return err
	}
	err = f.history.Publish(ctx, sc.busMessage(BusMessage{User: uc.user}))
	if errors.Is(err, ErrNoConnection) {
		uc.mu.Lock()
		uc.dropLocked(sc, entry{typ: sc.msg.typ}, dropNoConnection, true)
		uc.mu.Unlock()
		f.tellDrops(uc.user, sc)
	}
	return err
}

func (sc *scratch) busMessage(to BusMessage) *BusMessage {
	m := &sc.msg
	to.Type, to.Thread, to.Raw, to.Op, to.Data, to.At = m.name, m.thread, !m.envelope, MessageType(m.op), m.data, m.at
	return &to
}

// recordFor publishes an event for a room, or for everybody, and counts whom of this node it is for.
func (f *Factory) recordFor(ctx context.Context, ev Event, room string, here []*UserContext) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if f.draining.Load() {
		return 0, ErrClosed
	}
	sc := newScratch()
	defer sc.free()
	if err := f.encodeEvent(sc, ev, ""); err != nil {
		return 0, err
	}
	n := 0
	for _, uc := range here {
		uc.mu.Lock()
		if uc.readyLocked() > 0 {
			n++
		}
		uc.mu.Unlock()
	}
	err := f.history.Publish(ctx, sc.busMessage(BusMessage{Room: room, Broadcast: room == ""}))
	if n > 0 && errors.Is(err, ErrNoConnection) {
		err = nil
	}
	if err != nil {
		n = 0
	}
	return n, err
}

func (f *Factory) deliverRoom(m *BusMessage) {
	rm := f.rooms.find(m.Room)
	if rm == nil {
		return
	}
	for _, uc := range rm.list() {
		f.deliverFrom(uc, m, rm)
	}
}

// tellGap tells clients that something of theirs is lost.
func (f *Factory) tellGap(m *BusMessage) {
	if f.opts.Framing == Raw {
		return // there is no frame that could say so
	}
	var users []*UserContext
	switch {
	case m.Room != "":
		if rm := f.rooms.find(m.Room); rm != nil {
			users = rm.list()
		}
	case m.User == "":
		users = f.present()
	default:
		if uc := f.shardOf(m.User).find(m.User); uc != nil {
			users = append(users, uc)
		}
	}
	g := gap{set: true, from: m.GapFrom, to: m.Seq}
	for _, uc := range users {
		sc := newScratch()
		uc.mu.Lock()
		for _, c := range uc.conns {
			if c.state == StateReady && c.owner == uc.owner && c.afterLocked() < m.Seq {
				c.tellLocked(sc, g, "history")
			}
		}
		uc.mu.Unlock()
		uc.settle(sc)
		sc.free()
	}
}

// reopen makes all clients of this node come back, authenticate and resume. Those that are about to become ready know
// from the count that what they have read of the history may be out of date.
func (f *Factory) reopen() {
	f.reopened.Add(1)
	for _, c := range f.allConns() {
		c.beginClose(closeTryAgain, "bus was cut off", errCutOff, keepQueue)
	}
}

// changeRoom follows a change that another node made. Only who is connected here joins here.
func (f *Factory) changeRoom(m *BusMessage) {
	room := f.Room(m.Room)
	if m.Leave {
		room.leaveHere(m.User)
		return
	}
	uc := f.shardOf(m.User).find(m.User)
	if uc == nil {
		return
	}
	uc.mu.Lock()
	here := uc.holds > 0
	uc.mu.Unlock()
	if !here {
		return
	}
	if err := room.joinHere(context.Background(), m.User); err != nil {
		f.opts.Logger.Warn("wsmig: join from bus", "user", m.User, "error", err)
	}
}

func (f *Factory) joinElsewhere(ctx context.Context, room string, user UserID) error {
	_, there, err := f.history.Elsewhere(ctx, user)
	if err != nil || !there {
		return err
	}
	return f.history.Publish(ctx, &BusMessage{User: user, Room: room, Join: true})
}

func (f *Factory) roomsOf(user UserID) []string {
	uc := f.shardOf(user).find(user)
	if uc == nil {
		return nil
	}
	uc.mu.Lock()
	defer uc.mu.Unlock()
	rooms := uc.knownLocked().rooms
	names := make([]string, 0, len(rooms))
	for _, rm := range rooms {
		names = append(names, rm.name)
	}
	return names
}

// settleIn brings a user who has just come to this node into the rooms that the user has on others.
func (f *Factory) settleIn(user UserID) error {
	ctx, cancel := context.WithTimeout(context.Background(), f.opts.HandshakeTimeout)
	defer cancel()
	rooms, _, err := f.history.Elsewhere(ctx, user)
	for _, name := range rooms {
		if err == nil {
			err = f.Room(name).joinHere(ctx, user)
		}
	}
	return err
}

// listen subscribes the room, once, if the bus has a history.
func (rm *room) listen(f *Factory) error {
	if f.history == nil {
		return nil
	}
	rm.ear.Lock()
	defer rm.ear.Unlock()
	if rm.stop != nil {
		return nil
	}
	stop, err := f.history.SubscribeRoom(rm.name, f.fromBus)
	rm.stop = stop
	return err
}

// quit ends the room if it is empty, and the subscription of a room that has ended.
func (rm *room) quit() {
	rm.mu.Lock()
	rm.endIfEmptyLocked()
	gone := rm.gone
	rm.mu.Unlock()
	if !gone {
		return
	}
	rm.ear.Lock()
	stop := rm.stop
	rm.stop = nil
	rm.ear.Unlock()
	if stop != nil {
		stop()
	}
}

// Connected tells whether the user has a ready connection, with a bus that has a history on any node. Without one it is
// about this process alone.
func (f *Factory) Connected(ctx context.Context, user UserID) (bool, error) {
	if err := user.Validate(); err != nil {
		return false, err
	}
	if uc := f.shardOf(user).find(user); uc != nil {
		uc.mu.Lock()
		here := uc.readyLocked() > 0
		uc.mu.Unlock()
		if here {
			return true, ctx.Err()
		}
	}
	if f.history == nil {
		return false, ctx.Err()
	}
	_, there, err := f.history.Elsewhere(ctx, user)
	return there, err
}
