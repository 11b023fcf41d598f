package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// send delivers what the scratch holds to the user, here and on other nodes, and does what is left to do afterwards.
func (uc *UserContext) send(ctx context.Context, sc *scratch) error {
	if uc.f.history != nil {
		return uc.record(ctx, sc)
	}
	_, err := uc.deliver(ctx, sc)
	if uc.f.opts.Bus == nil {
		return err
	}
	return uc.f.publish(ctx, uc.user, sc, err)
}

// deliver queues one copy for each of the user's ready connections and returns their number.
func (uc *UserContext) deliver(ctx context.Context, sc *scratch) (int, error) {
	uc.mu.Lock()
	err := uc.admitLocked(ctx, sc)
	n := 0
	if err == nil {
		n, err = uc.commitLocked(sc)
	}
	uc.mu.Unlock()
	uc.settle(sc)
	return n, err
}

func (uc *UserContext) admitLocked(ctx context.Context, sc *scratch) error {
	if uc.end != ucOpen {
		return uc.end.err()
	}
	if uc.f.draining.Load() {
		return ErrClosed
	}
	if uc.f.opts.Overflow == Block && !sc.msg.shared {
		return uc.waitRoomLocked(ctx, sc)
	}
	return nil
}

// commitLocked is the one place where an event becomes copies: number, ring, queues and counts change together.
func (uc *UserContext) commitLocked(sc *scratch) (int, error) {
	m := &sc.msg
	if m.room != nil && !slices.Contains(uc.knownLocked().rooms, m.room) {
		return 0, nil
	}
	e := entry{owner: uc.owner, typ: m.typ, kind: kindLoose}
	if m.envelope {
		if m.stream {
			e.kind = kindStream
			if m.shared {
				uc.backlog.seq = max(uc.backlog.seq, m.seq)
				uc.keepRecentLocked(m)
			} else {
				m.seq = uc.backlog.next()
				uc.backlog.keep(uc.f, m)
			}
			e.seq = uint32(m.seq)
		}
		sc.wrap(uc.backlog)
	}
	uc.active = uc.f.janitor.last.Load() // a clock that is read once per tick: IdleTTL needs no better one
	n, err := 0, error(nil)
	for _, c := range uc.conns {
		if m.only != nil && m.only != c || m.shared && m.seq != 0 && m.seq <= c.afterLocked() {
			continue
		}
		if c.owner != uc.owner {
			uc.violationLocked(sc, c, e)
			err = ErrOwner
			continue
		}
		if c.state != StateReady {
			continue
		}
		n++
		if qerr := c.enqueueLocked(sc, e); qerr != nil {
			err = qerr
		}
	}
	if n == 0 && err == nil {
		uc.dropLocked(sc, e, dropNoConnection, true)
		err = ErrNoConnection
	}
	return n, err
}

// violationLocked counts an event that met a foreign connection. Nothing of that connection is touched: its lock is
// another one.
func (uc *UserContext) violationLocked(sc *scratch, c *Conn, e entry) {
	uc.seldomLocked().tally.violations++
	uc.dropLocked(sc, e, dropOwner, true)
	sc.violations = append(sc.violations, Violation{Intended: uc.user, Owner: c.uc.user, Conn: c.ID(), Type: sc.msg.name, Seq: sc.msg.seq, Bytes: len(sc.bytes())})
}

// dropLocked counts one copy as dropped; fresh ones were not counted as emitted before.
func (uc *UserContext) dropLocked(sc *scratch, e entry, why dropIndex, fresh bool) {
	t := uc.typeLocked(e.typ)
	if fresh {
		t.Emitted++
	}
	uc.seldomLocked().tally.dropped[why]++
	t.Dropped++
	if sc != nil {
		sc.dropped[why]++
	}
}

func (c *Conn) enqueueLocked(sc *scratch, e entry) error {
	frame := sc.bytes()
	if c.compressed {
		frame = sc.compress()
	}
	if c.fullLocked(len(frame)) {
		switch c.uc.f.opts.Overflow {
		case DropNewest:
			c.loseLocked(false, e)
			c.uc.dropLocked(sc, e, dropOverflow, true)
			return ErrOverflow
		case Disconnect:
			c.uc.dropLocked(sc, e, dropOverflow, true)
			sc.closes = append(sc.closes, c)
			return ErrOverflow
		case DropOldest, Block: // under Block only what comes from a history meets a full queue: it can't wait
			c.makeRoomLocked(sc, len(frame))
		}
	}
	if c.gaps && c.rare.missed.set {
		c.pushLocked(sc, c.rare.missed.frame("overflow"), entry{kind: kindControl})
		c.rare.missed, c.gaps = gap{}, c.rare.lost.set
	}
	c.uc.typeLocked(e.typ).Emitted++
	c.pushLocked(sc, frame, e)
	return nil
}

