package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Standing says how far a verdict can be relied on.
type Standing string

// The standings of a verdict.
const (
	Answered   Standing = "answered"   // by intervals, whether they show a difference or not
	Indicative Standing = "indicative" // by figures alone: the rounds are too few for intervals
	Alone      Standing = "alone"      // there is nothing to compare with
	Invalid    Standing = "invalid"    // figures there are, and no trust in them
	Unmeasured Standing = "unmeasured" // there is no figure
)

// Verdict is the answer of an experiment in a few sentences of plain text:
// which variant takes less memory than the baseline at its peak and when idle,
// by how much, and at what cost. A difference is told by the interval of the
// change, as the table has it, and CPU time by an interval of the same kind;
// what no interval shows is not said to be there.
type Verdict struct {
	Standing Standing
	Text     string
}

// Verdict answers the question of the experiment.
func (r *Report) Verdict() Verdict {
	if r.told != nil {
		return *r.told
	}
	standing, answer := r.answer()
	sentences := []string{answer}
	if r.Exp.Interrupted {
		sentences = append([]string{fmt.Sprintf("The run was interrupted; of its %s %d %s.",
			words.Plural(r.Exp.Design.Rounds, "round", "rounds"), r.Rounds, plural(r.Rounds, "counts", "count"))}, sentences...)
	}
	sentences = append(sentences, r.losses()...)
	sentences = append(sentences, r.leftOut()...)
	if standing != Invalid && standing != Unmeasured {
		sentences = append(sentences, r.withheld()...)
	}
	return Verdict{standing, prose(strings.Join(sentences, " "), mostText)}
}

// answer gives the sentences about the comparison itself.
func (r *Report) answer() (Standing, string) {
	base := r.baseline()
	var rivals []*Row
	measured := false
	for _, row := range r.Rows {
		measured = measured || row.Peak.N > 0
		if row != base && row.Peak.Ratio.N > 0 && (r.Control == nil || row.Variant != r.Control.Twin) {
			rivals = append(rivals, row)
		}
	}
	switch {
	case r.Stamp() != "":
		return Invalid, "No answer: " + r.Control.Text + ". A difference between allocators may have the same cause, so none is to be trusted."
	case r.hasNote(CodeUnequalWork):
		return Invalid, "No answer: the variants did not do the same work, so their figures are not comparable."
	case base != nil && !base.hasMemory():
		return Invalid, fmt.Sprintf("No answer: the memory of the baseline %s was not measured, for its figures contradict each other.", base.Name())
	case !measured:
		return Unmeasured, "No answer: no variant's memory was measured."
	case len(rivals) == 0:
		return Alone, r.alone(base)
	}
	return r.compared(base, rivals)
}

// compared tells of the variants beside the baseline.
func (r *Report) compared(base *Row, rivals []*Row) (Standing, string) {
	shown := slices.ContainsFunc(rivals, func(row *Row) bool { return row.Peak.Ratio.Interval })
	if !shown {
		return Indicative, fmt.Sprintf("Too few rounds for an answer, %s that intervals need. As a first indication, %s.",
			r.paired(rivals), r.clauses(base, rivals, peakRatio, indicatedPeak))
	}
	text := "Under this load " + r.clauses(base, rivals, peakRatio, peakClause) + "."
	idle := slices.DeleteFunc(slices.Clone(rivals), func(row *Row) bool { return !row.Idle.Ratio.Interval })
	if len(idle) > 0 {
		text += " When idle, " + r.clauses(base, idle, idleRatio, idleClause) + "."
	}
	if r.together() && slices.ContainsFunc(r.Rows, (*Row).starved) && slices.ContainsFunc(rivals, func(row *Row) bool { return row.CPURatio.Interval }) {
		text += " CPU was measured with all variants loaded at once, so it is not their own."
	}
	return Answered, text
}

