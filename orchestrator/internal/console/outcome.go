package console

import (
	"fmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// UnknownVariable is the warning about a variable that nothing stands for and
// nothing was filled in for.
func (p *Printer) UnknownVariable(name string) string {
	return string(p.text(nil, boldYellow, "WARNING!")) + " Unknown '" + plain.Name(name) + "' variable!"
}

// brokenLines says what broke iterations; nil if nothing did.
func brokenLines(r *load.Result) []string {
	if r.Broken == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("broken: %d of %d iterations", r.Broken, r.Iterations)}
	for _, m := range r.Mistakes {
		lines = append(lines, "  "+mistake(m))
	}
	return lines
}

// limitLines says which limits of this machine made requests fail, for that is
// not the service's fault; nil if none did.
func limitLines(r *load.Result) []string {
	var lines []string
	for _, l := range r.Limits() {
		lines = append(lines, fmt.Sprintf("%s: %d of %s failed because of this limit, not because of the service: %s",
			l.Class, l.Requests, words.Plural(r.Requests, "request", "requests"), l.Advice))
	}
	return lines
}

// hintLines says what may be done about requests that failed; nil if nothing is
// known.
func hintLines(r *load.Result) []string {
	var lines []string
	for _, h := range r.Hints {
		lines = append(lines, fmt.Sprintf("%s: %d of %s failed: %s", h.Class, h.Requests, words.Plural(r.Requests, "request", "requests"), h.Text))
	}
	return lines
}

// interruptedLine says how far a run had come.
func interruptedLine(r *load.Result, loaded *plan.Plan) string {
	if loaded.Iterations == 0 {
		return fmt.Sprintf("interrupted after %d requests", r.Requests)
	}
	return fmt.Sprintf("interrupted after %d of %d requests", r.Requests, loaded.Iterations*loaded.PerIteration())
}
