package design

import (
	"fmt"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Outline says round by round what the design means for the plan, and how long
// it takes at least. The lines hold names as they were given; they are to be
// made plain before they are printed.
func Outline(d bench.Design, p bench.Plan) []string {
	how := "starts"
	if d.Mode == bench.Apart {
		how = "starts and loads, one after the other,"
	}
	var lines []string
	for _, r := range Schedule(d) {
		name := fmt.Sprintf("round %d   ", r.Number)
		if r.Groups > 0 {
			name = fmt.Sprintf("round %d, group %d/%d", r.Turn, r.Group, r.Groups)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s; then each: warm-up, %s of %s requests with pauses of %v, idle %v",
			name, how, strings.Join(r.Order, ", "), words.Plural(d.Batches, "batch", "batches"), words.Count(p.Iterations*p.PerIteration()), d.Pause, d.Idle))
	}
	return append(lines, fmt.Sprintf("takes      at least %v, images not counted; longer where a variant saturates the CPUs", Duration(d, LeastBatch(d, p)).Round(time.Second)))
}
