package history

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestTrackerAgreesWithASet holds the constant-space memory against a map, as long
// as there are few enough holes to be exact.
func TestTrackerAgreesWithASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tr tracker
		seen := map[uint64]bool{}
		next := uint64(1)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			seq := next
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				seq = rapid.Uint64Range(1, next).Draw(t, "old")
			case 1:
				next += rapid.Uint64Range(1, 700).Draw(t, "jump")
				seq = next
			}
			require.Equal(t, !seen[seq], tr.add(seq), "add %d", seq)
			seen[seq] = true
			require.True(t, tr.has(seq))
			next = max(next, seq+1)
		}
		lo, hi := rapid.Uint64Range(1, next).Draw(t, "lo"), rapid.Uint64Range(1, next+300).Draw(t, "hi")
		got := map[uint64]bool{}
		tr.missing(lo, hi, func(s span) {
			for seq := s.lo; seq <= s.hi; seq++ {
				require.False(t, got[seq], "%d twice", seq)
				got[seq] = true
			}
		})
		for seq := lo; seq <= hi; seq++ {
			require.Equal(t, !seen[seq], got[seq], "missing %d", seq)
			require.Equal(t, seen[seq], tr.has(seq), "has %d", seq)
		}
	})
}

// TestTrackerStaysSmall drops every other event: far more holes than it keeps.
func TestTrackerStaysSmall(t *testing.T) {
	var tr tracker
	const n = 100_000
	for seq := uint64(2); seq <= n; seq += 2 {
		require.True(t, tr.add(seq))
	}
	require.LessOrEqual(t, len(tr.holes()), maxHoles)
	missing := tr.gaps.spill.missing
	tr.missing(1, n, func(s span) { missing += s.hi - s.lo + 1 })
	require.Equal(t, uint64(n/2), missing, "none is forgotten")
	require.False(t, tr.add(n))
	require.True(t, tr.add(n-1))
}
