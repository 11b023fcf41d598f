package runtime

import (
	"slices"
	"time"
)

// DropReason says why a copy of an event was not delivered.
type DropReason string

// The reasons.
const (
	ReasonNoConnection DropReason = "no_connection" // the user had no ready connection
	ReasonOverflow     DropReason = "overflow"      // the connection's queue was full
	ReasonCanceled     DropReason = "canceled"      // Block: the caller's context ended before there was room
	ReasonDisconnected DropReason = "disconnected"  // the connection ended with the event in its queue
	ReasonClosed       DropReason = "closed"        // the server closed the connection and the queue was not empty in time
	ReasonRevoked      DropReason = "revoked"       // the user was revoked
	ReasonShutdown     DropReason = "shutdown"      // Shutdown ran out of time
	ReasonOwner        DropReason = "owner"         // the connection belonged to another user
)

type dropIndex uint8

const (
	dropNoConnection dropIndex = iota
	dropOverflow
	dropCanceled
	dropDisconnected
	dropClosed
	dropRevoked
	dropShutdown
	dropOwner
	dropKinds
)

var dropReasons = [dropKinds]DropReason{ReasonNoConnection, ReasonOverflow, ReasonCanceled, ReasonDisconnected,
	ReasonClosed, ReasonRevoked, ReasonShutdown, ReasonOwner}

// Stats is one consistent look at a factory. Emitted = Delivered + Queued + InFlight + the sum of Dropped, always:
// an emit to a user with k ready connections is k emitted copies, one to a user with none is one copy dropped as
// no_connection, and a copy that a resuming client gets from the ring is one more.
type Stats struct {
	// Users counts the users that have a context now, Conns the connections (handshakes under way included).
	Users, Conns int
	// Emitters are the handles of Factory.Emitter (those of For not counted); contexts are per user.
	EmittersCreated, EmittersActive, ContextsCreated, ContextsActive, ContextsClosed uint64
	// Delivered copies were written to a socket whole.
	Emitted, Delivered, Queued, InFlight uint64
	// Dropped has each reason that occurred.
	Dropped map[DropReason]uint64
	// IsolationViolations counts events that met a connection of another user and were stopped.
	IsolationViolations uint64
	// JanitorLastRun is when time-outs were last looked at; it moves as long as the factory lives.
	JanitorLastRun time.Time

	// ConnsReady counts the connections that can receive. ConnsOpened and ConnsClosed count since the start.
	ConnsReady               int
	ConnsOpened, ConnsClosed uint64
	// Replayed counts the copies that resuming clients got from the ring; Resumable the absent users whose ring is kept.
	Replayed  uint64
	Resumable int
	// Rooms counts the rooms that have members.
	Rooms int
	// Writes counts the system calls (or Write calls) that carried Delivered; BytesWritten their bytes.
	Writes, BytesWritten uint64
	// Inbound counts messages from clients, Refused handshakes that were turned away, Panics those caught in callbacks.
	Inbound, Refused, Panics uint64
}

// UserStats is the same for one user, since that user's context was created.
type UserStats struct {
	User     UserID
	Conns    int // that are ready
	Emitters int // that are open
	// What Stats says of all.
	Emitted, Delivered, Queued, InFlight uint64
	Dropped                              map[DropReason]uint64
	IsolationViolations                  uint64
	// ByType splits by the event's type; what EmitRaw sent is under "raw". After 1,024 types in one factory, further
	// ones are counted as "other".
	ByType map[string]TypeStats
}

// TypeStats counts the copies of one type of event; what is neither delivered nor dropped is queued or in flight.
type TypeStats struct{ Emitted, Delivered, Dropped uint64 }

// tally counts. In a user's context the first four are worked out when asked for, from the counts by type and from the
// queues themselves (see countsLocked); in the sum over contexts that are gone all are kept.
type tally struct {
	emitted, delivered, queued, inflight uint64
	dropped                              [dropKinds]uint64
	violations                           uint64
	writes, written                      uint64
	replayed, inbound                    uint64
}

