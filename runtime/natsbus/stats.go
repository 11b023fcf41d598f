package natsbus

import (
	"sync/atomic"
	"time"
)

// Stats counts since the bus was made. Published = Stored + Failed + those under way. What was stored for somebody on
// this node is Delivered, once, or lies in a gap that was told (Gaps), or is still to come.
type Stats struct {
	Published, Stored, Failed uint64
	// Retried counts attempts after the first, Duplicates those of them that the history had already.
	Retried, Duplicates uint64
	// Delivered messages were handed to the factory, Recovered are those of them that came by catching up.
	Delivered, Recovered uint64
	// Repeated messages came a second time and were left out; Foreign ones were for somebody else than their subject, or
	// not of this version, and were left out.
	Repeated, Foreign uint64
	// Gaps were told to clients because the history did not have what was missed; Reopened counts how often all clients
	// were made to come back.
	Gaps, Reopened uint64
	// CatchUps counts how often this node read the history because something may have passed it by; the last one took
	// LastCatchUp. SlowConsumer counts how often the buffer overflowed.
	CatchUps, SlowConsumer uint64
	LastCatchUp            time.Duration
	// Subscriptions of this node, and nodes that are known to live, this one included.
	Subscriptions, Nodes int
	Position             uint64
}

type counters struct {
	published, stored, failed, retried, duplicates, delivered, recovered, repeated, foreign, gaps, reopened, catchUps, slow atomic.Uint64
	lastCatchUp                                                                                                             atomic.Int64
}

// Stats gives the counters.
func (b *Bus) Stats() Stats {
	b.mu.Lock()
	ears := len(b.ears)
	b.mu.Unlock()
	c := &b.stats
	return Stats{
		Published: c.published.Load(), Stored: c.stored.Load(), Failed: c.failed.Load(), Retried: c.retried.Load(), Duplicates: c.duplicates.Load(),
		Delivered: c.delivered.Load(), Recovered: c.recovered.Load(), Repeated: c.repeated.Load(), Foreign: c.foreign.Load(),
		Gaps: c.gaps.Load(), Reopened: c.reopened.Load(), CatchUps: c.catchUps.Load(), SlowConsumer: c.slow.Load(),
		LastCatchUp: time.Duration(c.lastCatchUp.Load()), Subscriptions: ears, Nodes: b.peers.others(time.Now()) + 1, Position: b.position.Load(),
	}
}
