package versus

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// comparer fills a Result.
type comparer struct {
	*Result
	figures []string
	force   bool           // compare what is withheld otherwise
	notes   map[Note]*Note // each text once, however many changes it weakens

	oldTable, newTable *report.Table
}

// pair is a variant in both runs.
type pair struct {
	old, new     *report.Row
	oldAt, newAt int // their places among the rows
}

// known says whether a figure can be compared.
func known(figure string) bool { return slices.Contains(Figures(), figure) }

// list names texts of others.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	shown := make([]string, len(names))
	for i, name := range names {
		shown[i] = plain.Name(name)
	}
	return words.Series(shown)
}

// stamps takes what is stamped on the reports.
func (c *comparer) stamps() {
	for _, side := range c.sides() {
		if stamp := side.Stamp(); stamp != "" {
			c.Stamps = append(c.Stamps, side.word+": "+stamp)
		}
	}
}

// sided is a side and the word for it.
type sided struct {
	Side
	word string
}

func (r *Result) sides() []sided { return []sided{{r.Old, "old"}, {r.New, "new"}} }

// variants compares what is in both.
func (c *comparer) variants() {
	c.oldTable, c.newTable = c.Old.Table(), c.New.Table()
	olds := map[string]int{}
	for i, row := range c.Old.Rows {
		if ran(c.Old, row) {
			olds[row.Variant] = i
		}
	}
	var pairs []pair
	for i, row := range c.New.Rows {
		if !ran(c.New, row) {
			continue
		}
		at, both := olds[row.Variant]
		if !both {
			c.OnlyNew = append(c.OnlyNew, row.Variant)
			continue
		}
		delete(olds, row.Variant)
		pairs = append(pairs, pair{old: c.Old.Rows[at], new: row, oldAt: at, newAt: i})
	}
	for _, row := range c.Old.Rows {
		if _, left := olds[row.Variant]; left {
			c.OnlyOld = append(c.OnlyOld, row.Variant)
		}
	}
	for _, side := range c.sides() {
		for _, row := range side.Rows {
			if row.LeftOut != "" {
				c.LeftOut = append(c.LeftOut, LeftOut{row.Variant, side.word, row.LeftOut})
			}
		}
	}
	c.Comparisons = c.count(pairs, (*report.Report).Values)
	for _, p := range pairs {
		v := &Variant{
			Name: p.new.Variant,
			Old:  Requests{p.old.Requests, p.old.Failed},
			New:  Requests{p.new.Requests, p.new.Failed},
		}
		v.Notes = c.recorded(p, report.ColVariant)
		v.Failures = c.failures(p)
		for _, figure := range c.figures {
			change := c.change(p, figure, (*report.Report).Values, c.Comparisons)
			change.Notes = append(change.Notes, c.otherWorkOf(p)...)
			v.Changes = append(v.Changes, change)
		}
		c.Variants = append(c.Variants, v)
	}
	c.relative(pairs)
}

// otherWorkOf gives the notes that say that a variant did not do all of its work, or
// other work than in the old run.
func (c *comparer) otherWorkOf(p pair) []*Note { return slices.Concat(c.failures(p), c.answers(p)) }

// failures gives what the reports note of failed requests. A request that failed
// takes other memory and time than one that was carried out.
func (c *comparer) failures(p pair) []*Note {
	if p.old.Failed+p.new.Failed == 0 {
		return nil
	}
	return c.recorded(p, report.ColFailed)
}

// answers notes that a variant answered otherwise in the new run: what it took for
// that is no measure of what it took for the old answers.
func (c *comparer) answers(p pair) []*Note {
	old, now := answers(c.Old.Exp, p.new.Variant), answers(c.New.Exp, p.new.Variant)
	if old == "" || now == "" || old == now {
		return nil
	}
	return []*Note{c.note(report.CodeUnequalWork, fmt.Sprintf("%s did not do the same work, judging by its answers: %s in the old run, %s in the new one",
		titled(p.new.Variant), plain.Name(old), plain.Name(now)))}
}

