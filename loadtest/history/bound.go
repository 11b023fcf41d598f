package history

import "math"

// UpperBound is the exact (Clopper-Pearson) one-sided upper limit of a rate of
// which k cases in n were seen: with the given confidence, such as 0.95, the true
// rate is not higher. It is 1 when n is 0, and about 3/n for k = 0 at 0.95. It
// assumes that cases are independent, which leaks of one race are not: give it
// for the smaller of deliveries and opportunities.
func UpperBound(k, n uint64, confidence float64) float64 {
	if n == 0 || k >= n {
		return 1
	}
	if k == 0 {
		return -math.Expm1(math.Log1p(-confidence) / float64(n))
	}
	lo, hi := float64(k)/float64(n), 1.0
	for range 200 {
		mid := (lo + hi) / 2
		if binomialTail(k, n, mid) > 1-confidence {
			lo = mid
		} else {
			hi = mid
		}
		if hi-lo < 1e-12*hi {
			break
		}
	}
	return hi
}

// binomialTail is the probability of at most k cases in n at rate p, which is the
// regularized incomplete beta function I(1-p; n-k, k+1).
func binomialTail(k, n uint64, p float64) float64 {
	return incompleteBeta(1-p, float64(n-k), float64(k+1))
}

// incompleteBeta is the regularized incomplete beta function, by its continued
// fraction on the side where that converges fast.
func incompleteBeta(x, a, b float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	if x > (a+1)/(a+b+2) {
		return 1 - incompleteBeta(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	return front * betaFraction(x, a, b) / a
}

// betaFraction evaluates the continued fraction from its front by the modified
// Lentz method.
func betaFraction(x, a, b float64) float64 {
	const tiny = 1e-300
	away := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	sum := d
	for m := 1.0; m < 10000; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/away(1+even*d), away(1+even/c)
		sum *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/away(1+odd*d), away(1+odd/c)
		sum *= d * c
		if math.Abs(d*c-1) < 1e-15 {
			break
		}
	}
	return sum
}