// paired says how many rounds there are to compare in, and of how many: "3 of the
// 7". The baseline may have lost rounds that its rivals came through.
func (r *Report) paired(rivals []*Row) string {
	run, needed, _ := r.tooFew()
	n := 0
	for _, row := range rivals {
		n = max(n, row.Peak.Ratio.N)
	}
	if n < run {
		return fmt.Sprintf("only %s beside the baseline, of the %d", words.Plural(n, "round", "rounds"), needed)
	}
	return fmt.Sprintf("%d of the %d", n, needed)
}

func peakRatio(row *Row) stat.Ratio { return row.Peak.Ratio }
func idleRatio(row *Row) stat.Ratio { return row.Idle.Ratio }

// mostClauses is how many variants a sentence tells of.
const mostClauses = 4

// clauses tells of each variant in the order of the design. Of many it tells of
// the lowest, and how many others there are.
func (r *Report) clauses(base *Row, rows []*Row, of func(*Row) stat.Ratio, say func(row, base *Row, first bool) string) string {
	told := rows
	if len(rows) > mostClauses {
		told = slices.SortedStableFunc(slices.Values(rows), func(a, b *Row) int { return cmp.Compare(of(a).Center, of(b).Center) })[:mostClauses-1]
	}
	var parts []string
	for i, row := range told {
		parts = append(parts, say(row, base, i == 0))
	}
	text := strings.Join(parts, "; ")
	if more := len(rows) - len(told); more > 0 {
		text += fmt.Sprintf("; %s higher than these, in the table", words.Plural(more, "variant ranks", "variants rank"))
	}
	return text
}

// peakClause is what intervals say of a variant's peak: "jemalloc peaks 19 to 36
// % below libc, with 12 to 20 % less CPU per request".
func peakClause(row, base *Row, first bool) string {
	ratio := row.Peak.Ratio
	text := ""
	switch ratio.Verdict() {
	case stat.Shown:
		text = fmt.Sprintf("%s peaks %s", row.Name(), apart(ratio, peaking, base.Name(), first))
	case stat.NotShown:
		text = fmt.Sprintf("no difference in peak is shown between %s and %s (%s)", row.Name(), base.Name(), bounds(ratio))
	default:
		return indicatedPeak(row, base, first) + " in too few rounds for an interval"
	}
	return text + cost(row.CPURatio)
}

// idleClause is what intervals say of a variant when nothing happens.
func idleClause(row, base *Row, first bool) string {
	if ratio := row.Idle.Ratio; ratio.Verdict() == stat.Shown {
		return fmt.Sprintf("%s keeps %s", row.Name(), apart(ratio, keeping, base.Name(), first))
	}
	return fmt.Sprintf("no difference is shown between %s and %s (%s)", row.Name(), base.Name(), bounds(row.Idle.Ratio))
}

// indicatedPeak is what the centre of a change says, where it has no interval.
func indicatedPeak(row, base *Row, first bool) string {
	ratio := row.Peak.Ratio
	ratio.Lo, ratio.Hi = ratio.Center, ratio.Center
	if ratio.Center == 1 {
		return fmt.Sprintf("%s peaked as %s did", row.Name(), base.Name())
	}
	return fmt.Sprintf("%s peaked %s", row.Name(), apart(ratio, peaking, base.Name(), first))
}

// twofold is the ratio from which a change is told as a multiple.
const twofold = 2

// manner is how a figure is said to be lower, higher, or a multiple of the
// baseline's: before its name, and where the name need not be said again.
type manner struct{ below, above, times [2]string }

var (
	peaking = manner{[2]string{"below", "below"}, [2]string{"above", "above"}, [2]string{"as high as", "as high"}}
	keeping = manner{[2]string{"less than", "less"}, [2]string{"more than", "more"}, [2]string{"as much as", "as much"}}
)

// apart writes an interval that lies on one side of 1: "19 to 36 % below libc",
// "2.1 to 2.6 times as high as libc". The baseline is named with the first of a
// sentence.
func apart(ratio stat.Ratio, m manner, base string, first bool) string {
	size, word := percents(ratio.Lo, ratio.Hi), m.above
	switch {
	case ratio.Lo >= twofold:
		size, word = upTo(number(ratio.Lo, 1), number(ratio.Hi, 1))+" times", m.times
	case ratio.Hi < 1:
		size, word = percents(ratio.Hi, ratio.Lo), m.below
	}
	if first {
		return size + " " + word[0] + " " + base
	}
	return size + " " + word[1]
}

