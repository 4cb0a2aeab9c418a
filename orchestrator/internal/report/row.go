package report

import (
	"cmp"
	"math"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// newRow computes the figures of a variant over its trials. Those of void rounds
// are left out, and so are those that ended early as long as others came to
// their end: what they did not reach would bend the medians.
func (r *Report) newRow(variant string, with *scratch) *Row {
	exp := r.Exp
	row := &Row{
		Variant:  variant,
		Baseline: variant == exp.Design.Baseline,
		Errors:   map[string]int{},
		notes:    map[string][]*Note{},
	}
	for _, left := range exp.LeftOut {
		if left.Variant == variant && row.LeftOut == "" {
			row.LeftOut = cmp.Or(left.Why, "no reason was recorded")
		}
	}
	for i := range exp.Trials {
		if exp.Trials[i].Variant != variant {
			continue
		}
		if r.void[exp.Trials[i].Round] != "" {
			row.void++
			continue
		}
		t := newTrial(&exp.Trials[i], with)
		row.all = append(row.all, t)
		if t.Error == "" {
			row.trials = append(row.trials, t)
		}
		for j := range t.Batches {
			b := &t.Batches[j]
			row.Requests += b.Requests
			row.Failed += b.Failed
			for class, n := range b.Errors {
				row.Errors[class] += n
			}
		}
	}
	if len(row.trials) == 0 {
		row.trials = row.all
	}
	row.Trials = len(row.trials)
	row.hold(exp.Interrupted)
	row.summarize()
	return row
}

// summarize takes the medians over the row's trials.
func (row *Row) summarize() {
	over := func(figure func(*trial) float64) stat.Estimate {
		var values []float64
		for _, t := range row.trials {
			values = append(values, figure(t))
		}
		return stat.Summarize(values)
	}
	row.Peak.Estimate = over(peakOf)
	row.Steady.Estimate = over(steadyOf)
	row.Idle.Estimate = over(idleOf)
	row.IdleFloor = over(func(t *trial) float64 { return t.idleFloor })
	row.End = over(func(t *trial) float64 { return t.end })
	row.Returned = over(func(t *trial) float64 { return t.returned })
	row.Live = over(func(t *trial) float64 { return t.live })
	row.Overhead = over(func(t *trial) float64 { return t.overhead })
	row.OverheadAtPeak = over(func(t *trial) float64 { return t.atPeak })
	row.GoShare = over(func(t *trial) float64 { return t.goShare })
	row.CPU = over(cpuOf)
	row.WaitShare = over(func(t *trial) float64 { return t.waitShare })
	for i, to := range []*stat.Estimate{&row.P50, &row.P90, &row.P99, &row.P999, &row.Max} {
		*to = over(func(t *trial) float64 { return t.latency[i] })
	}

	row.IsSteady = row.Steady.N > 0
	highest, batches := 0.0, 0
	for _, t := range row.trials {
		if row.Proof.Allocator == "" {
			row.Proof = t.Proof
		}
		if !t.isSteady {
			row.IsSteady = false
		}
		if t.peak > highest {
			highest, row.PeakSource = t.peak, t.peakSource
		}
		batches = max(batches, len(t.batchPeaks))
	}
	for b := range batches {
		estimate := over(func(t *trial) float64 {
			if b < len(t.batchPeaks) {
				return t.batchPeaks[b]
			}
			return math.NaN()
		})
		if estimate.N == 0 {
			estimate.Center = math.NaN()
		}
		row.PeakByBatch = append(row.PeakByBatch, estimate.Center)
	}
}

func peakOf(t *trial) float64   { return t.peak }
func steadyOf(t *trial) float64 { return t.steady }
func idleOf(t *trial) float64   { return t.idle }
func cpuOf(t *trial) float64    { return t.cpu }
