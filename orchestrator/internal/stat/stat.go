// Package stat holds the statistics of the report: pure functions over slices
// of float64, in whatever unit the caller brings. No function changes its
// arguments, none panics on an empty slice, and the same input always gives the
// same output: what is simulated draws from a fixed seed.
//
// The unit of repetition is the round (one container of every variant). What
// happens inside one container, samples and batches, describes that container
// and never counts as repetition.
package stat

import (
	"math"
	"slices"
)

// Median is the middle value, or the mean of the two middle values. It is NaN
// for an empty slice.
func Median(values []float64) float64 { return Quantile(values, 0.5) }

// Quantile is the value below which the share q (0 to 1) of the values lies:
// with the values sorted and numbered from 0, the one at position q·(n-1),
// interpolated linearly between neighbours. A q beyond its range counts as the
// nearer end. It is NaN for an empty slice.
func Quantile(values []float64, q float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sortedQuantile(sorted, q)
}

// sortedQuantile is Quantile of values that are in ascending order already.
func sortedQuantile(sorted []float64, q float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	position := min(max(q, 0), 1) * float64(n-1)
	below := int(position)
	above := min(below+1, n-1)
	part := position - float64(below)
	return sorted[below]*(1-part) + sorted[above]*part
}

// mean is the sum over the count; NaN for an empty slice.
func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// bins cuts values into n stretches of nearly equal length and gives the median
// of each. With no more than n values it gives a copy of them.
func bins(values []float64, n int) []float64 {
	if len(values) <= n {
		return slices.Clone(values)
	}
	medians := make([]float64, n)
	for i := range medians {
		medians[i] = Median(values[i*len(values)/n : (i+1)*len(values)/n])
	}
	return medians
}
