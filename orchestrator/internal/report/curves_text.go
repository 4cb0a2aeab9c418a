package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// foremost is how many curves are drawn strongly beside the baseline's, where there
// are more than manyRows.
const foremost = 5

// Foremost gives the rows whose curves are to stand out: all of them, or of many
// the baseline and those of the least peaks.
func (r *Report) Foremost() []*Row {
	var measured []*Row
	for _, row := range r.Rows {
		if row.Peak.N > 0 {
			measured = append(measured, row)
		}
	}
	if len(measured) <= manyRows {
		return r.Rows
	}
	slices.SortStableFunc(measured, func(a, b *Row) int { return cmp.Compare(a.Peak.Center, b.Peak.Center) })
	base := r.baseline()
	measured = slices.DeleteFunc(measured, func(row *Row) bool { return row == base })[:foremost]
	if base != nil {
		measured = append(measured, base)
	}
	return measured
}

// standOut says which of many curves are drawn strongly.
func (r *Report) standOut() string {
	if len(r.Foremost()) == len(r.Rows) {
		return ""
	}
	base := ""
	if r.baseline() != nil {
		base = "the baseline and "
	}
	return fmt.Sprintf(" Drawn strongly: %sthe %d of the least peaks; the others are pale.", base, foremost)
}

// CurvesCaption says how curves are to be read.
func (r *Report) CurvesCaption() string {
	what := "Line: the median of the readings within each step of time. Band: from the lowest to the highest of them."
	if r.Rounds > 1 {
		what = "Line: the median over the rounds. Band: from the lowest to the highest reading of any round."
	}
	return what + " Each variant keeps its own clock" + r.stretched() + "; shaded and below the axis: its batches." +
		" A peak that was over between two readings is in the peak RSS and not in the curve." + r.standOut() + r.furthest()
}

// furthest names the variants whose line is of fewer rounds than their figures.
func (r *Report) furthest() string {
	var of []string
	for _, row := range r.Rows {
		if n := len(row.whole()); n < row.Trials && row.Contradicted == nil {
			of = append(of, fmt.Sprintf("%s (%d of %d)", row.Name(), n, row.Trials))
		}
	}
	if len(of) == 0 {
		return ""
	}
	return " Only the rounds that got furthest are in the line of " + words.Series(of) + "."
}

// stretched says what was done to the time of the rounds.
func (r *Report) stretched() string {
	if r.Rounds > 1 {
		return ", on which every phase takes the median of its rounds"
	}
	return ""
}

// CurvesText says in words what a picture of the curves shows.
func (r *Report) CurvesText(c *Curves) string {
	var parts []string
	for _, curve := range c.Rows {
		row := curve.Row
		name := row.Name()
		switch {
		case row.Contradicted != nil:
			parts = append(parts, name+" has no curve: more of its bytes were live than resident")
			continue
		case row.absent():
			parts = append(parts, name+" was left out: "+strings.TrimRight(prose(row.LeftOut, mostWords), "."))
			continue
		case len(curve.Line) == 0:
			parts = append(parts, name+" was not measured")
			continue
		}
		text := fmt.Sprintf("%s goes through %s in %s", name, words.Plural(len(curve.Batches()), "batch", "batches"), about(curve.Length))
		if curve.Rounds < row.Trials {
			text += fmt.Sprintf(" (line of %d of its %s)", curve.Rounds, words.Plural(row.Trials, "round", "rounds"))
		}
		var figures []string
		for i, m := range row.memory() {
			if m.N > 0 {
				figures = append(figures, MemoryColumns()[i]+" "+mebibytes(m.Center))
			}
		}
		if len(figures) > 0 {
			text += ": " + strings.Join(figures, ", ")
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "No variant was measured."
	}
	over := ""
	if r.Rounds > 1 {
		over = ", medians over " + words.Plural(r.Rounds, "round", "rounds")
	}
	return prose("Resident heap over time"+over+". "+strings.Join(parts, ". ")+".", mostText)
}

// PeaksCaption says how the picture of the peaks is to be read.
func (r *Report) PeaksCaption() string {
	var text strings.Builder
	text.WriteString("Each dot is the peak RSS of a round, the tick their median")
	for _, row := range r.Rows {
		if row.Peak.Interval {
			text.WriteString(", the bar its 95 % interval")
			break
		}
	}
	if r.Comparisons > 0 {
		text.WriteString("; changes are taken within a round")
		if r.hasIntervals() {
			text.WriteString(" and " + r.confidence())
		}
	}
	return text.String() + "."
}

// PeaksText says in words what a picture of the peaks shows.
func (r *Report) PeaksText(p *Peaks) string {
	var parts []string
	for _, row := range p.Rows {
		text := row.Row.Name() + ": "
		switch {
		case row.Row.Contradicted != nil:
			text += "no figure, for more of its bytes were live than resident"
		case row.Row.absent():
			text += "left out, for " + strings.TrimRight(prose(row.Row.LeftOut, mostWords), ".")
		case row.N == 0:
			text += "not measured"
		default:
			text += row.Value
			if row.Interval {
				s := MemoryScale([]float64{row.Lo, row.Hi})
				text += fmt.Sprintf(" (95 %% interval %s%s%s %s)", s.Format(row.Lo), dots, s.Format(row.Hi), s.Unit)
			}
			switch {
			case row.Change == "~":
				text += ", no difference from the baseline is shown"
			case row.Change != "":
				text += ", " + row.Change + " against the baseline"
			case row.Row.Baseline:
				text += ", the baseline"
			}
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "No variant was measured."
	}
	over := ""
	if r.Rounds > 1 {
		over = fmt.Sprintf(", medians over %d rounds", r.Rounds)
	}
	return prose("Peak RSS"+over+". "+strings.Join(parts, ". ")+".", mostText)
}
