package stat

import (
	"math"
	"slices"
)

// exactRanks is the number of values up to which the distribution of the
// signed-rank statistic is computed exactly. It bounds the work, which grows
// with the third power, to a few milliseconds.
const exactRanks = 200

// touching is how far from 0 a bound may lie and still count as 0. Logarithms
// of what a machine can hold are rounded to 1e-13 at worst. Where values are
// whole pages, pairs often cancel exactly, and the rounding of their logarithms
// must not decide on which side of 0 they fall.
const touching = 1e-12

// signedRank estimates the centre of symmetry of values: the median of their
// Walsh averages (the Hodges-Lehmann estimator, or pseudomedian) and, if there
// are values enough, the interval that misses the centre with a probability of
// no more than alpha. The interval holds just those centres that Wilcoxon's
// signed-rank test does not reject. Both are exact for every distribution that
// is symmetric; ties can only make the interval miss less often.
//
// Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd
// ed., sections 3.1 (test), 3.2 (estimator) and 3.3 (interval).
func signedRank(values []float64, alpha float64) Estimate {
	estimate := Estimate{N: len(values)}
	if estimate.N == 0 {
		return estimate
	}
	averages := walsh(values)
	estimate.Center = sortedQuantile(averages, 0.5)
	k := signedRankCut(estimate.N, alpha)
	if k == 0 {
		return estimate
	}
	estimate.Lo, estimate.Hi, estimate.Interval = averages[k-1], averages[len(averages)-k], true
	if estimate.Lo > 0 && estimate.Lo < touching {
		estimate.Lo = 0
	}
	if estimate.Hi < 0 && estimate.Hi > -touching {
		estimate.Hi = 0
	}
	return estimate
}

// walsh gives the Walsh averages in ascending order: the means of all pairs of
// values, each value paired with itself, too.
func walsh(values []float64) []float64 {
	n := len(values)
	averages := make([]float64, 0, n*(n+1)/2)
	for i, v := range values {
		for _, w := range values[i:] {
			averages = append(averages, v/2+w/2)
		}
	}
	slices.Sort(averages)
	return averages
}

// signedRankCut gives the rank k, from 1, at which the Walsh averages of n
// values are to be cut from either end: the greatest k with
// 2·P(T⁺ ≤ k-1) ≤ alpha. It is 0 if n is too small to cut anywhere.
//
// T⁺ is the sum of those of the ranks 1 to n that fall to positive values, each
// of them by the toss of a coin. Beyond exactRanks it is taken as normal, which
// errs on the side of a longer interval: the tails of T⁺ are the lighter ones.
func signedRankCut(n int, alpha float64) int {
	if n > exactRanks {
		ranks := float64(n) * float64(n+1)
		deviation := math.Sqrt(ranks * float64(2*n+1) / 24)
		return int(ranks/4 - normalUpper(alpha/2)*deviation + 0.5) // 0.5 for continuity
	}
	below := 0.0
	for k, p := range signedRankDistribution(n) {
		below += p
		if 2*below > alpha {
			return k
		}
	}
	return 0 // unreachable below alpha = 1: half of the distribution has been summed
}

// signedRankDistribution gives P(T⁺ = t) for t up to the middle; the other half
// mirrors it. One rank after the other is given to either sign.
func signedRankDistribution(n int) []float64 {
	p := make([]float64, n*(n+1)/4+1)
	p[0] = 1
	for rank := 1; rank <= n; rank++ {
		for t := min(rank*(rank+1)/2, len(p)-1); t >= 0; t-- {
			if t >= rank {
				p[t] += p[t-rank]
			}
			p[t] /= 2
		}
	}
	return p
}

// normalUpper is what a standard normal variable exceeds with probability p.
func normalUpper(p float64) float64 { return math.Sqrt2 * math.Erfinv(1-2*p) }

// normalBelow is the probability of a standard normal variable below x.
func normalBelow(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
