package stat

import (
	"math"

	"golang.org/x/perf/benchmath"
)

// Confidence is the level of every interval.
const Confidence = 0.95

// MinRounds is the smallest number of rounds that allows an interval: of fewer
// than 6 values even the whole range, from least to greatest, covers the median
// less than 95 times in 100.
const MinRounds = 6

// Estimate is a figure over N repetitions. With N = 0 nothing was measured and
// the other fields mean nothing.
type Estimate struct {
	Center float64
	// Lo and Hi bound the 95 % interval of Center; without Interval they are 0.
	Lo, Hi   float64
	Interval bool
	N        int
}

// Summarize gives the median of values and, from MinRounds values on, an
// interval for it that assumes nothing about their distribution (order
// statistics). NaN and infinite values count as not measured.
func Summarize(values []float64) Estimate {
	kept := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			kept = append(kept, v)
		}
	}
	estimate := Estimate{N: len(kept)}
	if estimate.N == 0 {
		return estimate
	}
	estimate.Center = Median(kept)
	if estimate.N < MinRounds {
		return estimate
	}
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(kept, &benchmath.DefaultThresholds), Confidence)
	if !math.IsInf(s.Lo, 0) && !math.IsInf(s.Hi, 0) {
		estimate.Lo, estimate.Hi, estimate.Interval = s.Lo, s.Hi, true
	}
	return estimate
}
