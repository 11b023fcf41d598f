package drive

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	latencyShards = 8
	latencyMost   = int64(5 * time.Minute / time.Microsecond)
	latencyDigits = 2
)

// latency records how long events take, from the moment that the plan wanted them
// and from the moment they were sent.
type latency struct {
	shards [latencyShards]struct {
		mu             sync.Mutex
		intended, sent *hdrhistogram.Histogram
		_              [64]byte // readers of different shards share no cache line
	}
}

func (l *latency) add(conn uint32, delays []delay) {
	if len(delays) == 0 {
		return
	}
	s := &l.shards[conn%latencyShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.intended == nil {
		s.intended = hdrhistogram.New(1, latencyMost, latencyDigits)
		s.sent = hdrhistogram.New(1, latencyMost, latencyDigits)
	}
	for _, d := range delays {
		record(s.intended, d.intended)
		record(s.sent, d.sent)
	}
}

// delay is how long one event took, from the moment that the plan wanted it and
// from the moment it was sent.
type delay struct{ intended, sent time.Duration }

func record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(int64(d/time.Microsecond), 1), latencyMost)) // within its bounds by construction
}

// Latency returns the two distributions over all connections, in microseconds:
// from the intended moment, and from the actual one.
func (d *Driver) Latency() (intended, sent *hdrhistogram.Histogram) {
	intended = hdrhistogram.New(1, latencyMost, latencyDigits)
	sent = hdrhistogram.New(1, latencyMost, latencyDigits)
	for i := range d.latency.shards {
		s := &d.latency.shards[i]
		s.mu.Lock()
		if s.intended != nil {
			intended.Merge(s.intended)
			sent.Merge(s.sent)
		}
		s.mu.Unlock()
	}
	return intended, sent
}

// heard counts what arrives, to tell a server that is busy from one that is stuck.
type heard struct {
	shards [latencyShards]struct {
		n atomic.Uint64
		_ [56]byte
	}
}

func (h *heard) add(conn uint32, n uint64) { h.shards[conn%latencyShards].n.Add(n) }

func (h *heard) sum() (n uint64) {
	for i := range h.shards {
		n += h.shards[i].n.Load()
	}
	return n
}
