package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// TestDetails shows what a page says beside the table, laid out as plainly as
// can be.
func TestDetails(t *testing.T) {
	for name, exp := range map[string]*bench.Experiment{"plain": experiment(1), "rounds": experiment(7), "troubled": troubled()} {
		golden(t, name+"-details.txt", []byte(details(Summarize(exp))))
	}
}

func details(r *Report) string {
	var b strings.Builder
	for _, t := range []*Table{r.Heap(), r.Cost(), r.Readings()} {
		for i, c := range t.Columns {
			if i > 0 {
				b.WriteString(" | ")
			}
			b.WriteString(strings.TrimSpace(c.Key + " " + c.Unit))
		}
		b.WriteString("\n")
		for i := range r.Rows {
			for j, c := range t.Columns {
				if j > 0 {
					b.WriteString(" | ")
				}
				b.WriteString(strings.TrimSpace(c.Cells[i].Value + " " + c.Cells[i].Change.String()))
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	trials := r.Trials()
	for _, c := range trials.Columns {
		b.WriteString(strings.TrimSpace(c.Key+" "+c.Unit) + " | ")
	}
	b.WriteString("remark\n")
	for _, line := range trials.Lines {
		fmt.Fprintf(&b, "%s | %v | %s | %s\n", line.Row.Name(), line.Counts, strings.Join(line.Cells, " | "), line.Remark)
	}
	for _, p := range r.Proven() {
		fmt.Fprintf(&b, "\n%s, proved %v\n", p.Row.Name(), p.Proved)
		for _, f := range p.Facts {
			fmt.Fprintf(&b, "  %s: %s\n", f.Name, f.Text)
		}
	}
	return b.String()
}

// Every trial has its line, and those that count are those of the figures.
func TestTrialsCount(t *testing.T) {
	for name, exp := range map[string]*bench.Experiment{"rounds": experiment(7), "troubled": troubled(), "nothing": experiment(0)} {
		r := Summarize(exp)
		trials := r.Trials()
		if len(trials.Lines) != len(exp.Trials) {
			t.Errorf("%s: %d lines for %d trials", name, len(trials.Lines), len(exp.Trials))
		}
		counted := map[*Row]int{}
		for _, line := range trials.Lines {
			if line.Counts {
				counted[line.Row]++
			}
			if len(line.Cells) != len(trials.Columns) {
				t.Errorf("%s: %d cells in %d columns", name, len(line.Cells), len(trials.Columns))
			}
			if !line.Counts && line.Remark == "" {
				t.Errorf("%s: %s, round %d does not count, and nothing says why", name, line.Row.Name(), line.Round)
			}
		}
		for _, row := range r.Rows {
			if counted[row] != row.Trials {
				t.Errorf("%s: %d trials of %s count, and its figures rest on %d", name, counted[row], row.Name(), row.Trials)
			}
		}
	}
}

// Of many batches the first are told, and how many there are besides.
func TestManySteps(t *testing.T) {
	exp := experiment(1)
	for len(exp.Trials[0].Batches) < 20 {
		exp.Trials[0].Batches = append(exp.Trials[0].Batches, exp.Trials[0].Batches[0])
	}
	trials := Summarize(exp).Trials()
	at := slices.IndexFunc(trials.Columns, func(c TrialColumn) bool { return c.Key == ColBatches })
	if got := trials.Lines[0].Cells[at]; !strings.HasSuffix(got, " → and 8 more") || strings.Count(got, "→") != 12 {
		t.Errorf("the peaks of 20 batches are %q", got)
	}
}
