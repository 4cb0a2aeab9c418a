package stat

import "slices"

// slopePoints bounds the cost of Slope: 300 points make 44,850 pairs.
const slopePoints = 300

// Slope is the Theil-Sen slope of y over x, in units of y per unit of x: the
// median of the slopes between all pairs of points. Up to 29 % of the points
// may be wild without moving it far.
//
// A long series is first reduced to 300 points, each the median x and median y
// of a stretch of neighbours, so x should be in order. Pairs with equal x say
// nothing and are left out; with no other pair the slope is 0. Slices of
// unequal length are cut to the shorter.
func Slope(x, y []float64) float64 { return new(Slopes).Of(x, y) }

// Slopes computes one Slope after the other in the same memory, for each needs a
// third of a megabyte. Goroutines need one each.
type Slopes struct{ pairs []float64 }

// Of is Slope.
func (s *Slopes) Of(x, y []float64) float64 {
	n := min(len(x), len(y))
	xs, ys := bins(x[:n], slopePoints), bins(y[:n], slopePoints)
	s.pairs = slices.Grow(s.pairs[:0], len(xs)*(len(xs)-1)/2)
	for i := range xs {
		for j := i + 1; j < len(xs); j++ {
			if dx := xs[j] - xs[i]; dx != 0 {
				s.pairs = append(s.pairs, (ys[j]-ys[i])/dx)
			}
		}
	}
	if len(s.pairs) == 0 {
		return 0
	}
	return medianOf(s.pairs)
}
