package digest

import "math"

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
// their split would be if the rates were equal (exact conditional test).
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
	case binomialAtMost(kAfter, total, share) < significance:
		return Better
	case binomialAtMost(kBefore, total, 1-share) < significance:
		return Worse
	}
	if kBefore == kAfter && nBefore == nAfter {
		return Same
	}
	return NoEvidence
}

// binomialAtMost is P(X <= k) for X ~ Bin(n, p). Above a million trials the sum
// is replaced by the normal approximation, which is exact to four digits there.
func binomialAtMost(k, n uint64, p float64) float64 {
	if k >= n || p <= 0 {
		return 1
	}
	if p >= 1 {
		return 0
	}
	if n > 1_000_000 {
		mean, deviation := float64(n)*p, math.Sqrt(float64(n)*p*(1-p))
		return 0.5 * math.Erfc((mean-float64(k)-0.5)/(deviation*math.Sqrt2))
	}
	logN, _ := math.Lgamma(float64(n) + 1)
	sum := 0.0
	for i := uint64(0); i <= k; i++ {
		logI, _ := math.Lgamma(float64(i) + 1)
		logRest, _ := math.Lgamma(float64(n-i) + 1)
		sum += math.Exp(logN - logI - logRest + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return math.Min(sum, 1)
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
