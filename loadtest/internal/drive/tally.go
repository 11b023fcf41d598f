package drive

import (
	mathbits "math/bits"
	"sync"
)

// tally follows which of a stream's events are due and have not arrived. It has a
// lock of its own, that is never held while anything is sent: readers take it.
type tally struct {
	mu      sync.Mutex
	base    uint64 // events up to here are settled
	due     bits
	seen    bits
	missing int
	got     uint64 // that arrived
	newest  uint64 // highest number that did
}

type bits []uint64

func (b *bits) set(i uint64) (already bool) {
	w, m := int(i/64), uint64(1)<<(i%64)
	for len(*b) <= w {
		*b = append(*b, 0)
	}
	already = (*b)[w]&m != 0
	(*b)[w] |= m
	return already
}

func (b bits) has(i uint64) bool { return int(i/64) < len(b) && b[i/64]&(1<<(i%64)) != 0 }

// owe notes that an event must arrive.
func (t *tally) owe(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.due.set(seq-t.base) && !t.seen.has(seq-t.base) {
		t.missing++
	}
}

// arrive notes that an event did, for the first time; many: for one of several.
func (t *tally) arrive(seq uint64, many bool) {
	t.mu.Lock()
	t.got++
	t.newest = max(t.newest, seq)
	if !many && seq > t.base && !t.seen.set(seq-t.base) && t.due.has(seq-t.base) {
		t.missing--
	}
	t.mu.Unlock()
}

// arrived is how many events have.
func (t *tally) arrived() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.got
}

// last is the highest number that has arrived.
func (t *tally) last() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.newest
}

// forgive lists what is due and has not arrived, and no longer expects it.
func (t *tally) forgive() (seqs []uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for w, word := range t.due {
		for rest := word; rest != 0; rest &= rest - 1 {
			i := uint64(w*64 + mathbits.TrailingZeros64(rest))
			if !t.seen.set(i) {
				seqs = append(seqs, t.base+i)
			}
		}
	}
	t.missing = 0
	return seqs
}

func (t *tally) left() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.missing
}

// settle forgets the events up to seq.
func (t *tally) settle(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.base, t.due, t.seen, t.missing = seq, t.due[:0], t.seen[:0], 0
	if cap(t.due) > 16 {
		t.due, t.seen = nil, nil
	}
}
