package report

import (
	"math"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// steadyLimit is how much of its median a level part may drift from its start
// to its end.
const steadyLimit = 0.05

// trial holds the figures of one trial; NaN where it has none. Memory is in
// bytes, latency in nanoseconds.
type trial struct {
	*bench.Trial
	complete   int // batches that came to their end
	batchPeaks []float64
	peak       float64
	peakSource string
	steady     float64
	isSteady   bool
	drift      float64 // share of the steady RSS, signed; NaN without one
	idle       float64
	idleFloor  float64
	idleLength time.Duration
	end        float64
	returned   float64
	live       float64
	overhead   float64
	atPeak     float64
	goShare    float64
	cpu        float64 // seconds per request
	waitShare  float64
	latency    [5]float64  // p50, p90, p99, p99.9, max
	swap       bench.Bytes // most that was in swap at any reading
	against    *Contradiction
}

// reading measures a trial. It holds the samples decoded, as long as that takes:
// all trials together would have gigabytes of them.
type reading struct {
	*trial
	*scratch
	ordered []bench.Sample // the samples in order of time, whatever the file has
}

// scratch is memory that one trial after the other is measured in.
type scratch struct {
	samples      []bench.Sample // as the trial has them
	at, resident []float64      // of a batch: time in seconds, A in bytes
	slopes       stat.Slopes
}

// The instruments that a peak may come from.
const (
	sourceHighWater = "high-water mark"
	sourceSamples   = "samples"
	sourceCgroup    = "cgroup"
)

// newTrial measures t.
func newTrial(t *bench.Trial, with *scratch) *trial {
	nan := math.NaN()
	m := reading{trial: &trial{
		Trial: t, peak: nan, steady: nan, drift: nan, idle: nan, idleFloor: nan, end: nan, returned: nan,
		live: nan, overhead: nan, atPeak: nan, goShare: nan, cpu: nan, waitShare: nan,
		latency: [5]float64{nan, nan, nan, nan, nan},
	}, scratch: with}
	m.samples = slices.Grow(m.samples[:0], t.Samples.Len())
	for s := range t.Samples.All() {
		m.samples = append(m.samples, s)
	}
	m.ordered = inOrder(m.samples)
	var live []float64
	for i := range t.Batches {
		b := &t.Batches[i]
		peak, source := m.batchPeak(b)
		m.batchPeaks = append(m.batchPeaks, peak)
		if peak > m.peak || math.IsNaN(m.peak) && !math.IsNaN(peak) {
			m.peak, m.peakSource = peak, source
		}
		if b.Interrupted {
			continue
		}
		m.complete++
		from := m.settle(b)
		for _, g := range t.Gauges {
			if g.At >= from && g.At <= b.End {
				live = append(live, float64(g.LiveRequested))
			}
		}
	}
	m.live = stat.Median(live)
	m.rest()
	m.heap()
	m.cost()
	m.swapped()
	m.against = m.contradiction()
	return m.trial
}

// batchPeak gives the peak RSS of a batch and the instrument that saw it. The
// instruments overlap: samples miss short spikes, the high-water mark may be off
// by what the kernel keeps per CPU, and the cgroup's own counts more than A.
func (m *reading) batchPeak(b *bench.Batch) (peak float64, source string) {
	peak = math.NaN()
	take := func(v float64, from string) {
		if v > 0 && !(v <= peak) {
			peak, source = v, from
		}
	}
	for _, v := range within(m.samples, b.Start, b.End) {
		take(v, sourceSamples)
	}
	take(float64(b.HighWater), sourceHighWater)
	take(float64(b.CgroupPeak), sourceCgroup)
	return peak, source
}

// within gives A from start to end, both included.
func within(samples []bench.Sample, start, end time.Duration) []float64 {
	var resident []float64
	for _, s := range samples {
		if s.At >= start && s.At <= end {
			resident = append(resident, float64(s.Resident()))
		}
	}
	return resident
}

// settle takes the steady and the end RSS from a complete batch, so that those
// of the last one stay, and gives the time from which the batch was level.
func (m *reading) settle(b *bench.Batch) (from time.Duration) {
	at, resident := m.at[:0], m.resident[:0]
	for _, s := range m.samples {
		if s.At >= b.Start && s.At <= b.End {
			at = append(at, s.At.Seconds())
			resident = append(resident, float64(s.Resident()))
		}
	}
	m.at, m.resident = at, resident
	m.steady, m.isSteady, m.drift, m.end = math.NaN(), false, math.NaN(), math.NaN()
	if len(resident) == 0 {
		return b.Start
	}
	cut := stat.LastChange(resident)
	at, resident = at[cut:], resident[cut:]
	m.end = stat.Median(resident[max(0, len(resident)-5):])
	m.steady = stat.Median(resident)
	if m.steady > 0 {
		m.drift = m.slopes.Of(at, resident) * (at[len(at)-1] - at[0]) / m.steady
		m.isSteady = math.Abs(m.drift) < steadyLimit
	}
	return time.Duration(at[0] * float64(time.Second))
}

// rest measures the final idle and what it gave back.
func (m *reading) rest() {
	for _, p := range m.Phases {
		if p.Kind != bench.PhaseIdle || p.End <= p.Start {
			continue
		}
		m.idleLength = p.End - p.Start
		third := within(m.samples, p.End-m.idleLength/3, p.End)
		m.idle, m.idleFloor = stat.Median(third), stat.Quantile(third, 0)
	}
	if len(m.Batches) == 0 {
		return
	}
	// Before the load: the 5 s before the first batch, or what there is of them.
	first := m.Batches[0].Start
	before := stat.Median(within(m.samples, first-5*time.Second, first-1))
	if added := m.end - before; added > 0 {
		m.returned = (m.end - m.idle) / added
	}
}

// swapped takes the most that was in swap.
func (m *reading) swapped() {
	for _, s := range m.samples {
		m.swap = max(m.swap, s.Swap)
	}
	for _, e := range m.Edges {
		m.swap = max(m.swap, e.Swap)
	}
}

// answered counts the requests of a batch that latencies are of. A file that
// does not tell has them all.
func answered(b *bench.Batch) int {
	if len(b.Statuses) == 0 {
		return b.Requests
	}
	n := 0
	for _, times := range b.Statuses {
		n += times
	}
	return min(n, b.Requests)
}

// cost measures CPU, waiting and latency over the batches.
func (m *trial) cost() {
	var cpu, wait, requests, taken float64
	for i := range m.Batches {
		b := &m.Batches[i]
		if b.CPU <= 0 {
			continue // nothing could be read: the processes had ended
		}
		cpu += b.CPU.Seconds()
		wait += b.Wait.Seconds()
		requests += float64(b.Requests)
		taken += float64(answered(b)) * b.Latency.Mean.Seconds()
	}
	if cpu > 0 {
		m.cpu = ratio(cpu, requests)
		m.waitShare = ratio(wait, taken)
	}
	var weighted [3]float64
	var weight, p999, worst float64
	for i := range m.Batches {
		b := &m.Batches[i]
		if b.Requests <= 0 || b.Latency.Max <= 0 || b.Interrupted && b.Failed > 0 {
			continue // failures at a dead service take no time
		}
		n, l := float64(answered(b)), b.Latency
		weight += n
		for j, q := range []time.Duration{l.P50, l.P90, l.P99} {
			weighted[j] += n * float64(q)
		}
		p999, worst = max(p999, float64(l.P999)), max(worst, float64(l.Max))
	}
	if weight > 0 {
		for j, w := range weighted {
			m.latency[j] = w / weight
		}
		m.latency[3], m.latency[4] = p999, worst
	}
}

// length is the time from the trial's start to its last phase or sample.
func (m *trial) length() time.Duration {
	var end time.Duration
	for _, p := range m.Phases {
		end = max(end, p.End)
	}
	if last, ok := m.Samples.Last(); ok {
		end = max(end, last.At)
	}
	return end
}

// ratio is a / b, or NaN unless b is positive.
func ratio(a, b float64) float64 {
	if b > 0 {
		return a / b
	}
	return math.NaN()
}

// sum adds values.
func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}