// countsLocked gives one user's counts. What is queued and in flight is what the queues hold, not what some counter
// says they hold, so that the law of conservation is a check and no definition.
func (uc *UserContext) countsLocked() tally {
	t := uc.knownLocked().tally
	t.writes, t.written = uc.writes, uc.written
	for i := range uc.types {
		t.emitted += uc.types[i].Emitted
		t.delivered += uc.types[i].Delivered
	}
	for _, c := range uc.conns {
		if c.owner != uc.owner {
			continue // its queue is not this lock's
		}
		if c.queue != nil {
			t.queued += uint64(c.queue.events)
		}
		if c.flight != nil {
			t.inflight += uint64(c.flight.events)
		}
	}
	return t
}

func (t *tally) add(o *tally) {
	t.emitted += o.emitted
	t.delivered += o.delivered
	t.queued += o.queued
	t.inflight += o.inflight
	for i := range t.dropped {
		t.dropped[i] += o.dropped[i]
	}
	t.violations += o.violations
	t.writes += o.writes
	t.written += o.written
	t.replayed += o.replayed
	t.inbound += o.inbound
}

func (t *tally) reasons() map[DropReason]uint64 {
	m := make(map[DropReason]uint64)
	for i, n := range t.dropped {
		if n > 0 {
			m[dropReasons[i]] = n
		}
	}
	return m
}

// Stats adds up all users. It takes each user's lock for a moment: cheap enough to scrape, not to call per event.
func (f *Factory) Stats() Stats {
	var t tally
	s := Stats{
		EmittersCreated: f.emittersCreated.Load(),
		ContextsCreated: f.contextsCreated.Load(),
		ContextsClosed:  f.contextsClosed.Load(),
		Users:           int(f.users.Load()),
		Conns:           int(f.conns.Load()),
		ConnsOpened:     f.connsOpened.Load(),
		ConnsClosed:     f.connsClosed.Load(),
		Refused:         f.refused.Load(),
		Panics:          f.panics.Load(),
		Rooms:           f.rooms.len(),
		JanitorLastRun:  f.janitorLastRun(),
	}
	for i := range f.shards {
		f.shards[i].stats(&t, &s)
	}
	s.EmittersActive = s.EmittersCreated - f.emittersClosed.Load()
	s.ContextsActive = s.ContextsCreated - s.ContextsClosed
	s.Emitted, s.Delivered, s.Queued, s.InFlight = t.emitted, t.delivered, t.queued, t.inflight
	s.Dropped, s.IsolationViolations = t.reasons(), t.violations
	s.Replayed, s.Writes, s.BytesWritten, s.Inbound = t.replayed, t.writes, t.written, t.inbound
	return s
}

func (s *shard) stats(t *tally, st *Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.add(&s.closed)
	st.Resumable += len(s.parked)
	for _, uc := range s.users {
		uc.addTo(t, st)
	}
	for uc := range s.leaving {
		uc.addTo(t, st)
	}
}

func (uc *UserContext) addTo(t *tally, st *Stats) {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	counts := uc.countsLocked()
	t.add(&counts)
	for _, c := range uc.conns {
		if c.state == StateReady {
			st.ConnsReady++
		}
	}
}

// UserStats gives the counters of one user; false if that user has no context now.
func (f *Factory) UserStats(user UserID) (UserStats, bool) {
	uc := f.shardOf(user).find(user)
	if uc == nil {
		return UserStats{}, false
	}
	uc.mu.Lock()
	defer uc.mu.Unlock()
	n := uc.countsLocked()
	s := UserStats{
		User: user, Conns: uc.readyLocked(), Emitters: int(uc.emitters),
		Emitted: n.emitted, Delivered: n.delivered, Queued: n.queued, InFlight: n.inflight,
		Dropped: n.reasons(), IsolationViolations: n.violations,
		ByType: make(map[string]TypeStats, len(uc.types)),
	}
	names := f.types.names()
	for i := range uc.types {
		s.ByType[names[uc.types[i].typ]] = uc.types[i].TypeStats
	}
	return s, true
}

// ByUser gives the counters of every user that has a context now.
func (f *Factory) ByUser() map[UserID]UserStats {
	all := make(map[UserID]UserStats)
	for i := range f.shards {
		for _, user := range f.shards[i].names() {
			if s, ok := f.UserStats(user); ok {
				all[user] = s
			}
		}
	}
	return all
}

// DropReasons lists the reasons in a fixed order.
func DropReasons() []DropReason { return slices.Clone(dropReasons[:]) }
