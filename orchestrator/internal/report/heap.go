package report

import (
	"math"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// heap measures what the C heap keeps resident per live byte, and Go's share.
func (m *trial) heap() {
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
		if at, a, ok := highest(m.Samples, b); ok && a > atPeak && len(gauges) > 0 {
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

// residentAt gives A of the sample nearest to at.
func (m *trial) residentAt(at time.Duration) (resident float64, ok bool) {
	nearest := time.Duration(math.MaxInt64)
	// Samples are in order, so the search could be halved; a trial has a few
	// thousand samples and a hundred gauges, and a file may be out of order.
	for _, s := range m.Samples {
		if d := (s.At - at).Abs(); d < nearest {
			nearest, resident, ok = d, float64(s.Resident()), true
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
