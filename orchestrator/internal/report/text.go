package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// defaultWidth is that of the text where no width is given.
const defaultWidth = 100

// TextOptions say what the output can show.
type TextOptions struct {
	Width int  // columns; 0 or less: 100
	Color bool // for a terminal; every meaning is in the words as well
}

// Text writes the report of an experiment for a terminal: the table, what it
// rests on, the peak of each batch, definitions, what was run, and the notes.
// Where the width does not fit all columns, the rightmost are left out and
// named, and so are the notes that are marked nowhere else. The only errors are
// those of w.
func Text(w io.Writer, exp *bench.Experiment, options TextOptions) error {
	if options.Width <= 0 {
		options.Width = defaultWidth
	}
	t := textWriter{r: Summarize(exp), TextOptions: options}
	if stamp := t.r.stamp(); stamp != "" {
		t.colored(bold+red, stamp)
		t.b.WriteString("\n")
	}
	shown, err := t.table()
	if err != nil {
		return err
	}
	t.rests(slices.ContainsFunc(shown, func(c column) bool { return slices.Contains(costColumns(), c.key) }))
	t.stairs()
	t.intervals()
	t.b.WriteString("\n")
	t.facts(t.r.legend())
	t.b.WriteString("\n")
	t.facts(t.r.ran())
	t.notes()
	_, err = io.WriteString(w, t.b.String())
	return err
}

// textWriter gathers the text, so that it is written at once.
type textWriter struct {
	TextOptions
	r       *Report
	b       strings.Builder
	noted   []*Note // those of the columns that are shown, in order
	numbers numbers
}

// colored writes a paragraph in a colour, line by line.
func (t *textWriter) colored(color, text string) {
	var lines strings.Builder
	wrap(&lines, "", text, t.Width)
	for line := range strings.Lines(lines.String()) {
		t.b.WriteString(t.paint(color, strings.TrimSuffix(line, "\n")) + "\n")
	}
}

// table writes the columns that fit, and gives them.
func (t *textWriter) table() ([]column, error) {
	all := t.r.columns()
	shown := t.choose(all)
	head := make([]string, len(shown))
	rows := make([][]string, len(t.r.Rows))
	for i, c := range shown {
		head[i] = c.head
		for j := range rows {
			rows[j] = append(rows[j], c.lines[j])
		}
	}
	text, err := plainTable(head, rows)
	if err != nil {
		return nil, err
	}
	t.b.WriteString(text)
	if len(t.r.Rows) == 0 {
		t.b.WriteString("no variant was measured\n")
	}
	if dropped := all[len(shown):]; len(dropped) > 0 {
		var names []string
		for _, c := range dropped {
			names = append(names, c.key)
		}
		if hidden := len(t.r.Notes) - len(t.noted); hidden > 0 {
			names = append(names, words.Plural(hidden, "note", "notes"))
		}
		wrap(&t.b, "", fmt.Sprintf("%d columns wide: %s left out; --format csv and json have all", t.Width, words.Series(names)), t.Width)
	}
	return all[:len(shown)], nil
}

// rests says below the table what its figures rest on.
func (t *textWriter) rests(cost bool) {
	lines := t.r.rests(cost)
	if len(lines) > 0 {
		t.b.WriteString("\n")
	}
	for _, line := range lines {
		wrap(&t.b, "", line, t.Width)
	}
}

// stairs writes the peak of each batch, a line per variant.
func (t *textWriter) stairs() {
	var all []float64
	names := 0
	for _, row := range t.r.Rows {
		if row.Peak.N > 0 {
			all = append(all, row.PeakByBatch...)
			names = max(names, width(row.name()))
		}
	}
	if len(all) == 0 {
		return
	}
	s := memoryScale(all)
	widest := 0
	for _, v := range all {
		widest = max(widest, width(s.format(v)))
	}
	over := ""
	if t.r.Rounds > 1 {
		over = fmt.Sprintf(", medians over %d rounds", t.r.Rounds)
	}
	fmt.Fprintf(&t.b, "\npeak RSS of each batch, %s%s\n", s.unit, over)
	for _, row := range t.r.Rows {
		var steps []string
		for _, v := range row.PeakByBatch {
			steps = append(steps, right(s.format(v), widest))
		}
		if row.Peak.N > 0 {
			wrap(&t.b, "  "+left(row.name(), names)+"  ", strings.Join(steps, " → "), t.Width)
		}
	}
}

// intervals writes what the table does not say of intervals: those of the
// variants' own figures, and those of the changes that are not shown.
func (t *textWriter) intervals() {
	var lines []fact
	unshown := false
	for _, row := range t.r.Rows {
		var parts []string
		for i, m := range row.memory() {
			if m.Interval {
				parts = append(parts, strings.TrimSuffix(memoryColumns()[i], " RSS")+" "+amount(m))
				unshown = unshown || (m.Ratio.Verdict() == stat.NotShown)
			}
		}
		if len(parts) > 0 {
			lines = append(lines, fact{"  " + row.name(), strings.Join(parts, " · ")})
		}
	}
	if len(lines) == 0 {
		return
	}
	title := "each variant's own figure, 95 % interval of its median"
	if unshown {
		title += "; in brackets that of a change shown as ~"
	}
	t.b.WriteString("\n")
	wrap(&t.b, "", title, t.Width)
	t.facts(lines)
}

// facts writes lines of a name and a text, the texts in one column.
func (t *textWriter) facts(facts []fact) {
	names := 0
	for _, f := range facts {
		names = max(names, width(f.name))
	}
	for _, f := range facts {
		wrap(&t.b, left(f.name, names)+"  ", f.text, t.Width)
	}
}

// notes writes the footnotes of the columns that are shown.
func (t *textWriter) notes() {
	if len(t.noted) > 0 {
		t.b.WriteString("\n")
	}
	widest := width(superscript(len(t.noted)))
	for i, n := range t.noted {
		wrap(&t.b, right(superscript(i+1), widest)+" ", n.Text+" ("+named(n.Code)+")", t.Width)
	}
}
