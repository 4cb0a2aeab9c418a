package versus

import (
	"fmt"
	"io"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// Markdown writes the comparison for a comment or a summary: what differs, the
// verdict, the tables, and in small print the notes. Names are escaped. The only
// errors are those of w.
func (r *Result) Markdown(w io.Writer) error {
	var b strings.Builder
	for _, stamp := range r.Stamps {
		fmt.Fprintf(&b, "> **%s**\n\n", plain.Markdown(stamp))
	}
	for _, fact := range r.Told() {
		fmt.Fprintf(&b, "- %s: %s\n", fact.Name, plain.Markdown(fact.Text))
	}
	fmt.Fprintf(&b, "\n**%s**\n\n", plain.Markdown(r.Verdict()))
	if err := r.markdownTable(&b, r.Lines()); err != nil {
		return err
	}
	if head := r.Head(); head != "" {
		fmt.Fprintf(&b, "\n%s:\n\n", plain.Markdown(head))
		if err := r.markdownTable(&b, r.RelativeLines()); err != nil {
			return err
		}
	}
	var small []string
	for _, fact := range r.Legend() {
		small = append(small, fact.Name+": "+plain.Markdown(fact.Text))
	}
	for i, n := range r.Notes {
		small = append(small, report.Superscript(i+1)+" "+plain.Markdown(noteText(n)))
	}
	fmt.Fprintf(&b, "\n<sub>%s</sub>\n", strings.Join(small, "<br>"))
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) markdownTable(b *strings.Builder, lines []Line) error {
	grid := layout.Grid{Head: []string{"variant", "figure", "old", "new", "change"}, Left: 2}
	for _, l := range lines {
		change := plain.Markdown(l.Change)
		if l.Better || l.Worse {
			change = "**" + change + "**"
		}
		grid.Rows = append(grid.Rows, []string{plain.Markdown(l.Variant) + r.Marks(l.About), l.Figure, l.Old, l.New, change + r.Marks(l.Notes)})
	}
	return grid.Markdown(b)
}
