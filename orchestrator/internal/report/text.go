package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// defaultWidth is that of the text where no width is given.
const defaultWidth = 100

// TextOptions say what the output can show.
type TextOptions struct {
	Width int  // columns; 0 or less: 100
	Color bool // for a terminal; every meaning is in the words as well
	Chart bool // memory over time in block characters, for a terminal
}

// Text writes the report of an experiment for a terminal: the table, what it
// rests on, a chart if asked for, the peak of each batch, definitions, what was run, and the notes.
// Where the width does not fit all columns, the rightmost are left out and
// named, and so are the notes that are marked nowhere else. The only errors are
// those of w.
func Text(w io.Writer, exp *bench.Experiment, options TextOptions) error {
	return Summarize(exp).Text(w, options)
}

// Text is the function Text of a report that is made.
func (r *Report) Text(w io.Writer, options TextOptions) error {
	if options.Width <= 0 {
		options.Width = defaultWidth
	}
	t := textWriter{r: r, TextOptions: options}
	if stamp := t.r.Stamp(); stamp != "" {
		t.colored(bold+red, stamp)
		t.b.WriteString("\n")
	}
	if err := t.figures(); err != nil {
		return err
	}
	t.rests(slices.ContainsFunc(t.table.Columns, func(c Column) bool { return slices.Contains(CostColumns(), c.Key) }))
	if t.Chart {
		t.spark()
	}
	t.variants()
	t.stairs()
	t.intervals()
	t.b.WriteString("\n")
	t.facts(t.r.Legend())
	t.b.WriteString("\n")
	t.facts(t.r.Ran())
	t.notes()
	_, err := io.WriteString(w, t.b.String())
	return err
}

// textWriter gathers the text, so that it is written at once.
type textWriter struct {
	TextOptions
	r     *Report
	b     strings.Builder
	table *Table // of the columns that are shown
}

// colored writes a paragraph in a colour, line by line.
func (t *textWriter) colored(color, text string) {
	var lines strings.Builder
	wrap(&lines, "", text, t.Width)
	for line := range strings.Lines(lines.String()) {
		t.b.WriteString(t.paint(color, strings.TrimSuffix(line, "\n")) + "\n")
	}
}

// figures writes the columns of the table that fit.
func (t *textWriter) figures() error {
	all := t.r.Table()
	shown := t.choose(all)
	head := make([]string, len(shown))
	rows := make([][]string, len(t.r.Rows))
	for i, c := range shown {
		head[i] = c.head
		for j := range rows {
			rows[j] = append(rows[j], c.lines[j])
		}
	}
	text, err := layout.Grid{Head: head, Rows: rows, Left: 1}.Plain()
	if err != nil {
		return err
	}
	t.b.WriteString(text)
	if len(t.r.Rows) == 0 {
		t.b.WriteString("no variant was measured\n")
	}
	if dropped := all.Columns[len(shown):]; len(dropped) > 0 {
		var names []string
		for _, c := range dropped {
			names = append(names, c.Key)
		}
		if hidden := len(t.r.Notes) - len(t.table.Notes); hidden > 0 {
			names = append(names, words.Plural(hidden, "note", "notes"))
		}
		wrap(&t.b, "", fmt.Sprintf("%d columns wide: %s left out; --format csv and json have all", t.Width, words.Series(names)), t.Width)
	}
	return nil
}

// rests says below the table what its figures rest on.
func (t *textWriter) rests(cost bool) {
	for _, line := range t.r.Arranged() {
		wrap(&t.b, "", line, t.Width)
	}
	lines := t.r.Rests(cost)
	if len(lines) > 0 {
		t.b.WriteString("\n")
	}
	for _, line := range lines {
		wrap(&t.b, "", line, t.Width)
	}
}

// variants says what each of them is, if their names do not.
func (t *textWriter) variants() {
	facts := t.r.Variants()
	if len(facts) == 0 {
		return
	}
	t.b.WriteString("\nwhat the variants are\n")
	for i := range facts {
		facts[i].Name = "  " + facts[i].Name
	}
	t.facts(facts)
}

// stairs writes the peak of each batch, a line per variant.
func (t *textWriter) stairs() {
	stairs := t.r.Stairs()
	names, widest := 0, 0
	for _, s := range stairs.Rows {
		names = max(names, width(s.Variant))
		for _, step := range s.Steps {
			widest = max(widest, width(step))
		}
	}
	if len(stairs.Rows) > 0 {
		fmt.Fprintf(&t.b, "\n%s\n", stairs.Title)
	}
	for _, s := range stairs.Rows {
		var steps []string
		for _, step := range s.Steps {
			steps = append(steps, right(step, widest))
		}
		wrap(&t.b, "  "+left(s.Variant, names)+"  ", strings.Join(steps, " → "), t.Width)
	}
}

// intervals writes what the table does not say of intervals.
func (t *textWriter) intervals() {
	title, facts := t.r.Intervals()
	if len(facts) == 0 {
		return
	}
	t.b.WriteString("\n")
	wrap(&t.b, "", title, t.Width)
	for i := range facts {
		facts[i].Name = "  " + facts[i].Name
	}
	t.facts(facts)
}

// facts writes lines of a name and a text, the texts in one column.
func (t *textWriter) facts(facts []Fact) {
	lines := make([]layout.Fact, len(facts))
	for i, f := range facts {
		lines[i] = layout.Fact(f)
	}
	layout.Facts(&t.b, lines, t.Width)
}

// notes writes the footnotes of the columns that are shown.
func (t *textWriter) notes() {
	if len(t.table.Notes) > 0 {
		t.b.WriteString("\n")
	}
	widest := width(Superscript(len(t.table.Notes)))
	for i, n := range t.table.Notes {
		wrap(&t.b, right(Superscript(i+1), widest)+" ", n.Text+" ("+named(n.Code)+")", t.Width)
	}
}
