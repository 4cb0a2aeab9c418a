package versus

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Line is a figure of a variant as words: what a renderer lays out.
type Line struct {
	First   bool    // of the variant
	Variant string  // as it is shown; "" below the first line of the variant
	About   []*Note // that weaken all of the variant's figures; with its name alone
	Figure  string
	Old     string // with its unit
	New     string
	Change  string // "+4 … +9 %", "~ (−2 … +3 %)", "+7 %" without an interval, or "–"
	Better  bool   // a decrease is shown, and is a result: never below a stamp or between runs of other work
	Worse   bool   // an increase is shown, likewise
	Notes   []*Note
}

// mostName is how much of a name is printed, in columns.
const mostName = 60

// Lines lays out the changes of the variants.
func (r *Result) Lines() []Line { return r.lines(r.Variants, r.written(r.Variants)) }

// RelativeLines lays out the changes of the ratios to the baseline, in per cent of
// it.
func (r *Result) RelativeLines() []Line {
	return r.lines(r.Relative, func(string) func(float64) string { return percent })
}

func (r *Result) lines(variants []*Variant, written func(figure string) func(float64) string) []Line {
	trusted := len(r.Stamps) == 0 && !r.Anyway
	var lines []Line
	for _, v := range variants {
		from := len(lines)
		for _, c := range v.Changes {
			write := written(c.Figure)
			lines = append(lines, Line{
				Figure: c.Figure, Old: center(c.Old, write), New: center(c.New, write), Change: c.text(), Better: trusted && c.Better(), Worse: trusted && c.Worse(), Notes: c.Notes,
			})
		}
		if v.Old.Sent+v.New.Sent > 0 {
			lines = append(lines, Line{Figure: report.ColFailed, Old: v.Old.text(), New: v.New.text(), Notes: v.Failures})
		}
		if from < len(lines) {
			lines[from].First, lines[from].Variant, lines[from].About = true, titled(v.Name), v.Notes
		}
	}
	return lines
}

// titled writes the name of a variant; None for one without.
func titled(name string) string {
	if name == "" {
		return report.None
	}
	return plain.Cut(name, mostName)
}

// text writes a change.
func (c *Change) text() string {
	change := report.ChangeOf(c.Ratio).String()
	if c.Ratio.Verdict() == stat.NotShown {
		change += " (" + report.BoundsOf(c.Ratio).String() + ")"
	}
	return change
}

func (r Requests) text() string {
	if r.Failed == 0 {
		return "none"
	}
	return words.Count(r.Failed) + " of " + words.Count(r.Sent)
}

// center writes the centre of an estimate.
func center(e stat.Estimate, write func(float64) string) string {
	if e.N == 0 {
		return report.None
	}
	return write(e.Center)
}

// written gives how a figure is written: in one scale for all variants.
func (r *Result) written(variants []*Variant) func(figure string) func(float64) string {
	return func(figure string) func(float64) string {
		factor := 1.0
		if figure == report.ColCPU {
			factor = 1e9 // seconds to the nanoseconds of a scale
		}
		var values []float64
		for _, v := range variants {
			for _, c := range v.Changes {
				for _, e := range []stat.Estimate{c.Old, c.New} {
					if c.Figure == figure && e.N > 0 {
						values = append(values, e.Center*factor)
					}
				}
			}
		}
		var scale report.Scale
		switch {
		case figure == report.ColOverhead:
			return func(v float64) string { return report.Scale{Size: 1, Decimals: 2}.Format(v) + "×" }
		case slices.Contains(report.CostColumns(), figure):
			scale = report.TimeScale(values)
		default:
			scale = report.MemoryScale(values)
		}
		return func(v float64) string { return scale.Format(v*factor) + " " + scale.Unit }
	}
}

// percent writes a ratio in per cent.
func percent(ratio float64) string {
	decimals := 0
	if ratio < 0.1 {
		decimals = 1
	}
	return strconv.FormatFloat(100*ratio, 'f', decimals, 64) + " %"
}

// Marks writes the numbers of notes raised, each after a space, such as " ¹ ³".
func (r *Result) Marks(notes []*Note) string {
	var numbers []int
	for _, note := range notes {
		numbers = append(numbers, slices.Index(r.Notes, note)+1)
	}
	slices.Sort(numbers)
	var b strings.Builder
	for _, number := range slices.Compact(numbers) {
		b.WriteString(" " + report.Superscript(number))
	}
	return b.String()
}

// perCent is a change for a sentence: "+4 to +9 %".
func perCent(u stat.Unpaired) string {
	c := report.BoundsOf(u)
	if math.IsNaN(u.Center) || c.From == "" {
		return c.To
	}
	return c.From + " to " + c.To
}