func (c *Conn) fullLocked(n int) bool {
	q, o := c.queue, &c.uc.f.opts
	return q != nil && q.events > 0 && (int(q.events) >= o.QueueEvents || q.size()+n > o.QueueBytes)
}

func (c *Conn) makeRoomLocked(sc *scratch, n int) {
	for c.fullLocked(n) {
		e := c.queue.dropOldest()
		c.loseLocked(true, e)
		c.finished++
		c.uc.dropLocked(sc, e, dropOverflow, false)
	}
}

// pushLocked appends a frame to the queue; if nobody has the duty to flush, the caller of the emission gets it.
func (c *Conn) pushLocked(sc *scratch, frame []byte, e entry) {
	if c.queue == nil {
		c.queue = newBuffer()
	}
	c.queue.push(frame, e)
	if e.kind.event() {
		c.enqueued++
	}
	if !c.busy {
		c.busy = true
		sc.kicks = append(sc.kicks, c)
	}
}

// settle does outside the lock what an emission left to do.
func (uc *UserContext) settle(sc *scratch) {
	for _, c := range sc.kicks {
		uc.f.kick(c)
	}
	for _, c := range sc.closes {
		c.beginClose(closeTryAgain, "queue overflow", ErrOverflow, dropOverflow)
	}
	for _, v := range sc.violations {
		v.At = uc.f.at(uc.f.now())
		uc.f.keepEvidence(v)
	}
	clear(sc.kicks)
	clear(sc.closes)
	sc.kicks, sc.closes, sc.violations = sc.kicks[:0], sc.closes[:0], nil
	uc.f.tellDrops(uc.user, sc)
}

func (f *Factory) tellDrops(user UserID, sc *scratch) {
	if f.opts.Observer != nil {
		for why, n := range sc.dropped {
			if n > 0 {
				f.observe(func(o Observer) { o.Dropped(user, dropReasons[why], int(n)) })
			}
		}
	}
	sc.dropped = [dropKinds]uint32{}
}

// waitRoomLocked is the Block policy: it returns when every ready connection of the user has room. Other users are not
// affected: what waits is this call, not a worker. When ctx ends first, nothing was queued anywhere.
func (uc *UserContext) waitRoomLocked(ctx context.Context, sc *scratch) error {
	n := len(sc.msg.data) + len(sc.msg.name) + len(sc.msg.thread) + envelopeBytes
	for uc.end == ucOpen && slices.ContainsFunc(uc.conns, func(c *Conn) bool { return c.state == StateReady && c.fullLocked(n) }) {
		if err := uc.waitOnceLocked(ctx); err != nil {
			e := entry{typ: sc.msg.typ}
			for range uc.readyLocked() {
				uc.dropLocked(sc, e, dropCanceled, true)
			}
			return fmt.Errorf("%w: %w", ErrOverflow, err)
		}
	}
	return uc.end.err()
}

// envelopeBytes is more than an envelope takes besides type, thread and data.
const envelopeBytes = 192

// waitOnceLocked gives the lock up until queues moved, or ctx ended.
func (uc *UserContext) waitOnceLocked(ctx context.Context) error {
	ch := uc.waitLocked()
	uc.waiters++
	uc.mu.Unlock()
	var err error
	select {
	case <-ch:
	case <-ctx.Done():
		err = ctx.Err()
	}
	uc.mu.Lock()
	uc.waiters--
	return err
}

// flush waits until what is queued now is finished for each connection.
func (uc *UserContext) flush(ctx context.Context) error {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	type target struct {
		c *Conn
		n uint64
	}
	var targets []target
	for _, c := range uc.conns {
		if c.finished < c.enqueued {
			targets = append(targets, target{c, c.enqueued})
		}
	}
	for _, t := range targets {
		for t.c.finished < t.n {
			if err := uc.waitOnceLocked(ctx); err != nil {
				return fmt.Errorf("wsmig: flush: %w", err)
			}
		}
	}
	return nil
}

// joinErr keeps the first error that matters more than nobody being there.
func joinErr(a, b error) error {
	if a == nil || errors.Is(a, ErrNoConnection) {
		return b
	}
	return a
}
