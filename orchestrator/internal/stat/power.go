package stat

import (
	"math"
	"math/rand/v2"
	"slices"
)

const (
	powerWanted = 0.8
	powerSeed   = 0x5741_4952
	powerValues = 60_000 // drawn in all, so that every number of rounds costs about the same
	powerDraws  = 500    // experiments, at least
)

// Detectable gives the smallest decrease, as a ratio below 1, that so many
// rounds show with a probability of 80 % in a column of so many comparisons, if
// log-ratios are normal with standard deviation scatter. An increase is as easy
// to show if its ratio is the inverse. It is not ok with fewer rounds than
// MinRounds, or if the scatter is not known.
//
// The figure is simulated, always from the same seed. From one seed to another
// the log of the ratio varies by 0.4 % (standard deviation, measured for 6 to 100
// rounds and 1 to 5 comparisons): 0.9000 might have come out as 0.9004.
//
// Source: the power of Wilcoxon's signed-rank test against a shift, as in
// Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed.,
// section 3.1. That of the normal distribution has no closed form.
func Detectable(n, comparisons int, scatter float64) (ratio float64, ok bool) {
	if n < MinRounds(comparisons) || !(scatter >= 0) || math.IsInf(scatter, 1) {
		return 0, false
	}
	bounds := upperBounds(n, comparisons)
	// With every bound the least of all, or the greatest, the shift would be
	// one of these two.
	alone := normalUpper(1-powerWanted) / math.Sqrt(float64(n))
	least, most := slices.Min(bounds)+alone, slices.Max(bounds)+alone
	for range 20 {
		if middle := (least + most) / 2; power(n, bounds, middle) < powerWanted {
			least = middle
		} else {
			most = middle
		}
	}
	return math.Exp(-scatter * most), true
}

// RoundsFor gives the least number of rounds that show a true ratio, below or
// above 1, with a probability of 80 % in a column of so many comparisons, if
// log-ratios are normal with standard deviation scatter. It is not ok if most
// rounds are not enough, for a ratio of 1, or if the scatter is not known.
//
// It agrees with Detectable, whose source and precision it shares; beyond 100
// rounds it searches in steps of one per cent.
func RoundsFor(ratio float64, comparisons int, scatter float64, most int) (n int, ok bool) {
	shift := math.Abs(math.Log(ratio)) / scatter // infinite without scatter, NaN if nothing differs either
	if !positive(ratio) || !(shift > 0) || !(scatter >= 0) {
		return 0, false
	}
	// No test of the level does better than that of a mean whose scatter is
	// known, so the search need not begin below what that one takes.
	best := (normalUpper(share(comparisons)/2) + normalUpper(1-powerWanted)) / shift
	if best*best > float64(most) {
		return 0, false
	}
	n = max(MinRounds(comparisons), int(math.Ceil(best*best)))
	for n <= most {
		if power(n, upperBounds(n, comparisons), shift) >= powerWanted {
			return n, true
		}
		if n == most {
			break
		}
		n = min(n+1+n/100, most)
	}
	return 0, false
}

// power is the probability that n standard normal values, less a shift, have an
// interval below 0. A sample is its mean plus what remains, and for normal
// values the two are independent: given the bound that belongs to what remains,
// the mean is integrated rather than drawn, which saves most of the draws.
func power(n int, bounds []float64, shift float64) float64 {
	sum := 0.0
	for _, bound := range bounds {
		sum += normalBelow(math.Sqrt(float64(n)) * (shift - bound))
	}
	return sum / float64(len(bounds))
}

// upperBounds draws samples of n standard normal values, takes their means away
// and gives the upper bounds of the intervals of what remains.
func upperBounds(n, comparisons int) []float64 {
	random := rand.New(rand.NewPCG(powerSeed, uint64(n)))
	cut := signedRankCut(n, share(comparisons))
	bounds, sample := make([]float64, max(powerValues/n, powerDraws)), make([]float64, n)
	for i := range bounds {
		for j := range sample {
			sample[j] = random.NormFloat64()
		}
		slices.Sort(sample)
		bounds[i] = walshFromTop(sample, cut) - mean(sample)
	}
	return bounds
}

// walshFromTop gives the k-th greatest Walsh average of values in ascending
// order, to a millionth of their range. Counting those above a guess takes a
// step for each value, where listing all would take one for each pair.
func walshFromTop(sorted []float64, k int) float64 {
	least, most := sorted[0], sorted[len(sorted)-1]
	for range 20 {
		if middle := (least + most) / 2; walshAbove(sorted, middle) >= k {
			least = middle
		} else {
			most = middle
		}
	}
	return most
}

// walshAbove counts the Walsh averages of values in ascending order that exceed
// x. The smaller one partner is, the greater must the other be.
func walshAbove(sorted []float64, x float64) int {
	count, j := 0, 0
	for i := len(sorted) - 1; i >= 0; i-- {
		for j <= i && sorted[i]+sorted[j] <= 2*x {
			j++
		}
		if j > i {
			break
		}
		count += i - j + 1
	}
	return count
}
