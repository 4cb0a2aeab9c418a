package console

import (
	"math/bits"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
)

// figures are what drill works out of durations: two digits, a quantile is the
// upper end of its bucket even beyond the longest duration, mean and deviation
// are those of the buckets' middles.
type figures struct {
	Median, Mean, StdDev, P99, P995, P999 time.Duration
}

// figuresOf gives drill's figures; all are 0 of none.
func figuresOf(h *load.Histogram) figures {
	if h.N() == 0 {
		return figures{}
	}
	quantile := func(q float64) time.Duration {
		b := coarse(h.At(q))
		return time.Duration(b.Low+b.Width-1) * time.Microsecond
	}
	f := figures{Median: quantile(0.5), P99: quantile(0.99), P995: quantile(0.995), P999: quantile(0.999)}
	f.Mean, f.StdDev = h.Moments(func(b load.Bucket) float64 {
		b = coarse(b)
		return float64(b.Low + b.Width/2)
	})
	return f
}

// coarse gives the bucket of drill's that one of ours is a part of: an octave has
// 128 of them, and values below 256 µs have one each.
func coarse(b load.Bucket) load.Bucket {
	shift := max(bits.Len64(b.Low)-8, 0)
	return load.Bucket{Low: b.Low >> shift << shift, Width: 1 << shift}
}
