package history

import "math/bits"

const (
	window   = 256
	words    = window / 64
	maxHoles = 64
)

// span is the closed interval of sequence numbers lo..hi.
type span struct{ lo, hi uint64 }

// tracker remembers which of 1, 2, 3... were seen, in constant space: a window of
// 256 bits and, below it, a bounded list of holes. Beyond that list the oldest
// hole is kept only as a number of missing ones within a range.
type tracker struct {
	base uint64 // a multiple of 64; below it all is seen except what is in gaps
	max  uint64
	bits [words]uint64
	gaps *gaps // nil while there is none, as in most of the many trackers of a run
}

type gaps struct {
	holes []span
	spill struct {
		span
		missing uint64
	}
}

func (t *tracker) holes() []span {
	if t.gaps == nil {
		return nil
	}
	return t.gaps.holes
}

// add marks seq (from 1 on) as seen and reports whether it was new.
func (t *tracker) add(seq uint64) bool {
	if seq < t.base {
		return t.fillHole(seq)
	}
	if seq >= t.base+window {
		t.slide(seq)
	}
	i := seq - t.base
	w, b := i/64, uint64(1)<<(i%64)
	if t.bits[w]&b != 0 {
		return false
	}
	t.bits[w] |= b
	t.max = max(t.max, seq)
	return true
}

// has reports whether seq was seen; for the range of spilled holes, where that is
// no longer known, it says yes.
func (t *tracker) has(seq uint64) bool {
	if seq >= t.base+window {
		return false
	}
	if seq >= t.base {
		i := seq - t.base
		return t.bits[i/64]&(1<<(i%64)) != 0
	}
	for _, h := range t.holes() {
		if seq >= h.lo && seq <= h.hi {
			return false
		}
	}
	return true
}

// slide moves the window up so that seq is in its last word.
func (t *tracker) slide(seq uint64) {
	to := seq/64*64 - (window - 64)
	for t.base < to {
		t.leave(t.base, t.bits[0])
		copy(t.bits[:], t.bits[1:])
		t.bits[words-1] = 0
		t.base += 64
		if t.bits == ([words]uint64{}) && t.base < to {
			t.addHole(span{t.base, to - 1})
			t.base = to
		}
	}
}

// leave turns the unset bits of a word that falls out of the window into holes.
func (t *tracker) leave(base, word uint64) {
	if base == 0 {
		word |= 1 // there is no number 0
	}
	for rest := ^word; rest != 0; {
		lo := bits.TrailingZeros64(rest)
		run := bits.TrailingZeros64(^(rest >> lo))
		t.addHole(span{base + uint64(lo), base + uint64(lo+run) - 1})
		if lo+run >= 64 {
			return
		}
		rest &^= (1<<run - 1) << lo
	}
}

func (t *tracker) addHole(h span) {
	h.lo = max(h.lo, 1)
	if t.gaps == nil {
		t.gaps = &gaps{}
	}
	if n := len(t.gaps.holes); n > 0 && t.gaps.holes[n-1].hi+1 == h.lo {
		t.gaps.holes[n-1].hi = h.hi
		return
	}
	if len(t.gaps.holes) == maxHoles {
		t.spillOldest()
	}
	t.gaps.holes = append(t.gaps.holes, h)
}

func (t *tracker) spillOldest() {
	old := t.gaps.holes[0]
	if t.gaps.spill.missing == 0 {
		t.gaps.spill.lo = old.lo
	}
	t.gaps.spill.hi = old.hi
	t.gaps.spill.missing += old.hi - old.lo + 1
	t.gaps.holes = append(t.gaps.holes[:0], t.gaps.holes[1:]...)
}

func (t *tracker) fillHole(seq uint64) bool {
	for i, h := range t.holes() {
		if seq < h.lo || seq > h.hi {
			continue
		}
		switch {
		case h.lo == h.hi:
			t.gaps.holes = append(t.gaps.holes[:i], t.gaps.holes[i+1:]...)
		case seq == h.lo:
			t.gaps.holes[i].lo++
		case seq == h.hi:
			t.gaps.holes[i].hi--
		default:
			t.split(i, seq)
		}
		return true
	}
	if t.gaps != nil && t.gaps.spill.missing > 0 && seq >= t.gaps.spill.lo && seq <= t.gaps.spill.hi {
		t.gaps.spill.missing--
		return true
	}
	return false
}

func (t *tracker) split(i int, seq uint64) {
	right := span{seq + 1, t.gaps.holes[i].hi}
	t.gaps.holes[i].hi = seq - 1
	if len(t.gaps.holes) == maxHoles {
		t.spillOldest()
		i--
	}
	t.gaps.holes = append(t.gaps.holes, span{})
	copy(t.gaps.holes[i+2:], t.gaps.holes[i+1:])
	t.gaps.holes[i+1] = right
}

// missing calls yield for each run of unseen numbers in lo..hi, by rising number.
// Spilled holes are not among them.
func (t *tracker) missing(lo, hi uint64, yield func(span)) {
	for _, h := range t.holes() {
		if a, b := max(h.lo, lo), min(h.hi, hi); a <= b {
			yield(span{a, b})
		}
	}
	start := uint64(0)
	for seq := max(lo, t.base, 1); seq <= min(hi, t.max); seq++ {
		switch seen := t.has(seq); {
		case !seen && start == 0:
			start = seq
		case seen && start != 0:
			yield(span{start, seq - 1})
			start = 0
		}
	}
	if start == 0 {
		start = max(lo, t.max+1)
	}
	if start <= hi {
		yield(span{start, hi})
	}
}
