package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// dryRun prints the schedule.
func (a *app) dryRun(d bench.Design, loaded *plan.Plan, known experience) error {
	p := lab.Describe(loaded)
	for _, line := range headerLines(d, p, known) {
		fmt.Fprintln(a.stdout, plain.Line(line))
	}
	order := "starts"
	if d.Mode == bench.Apart {
		order = "starts and loads, one after the other,"
	}
	for _, r := range lab.Schedule(d) {
		fmt.Fprintf(a.stdout, "round %d    %s %s; then each: warm-up, %s of %s requests with pauses of %v, idle %v\n",
			r.Number, order, plain.Line(strings.Join(r.Order, ", ")), words.Plural(d.Batches, "batch", "batches"), words.Count(p.Iterations*p.PerIteration()), d.Pause, d.Idle)
	}
	fmt.Fprintf(a.stdout, "takes      at least %v, images not counted; longer where a variant saturates the CPUs\n", lab.Duration(d, lab.LeastBatch(d, p)).Round(time.Second))
	return nil
}
