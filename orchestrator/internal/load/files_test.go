package load

import (
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

func TestFitFiles(t *testing.T) {
	check := func(concurrency int, limit uint64, want int, noted bool) {
		t.Helper()
		fitted, notes := fitFiles(planOf(concurrency, 10_000, &plan.Request{}), limit)
		if fitted.Concurrency != want || len(notes) > 0 != noted {
			t.Errorf("%d within %d files is %d, %q; want %d", concurrency, limit, fitted.Concurrency, notes, want)
		}
	}
	check(16, 1024, 16, false)
	check(960, 1024, 960, false)
	check(961, 1024, 960, true)
	check(500, 2*keptFiles, 500, false) // so few that nothing is known
	check(500, 1<<63, 500, false)
}