// ran says that a variant was run, not only asked for.
func ran(s Side, row *report.Row) bool {
	return slices.ContainsFunc(s.Exp.Trials, func(t bench.Trial) bool { return t.Variant == row.Variant })
}

// relative compares the ratios to the baseline, if the two have the same one.
func (c *comparer) relative(pairs []pair) {
	c.Baseline = c.New.Exp.Design.Baseline
	at := slices.IndexFunc(pairs, func(p pair) bool { return p.old.Baseline && p.new.Baseline })
	if c.Old.Exp.Design.Baseline != c.Baseline || at < 0 {
		c.Baseline = ""
		return
	}
	base := pairs[at]
	pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.new.Baseline })
	c.RelativeComparisons = c.count(pairs, (*report.Report).Ratios)
	for _, p := range pairs {
		v := &Variant{Name: p.new.Variant}
		for _, figure := range c.figures {
			change := c.change(p, figure, (*report.Report).Ratios, c.RelativeComparisons)
			// A ratio is as weak as either of its two parts.
			change.Notes = once(slices.Concat(change.Notes, c.recorded(base, figure), c.otherWorkOf(p), c.otherWorkOf(base)))
			v.Changes = append(v.Changes, change)
		}
		c.Relative = append(c.Relative, v)
	}
}

// figure gives the values of a figure in the rounds of a run.
type figure func(*report.Report, *report.Row, string) []float64

// count counts the changes that will be given. Whether there is one depends on
// what was measured, never on what came out.
func (c *comparer) count(pairs []pair, of figure) int {
	n := 0
	for _, p := range pairs {
		for _, column := range c.figures {
			if c.withheld(column) == nil && len(of(c.Old.Report, p.old, column)) > 0 && len(of(c.New.Report, p.new, column)) > 0 {
				n++
			}
		}
	}
	return n
}

// change compares a figure of a variant.
func (c *comparer) change(p pair, column string, of figure, comparisons int) *Change {
	old, now := of(c.Old.Report, p.old, column), of(c.New.Report, p.new, column)
	change := &Change{Figure: column, Old: stat.Summarize(old), New: stat.Summarize(now)}
	change.Notes = c.recorded(p, column)
	if len(old) == 0 || len(now) == 0 {
		return change
	}
	if why := c.withheld(column); why != nil {
		change.Withheld = true
		change.Notes = append(change.Notes, why)
		return change
	}
	change.Ratio = stat.UnpairedRatio(now, old, comparisons)
	if !change.Ratio.Interval {
		change.Notes = append(change.Notes, c.note(report.CodeTooFewRounds, tooFew(change.Ratio)))
	}
	if c.Anyway {
		change.Notes = append(change.Notes, c.note(CodeOtherWork, "the two runs did not do the same work, so this change may be due to that alone"))
	}
	if old, now := c.Old.Exp.Design.Idle, c.New.Exp.Design.Idle; column == report.ColIdle && old != now {
		change.Notes = append(change.Notes, c.note(CodeOtherIdle, fmt.Sprintf("the final idle took %s in the old run and %s in the new one (--idle)", old, now)))
	}
	if c.otherNeighbours() && (c.force || !slices.Contains(report.CostColumns(), column)) {
		change.Notes = append(change.Notes, c.neighbours())
	}
	return change
}

// tooFew says what an interval would take.
func tooFew(u stat.Unpaired) string {
	needs := fmt.Sprintf("an interval needs %d in each", stat.MinEach(u.Comparisons))
	if u.Comparisons > 1 {
		needs = fmt.Sprintf("intervals over %s need %d in each", words.Plural(u.Comparisons, "comparison", "comparisons"), stat.MinEach(u.Comparisons))
	}
	return fmt.Sprintf("%s against %s: indicative; %s", words.Plural(u.Base, "old round", "old rounds"), words.Plural(u.N, "new one", "new ones"), needs)
}

