package history

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	delayShards  = 16
	delayBuckets = 30 * 4 // powers of two of a microsecond, each in four steps
	minDelays    = 50
)

// delays compares how long events take while nobody is faulted with how long they
// take those who are not, while somebody is.
type delays struct {
	shards [delayShards]struct {
		calm, stalled [delayBuckets]atomic.Uint64
	}
}

func (d *delays) add(id ConnID, delay time.Duration, stalled bool) {
	s := &d.shards[id%delayShards]
	if stalled {
		s.stalled[delayBucket(delay)].Add(1)
	} else {
		s.calm[delayBucket(delay)].Add(1)
	}
}

func delayBucket(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 4))
	e := bits.Len64(us) - 1
	return min((e-2)*4+int(us>>(e-2)&3), delayBuckets-1)
}

func bucketTop(i int) time.Duration {
	e := i/4 + 2
	return time.Duration(uint64(4+i%4+1)<<(e-2)) * time.Microsecond
}

// Interference compares the delays of users who are not faulted while nobody is
// (Calm, the 99th percentile) with those while somebody is (Stalled, the 90th: a
// hiccup of the machine in the short time of a stall must not look like one of the
// server), with the numbers of receipts.
type Interference struct {
	Calm, Stalled   time.Duration
	CalmN, StalledN uint64
}

// Noticed reports whether the stall of some was felt by others: ten times the
// calm delay and at least 100 ms more, over 50 receipts each.
func (i Interference) Noticed() bool {
	return i.CalmN >= minDelays && i.StalledN >= minDelays && i.Stalled > 10*i.Calm && i.Stalled > i.Calm+100*time.Millisecond
}

func (d *delays) compare() (i Interference) {
	var calm, stalled [delayBuckets]uint64
	for s := range d.shards {
		for b := range delayBuckets {
			calm[b] += d.shards[s].calm[b].Load()
			stalled[b] += d.shards[s].stalled[b].Load()
		}
	}
	i.Calm, i.CalmN = percentile(&calm, 99)
	i.Stalled, i.StalledN = percentile(&stalled, 90)
	return i
}

func percentile(h *[delayBuckets]uint64, percent uint64) (top time.Duration, n uint64) {
	for _, v := range h {
		n += v
	}
	seen := uint64(0)
	for i, v := range h {
		if seen += v; n > 0 && seen*100 >= n*percent {
			return bucketTop(i), n
		}
	}
	return 0, n
}
