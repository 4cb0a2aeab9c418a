package report_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// A further renderer needs the Table, and the numbers of its notes.
func ExampleReport_Table() {
	exp := &bench.Experiment{Design: bench.Design{
		Variants: []bench.Variant{{Name: "libc"}, {Name: "jemalloc"}}, Baseline: "libc", Rounds: 1, Batches: 1, Quick: true,
	}}
	for i, v := range exp.Design.Variants {
		exp.Trials = append(exp.Trials, bench.Trial{Variant: v.Name, Round: 1, Batches: []bench.Batch{{
			Number: 1, End: time.Minute, Requests: 100, HighWater: bench.Bytes(400-100*i) * bench.MiB,
		}}})
	}
	table := report.Summarize(exp).Table().Only(func(c report.Column) bool {
		return c.Key == report.ColVariant || c.Key == report.ColPeak
	})
	for _, c := range table.Columns {
		line := []string{c.Key + table.Marks(c.Notes), c.Unit}
		for _, cell := range c.Cells {
			line = append(line, strings.TrimSpace(cell.Value+table.Marks(cell.Notes)+" "+cell.Change.String()))
		}
		fmt.Println(strings.Join(line, "; "))
	}
	for i, note := range table.Notes {
		fmt.Println(i+1, note.Code)
	}
	// Output:
	// variant; ; libc; jemalloc
	// peak RSS ¹ ²; MiB; 400; 300 −25 %
	// 1 quick
	// 2 too-few-rounds
}
