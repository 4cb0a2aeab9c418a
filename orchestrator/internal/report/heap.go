package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// heap measures what the C heap keeps resident per live byte, and Go's share.
func (m *reading) heap() {
	var resident, live, shares []float64 // resident and live weighted with time
	var atPeak float64
	for i := range m.Batches {
		b := &m.Batches[i]
		gauges := m.gaugesOf(b)
		seconds := weights(gauges, b)
		for j, g := range gauges {
			shares = append(shares, goShare(g))
			a, ok := m.residentAt(g.At)
			if !ok {
				continue
			}
			resident = append(resident, (a-m.lazyFree(g.At)-goShare(g))*seconds[j])
			live = append(live, float64(g.LiveRequested)*seconds[j])
		}
		if at, a, ok := highest(m.samples, b); ok && a > atPeak && len(gauges) > 0 {
			g := gauges[0]
			for _, other := range gauges {
				if (other.At - at).Abs() < (g.At - at).Abs() {
					g = other
				}
			}
			atPeak = a
			m.atPeak = ratio(a-m.lazyFree(at)-goShare(g), float64(g.LiveRequested))
		}
	}
	m.goShare = stat.Median(shares)
	m.overhead = ratio(sum(resident), sum(live))
}

// gaugesOf lists the gauges within a batch.
func (m *trial) gaugesOf(b *bench.Batch) []bench.Gauge {
	var gauges []bench.Gauge
	for _, g := range m.Gauges {
		if g.At >= b.Start && g.At <= b.End {
			gauges = append(gauges, g)
		}
	}
	return gauges
}

// weights gives the seconds that each gauge of a batch stands for: half of the
// way to each neighbour, or up to the batch's edge.
func weights(gauges []bench.Gauge, b *bench.Batch) []float64 {
	seconds := make([]float64, len(gauges))
	for j, g := range gauges {
		since, until := b.Start, b.End
		if j > 0 {
			since = gauges[j-1].At + (g.At-gauges[j-1].At)/2
		}
		if j+1 < len(gauges) {
			until = g.At + (gauges[j+1].At-g.At)/2
		}
		seconds[j] = (until - since).Seconds()
	}
	return seconds
}

// inOrder gives samples in order of time, which they are unless a file is wrong.
func inOrder(samples []bench.Sample) []bench.Sample {
	byTime := func(a, b bench.Sample) int { return cmp.Compare(a.At, b.At) }
	if slices.IsSortedFunc(samples, byTime) {
		return samples
	}
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, byTime)
	return sorted
}

// around gives the last sample before at and the first one from at on; nil where
// there is none.
func (m *reading) around(at time.Duration) (before, after *bench.Sample) {
	i, _ := slices.BinarySearchFunc(m.ordered, at, func(s bench.Sample, at time.Duration) int { return cmp.Compare(s.At, at) })
	if i > 0 {
		before = &m.ordered[i-1]
	}
	if i < len(m.ordered) {
		after = &m.ordered[i]
	}
	return before, after
}

// residentAt gives A of the sample nearest to at.
func (m *reading) residentAt(at time.Duration) (resident float64, ok bool) {
	nearest := time.Duration(math.MaxInt64)
	before, after := m.around(at)
	for _, s := range []*bench.Sample{before, after} {
		if s != nil && (s.At-at).Abs() < nearest {
			nearest, resident, ok = (s.At - at).Abs(), float64(s.Resident()), true
		}
	}
	return resident, ok
}

// lazyFree gives LazyFree at the phase edge nearest to at; 0 without edges.
func (m *trial) lazyFree(at time.Duration) float64 {
	nearest, lazy := time.Duration(math.MaxInt64), 0.0
	for _, e := range m.Edges {
		if d := (e.At - at).Abs(); d < nearest {
			nearest, lazy = d, float64(e.LazyFree)
		}
	}
	return lazy
}

// highest gives time and A of the highest sample of a batch.
func highest(samples []bench.Sample, b *bench.Batch) (at time.Duration, resident float64, ok bool) {
	for _, s := range samples {
		if a := float64(s.Resident()); s.At >= b.Start && s.At <= b.End && a > resident {
			at, resident, ok = s.At, a, true
		}
	}
	return at, resident, ok
}

// goShare is the middle of the bounds of Go's share.
func goShare(g bench.Gauge) float64 { return (float64(g.GoLow) + float64(g.GoHigh)) / 2 }
