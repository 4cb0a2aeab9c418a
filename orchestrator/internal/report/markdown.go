package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// markdownKeys are the columns of the Markdown table, a choice for a README;
// failures join them only if there are any.
var markdownKeys = map[string]string{
	ColVariant: "variant", ColPeak: "peak RSS", ColSteady: "steady RSS", ColIdle: "idle RSS",
	ColOverhead: "overhead", ColCPU: "CPU/request", ColP99: "p99",
}

// Markdown writes the table for a README: one row per variant, then a line in
// small print with what was run and the notes. Names are escaped. The only
// errors are those of w.
func Markdown(w io.Writer, exp *bench.Experiment) error { return Summarize(exp).Markdown(w) }

// Markdown is the function Markdown of a report that is made.
func (r *Report) Markdown(w io.Writer) error {
	exp := r.Exp
	table := r.Table().Only(func(c Column) bool { return markdownKeys[c.Key] != "" || c.Key == ColFailed && r.Failed() > 0 })
	var head []string
	rows := make([][]string, len(r.Rows))
	for _, c := range table.Columns {
		head = append(head, cmp.Or(markdownKeys[c.Key], c.Key)+table.Marks(c.Notes))
		for i, cell := range c.Cells {
			rows[i] = append(rows[i], markdownCell(c, cell)+table.Marks(cell.Notes))
		}
	}
	var b strings.Builder
	if stamp := r.Stamp(); stamp != "" {
		fmt.Fprintf(&b, "> **%s**\n\n", plain.Markdown(stamp))
	}
	if err := (layout.Grid{Head: head, Rows: rows, Left: 1}).Markdown(&b); err != nil {
		return err
	}
	brief := plain.Markdown(r.Brief())
	if exp.Command != "" {
		brief += " · " + plain.Code(exp.Command)
	}
	var lines []string
	for _, line := range r.Arranged() {
		lines = append(lines, plain.Markdown(line))
	}
	lines = append(lines, brief)
	if r.Control != nil && r.Stamp() == "" {
		lines = append(lines, plain.Markdown(r.Control.Text))
	}
	for _, fact := range r.Variants() {
		lines = append(lines, plain.Markdown(fact.Name+": "+fact.Text))
	}
	for i, note := range table.Notes {
		lines = append(lines, Superscript(i+1)+" "+plain.Markdown(note.Text)+" ("+plain.Markdown(named(note.Code))+")")
	}
	fmt.Fprintf(&b, "\n<sub>%s</sub>\n", strings.Join(lines, "<br>"))
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownCell writes a cell with its unit and change: "410 MiB (−39 %)".
func markdownCell(c Column, from Cell) string {
	text := plain.Markdown(from.Value)
	switch {
	case from.Value == None || c.Unit == "":
	case c.Unit == "×":
		text += "×"
	default:
		text += " " + c.Unit
	}
	if change := from.Change.String(); change != "" && change != None {
		text += " (" + plain.Markdown(change) + ")"
	}
	return text
}
