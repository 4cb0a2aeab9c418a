package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/renderer"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// markdownKeys are the columns of the Markdown table, a choice for a README;
// failures join them only if there are any.
var markdownKeys = map[string]string{
	colVariant: "variant", colPeak: "peak RSS", colSteady: "steady RSS", colIdle: "idle RSS",
	colOverhead: "overhead", colCPU: "CPU/request", colP99: "p99",
}

// Markdown writes the table for a README: one row per variant, then a line in
// small print with what was run and the notes. Names are escaped. The only
// errors are those of w.
func Markdown(w io.Writer, exp *bench.Experiment) error {
	r := Summarize(exp)
	var shown []column
	for _, c := range r.columns() {
		if markdownKeys[c.key] != "" || c.key == colFailed && r.failures() > 0 {
			shown = append(shown, c)
		}
	}
	notes, n := footnotes(shown)
	var head []string
	rows := make([][]string, len(r.Rows))
	for _, c := range shown {
		head = append(head, cmp.Or(markdownKeys[c.key], c.key)+n.marks(c.notes))
		for i, cell := range c.cells {
			rows[i] = append(rows[i], markdownCell(c, cell)+n.marks(cell.notes))
		}
	}
	var b strings.Builder
	if stamp := r.stamp(); stamp != "" {
		fmt.Fprintf(&b, "> **%s**\n\n", plain.Markdown(stamp))
	}
	if err := writeTable(&b, renderer.NewMarkdown(), head, rows); err != nil {
		return err
	}
	lines := []string{r.inBrief()}
	if r.Control != nil && r.stamp() == "" {
		lines = append(lines, plain.Markdown(r.Control.Text))
	}
	for i, note := range notes {
		lines = append(lines, superscript(i+1)+" "+plain.Markdown(note.Text)+" ("+plain.Markdown(named(note.Code))+")")
	}
	fmt.Fprintf(&b, "\n<sub>%s</sub>\n", strings.Join(lines, "<br>"))
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownCell writes a cell with its unit and change: "410 MiB (−39 %)".
func markdownCell(c column, from cell) string {
	text := plain.Markdown(from.value)
	switch {
	case from.value == none || c.unit == "":
	case c.unit == "×":
		text += "×"
	default:
		text += " " + c.unit
	}
	if change := from.change.String(); change != "" && change != none {
		text += " (" + plain.Markdown(change) + ")"
	}
	return text
}

// inBrief says in one line of Markdown what was run.
func (r *Report) inBrief() string {
	exp := r.Exp
	d, p, e := exp.Design, exp.Plan, exp.Environment
	body := ""
	switch p.PerIteration() {
	case 0:
	case 1:
		body = " × " + words.Body(int64(p.Items[0].BodyBytes))
	default:
		body = fmt.Sprintf(" × %d requests", p.PerIteration())
	}
	rounds := words.Plural(r.Rounds, "round", "rounds")
	if _, _, few := r.tooFew(); few {
		rounds += ", indicative"
	}
	machine := []string{words.Plural(e.CPUs, "CPU", "CPUs"), "kernel " + named(e.Kernel)}
	seen := map[string]bool{}
	for _, row := range r.Rows {
		if a := allocator(row.Proof); a != "" && !seen[a] {
			seen[a] = true
			machine = append(machine, a)
		}
	}
	change := "RSS is the resident heap"
	if r.Comparisons > 0 {
		change += "; changes against " + named(d.Baseline) + " in the same round"
	}
	if r.hasIntervals() {
		change += ", " + r.confidence()
	}
	brief := plain.Markdown(join(
		fmt.Sprintf("%s%s × %s, %s at a time, %s sleep, %s, %s", words.Count(p.Iterations), body, words.Plural(d.Batches, "batch", "batches"),
			words.Plural(p.Concurrency, "request", "requests"), short(d.Sleep), words.Plural(d.Workers, "worker", "workers"), named(d.Threads)),
		rounds, change, strings.Join(machine, ", "), exp.Started.UTC().Format("2006-01-02")))
	if exp.Command != "" {
		brief += " · " + plain.Code(exp.Command)
	}
	return brief
}