// withheld says why a figure of the two runs cannot be compared; nil where it can.
func (c *comparer) withheld(column string) *Note {
	switch old, now := c.Old.Exp.Design, c.New.Exp.Design; {
	case c.force:
		return nil
	case column == report.ColIdle && old.Idle != now.Idle:
		return c.note(CodeOtherIdle, fmt.Sprintf("not compared: the final idle took %s in the old run and %s in the new one (--idle)", old.Idle, now.Idle))
	case slices.Contains(report.CostColumns(), column) && c.otherNeighbours():
		return c.neighbours()
	}
	return nil
}

// otherNeighbours says that the variants of the two runs had others beside them.
func (c *comparer) otherNeighbours() bool {
	old, now := c.Old.Exp.Design, c.New.Exp.Design
	if old.Mode == bench.Apart && now.Mode == bench.Apart {
		return false
	}
	return len(c.OnlyOld)+len(c.OnlyNew) > 0 || old.LoneIdle != now.LoneIdle
}

func (c *comparer) neighbours() *Note {
	var parts []string
	if len(c.OnlyOld) > 0 {
		parts = append(parts, list(c.OnlyOld)+" in the old run")
	}
	if len(c.OnlyNew) > 0 {
		parts = append(parts, list(c.OnlyNew)+" in the new one")
	}
	if len(parts) == 0 {
		parts = append(parts, "final idles beside a load in one of them (--lone-idle)")
	}
	return c.note(CodeOtherNeighbours, "other work ran at the same time: "+strings.Join(parts, ", ")+
		"; CPU and latency are not comparable then, and memory may differ by some per cent for that alone")
}

// ofTheReport are notes that are about a report alone: what its own changes miss.
var ofTheReport = []string{report.CodeTooFewRounds, report.CodeNoBaseline}

// recorded gives what the reports note at a figure of a variant.
func (c *comparer) recorded(p pair, column string) []*Note {
	old, now := notesAt(c.oldTable, column, p.oldAt), notesAt(c.newTable, column, p.newAt)
	var notes []*Note
	for _, n := range old {
		word := "old: "
		if slices.ContainsFunc(now, func(m *report.Note) bool { return *m == *n }) {
			word = "old and new: "
		}
		notes = append(notes, c.note(n.Code, word+n.Text))
	}
	for _, n := range now {
		if !slices.ContainsFunc(old, func(m *report.Note) bool { return *m == *n }) {
			notes = append(notes, c.note(n.Code, "new: "+n.Text))
		}
	}
	return once(notes)
}

// once gives each of the notes once: one may be at a cell and at the head above it.
func once(notes []*Note) []*Note {
	var all []*Note
	for _, n := range notes {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// notesAt gives the notes at a cell of a report's table and at the head above it.
func notesAt(t *report.Table, column string, row int) []*report.Note {
	var notes []*report.Note
	for _, col := range t.Columns {
		if col.Key == column {
			notes = append(append(notes, col.Notes...), col.Cells[row].Notes...)
		}
	}
	return slices.DeleteFunc(notes, func(n *report.Note) bool { return slices.Contains(ofTheReport, n.Code) })
}

// note gives the note with a text, the same one each time.
func (c *comparer) note(code, text string) *Note {
	key := Note{code, text}
	if c.notes[key] == nil {
		c.notes[key] = &key
	}
	return c.notes[key]
}

// number puts the notes in reading order.
func (c *comparer) number() {
	seen := map[*Note]bool{}
	take := func(notes []*Note) {
		for _, n := range notes {
			if !seen[n] {
				seen[n] = true
				c.Notes = append(c.Notes, n)
			}
		}
	}
	for _, v := range append(slices.Clone(c.Variants), c.Relative...) {
		take(v.Notes)
		for _, change := range v.Changes {
			take(change.Notes)
		}
		take(v.Failures)
	}
}
