package versus

import (
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

func TestCompare(t *testing.T) {
	r, err := compare(run(1, 7, libc(), jemalloc()), run(2, 8, libc(), jemalloc().more(1.2)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Variants {
		for _, c := range v.Changes {
			t.Logf("%s %s: %v → %v, %+v %v", v.Name, c.Figure, c.Old.Center, c.New.Center, c.Ratio, c.Ratio.Verdict())
			if c.Ratio.Base != 7 || c.Ratio.N != 8 {
				t.Errorf("%s %s: %d against %d rounds; want 8 against 7", v.Name, c.Figure, c.Ratio.N, c.Ratio.Base)
			}
			want := stat.NotShown
			if memory := c.Figure != report.ColCPU && c.Figure != report.ColP99 && c.Figure != report.ColP50; v.Name == "jemalloc" && memory {
				want = stat.Shown
			}
			if c.Ratio.Verdict() != want || c.Worse() != (want == stat.Shown) || c.Better() {
				t.Errorf("%s %s: %+v", v.Name, c.Figure, c.Ratio)
			}
		}
	}
	if r.Comparisons != 14 || r.RelativeComparisons != 7 || len(r.Relative) != 1 || r.Baseline != "libc" {
		t.Errorf("%d comparisons, %d relative ones of %d variants against %s", r.Comparisons, r.RelativeComparisons, len(r.Relative), r.Baseline)
	}
}
