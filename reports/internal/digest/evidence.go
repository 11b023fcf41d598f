package digest

import "github.com/wsmig/wsmig/loadtest/history"

// Word says what a difference is worth.
type Word string

// The words. None stands where there is nothing to compare.
const (
	None       Word = ""
	Better     Word = "better"
	Worse      Word = "worse"
	Same       Word = "same"
	NoEvidence Word = "no evidence"
)

// significance is the chance that two equal servers are told apart. A comparison
// has about ten rows, so 5 % in each would cry wolf in every second one.
const significance = 0.01

// fewer judges counts of something bad: k of n before, k of n after. Both are
// taken as counts of independent events, and the question is how surprising
// their split would be if the rates were equal: it counts when the share of
// trials on the one side lies above the limit that its share of cases allows.
func fewer(kBefore, nBefore, kAfter, nAfter uint64) Word {
	switch {
	case nBefore == 0 || nAfter == 0:
		return NoEvidence
	case kBefore == 0 && kAfter == 0:
		if nAfter >= nBefore/2 {
			return Same
		}
		return NoEvidence
	}
	share := float64(nAfter) / (float64(nAfter) + float64(nBefore))
	switch total := kBefore + kAfter; {
	case share > history.UpperBound(kAfter, total, 1-significance):
		return Better
	case 1-share > history.UpperBound(kBefore, total, 1-significance):
		return Worse
	}
	if kBefore == kAfter && nBefore == nAfter {
		return Same
	}
	return NoEvidence
}

// smaller judges single measurements of which less is better. They carry no
// spread of their own, so only a change by more than the noise factor counts.
func smaller(before, after, noise float64) Word {
	switch {
	case !(before > 0) || !(after > 0):
		return NoEvidence
	case before == after:
		return Same
	case after > before*noise:
		return Worse
	case after*noise < before:
		return Better
	}
	return NoEvidence
}

// exactly judges counts that are facts, not samples: what is left after close.
func exactly(before, after uint64) Word {
	switch {
	case after < before:
		return Better
	case after > before:
		return Worse
	}
	return Same
}
