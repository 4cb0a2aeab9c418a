package stat

import "math"

// Verdict says whether a difference is shown.
type Verdict int

// The verdicts.
const (
	Unknown  Verdict = iota // too few rounds to say
	Shown                   // the ratio differs from 1
	NotShown                // rounds enough, and no difference beyond their scatter
)

// Ratio is what one variant takes of what another takes: 0.61 is 39 % less.
type Ratio struct {
	// Center is the exponential of the pseudomedian of the log-ratios; N counts
	// the pairs. The interval is one of Comparisons that hold 95 % together.
	Estimate

	Comparisons int
	// Scatter is the standard deviation of the log-ratios, with n-1; NaN below
	// two pairs, for 0 would claim that rounds repeat each other exactly. About
	// 0.1 is 10 %. It does not enter the interval; see Detectable.
	Scatter float64
}

// MinRounds is the least number of rounds that allows an interval, and with it
// a verdict, in a column of so many comparisons: 6 for one, 7 for two or three,
// 8 for up to six, 9 for up to twelve, 10 for up to twenty-five. Of fewer, even
// rounds that all point the same way do so too often by chance: 2 times in 2ⁿ.
// Less than one comparison counts as one.
//
// Source: the least two-sided level of Wilcoxon's signed-rank test; Hollander,
// Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed., section 3.1.
func MinRounds(comparisons int) int {
	n := 1
	for math.Ldexp(2, -n) > share(comparisons) {
		n++
	}
	return n
}

// share is the probability of an error that each of so many comparisons may
// have: an equal part of the whole.
func share(comparisons int) float64 { return (1 - Confidence) / float64(max(comparisons, 1)) }

// PairedRatio compares values[i] with base[i], measured in the same round, as
// one of so many comparisons; less than one counts as one. Pairs in which a
// value is not a positive finite number are left out, and slices of unequal
// length are cut to the shorter.
//
// The centre is the Hodges-Lehmann pseudomedian of the log-ratios. From
// MinRounds pairs on it has an interval, that of Wilcoxon's signed-rank
// statistic, at a level (Bonferroni's) at which all intervals of the column
// together hold what they should in 95 of 100 experiments. It is exact, up to
// 200 pairs without approximation, if log-ratios lie symmetrically around their
// centre. If nothing differs they do, whatever the distribution: within a round
// the two might as well have been exchanged. If something does, they do if both
// scatter alike. The worst that was simulated otherwise, two peaks four times as
// far apart in one variant as in the other, left the pseudomedian outside of the
// interval in 7 of 100 experiments.
//
// Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd
// ed., sections 3.2 and 3.3; for the division among comparisons, Dunn, Multiple
// Comparisons among Means, J. Am. Stat. Assoc. 56 (1961).
func PairedRatio(values, base []float64, comparisons int) Ratio {
	var logs []float64
	for i := range min(len(values), len(base)) {
		if positive(values[i]) && positive(base[i]) {
			// Not the logarithm of the quotient: this one changes nothing but
			// its sign when the two are exchanged.
			logs = append(logs, math.Log(values[i])-math.Log(base[i]))
		}
	}
	ratio := Ratio{
		Estimate:    signedRank(logs, share(comparisons)),
		Comparisons: max(comparisons, 1),
		Scatter:     deviation(logs),
	}
	if ratio.N > 0 {
		ratio.Center = math.Exp(ratio.Center)
	}
	if ratio.Interval {
		ratio.Lo, ratio.Hi = math.Exp(ratio.Lo), math.Exp(ratio.Hi)
	}
	return ratio
}

// Verdict is Shown if and only if the interval excludes 1, so that the two
// never contradict each other; without an interval it is Unknown.
//
// Source: the interval is the set of ratios that the test of section 3.1 in
// Hollander, Wolfe & Chicken does not reject.
func (r Ratio) Verdict() Verdict {
	switch {
	case !r.Interval:
		return Unknown
	case r.Lo > 1 || r.Hi < 1:
		return Shown
	}
	return NotShown
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }

// deviation is the standard deviation of values, with n-1; NaN below two.
func deviation(values []float64) float64 {
	if len(values) < 2 {
		return math.NaN()
	}
	center, squares := mean(values), 0.0
	for _, v := range values {
		squares += (v - center) * (v - center)
	}
	return math.Sqrt(squares / float64(len(values)-1))
}
