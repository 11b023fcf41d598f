package digest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFewer(t *testing.T) {
	tests := []struct {
		name                           string
		kBefore, nBefore, kAfter, nAft uint64
		want                           Word
	}{
		{"caught and held", 17, 5_000, 0, 4_990, Better},
		{"the other way round", 0, 5_000, 17, 5_000, Worse},
		{"one leak could be chance", 1, 5_000, 0, 5_000, NoEvidence},
		{"six could hardly", 7, 5_000, 0, 5_000, Better},
		{"clean on both sides", 0, 5_000, 0, 5_000, Same},
		{"clean, but on too few to tell", 0, 5_000, 0, 10, NoEvidence},
		{"nothing delivered", 3, 5_000, 0, 0, NoEvidence},
		{"equal rates of unequal runs", 10, 1_000, 100, 10_000, NoEvidence},
		{"the same file twice", 17, 5_000, 17, 5_000, Same},
		{"a few trials with the rate of many", 500, 1_000_000, 1, 20, Worse},
	}
	for _, test := range tests {
		require.Equal(t, test.want, fewer(test.kBefore, test.nBefore, test.kAfter, test.nAft), test.name)
	}
}

// TestJudgementsAreFair holds for any counts: swapping the two sides swaps the
// word, and more of the bad thing after never reads as better.
func TestJudgementsAreFair(t *testing.T) {
	opposite := map[Word]Word{Better: Worse, Worse: Better, Same: Same, NoEvidence: NoEvidence}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, 100_000).Draw(t, "n")
		a := rapid.Uint64Range(0, n).Draw(t, "a")
		b := rapid.Uint64Range(0, n).Draw(t, "b")
		if got, want := fewer(b, n, a, n), opposite[fewer(a, n, b, n)]; got != want {
			t.Fatalf("%d and %d of %d: %q one way, %q expected the other", a, b, n, got, want)
		}
		if b >= a && fewer(a, n, b, n) == Better {
			t.Fatalf("%d, then %d of %d called better", a, b, n)
		}
	})
}

func TestSmallerNeedsMoreThanNoise(t *testing.T) {
	require.Equal(t, NoEvidence, smaller(200, 280, 1.5))
	require.Equal(t, Worse, smaller(200, 301, 1.5))
	require.Equal(t, Better, smaller(301, 200, 1.5))
	require.Equal(t, Same, smaller(200, 200, 1.5))
	require.Equal(t, NoEvidence, smaller(0, 200, 1.5), "nothing was measured before")
	require.Equal(t, NoEvidence, smaller(math.NaN(), 200, 1.5))
}
