package report

import (
	"fmt"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Control is the outcome of the A/A control: the baseline against an identical
// second one. What shows a difference between those two shows nothing else
// either.
type Control struct {
	Baseline, Twin string
	// Verdict is Shown if the two differ in any memory figure: the report is not
	// to be trusted. It is Unknown where that could not be told.
	Verdict stat.Verdict
	Text    string // for people

	columns []string // in which they differ
}

// control compares the twin with the baseline; nil without a twin.
func (r *Report) control() *Control {
	c := &Control{Baseline: r.Exp.Design.Baseline, Twin: r.Exp.Design.Twin}
	if c.Twin == "" {
		return nil
	}
	var twin *Row
	for _, row := range r.Rows {
		if row.Variant == c.Twin && !row.Baseline {
			twin = row
		}
	}
	if twin == nil {
		c.Text = fmt.Sprintf("%s and its twin %s could not be compared", named(c.Baseline), named(c.Twin))
		return c
	}
	var differ, alike []string
	for i, m := range twin.memory() {
		text := fmt.Sprintf("%s in %s", bounds(m.Ratio), MemoryColumns()[i])
		switch m.Ratio.Verdict() {
		case stat.Shown:
			differ = append(differ, "by "+text)
			c.columns = append(c.columns, MemoryColumns()[i])
		case stat.NotShown:
			alike = append(alike, text)
		case stat.Unknown:
		}
	}
	switch {
	case len(differ) > 0:
		c.Verdict = stat.Shown
		c.Text = fmt.Sprintf("%s and its twin, the same image, differ %s", named(c.Baseline), words.Series(differ))
	case len(alike) > 0:
		c.Verdict = stat.NotShown
		c.Text = fmt.Sprintf("%s and its twin, the same image, cannot be told apart: %s", named(c.Baseline), strings.Join(alike, ", "))
	case twin.Peak.Ratio.N > 0:
		c.Text = fmt.Sprintf("%s and its twin, the same image: too few rounds to tell them apart", named(c.Baseline))
	default:
		c.Text = fmt.Sprintf("%s and its twin %s could not be compared", named(c.Baseline), named(c.Twin))
	}
	return c
}

// Stamp is what stands above a report that failed its control; "" otherwise.
func (r *Report) Stamp() string {
	if r.Control == nil || r.Control.Verdict != stat.Shown {
		return ""
	}
	return "NOT TO BE TRUSTED: " + r.Control.Text
}

func (r *Report) noteControl() {
	if r.Stamp() != "" {
		r.note(CodeControl, "the two identical baselines differ here, so what this column shows may not be due to the allocators", r.Control.columns)
	}
}
