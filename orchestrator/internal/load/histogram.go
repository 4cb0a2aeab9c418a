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

// each calls do with every bucket that counted something, from low to high,
// until it says false: the bucket's lowest value and width in microseconds.
func (h *Histogram) each(do func(low, width, n uint64) bool) {
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
			if n > 0 && !do(low<<shift, 1<<shift, n) {
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
	left := rank(q, h.n)
	var value time.Duration
	h.each(func(low, width, n uint64) bool {
		value = time.Duration(low+width-1) * time.Microsecond
		if n >= left {
			return false
		}
		left -= n
		return true
	})
	return min(max(value, h.low), h.high)
}

// StdDev is the standard deviation of the population, from the middles of the
// buckets.
func (h *Histogram) StdDev() time.Duration {
	_, deviation := h.moments(func(low, width uint64) float64 { return float64(low) + float64(width-1)/2 })
	return deviation
}

// moments gives the mean and the deviation of the population where value says
// what a bucket stands for, in microseconds.
func (h *Histogram) moments(value func(low, width uint64) float64) (mean, deviation time.Duration) {
	if h.n == 0 {
		return 0, 0
	}
	var sum, squares float64
	h.each(func(low, width, n uint64) bool {
		sum += value(low, width) * float64(n)
		return true
	})
	average := sum / float64(h.n)
	h.each(func(low, width, n uint64) bool {
		d := value(low, width) - average
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

// Drill is what drill would have worked out of the same durations: two digits,
// a quantile is the upper end of its bucket even beyond the longest duration,
// mean and deviation are those of the buckets' middles.
type Drill struct {
	Median, Mean, StdDev, P99, P995, P999 time.Duration
}

// Drill gives drill's figures. Its buckets are joined from ours: an octave has
// 128 of them, and values below 256 µs have one each.
func (h *Histogram) Drill() Drill {
	if h.n == 0 {
		return Drill{}
	}
	bucket := func(v uint64) (low, width uint64) {
		shift := max(bits.Len64(v)-8, 0)
		return v >> shift << shift, 1 << shift
	}
	quantile := func(q float64) time.Duration {
		left := rank(q, h.n)
		var value uint64
		h.each(func(v, _, n uint64) bool {
			low, width := bucket(v)
			value = low + width - 1
			if n >= left {
				return false
			}
			left -= n
			return true
		})
		return time.Duration(value) * time.Microsecond
	}
	d := Drill{Median: quantile(0.5), P99: quantile(0.99), P995: quantile(0.995), P999: quantile(0.999)}
	d.Mean, d.StdDev = h.moments(func(v, _ uint64) float64 {
		low, width := bucket(v)
		return float64(low + width/2)
	})
	return d
}
