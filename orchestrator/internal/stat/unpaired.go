package stat

import (
	"math"
	"slices"
)

// exactPairs is the number of pairs, one value of either sample, up to which the
// distribution of the Mann-Whitney statistic is computed exactly: 50 rounds
// against 50. It bounds the work, which grows with the square, to a few
// milliseconds.
const exactPairs = 2500

// Unpaired is what the rounds of one run take of what those of another take: 1.07
// is 7 % more. Nothing pairs a round of the one with a round of the other.
type Unpaired struct {
	// Center is the exponential of the Hodges-Lehmann shift of the logs. Lo and Hi
	// bound its interval, one of Comparisons that hold 95 % together; without
	// Interval they are 0. Without values on both sides all of them are 0.
	Center, Lo, Hi float64
	Interval       bool

	N, Base     int // values on either side
	Comparisons int
}

// UnpairedRatio compares values with base, two independent samples, as one of so
// many comparisons; less than one counts as one. What is not a positive finite
// number is left out.
//
// The centre is the Hodges-Lehmann estimator: the median of all differences of a
// log of one side and a log of the other. From Enough values on it has an
// interval: those differences cut at the exact quantile of the Mann-Whitney
// statistic, at the level (Bonferroni's) at which all intervals of a table
// together hold what they should in 95 of 100 experiments. Up to 2,500 pairs
// nothing is approximated. The interval is exact if nothing differs, for then all
// values might as well have been dealt out anew; and if something does, where the
// two distributions of the logs differ by a shift alone. Ties only make it miss
// less often.
//
// What it speaks of are the two runs. What the rounds of a run have in common,
// the state of the machine in that hour, is in the ratio and not in the interval.
//
// Package benchmath of golang.org/x/perf has the test (the tests of this package
// hold the interval against it) but no interval of the change: benchstat prints
// the difference of medians and an interval of either.
//
// Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd
// ed., sections 4.1 (test), 4.2 (estimator) and 4.3 (interval).
func UnpairedRatio(values, base []float64, comparisons int) Unpaired {
	mine, theirs := logs(values), logs(base)
	ratio := Unpaired{N: len(mine), Base: len(theirs), Comparisons: max(comparisons, 1)}
	if ratio.N == 0 || ratio.Base == 0 {
		return ratio
	}
	differences := make([]float64, 0, ratio.N*ratio.Base)
	for _, v := range mine {
		for _, b := range theirs {
			differences = append(differences, v-b)
		}
	}
	slices.Sort(differences)
	ratio.Center = math.Exp(nearZero(sortedQuantile(differences, 0.5)))
	if k := rankSumCut(ratio.N, ratio.Base, share(comparisons)); k > 0 {
		ratio.Lo, ratio.Hi = math.Exp(nearZero(differences[k-1])), math.Exp(nearZero(differences[len(differences)-k]))
		ratio.Interval = true
	}
	return ratio
}

// Verdict is Shown if and only if the interval excludes 1; without an interval it
// is Unknown.
func (u Unpaired) Verdict() Verdict {
	switch {
	case !u.Interval:
		return Unknown
	case u.Lo > 1 || u.Hi < 1:
		return Shown
	}
	return NotShown
}

// Enough says whether so many rounds on either side allow an interval, and with it
// a verdict, as one of so many comparisons. Of fewer, even samples of which one
// lies wholly above the other do so too often by chance: 2 times in as many as
// there are ways to choose n of all of them.
func Enough(n, base, comparisons int) bool {
	return n > 0 && base > 0 && rankSumCut(n, base, share(comparisons)) > 0
}

// MinEach is the least number of rounds in each of two runs that is Enough: 4 for
// one comparison, 5 for up to six, 6 for up to 23, 7 for up to 85.
func MinEach(comparisons int) int {
	n := 1
	for !Enough(n, n, comparisons) {
		n++
	}
	return n
}

// logs gives the logarithms of what has one.
func logs(values []float64) []float64 {
	kept := make([]float64, 0, len(values))
	for _, v := range values {
		if positive(v) {
			kept = append(kept, math.Log(v))
		}
	}
	return kept
}

// nearZero gives 0 for what only the rounding of logarithms keeps from it.
func nearZero(v float64) float64 {
	if math.Abs(v) < touching {
		return 0
	}
	return v
}

// rankSumCut gives the rank k, from 1, at which the differences of m and n values
// are to be cut from either end: the greatest k with 2·P(U ≤ k-1) ≤ alpha. It is
// 0 if there are too few to cut anywhere. A level that is met but for the rounding
// of float64 is met.
//
// Beyond exactPairs U is taken as normal, which errs on the side of a longer
// interval: the tails of U are the lighter ones.
func rankSumCut(m, n int, alpha float64) int {
	if m*n > exactPairs {
		pairs := float64(m) * float64(n)
		deviation := math.Sqrt(pairs * float64(m+n+1) / 12)
		return max(0, int(pairs/2-normalUpper(alpha/2)*deviation+0.5)) // 0.5 for continuity
	}
	below := 0.0
	for k, p := range rankSumDistribution(m, n) {
		below += p
		if 2*below > alpha*(1+touching) {
			return k
		}
	}
	return 0 // unreachable below alpha = 1: half of the distribution has been summed
}

// rankSumDistribution gives P(U = u) for u up to the middle; the other half
// mirrors it. U counts the pairs in which the value of the first sample, of m, is
// the greater one. The greatest of all values belongs to the first sample with
// probability m/(m+n), and then exceeds all n of the other; taken away, it leaves
// the same problem with one value less.
//
// Source: Mann & Whitney, On a test of whether one of two random variables is
// stochastically larger than the other, Ann. Math. Statist. 18 (1947).
func rankSumDistribution(m, n int) []float64 {
	half := m*n/2 + 1
	// before[j] is the distribution for i-1 and j values, now[j] that for i and j.
	before, now := make([][]float64, n+1), make([][]float64, n+1)
	for j := range n + 1 {
		before[j], now[j] = make([]float64, half), make([]float64, half)
		before[j][0] = 1
	}
	for i := 1; i <= m; i++ {
		clear(now[0])
		now[0][0] = 1
		for j := 1; j <= n; j++ {
			first := float64(i) / float64(i+j)
			for u := range now[j] {
				now[j][u] = (1 - first) * now[j-1][u]
				if u >= j {
					now[j][u] += first * before[j][u-j]
				}
			}
		}
		before, now = now, before
	}
	return before[n]
}
