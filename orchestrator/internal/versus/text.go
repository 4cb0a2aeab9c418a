package versus

import (
	"io"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// defaultWidth is that of the text where no width is given.
const defaultWidth = 100

// Text writes the comparison for a terminal: what differs, the verdict, the table
// of changes, that of the changes relative to the baseline, what they mean, and
// the notes. The only errors are those of w.
func (r *Result) Text(w io.Writer, options report.TextOptions) error {
	if options.Width <= 0 {
		options.Width = defaultWidth
	}
	t := textWriter{Result: r, TextOptions: options}
	for _, stamp := range r.Stamps {
		t.paragraph(layout.Bold+layout.Red, stamp)
	}
	layout.Facts(&t.b, r.Told(), t.Width)
	t.b.WriteString("\n")
	t.paragraph(layout.Bold, r.Verdict())
	if err := t.table("", r.Lines()); err != nil {
		return err
	}
	if head := r.Head(); head != "" {
		if err := t.table(head, r.RelativeLines()); err != nil {
			return err
		}
	}
	t.b.WriteString("\n")
	layout.Facts(&t.b, r.Legend(), t.Width)
	if len(r.Notes) > 0 {
		t.b.WriteString("\n")
	}
	widest := layout.Width(report.Superscript(len(r.Notes)))
	for i, n := range r.Notes {
		layout.Wrap(&t.b, layout.Right(report.Superscript(i+1), widest)+" ", noteText(n), t.Width)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// textWriter gathers the text, so that it is written at once.
type textWriter struct {
	*Result
	report.TextOptions
	b strings.Builder
}

// paint colours text, if colours are wanted.
func (t *textWriter) paint(color, text string) string {
	if !t.Color {
		return text
	}
	return layout.Paint(color, text)
}

// paragraph writes wrapped text in a colour, line by line.
func (t *textWriter) paragraph(color, text string) {
	var lines strings.Builder
	layout.Wrap(&lines, "", text, t.Width)
	for line := range strings.Lines(lines.String()) {
		t.b.WriteString(t.paint(color, strings.TrimSuffix(line, "\n")) + "\n")
	}
}

// table writes lines below a head. Where a name is too long for a table, each
// variant has one of its own below its name.
func (t *textWriter) table(head string, lines []Line) error {
	t.b.WriteString("\n")
	if head != "" {
		t.b.WriteString(head + "\n")
	}
	if fits, err := t.fits(lines); err != nil {
		return err
	} else if fits {
		text, err := t.grid(lines, true, t.paint)
		t.b.WriteString(text)
		return err
	}
	for from, to := 0, 0; from < len(lines); from = to {
		for to = from + 1; to < len(lines) && !lines[to].First; to++ {
		}
		t.paragraph(layout.Bold, lines[from].Variant+t.Marks(lines[from].About))
		text, err := t.grid(lines[from:to], false, t.paint)
		if err != nil {
			return err
		}
		t.b.WriteString(text)
	}
	return nil
}

// fits says whether the names of the variants have room beside the figures.
func (t *textWriter) fits(lines []Line) (bool, error) {
	text, err := t.grid(lines, true, func(_, text string) string { return text })
	for line := range strings.Lines(text) {
		if layout.Width(strings.TrimSuffix(line, "\n")) > t.Width {
			return false, err
		}
	}
	return true, err
}

// grid lays out lines, with or without the names of the variants.
func (t *textWriter) grid(lines []Line, named bool, paint func(color, text string) string) (string, error) {
	changes, marks := layout.Width("change"), 0
	for _, l := range lines {
		changes, marks = max(changes, layout.Width(l.Change)), max(marks, layout.Width(t.Marks(l.Notes)))
	}
	grid := layout.Grid{Head: []string{"variant", "figure", "old", "new", layout.Right("change", changes) + layout.Left("", marks)}, Left: 2}
	for _, l := range lines {
		color := ""
		if l.Worse {
			color = layout.Red
		} else if l.Better {
			color = layout.Green
		}
		change := layout.Right("", changes-layout.Width(l.Change)) + paint(color, l.Change)
		noted := t.Marks(l.Notes)
		grid.Rows = append(grid.Rows, []string{
			l.Variant + paint(layout.Yellow, t.Marks(l.About)), l.Figure, l.Old, l.New,
			change + paint(layout.Yellow, noted) + layout.Left("", marks-layout.Width(noted)),
		})
	}
	if !named {
		grid.Head, grid.Left = grid.Head[1:], 1
		for i := range grid.Rows {
			grid.Rows[i] = grid.Rows[i][1:]
		}
	}
	for i, name := range grid.Head {
		grid.Head[i] = paint(layout.Bold, name)
	}
	return grid.Plain()
}
