package stat

import (
	"math"
	"slices"
)

// exactSum is the number of values in both groups up to which MannWhitney
// counts every way of dividing them.
const exactSum = 100

// MannWhitney is the two-sided p-value of the rank-sum test of Wilcoxon, Mann
// and Whitney that two groups of independent values, such as those of two
// separate runs, come from the same distribution: the share of all divisions of
// the values into groups of these sizes whose rank sum lies as far from its mean
// as that of the division at hand, or farther. Equal values share their mean
// rank. It is 1 if a group is empty; NaN and infinite values count as not
// measured.
//
// Up to 100 values in all the divisions are counted, ties and all; beyond, the
// rank sum is taken as normal, with the variance that ties leave it.
//
// Source: Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd
// ed., section 4.1.
func MannWhitney(a, b []float64) (p float64) {
	a, b = measured(a), measured(b)
	if len(a) > len(b) {
		a, b = b, a // either group tells all, and the smaller takes less work
	}
	if len(a) == 0 {
		return 1
	}
	size, n := len(a), len(a)+len(b)
	ranks, sum := doubledRanks(a, b)
	mean := size * (n + 1) // of the doubled rank sum, a whole number
	distance := abs(sum - mean)
	if n > exactSum {
		squares := 0.0
		for _, r := range ranks {
			squares += float64(r-n-1) * float64(r-n-1)
		}
		if squares == 0 {
			return 1
		}
		variance := squares * float64(size) * float64(n-size) / float64(n) / float64(n-1)
		// Neighbouring sums are 2 apart, so half a step is 1.
		return math.Erfc(float64(max(distance-1, 0)) / math.Sqrt(2*variance))
	}
	extreme, all := 0.0, 0.0
	for s, ways := range divisions(ranks, size) {
		all += ways
		if abs(s-mean) >= distance {
			extreme += ways
		}
	}
	return extreme / all
}

// doubledRanks gives twice the ranks of all values, so that the mean rank of a
// tie is a whole number, and the sum of those of a.
func doubledRanks(a, b []float64) (ranks []int, sum int) {
	all := slices.Concat(a, b)
	slices.Sort(all)
	rank := map[float64]int{}
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j] == all[i] {
			j++
		}
		rank[all[i]] = i + 1 + j // first and last, which are twice their mean
		i = j
	}
	for _, v := range all {
		ranks = append(ranks, rank[v])
	}
	for _, v := range a {
		sum += rank[v]
	}
	return ranks, sum
}

// divisions counts, for each sum, the ways to take so many of the ranks.
func divisions(ranks []int, size int) []float64 {
	top := 0
	for _, r := range ranks[len(ranks)-size:] {
		top += r
	}
	ways := make([][]float64, size+1) // by how many were taken, then by their sum
	for taken := range ways {
		ways[taken] = make([]float64, top+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for taken := size; taken > 0; taken-- {
			for s := top; s >= r; s-- {
				ways[taken][s] += ways[taken-1][s-r]
			}
		}
	}
	return ways[size]
}

func abs(v int) int { return max(v, -v) }
