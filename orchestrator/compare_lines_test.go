package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// TestHostileLines has everything that the commands themselves print about a
// comparison hold what a terminal acts on.
func TestHostileLines(t *testing.T) {
	for _, text := range []string{
		"\x1b[2J\x1b]0;t\x07", "\u009b31m\x9b", "\u202e\u2066\u200b\u2028", "a\r\nb\x08\x7f", strings.Repeat("x", 64_000), strings.Repeat("y\x1b ", 30_000),
	} {
		var out strings.Builder
		a := &app{stdout: &out, stderr: &out}
		d := bench.Design{Variants: []bench.Variant{{Name: text}}, Baseline: text, Batches: 1, Rounds: 1}
		for _, line := range console.Header(d, bench.Plan{File: text, Tags: []string{text}, SHA256: text, Items: []bench.PlanItem{{Name: text}, {Name: text}}}, design.Assumed()) {
			fmt.Fprintln(&out, line)
		}
		a.printError(&hint.Error{Mistake: true, Err: errors.New(text), Advice: text})
		a.tellKept(&bench.Experiment{Trials: []bench.Trial{{Container: text, Address: text}}, Environment: bench.Environment{Engine: text}})
		if err := a.dryRun(&job{plan: &plan.Plan{}, design: d, known: design.Assumed()}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if len(line) > 8000 {
				t.Errorf("a line of %d bytes: %.200q", len(line), line)
			}
			if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), acted); i >= 0 || !utf8.ValidString(line) {
				t.Errorf("%.40q shows as %.400q", text, line)
			}
		}
	}
}

// acted says that a terminal acts on a sign, or does not show it.
func acted(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}
