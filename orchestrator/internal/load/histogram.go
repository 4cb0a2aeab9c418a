package load

import (
	"math"
	"math/bits"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

const (
	// A page is an octave of 1024 buckets, so that a bucket is at most a
	// thousandth of its values wide: three significant digits. Up to 2047 µs
	// each microsecond has a bucket of its own.
	pageBits = 10
	pages    = 64 - pageBits
)

// Histogram counts durations in microseconds to three digits, in the layout of
// a high dynamic range histogram: octaves of equal buckets. Octaves without a
// value take no memory, so a histogram of few different latencies stays small
// however many it counts. The zero value is empty. It is not for several
// goroutines at once.
type Histogram struct {
	page           [pages]*[1 << pageBits]uint64
	n              uint64
	sum, low, high time.Duration // exact, beside the buckets
}

// Record counts one duration. A negative one counts as 0.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	if h.n == 0 || d < h.low {
		h.low = d
	}
	h.high = max(h.high, d)
	h.sum += d
	h.n++
	v := uint64(d / time.Microsecond)
	// The octave's number is the number of low bits that are dropped, plus one
	// for all but the first, which begins at 0.
	octave := max(bits.Len64(v)-pageBits, 0)
	page := h.page[octave]
	if page == nil {
		page = new([1 << pageBits]uint64)
		h.page[octave] = page
	}
	page[v>>max(octave-1, 0)&(1<<pageBits-1)]++
}

// Merge adds what another histogram counted.
func (h *Histogram) Merge(from *Histogram) {
	if from.n == 0 {
		return
	}
	if h.n == 0 || from.low < h.low {
		h.low = from.low
	}
	h.high = max(h.high, from.high)
	h.sum += from.sum
	h.n += from.n
	for i, page := range from.page {
		if page == nil {
			continue
		}
		if h.page[i] == nil {
			h.page[i] = new([1 << pageBits]uint64)
		}
		for j, n := range page {
			h.page[i][j] += n
		}
	}
}

// Bucket is one of a histogram's: Width values from Low on, in microseconds.
type Bucket struct{ Low, Width uint64 }

// each calls do with every bucket that counted something, from low to high, and
// with how much it counted, until do says false.
func (h *Histogram) each(do func(b Bucket, n uint64) bool) {
	for octave, page := range h.page {
		if page == nil {
			continue
		}
		shift := max(octave-1, 0)
		for i, n := range page {
			low := uint64(i)
			if octave > 0 {
				low += 1 << pageBits
			}
			if n > 0 && !do(Bucket{low << shift, 1 << shift}, n) {
				return
			}
		}
	}
}

// N is the number of durations.
func (h *Histogram) N() int { return int(h.n) }

// Min is the shortest duration, exactly.
func (h *Histogram) Min() time.Duration { return h.low }

// Max is the longest duration, exactly.
func (h *Histogram) Max() time.Duration { return h.high }

// Mean is the exact mean; 0 of none.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return h.sum / time.Duration(h.n)
}

// rank is the number, from 1, of the value that is the quantile q of n: the
// ceiling of q times n.
func rank(q float64, n uint64) uint64 {
	return min(max(uint64(math.Ceil(q*float64(n)-1e-9*float64(n))), 1), n)
}

// Quantile gives the duration that a share q of all do not exceed, from 0 to 1,
// by the definition of rank and to three digits: the upper end of its bucket,
// but between Min and Max. It is 0 of none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	b := h.At(q)
	return min(max(time.Duration(b.Low+b.Width-1)*time.Microsecond, h.low), h.high)
}

// At gives the bucket that holds the quantile q, by the definition of rank; the
// zero Bucket of none.
func (h *Histogram) At(q float64) Bucket {
	left := rank(q, h.n)
	var at Bucket
	h.each(func(b Bucket, n uint64) bool {
		at = b
		if n >= left {
			return false
		}
		left -= n
		return true
	})
	return at
}

// StdDev is the standard deviation of the population, from the middles of the
// buckets; 0 of none.
func (h *Histogram) StdDev() time.Duration {
	_, deviation := h.Moments(func(b Bucket) float64 { return float64(b.Low) + float64(b.Width-1)/2 })
	return deviation
}

// Moments gives the mean and the standard deviation of the population, where
// value says what a bucket stands for, in microseconds. Both are 0 of none.
func (h *Histogram) Moments(value func(Bucket) float64) (mean, deviation time.Duration) {
	if h.n == 0 {
		return 0, 0
	}
	var sum, squares float64
	h.each(func(b Bucket, n uint64) bool {
		sum += value(b) * float64(n)
		return true
	})
	average := sum / float64(h.n)
	h.each(func(b Bucket, n uint64) bool {
		d := value(b) - average
		squares += d * d * float64(n)
		return true
	})
	micros := func(v float64) time.Duration { return time.Duration(v * float64(time.Microsecond)) }
	return micros(average), micros(math.Sqrt(squares / float64(h.n)))
}

// Summary gives the quantiles that experiments keep.
func (h *Histogram) Summary() bench.Latency {
	return bench.Latency{
		Min:  h.Min(),
		Mean: h.Mean(),
		P50:  h.Quantile(0.5),
		P90:  h.Quantile(0.9),
		P99:  h.Quantile(0.99),
		P999: h.Quantile(0.999),
		Max:  h.Max(),
	}
}
