package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// defaultWidth is that of the text where no width is given.
const defaultWidth = 100

// TextOptions say what the output can show.
type TextOptions struct {
	Width int  // columns; 0 or less: 100
	Color bool // for a terminal; every meaning is in the words as well
}

// Colours of a terminal.
const (
	green  = "\x1b[32m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

// Text writes the report of an experiment for a terminal: the table, the peak
// of each batch, definitions, what was run, and the notes. Where the width does
// not fit all columns, the rightmost are left out and named. The only errors
// are those of w.
func Text(w io.Writer, exp *bench.Experiment, options TextOptions) error {
	if options.Width <= 0 {
		options.Width = defaultWidth
	}
	t := textWriter{r: Summarize(exp), TextOptions: options}
	if err := t.table(); err != nil {
		return err
	}
	t.stairs()
	t.intervals()
	t.b.WriteString("\n")
	t.facts(t.r.legend())
	t.b.WriteString("\n")
	t.facts(t.r.ran())
	t.notes()
	_, err := io.WriteString(w, t.b.String())
	return err
}

// textWriter gathers the text, so that it is written at once.
type textWriter struct {
	TextOptions
	r *Report
	b strings.Builder
}

// paint colours text, if colours are wanted.
func (t *textWriter) paint(color, text string) string {
	if !t.Color || color == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return color + text + reset
}

// drawn is a column as characters: a head of two lines, and a line per row.
type drawn struct {
	head  string
	lines []string
	width int
}

// table writes the columns that fit.
func (t *textWriter) table() error {
	var columns []drawn
	var dropped []string
	used := 0
	for i, c := range t.r.columns() {
		d := t.draw(c)
		if i > 0 {
			d.width += len(gap)
		}
		// The variant and one figure stay, however narrow the terminal.
		if len(dropped) > 0 || i > 1 && used+d.width > t.Width {
			dropped = append(dropped, c.key)
			continue
		}
		used += d.width
		columns = append(columns, d)
	}
	head := make([]string, len(columns))
	rows := make([][]string, len(t.r.Rows))
	for i, c := range columns {
		head[i] = c.head
		for j := range rows {
			rows[j] = append(rows[j], c.lines[j])
		}
	}
	text, err := plainTable(head, rows)
	if err != nil {
		return err
	}
	t.b.WriteString(text)
	if len(t.r.Rows) == 0 {
		t.b.WriteString("no variant was measured\n")
	}
	if len(dropped) > 0 {
		wrap(&t.b, "", fmt.Sprintf("%d columns wide: %s left out; --format markdown, csv and json have all", t.Width, strings.Join(dropped, ", ")), t.Width)
	}
	return nil
}

// draw lines up the three parts of a column's cells: values to the right, marks
// after them to the left, changes to the right.
func (t *textWriter) draw(c column) drawn {
	if c.key == colVariant {
		return t.drawNames(c)
	}
	values, noted, changes := width(c.unit), 0, 0
	for _, cell := range c.cells {
		values = max(values, width(cell.value))
		noted = max(noted, width(spaced(marks(cell.notes))))
		changes = max(changes, width(cell.change))
	}
	if changes > 0 {
		changes += len(gap)
	}
	head := c.key
	if changes == 0 { // the head's mark stands in the room of the others
		noted = max(noted, width(spaced(marks(c.notes))))
	} else {
		head += spaced(marks(c.notes))
	}
	// A short column keeps its figures under the end of its head.
	if changes == 0 {
		values = max(values, width(head))
	} else {
		values = max(values, width(head)-noted-changes)
	}
	d := drawn{width: values + noted + changes}
	if changes == 0 {
		d.head = t.paint(bold, right(head, values)) + t.marked(c.notes, noted)
	} else {
		d.head = right("", d.width-width(head)) + t.paint(bold, c.key) + t.marked(c.notes, 0)
	}
	d.head += "\n" + left(right(c.unit, values), d.width)
	for _, cell := range c.cells {
		color := ""
		if cell.ratio < 1 {
			color = green
		} else if cell.ratio > 1 {
			color = red
		}
		d.lines = append(d.lines, right(cell.value, values)+t.marked(cell.notes, noted)+t.paint(color, right(cell.change, changes)))
	}
	return d
}

// marked gives the marks of notes, with a space before them, in room columns.
func (t *textWriter) marked(notes []*Note, room int) string {
	text := spaced(marks(notes))
	return t.paint(yellow, text) + right("", room-width(text))
}

// drawNames draws the first column: names to the left, marks right after them.
func (t *textWriter) drawNames(c column) drawn {
	d := drawn{width: width(c.key + spaced(marks(c.notes)))}
	for _, cell := range c.cells {
		d.width = max(d.width, width(cell.value+spaced(marks(cell.notes))))
	}
	d.head = t.paint(bold, c.key) + t.marked(c.notes, d.width-width(c.key)) + "\n" + left("", d.width)
	for _, cell := range c.cells {
		d.lines = append(d.lines, cell.value+t.marked(cell.notes, d.width-width(cell.value)))
	}
	return d
}

// stairs writes the peak of each batch, a line per variant.
func (t *textWriter) stairs() {
	var all []float64
	names := 0
	for _, row := range t.r.Rows {
		all = append(all, row.PeakByBatch...)
		names = max(names, width(row.Variant))
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
	if rounds := t.r.Exp.Design.Rounds; rounds > 1 {
		over = fmt.Sprintf(", medians over %d rounds", rounds)
	}
	fmt.Fprintf(&t.b, "\npeak RSS of each batch, %s%s\n", s.unit, over)
	for _, row := range t.r.Rows {
		var steps []string
		for _, v := range row.PeakByBatch {
			steps = append(steps, right(s.format(v), widest))
		}
		if len(steps) > 0 {
			wrap(&t.b, "  "+left(row.Variant, names)+"  ", strings.Join(steps, " → "), t.Width)
		}
	}
}

// intervals writes the 95 % intervals of the memory figures and their changes,
// a line per variant that has rounds enough for any.
func (t *textWriter) intervals() {
	var lines []fact
	for _, row := range t.r.Rows {
		var parts []string
		for _, figure := range []struct {
			name string
			Memory
		}{{"peak", row.Peak}, {"steady", row.Steady}, {"idle", row.Idle}} {
			if figure.Interval {
				parts = append(parts, figure.name+" "+interval(figure.Memory))
			}
		}
		if len(parts) > 0 {
			lines = append(lines, fact{"  " + row.Variant, strings.Join(parts, " · ")})
		}
	}
	if len(lines) > 0 {
		t.b.WriteString("\n95 % intervals\n")
		t.facts(lines)
	}
}

// interval writes the interval of an amount in bytes, and that of its change.
func interval(m Memory) string {
	s := memoryScale([]float64{m.Lo, m.Hi})
	text := s.format(m.Lo) + "…" + s.format(m.Hi) + " " + s.unit
	if m.Ratio.Interval {
		text += " (" + strings.TrimSuffix(percentChange(m.Ratio.Lo), " %") + "…" + percentChange(m.Ratio.Hi) + ")"
	}
	return text
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

// notes writes the footnotes.
func (t *textWriter) notes() {
	if len(t.r.Notes) > 0 {
		t.b.WriteString("\n")
	}
	widest := width(superscript(len(t.r.Notes)))
	for _, n := range t.r.Notes {
		wrap(&t.b, right(superscript(n.Number), widest)+" ", n.Text+" ("+n.Code+")", t.Width)
	}
}
