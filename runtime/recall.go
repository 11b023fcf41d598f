package runtime

import (
	"context"
	"fmt"
	"slices"
)

// recollection is what a connection that is about to become ready gets out of a shared history.
type recollection struct {
	BusHistory
	epoch string
	token bool   // the client asked to resume
	upto  uint64 // what comes after it is in recent, or still comes
	since uint64 // Factory.reopened before any of this was read
}

// recent keeps what is delivered to a user while the history is read for a connection that is not ready yet: the two
// together are without a hole.
type recent struct {
	readers  int
	messages []message
	full     bool
}

// recentEvents bounds what is kept; what is over it becomes a gap for the connection that resumes.
const recentEvents = 4096

func (r *recent) keep(m *message) {
	switch {
	case r.readers == 0:
	case len(r.messages) == recentEvents:
		r.full = true
	default:
		kept := *m
		kept.data = slices.Clone(m.data)
		r.messages = append(r.messages, kept)
	}
}

// keepRecentLocked keeps a message if somebody reads the history.
func (uc *UserContext) keepRecentLocked(m *message) {
	if uc.rare != nil {
		uc.rare.recent.keep(m)
	}
}

func (r *recent) release() {
	if r.readers--; r.readers == 0 {
		*r = recent{}
	}
}

// appearFor makes the connection ready. With a shared history, what the client missed is read first, without any lock.
func (h *handshake) appearFor(c *Conn, sc *scratch, token string) error {
	if c.uc.f.history == nil {
		return c.appear(sc, token, nil)
	}
	since := c.uc.f.reopened.Load()
	uc, epoch := c.uc, c.uc.f.history.Epoch()
	uc.mu.Lock()
	uc.seldomLocked().recent.readers++
	seen := uint64(0)
	if uc.backlog != nil && uc.backlog.epoch == epoch {
		seen = uc.backlog.seq
	}
	uc.mu.Unlock()
	past, err := h.recall(c, token, seen)
	if err == nil {
		past.since = since
		err = c.appear(sc, token, past)
	}
	uc.mu.Lock()
	uc.rare.recent.release()
	uc.mu.Unlock()
	return err
}

func (h *handshake) recall(c *Conn, token string, seen uint64) (*recollection, error) {
	f := c.uc.f
	past := &recollection{epoch: f.history.Epoch(), upto: max(seen, f.history.Position())}
	if token == "" || f.opts.Framing == Raw {
		return past, nil
	}
	past.token = true
	epoch, last, ok := parseResume(token)
	if !ok || epoch != past.epoch {
		past.Reason = "epoch"
		if !ok {
			past.Reason = "malformed"
		}
		past.GapFrom, past.GapTo = min(1, past.upto), past.upto
		return past, nil
	}
	ctx := context.Background()
	if h.r != nil {
		ctx = h.r.Context()
	}
	ctx, cancel := context.WithDeadline(ctx, h.deadline)
	defer cancel()
	var err error
	if past.BusHistory, err = f.history.History(ctx, c.uc.user, f.roomsOf(c.uc.user), last, past.upto); err != nil {
		return nil, fmt.Errorf("%w: %w", errBus, err)
	}
	if past.Reason == "" {
		past.upto = max(past.upto, last) // the client may be ahead of this node
	}
	return past, nil
}

// recallLocked queues what the client missed. Events of another user can't be in a history that was asked for by this
// one; if they are, they are left out, counted and kept as evidence.
func (c *Conn) recallLocked(sc *scratch, past *recollection) {
	uc := c.uc
	if past.Reason != "" {
		c.tellLocked(sc, gap{set: true, from: past.GapFrom, to: past.GapTo}, past.Reason)
	}
	for _, m := range past.Events {
		uc.f.decode(sc, m)
		if m.User != uc.user && !m.Broadcast {
			uc.violationLocked(sc, c, entry{owner: c.owner, typ: sc.msg.typ})
			continue
		}
		if sc.msg.stream {
			c.repeatLocked(sc)
		}
	}
	last := past.upto
	recent := &uc.knownLocked().recent
	for _, m := range recent.messages {
		if m.seq > past.upto {
			sc.msg, last = m, max(last, m.seq)
			c.repeatLocked(sc)
		}
	}
	if recent.full {
		c.tellLocked(sc, gap{set: true, from: last + 1, to: uc.backlog.seq}, "overflow")
	}
}

func (c *Conn) tellLocked(sc *scratch, g gap, reason string) {
	c.pushLocked(sc, g.frame(reason), entry{kind: kindControl})
}
