package stat

import "math"

// The constants of LastChange. They were set on synthetic series (see the
// tests): noise with the autocorrelation of a loaded heap must not be cut, a
// step of a few per cent must be.
const (
	changeBins   = 50   // a batch of 75 s in bins of 1.5 s: longer than one turn of its requests
	changeTail   = 0.2  // what is left after a change is at least this share of the series
	changeHead   = 2    // bins before a change, at least
	changeScore  = 6.0  // standard errors that a change must stand out by
	changeEffect = 0.02 // and the share of the level that it must move
	changeFloor  = 5e-3 // noise is taken as at least this share of the level: a silent series has no infinite scores
)

// LastChange gives the index of the first value after the last lasting change
// of level, or 0 where the series has none. Values are taken as equally spaced
// in time. At least 20 % of the series follow the index that it returns, so
// that a median over the rest means something; a change later than that is
// left to a test of the slope.
//
// The series is reduced to the medians of 50 bins, which removes spikes and
// most of the correlation between neighbours. The best place to cut the bins
// into two levels is where the means of the two sides differ by the most
// standard errors; it is a change if that score reaches 6 and the step 2 % of
// the level. The part after a change is searched again until nothing is found.
// Only the last change is asked for, so the parts before it are not searched.
//
// The noise scale is 1.4826·MAD of the differences of neighbouring bins, over
// √2: a step is one difference among many and does not raise it, as it would
// raise a standard deviation. It reads low where bins are still correlated,
// hence a score well above the usual 3. Means, not medians, are compared, for a
// pulse shorter than half of its side would not move a median.
func LastChange(values []float64) int {
	levels := bins(values, changeBins)
	tail := max(int(math.Ceil(changeTail*float64(len(levels)))), 2)
	scale := math.Abs(Median(levels))
	noise := max(differenceNoise(levels), changeFloor*scale)

	from := 0
	for {
		at, score, step := bestCut(levels[from:], tail, noise)
		if at == 0 || score < changeScore || step < changeEffect*scale {
			break
		}
		from += at
	}
	return from * len(values) / max(len(levels), 1)
}

// bestCut gives the number of values before the cut that separates two levels
// most clearly, its score in standard errors and the height of the step. The
// number is 0 if the values are too few to cut.
func bestCut(values []float64, tail int, noise float64) (at int, score, step float64) {
	total, before := 0.0, 0.0
	for _, v := range values {
		total += v
	}
	n := len(values)
	for i := 1; i <= n-tail; i++ {
		before += values[i-1]
		if i < changeHead {
			continue
		}
		left, right := float64(i), float64(n-i)
		height := math.Abs(before/left - (total-before)/right)
		if s := height / (noise * math.Sqrt(1/left+1/right)); s > score {
			at, score, step = i, s, height
		}
	}
	return at, score, step
}

// differenceNoise estimates the standard deviation of a series around its
// slowly moving level.
func differenceNoise(values []float64) float64 {
	if len(values) < 2 {
		return 0
	}
	differences := make([]float64, len(values)-1)
	for i := range differences {
		differences[i] = values[i+1] - values[i]
	}
	middle := Median(differences)
	for i, d := range differences {
		differences[i] = math.Abs(d - middle)
	}
	return 1.4826 * Median(differences) / math.Sqrt2
}
