package report

import (
	"math"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// Peaks are the peaks of every round, variant by variant.
type Peaks struct {
	Rows     []PeakRow // one per row of the report, in its order
	Baseline float64   // bytes: the median of the baseline's peaks; NaN without one
	Top      float64   // bytes: the highest of all
}

// PeakRow is the peak RSS of a variant.
type PeakRow struct {
	Row *Row
	// Rounds are the peaks that the figure rests on; of a variant whose memory is
	// contradicted, none.
	Rounds []RoundPeak
	// Peak is the row's own figure: its median and the interval of that.
	stat.Estimate
	Value  string  // the median with its unit, as the table has it; None if there is none
	Change string  // against the baseline, as the table has it; "" where there is none to give
	Notes  []*Note // that weaken the row or the figure
}

// RoundPeak is the peak RSS of a round, in bytes.
type RoundPeak struct {
	Round int
	Bytes float64
}

// Peaks gives the peak of every round that counts.
func (r *Report) Peaks() *Peaks {
	p := &Peaks{Baseline: math.NaN()}
	column := r.memoryColumn(ColPeak, func(row *Row) Memory { return row.Peak })
	for i, row := range r.Rows {
		cell := column.Cells[i]
		pr := PeakRow{Row: row, Estimate: row.Peak.Estimate, Value: cell.Value, Change: cell.Change.String(), Notes: slices.Concat(row.notes[ColVariant], cell.Notes)}
		if cell.Value != None {
			pr.Value += " " + column.Unit
		}
		if pr.Change == None {
			pr.Change = ""
		}
		for _, t := range row.trials {
			if !math.IsNaN(t.peak) {
				pr.Rounds = append(pr.Rounds, RoundPeak{t.Round, t.peak})
				p.Top = max(p.Top, t.peak)
			}
		}
		if row.Baseline && row.Peak.N > 0 {
			p.Baseline = row.Peak.Center
		}
		p.Rows = append(p.Rows, pr)
	}
	return p
}

// PeakOf gives the peak RSS of a round in bytes, if it was measured.
func (row *Row) PeakOf(round int) (bytes float64, ok bool) {
	for _, t := range row.all {
		if t.Round == round && !math.IsNaN(t.peak) {
			return t.peak, true
		}
	}
	return 0, false
}

// Amount writes an amount in bytes with its unit: "537 MiB".
func Amount(bytes float64) string { return mebibytes(bytes) }
