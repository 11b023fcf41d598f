package runtime

import (
	"context"
	"errors"
	"time"
)

// subscribeBroadcasts joins the bus for what is meant for everybody.
func (f *Factory) subscribeBroadcasts() error {
	if f.opts.Bus == nil {
		return nil
	}
	if h, ok := f.opts.Bus.(HistoryBus); ok {
		o := &f.opts
		if err := h.Attach(BusNode{Events: o.ResumeEvents, Bytes: o.ResumeBytes, Age: o.ResumeTTL, Rooms: f.roomsOf, Reopen: f.reopen}); err != nil {
			return err
		}
		f.history = h
	}
	cancel, err := f.opts.Bus.Subscribe("", f.fromBus)
	f.busCancel = cancel
	return err
}

// subscribe joins the bus for one user, when the first connection of that user comes.
func (uc *UserContext) subscribe() error {
	if uc.f.opts.Bus == nil {
		return nil
	}
	uc.mu.Lock()
	known := uc.knownLocked().busStop != nil
	uc.mu.Unlock()
	if known {
		return nil
	}
	stop, err := uc.f.opts.Bus.Subscribe(uc.user, uc.f.fromBus)
	if err != nil {
		return err
	}
	uc.mu.Lock()
	if rare := uc.seldomLocked(); uc.end == ucOpen && rare.busStop == nil {
		rare.busStop, stop = stop, nil
	}
	uc.mu.Unlock()
	if stop != nil {
		stop()
	}
	if uc.f.history != nil {
		return uc.f.settleIn(uc.user)
	}
	return nil
}

// publish tells the other nodes. Nobody being connected here is no error if somebody may be there.
func (f *Factory) publish(ctx context.Context, user UserID, sc *scratch, local error) error {
	if local != nil && !errors.Is(local, ErrNoConnection) {
		return local
	}
	m := &sc.msg
	err := f.opts.Bus.Publish(ctx, &BusMessage{User: user, Type: m.name, Thread: m.thread, Raw: !m.envelope, Op: MessageType(m.op), Data: m.data})
	if local == nil && errors.Is(err, ErrNoConnection) {
		return nil
	}
	return err
}

func (f *Factory) publishBroadcast(ctx context.Context, ev Event, local error) error {
	sc := newScratch()
	defer sc.free()
	if err := f.encodeEvent(sc, ev, ""); err != nil {
		return err
	}
	m := &sc.msg
	err := f.opts.Bus.Publish(ctx, &BusMessage{Broadcast: true, Type: m.name, Raw: !m.envelope, Op: MessageType(m.op), Data: m.data})
	if local == nil && errors.Is(err, ErrNoConnection) {
		return nil
	}
	return err
}

// fromBus delivers what another node published. The user that the message names is looked up here, whatever
// subscription it came by.
func (f *Factory) fromBus(m *BusMessage) {
	switch {
	case m.Revoke:
		f.revokeHere(context.Background(), m.User)
	case m.Join, m.Leave:
		f.changeRoom(m)
	case m.GapFrom != 0:
		f.tellGap(m)
	case m.Room != "":
		f.deliverRoom(m)
	case m.Broadcast:
		for _, uc := range f.present() {
			f.deliverBus(uc, m)
		}
	default:
		if uc := f.shardOf(m.User).find(m.User); uc != nil {
			f.deliverBus(uc, m)
		}
	}
}

// decode makes the message of an emission that came from another node, or out of the history.
func (f *Factory) decode(sc *scratch, m *BusMessage) {
	sc.data = append(sc.data[:0], m.Data...)
	sc.msg = message{typ: typeRaw, op: byte(m.Op), name: m.Type, thread: m.Thread, data: sc.data, shared: f.history != nil}
	if m.Raw || f.opts.Framing == Raw {
		sc.staticFrame()
		return
	}
	sc.msg.typ, sc.msg.envelope, sc.msg.stream = f.types.of(m.Type), true, true
	sc.msg.at, sc.msg.seq = time.Now().UnixNano(), m.Seq
	if m.At != 0 {
		sc.msg.at = m.At
	}
}

func (f *Factory) deliverBus(uc *UserContext, m *BusMessage) { f.deliverFrom(uc, m, nil) }

func (f *Factory) deliverFrom(uc *UserContext, m *BusMessage, rm *room) {
	sc := newScratch()
	defer sc.free()
	f.decode(sc, m)
	sc.msg.room = rm
	ctx := context.Background()
	if f.history == nil { // nothing that comes out of a history ever waits
		waiting, cancel := context.WithTimeout(ctx, f.opts.WriteTimeout)
		defer cancel()
		ctx = waiting
	}
	if _, err := uc.deliver(ctx, sc); err != nil && !errors.Is(err, ErrNoConnection) {
		f.opts.Logger.Debug("wsmig: from bus", "user", m.User, "error", err)
	}
}
