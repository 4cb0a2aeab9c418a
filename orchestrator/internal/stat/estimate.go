package stat

import (
	"math"
	"slices"
)

// Confidence is the level of every interval: that of a variant's own figure, and
// that of all comparisons of a column together.
const Confidence = 0.95

// Estimate is a figure over N repetitions. With N = 0 nothing was measured and
// the other fields mean nothing.
type Estimate struct {
	Center float64
	// Lo and Hi bound the 95 % interval of Center; without Interval they are 0.
	Lo, Hi   float64
	Interval bool
	N        int
}

// Summarize gives the median of values and, from 6 values on, an interval for it
// that assumes nothing about their distribution: it reaches from one of the
// values to another. NaN and infinite values count as not measured.
//
// Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd
// ed., section 3.6 (the interval that belongs to the sign test).
func Summarize(values []float64) Estimate {
	kept := measured(values)
	estimate := Estimate{N: len(kept)}
	if estimate.N == 0 {
		return estimate
	}
	slices.Sort(kept)
	estimate.Center = sortedQuantile(kept, 0.5)
	if k := signCut(estimate.N, 1-Confidence); k > 0 {
		estimate.Lo, estimate.Hi, estimate.Interval = kept[k-1], kept[estimate.N-k], true
	}
	return estimate
}

// measured gives a copy of values without those that are NaN or infinite.
func measured(values []float64) []float64 {
	kept := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			kept = append(kept, v)
		}
	}
	return kept
}

// signCut gives the greatest k such that the interval from the k-th least to the
// k-th greatest of n values misses their median with a probability of no more
// than alpha; 0 if even the whole range misses it more often. How many values lie
// below the median is binomial with n and 1/2, so the k-th least lies above it
// with the probability of fewer than k.
func signCut(n int, alpha float64) int {
	all, _ := math.Lgamma(float64(n + 1))
	below := 0.0
	for k := 0; ; k++ {
		chosen, _ := math.Lgamma(float64(k + 1))
		left, _ := math.Lgamma(float64(n - k + 1))
		// By logarithms, for 2⁻ⁿ is nothing to a float64 from n = 1075 on.
		below += math.Exp(all - chosen - left - float64(n)*math.Ln2)
		if 2*below > alpha {
			return k
		}
	}
}