// percents writes how far two ratios are from 1, the nearer one first.
func percents(near, far float64) string {
	size := func(ratio float64) string { return strings.TrimLeft(bound(ratio), "−+") }
	return upTo(size(near), size(far)) + " %"
}

// upTo writes a range; one number where both are written alike.
func upTo(from, to string) string {
	if from == to {
		return from
	}
	return from + " to " + to
}

// cost says what a variant takes of CPU time beside the baseline.
func cost(ratio stat.Ratio) string {
	switch ratio.Verdict() {
	case stat.NotShown:
		return ", with no CPU difference shown"
	case stat.Shown:
		switch {
		case ratio.Lo >= twofold:
			return fmt.Sprintf(", at %s times the CPU per request", upTo(number(ratio.Lo, 1), number(ratio.Hi, 1)))
		case ratio.Hi < 1:
			return fmt.Sprintf(", with %s less CPU per request", percents(ratio.Hi, ratio.Lo))
		}
		return fmt.Sprintf(", with %s more CPU per request", percents(ratio.Lo, ratio.Hi))
	}
	return ""
}

// alone tells of variants that nothing can be compared with.
func (r *Report) alone(base *Row) string {
	var parts []string
	for _, row := range r.Rows {
		if row.Peak.N > 0 {
			parts = append(parts, fmt.Sprintf("%s peaked at %s", row.Name(), mebibytes(row.Peak.Center)))
		}
	}
	text := "Under this load " + words.Series(parts) + "; "
	if base != nil && base.Peak.N > 0 {
		return text + "there is nothing to compare with."
	}
	return text + "the baseline was not measured, so there is no comparison."
}

// losses tells which variants did not live to the end of their trials. The last
// round of an interrupted run is left out: its trials ended because the run did.
func (r *Report) losses() []string {
	cut := 0
	if r.Exp.Interrupted {
		for i := range r.Exp.Trials {
			cut = max(cut, r.Exp.Trials[i].Round)
		}
	}
	var told []string
	for _, row := range r.Rows {
		var lost []*trial
		rounds := 0
		for _, t := range row.all {
			if t.Round == cut {
				continue
			}
			rounds++
			if t.Error != "" {
				lost = append(lost, t)
			}
		}
		switch {
		case len(lost) == 0:
		case rounds == 1:
			told = append(told, fmt.Sprintf("%s %s.", row.Name(), prose(lost[0].Error, mostWords)))
		default:
			told = append(told, fmt.Sprintf("%s did not come to its end in %d of %d rounds: it %s.",
				row.Name(), len(lost), rounds, prose(lost[0].Error, mostWords)))
		}
	}
	return told
}

// withheld tells which variants have no memory figures.
func (r *Report) withheld() []string {
	var told []string
	for _, row := range r.Rows {
		if !row.Baseline && !row.hasMemory() {
			told = append(told, fmt.Sprintf("The memory of %s was not measured, for its figures contradict each other.", row.Name()))
		}
	}
	return told
}

// leftOut names the variants that could not be measured; why, if it is one.
func (r *Report) leftOut() []string {
	var rows []*Row
	var names []string
	for _, row := range r.Rows {
		if row.LeftOut != "" {
			rows, names = append(rows, row), append(names, row.Name())
		}
	}
	switch len(rows) {
	case 0:
		return nil
	case 1:
		return []string{fmt.Sprintf("%s could not be measured: %s.", names[0], strings.TrimRight(prose(rows[0].LeftOut, mostWords), "."))}
	}
	return []string{fmt.Sprintf("%d variants could not be measured, for the reasons in the notes: %s.", len(rows), words.Series(names))}
}

// hasNote says whether anything of this code weakens the report.
func (r *Report) hasNote(code string) bool {
	return slices.ContainsFunc(r.Notes, func(n *Note) bool { return n.Code == code })
}

// plural chooses a form of a verb or noun by a number.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
