package stat

import (
	"math"
	"slices"
)

// medianOf is Median of values that may be put into another order. It does not
// sort them: of tens of thousands, that would take ten times as long.
func medianOf(values []float64) float64 {
	n := len(values)
	if n < 16 || slices.ContainsFunc(values, math.IsNaN) {
		slices.Sort(values)
		return sortedQuantile(values, 0.5)
	}
	below := (n - 1) / 2
	partition(values, below)
	// The next one in order is the least of those after it.
	pair := []float64{values[below], slices.Min(values[below+1:])}
	if n%2 == 1 {
		return sortedQuantile(pair, 0)
	}
	return sortedQuantile(pair, 0.5)
}

// partition puts the value that would be at k if all were sorted there, none that
// is greater before it and none that is less after it: Hoare's selection, with
// the middle of three as pivot. It gives up on values that defeat it and sorts.
func partition(values []float64, k int) {
	from, to := 0, len(values)-1
	for tries := 0; from < to; tries++ {
		if tries > 100 {
			slices.Sort(values[from : to+1])
			return
		}
		a, b, c := values[from], values[from+(to-from)/2], values[to]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := from, to
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			to = j
		case k >= i:
			from = i
		default:
			return
		}
	}
}
