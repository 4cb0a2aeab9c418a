package report

import (
	"math"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// figureOf gives the figure of a trial that a column of the table shows the median
// of, in the unit of the row's estimate; nil for columns that are not of such
// figures.
func figureOf(column string) func(*trial) float64 {
	switch column {
	case ColPeak:
		return peakOf
	case ColSteady:
		return steadyOf
	case ColIdle:
		return idleOf
	case ColOverhead:
		return func(t *trial) float64 { return t.overhead }
	case ColCPU:
		return func(t *trial) float64 { return t.cpu }
	case ColP99:
		return func(t *trial) float64 { return t.latency[2] }
	case ColP50:
		return func(t *trial) float64 { return t.latency[0] }
	case ColLive:
		return func(t *trial) float64 { return t.live }
	}
	return nil
}

// counts says whether a trial carried the design out, so that its figures can be
// held against those of another run.
func (r *Report) counts(t *trial) bool {
	return t.Error == "" && t.complete >= max(r.Exp.Design.Batches, 1)
}

// Values gives a figure of a row in every round that counts: bytes, seconds per
// request for CPU, nanoseconds for latency. Rounds that are void give none, and
// neither do trials that ended early, memory that is withheld (Contradicted), and
// what was not measured. The column is one of the Col constants; those that are
// not medians over the rounds have no values.
func (r *Report) Values(row *Row, column string) []float64 {
	of := figureOf(column)
	if of == nil {
		return nil
	}
	var values []float64
	for _, t := range row.all {
		if v := of(t); r.counts(t) && !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return values
}

// Ratios gives a figure of a row over that of the baseline, in every round in which
// both count. It is empty for the baseline, and without one.
func (r *Report) Ratios(row *Row, column string) []float64 {
	of, base := figureOf(column), r.baseline()
	if of == nil || base == nil || base == row {
		return nil
	}
	var ratios []float64
	for _, t := range row.all {
		for _, b := range base.all {
			if v := of(t) / of(b); t.Round == b.Round && r.counts(t) && r.counts(b) && v > 0 && !math.IsInf(v, 1) {
				ratios = append(ratios, v)
			}
		}
	}
	return ratios
}

// ChangeOf writes a change between two runs as that against a baseline is written:
// its interval, "~" where that includes no change at all, the change alone where
// the rounds are too few for an interval, and None without any.
func ChangeOf(u stat.Unpaired) Change {
	return changeOf(stat.Ratio{Estimate: estimateOf(u)})
}

// BoundsOf writes the interval of a change between two runs, whatever it includes;
// None where there is none.
func BoundsOf(u stat.Unpaired) Change {
	if !u.Interval {
		return Change{"", None}
	}
	return bounds(stat.Ratio{Estimate: estimateOf(u)})
}

// estimateOf gives the part of a change that is written.
func estimateOf(u stat.Unpaired) stat.Estimate {
	return stat.Estimate{Center: u.Center, Lo: u.Lo, Hi: u.Hi, Interval: u.Interval, N: min(u.N, u.Base)}
}
