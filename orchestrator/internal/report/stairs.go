package report

import (
	"fmt"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// Stairs are the peaks of the variants batch by batch. There are no rows where
// nothing was measured.
type Stairs struct {
	Title string // with the unit of the steps, and what they are medians over
	Rows  []Stair
}

// Stair is the peak of each batch of a variant.
type Stair struct {
	Row     *Row
	Variant string   // as it is shown
	Steps   []string // Row.PeakByBatch in the unit that all rows share; None where no trial came so far
}

// Stairs gives the peak of each batch of every variant that has peaks.
func (r *Report) Stairs() Stairs {
	var all []float64
	var stairs Stairs
	for _, row := range r.Rows {
		if row.Peak.N > 0 {
			all = append(all, row.PeakByBatch...)
			stairs.Rows = append(stairs.Rows, Stair{Row: row, Variant: row.Name()})
		}
	}
	if len(all) == 0 {
		return Stairs{}
	}
	s := MemoryScale(all)
	stairs.Title = "peak RSS of each batch, " + s.Unit
	if r.Rounds > 1 {
		stairs.Title += fmt.Sprintf(", medians over %d rounds", r.Rounds)
	}
	for i := range stairs.Rows {
		for _, v := range stairs.Rows[i].Row.PeakByBatch {
			stairs.Rows[i].Steps = append(stairs.Rows[i].Steps, s.Format(v))
		}
	}
	return stairs
}

// Intervals gives what the table does not say of intervals: those of the
// variants' own figures, and those of the changes that are not shown. There are
// no facts where the rounds are too few.
func (r *Report) Intervals() (title string, facts []Fact) {
	title = "each variant's own figure, 95 % interval of its median"
	unshown := false
	for _, row := range r.Rows {
		var parts []string
		for i, m := range row.memory() {
			if m.Interval {
				parts = append(parts, strings.TrimSuffix(MemoryColumns()[i], " RSS")+" "+amount(m))
				unshown = unshown || (m.Ratio.Verdict() == stat.NotShown)
			}
		}
		if len(parts) > 0 {
			facts = append(facts, Fact{row.Name(), strings.Join(parts, " · ")})
		}
	}
	if unshown {
		title += "; in brackets that of a change shown as ~"
	}
	return title, facts
}
