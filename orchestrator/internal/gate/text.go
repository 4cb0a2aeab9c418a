package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Names says where results are, for people.
type Names struct {
	Old   string // the old result
	Fresh string // the result of the fresh rounds; empty: there were none
	Moved string // in what the machine is another; empty: in nothing
}

// Lines gives the result as text: what it is on the first line, then a table of
// all that was judged, then what has to be known. Nothing in it needs escaping.
func (r Result) Lines(names Names) []string {
	v := r.First
	lines := []string{
		fmt.Sprintf("check: %s", r.headline()),
		fmt.Sprintf("%s now, against %s in %s", rounds(v.NowN), rounds(v.WasN), plain.Name(names.Old)),
	}
	lines = append(lines, r.table()...)
	for _, why := range v.Invalid {
		lines = append(lines, "cannot tell: "+plain.Text(why))
	}
	if blurred := v.blurred(); r.Outcome == Unclear && len(blurred) > 0 {
		lines = append(lines, "cannot tell: the rounds of "+words.Series(blurred)+" scatter so much that an increase of a fifth could hide; more rounds, or a quieter machine, would show it")
	}
	if len(v.Findings)+len(v.Invalid) == 0 {
		lines = append(lines, "cannot tell: nothing was measured in both")
	}
	if r.Second == nil && v.Outcome == Worse {
		lines = append(lines, "not confirmed: the fresh rounds were not carried out to the end")
	}
	if r.Second != nil {
		lines = append(lines, r.second(names)...)
	}
	if r.everywhere() {
		lines = append(lines, "every variant that was judged takes more: the cause is more likely the service or the machine than an allocator")
	}
	if len(v.Unjudged) > 0 {
		lines = append(lines, "not judged, for the old result does not have it: "+strings.Join(v.Unjudged, ", "))
	}
	if len(v.Missing) > 0 {
		lines = append(lines, "not run here, but in the old result: "+strings.Join(v.Missing, ", "))
	}
	if len(v.Unjudged)+len(v.Missing) > 0 {
		lines = append(lines, "who runs beside a variant changes its figures: renew the old result")
	}
	if names.Moved != "" {
		lines = append(lines, "the machine is not what it was: "+plain.Text(names.Moved))
	}
	return lines
}

// headline says what the result is.
func (r Result) headline() string {
	switch r.Outcome {
	case Worse:
		return "worse: " + strings.Join(r.worst(), "; ")
	case Unclear:
		return "cannot tell"
	}
	return "nothing is worse"
}

// worst says of every variant that is worse by how much, for the first figure that
// is, and which others are: "libc by +28 … +32 % in peak RSS, and in idle RSS".
func (r Result) worst() []string {
	var parts []string
	for at := 0; at < len(r.First.Findings); {
		variant := r.First.Findings[at].Variant
		text := ""
		var others []string
		for ; at < len(r.First.Findings) && r.First.Findings[at].Variant == variant; at++ {
			switch f := r.First.Findings[at]; {
			case !f.worse() || !r.confirmed(f):
			case text == "":
				text = fmt.Sprintf("%s by %s in %s", variant, bounds(f), f.Column)
			default:
				others = append(others, f.Column)
			}
		}
		if len(others) > 0 {
			text += ", and in " + words.Series(others)
		}
		if text != "" {
			parts = append(parts, text)
		}
	}
	return parts
}

func bounds(f Finding) string { return report.BoundsOf(f.Ratio).String() }

// table lists the findings.
func (r Result) table() []string {
	if len(r.First.Findings) == 0 {
		return nil
	}
	rows := [][]string{{"variant", "figure", "then", "now", "change", "allowed", ""}}
	for _, f := range r.First.Findings {
		then, now := amounts(f)
		change := "–"
		if f.Ratio.Interval {
			change = bounds(f)
		}
		rows = append(rows, []string{f.Variant, f.Column, then, now, change, percent(f.Allowed), r.remark(f)})
	}
	return align(rows)
}

// remark says what came of a figure.
func (r Result) remark(f Finding) string {
	switch again := r.again(f); {
	case f.unclear():
		return "cannot tell: " + f.Why
	case f.Blurred:
		return "ok, as far as it can be told: the rounds scatter too much"
	case !f.worse():
		return "ok"
	case again == nil:
		return "worse"
	case again.worse():
		return "worse, and again by " + bounds(*again)
	case again.unclear():
		return "worse, but then it cannot be told: " + again.Why
	default:
		return "worse, but not again: " + bounds(*again)
	}
}

// second says what the fresh rounds were for.
func (r Result) second(names Names) []string {
	text := fmt.Sprintf("%s in %s", words.Plural(r.Second.NowN, "fresh round", "fresh rounds"), plain.Name(names.Fresh))
	switch r.Outcome {
	case Worse:
		text = "confirmed by " + text
	case Unclear:
		text = "not confirmed: " + text + " cannot tell"
	default:
		text = "not confirmed, so it does not count: " + text + " do not show it again"
	}
	lines := []string{text}
	for _, why := range r.Second.Invalid {
		lines = append(lines, "cannot tell from them: "+plain.Text(why))
	}
	return lines
}

// everywhere says that something is worse in every one of several variants.
func (r Result) everywhere() bool {
	var all, worse []string
	for _, f := range r.First.Findings {
		if !slices.Contains(all, f.Variant) {
			all = append(all, f.Variant)
		}
		if f.worse() && r.confirmed(f) && !slices.Contains(worse, f.Variant) {
			worse = append(worse, f.Variant)
		}
	}
	return r.Outcome == Worse && len(all) > 1 && len(worse) == len(all)
}

// amounts writes what a figure was and is, in one unit.
func amounts(f Finding) (then, now string) {
	var s report.Scale
	size := 1.0
	switch {
	case memory(f.Column):
		s = report.MemoryScale([]float64{f.Was, f.Now})
	case f.Column == report.ColCPU: // in seconds
		size = 1e9
		s = report.TimeScale([]float64{size * f.Was, size * f.Now})
	case f.Column == report.ColOverhead:
		s = report.Scale{Unit: "×", Size: 1, Decimals: 2}
	default:
		s = report.TimeScale([]float64{f.Was, f.Now})
	}
	write := func(v float64, n int) string {
		if n == 0 {
			return report.None
		}
		return s.Format(size*v) + " " + s.Unit
	}
	return write(f.Was, f.Ratio.Base), write(f.Now, f.Ratio.N)
}

// align sets rows in columns, two spaces apart: names at the left, figures at the
// right, what is said of them at the left again.
func align(rows [][]string) []string {
	wide := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], plain.Width(cell))
		}
	}
	var lines []string
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", wide[i]-plain.Width(cell))
			if i < 2 || i == len(row)-1 {
				line.WriteString(cell + space + "  ")
			} else {
				line.WriteString(space + cell + "  ")
			}
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}
