package stat

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	resamples   = 10_000
	minBCa      = 10 // below, the correction would be estimated from too little
	ratioSeed   = 0x5741_4952
	exactSigned = 25 // pairs up to which the signed-rank test counts every case
)

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
	Estimate
	P float64 // two-sided, of the signed-rank test; 1 with no pairs
}

// PairedRatio compares values[i] with base[i], measured in the same round. The
// centre is the exponential of the median of the log-ratios. Pairs in which a
// value is not a positive finite number are left out, and slices of unequal
// length are cut to the shorter.
//
// From MinRounds pairs on there is a 95 % interval: 10,000 bootstrap samples of
// whole rounds; percentiles, and from 10 pairs on the bias-corrected and
// accelerated ones (BCa).
func PairedRatio(values, base []float64) Ratio {
	var logs []float64
	for i := range min(len(values), len(base)) {
		l := math.Log(values[i] / base[i])
		if values[i] > 0 && base[i] > 0 && !math.IsNaN(l) && !math.IsInf(l, 0) {
			logs = append(logs, l)
		}
	}
	ratio := Ratio{Estimate: Estimate{N: len(logs)}, P: signedRank(logs)}
	if ratio.N == 0 {
		return ratio
	}
	ratio.Center = math.Exp(Median(logs))
	if ratio.N >= MinRounds {
		lo, hi := bootstrapMedian(logs)
		ratio.Lo, ratio.Hi, ratio.Interval = math.Exp(lo), math.Exp(hi), true
	}
	return ratio
}

// Verdict is Shown if the interval excludes 1 and Wilcoxon's signed-rank test
// rejects equality at 5 %. The second condition is there for small numbers,
// where a bootstrap interval of a median is a little too short.
func (r Ratio) Verdict() Verdict {
	switch {
	case !r.Interval:
		return Unknown
	case (r.Lo > 1 || r.Hi < 1) && r.P <= 1-Confidence:
		return Shown
	}
	return NotShown
}

// bootstrapMedian gives the 95 % interval of the median of values.
func bootstrapMedian(values []float64) (lo, hi float64) {
	n := len(values)
	random := rand.New(rand.NewPCG(ratioSeed, uint64(n)))
	medians := make([]float64, resamples)
	resample := make([]float64, n)
	for i := range medians {
		for j := range resample {
			resample[j] = values[random.IntN(n)]
		}
		slices.Sort(resample)
		medians[i] = sortedQuantile(resample, 0.5)
	}
	slices.Sort(medians)
	tail := (1 - Confidence) / 2
	low, high := tail, 1-tail
	if n >= minBCa {
		low, high = correct(values, medians, low), correct(values, medians, high)
	}
	return sortedQuantile(medians, low), sortedQuantile(medians, high)
}

// correct gives the BCa level that replaces the plain level p, from the
// bootstrap medians in ascending order.
func correct(values, medians []float64, p float64) float64 {
	below, equal, center := 0, 0, Median(values)
	for _, m := range medians {
		switch {
		case m < center:
			below++
		case m == center:
			equal++
		}
	}
	// A median repeats itself among the resamples; half of the ties count as
	// below, or the correction would see a bias that is only discreteness.
	share := (float64(below) + float64(equal)/2) / float64(len(medians))
	if share <= 0 || share >= 1 {
		return p
	}
	bias, z := normalQuantile(share), normalQuantile(p)
	shifted := bias + (bias+z)/(1-acceleration(values)*(bias+z))
	return 0.5 * math.Erfc(-shifted/math.Sqrt2)
}

// acceleration is the BCa acceleration of the median, by leaving out one value
// at a time.
func acceleration(values []float64) float64 {
	left := make([]float64, len(values))
	for i := range values {
		left[i] = Median(slices.Delete(slices.Clone(values), i, i+1))
	}
	center, squares, cubes := mean(left), 0.0, 0.0
	for _, v := range left {
		d := center - v
		squares += d * d
		cubes += d * d * d
	}
	if squares == 0 {
		return 0
	}
	return cubes / (6 * math.Pow(squares, 1.5))
}

// normalQuantile is the inverse of the normal distribution function.
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// signedRank is the two-sided p-value of Wilcoxon's signed-rank test that the
// differences are symmetric around 0. Zeros are dropped, ties share their mean
// rank. Up to 25 differences every assignment of signs is counted; beyond, the
// normal approximation with continuity correction is used.
func signedRank(differences []float64) float64 {
	var d []float64
	for _, v := range differences {
		if v != 0 {
			d = append(d, v)
		}
	}
	n := len(d)
	if n == 0 {
		return 1
	}
	slices.SortFunc(d, func(a, b float64) int {
		switch a, b := math.Abs(a), math.Abs(b); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	// Twice the ranks, so that the mean rank of a tie is a whole number.
	ranks, plus, total := make([]int, n), 0, 0
	for i := 0; i < n; {
		j := i
		for j < n && math.Abs(d[j]) == math.Abs(d[i]) {
			j++
		}
		for k := i; k < j; k++ {
			ranks[k] = i + 1 + j
			total += ranks[k]
			if d[k] > 0 {
				plus += ranks[k]
			}
		}
		i = j
	}
	least := min(plus, total-plus)
	if n > exactSigned {
		variance := 0.0
		for _, r := range ranks {
			variance += float64(r) * float64(r) / 4
		}
		z := (float64(total)/2 - float64(least) - 1) / math.Sqrt(variance)
		return min(1, math.Erfc(max(z, 0)/math.Sqrt2))
	}
	// ways[s] counts the assignments of signs with positive sum s.
	ways := make([]float64, total+1)
	ways[0] = 1
	for _, r := range ranks {
		for s := total; s >= r; s-- {
			ways[s] += ways[s-r]
		}
	}
	extreme := 0.0
	for s := 0; s <= least; s++ {
		extreme += ways[s]
	}
	return min(1, 2*extreme/math.Exp2(float64(n)))
}
