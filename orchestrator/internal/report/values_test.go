package report

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// TestValues: in a sound experiment the medians of the values are the figures of the
// table, and their ratios have its changes.
func TestValues(t *testing.T) {
	r := Summarize(experiment(7))
	for _, row := range r.Rows {
		for column, want := range map[string]stat.Estimate{
			ColPeak: row.Peak.Estimate, ColSteady: row.Steady.Estimate, ColIdle: row.Idle.Estimate, ColOverhead: row.Overhead,
			ColCPU: row.CPU, ColP99: row.P99, ColP50: row.P50, ColLive: row.Live,
		} {
			values := r.Values(row, column)
			if diff := cmp.Diff(want, stat.Summarize(values)); diff != "" || len(values) != 7 {
				t.Errorf("%s of %s (-want +got):\n%s", column, row.Variant, diff)
			}
		}
		if ratios := r.Ratios(row, ColPeak); row.Baseline != (ratios == nil) {
			t.Errorf("%s: ratios %v", row.Variant, ratios)
		} else if ratios != nil {
			ones := slices.Repeat([]float64{1}, len(ratios))
			if got := stat.PairedRatio(ratios, ones, r.Comparisons); got.N != 7 || math.Abs(got.Center/row.Peak.Ratio.Center-1) > 1e-9 || math.Abs(got.Lo/row.Peak.Ratio.Lo-1) > 1e-9 {
				t.Errorf("%s: %+v; the table has %+v", row.Variant, got, row.Peak.Ratio)
			}
		}
		for _, none := range []string{ColVariant, ColFailed, "", "nothing"} {
			if r.Values(row, none) != nil || r.Ratios(row, none) != nil {
				t.Errorf("%q has values", none)
			}
		}
	}
}

// TestValuesThatDoNotCount takes rounds away in all ways there are.
func TestValuesThatDoNotCount(t *testing.T) {
	check := func(name string, spoil func(*bench.Experiment), memory, cost, ratios int) {
		t.Helper()
		exp := experiment(7)
		spoil(exp)
		r := Summarize(exp)
		row := r.Rows[1]
		if m, c, q := len(r.Values(row, ColPeak)), len(r.Values(row, ColCPU)), len(r.Ratios(row, ColPeak)); m != memory || c != cost || q != ratios {
			t.Errorf("%s: %d of memory, %d of cost, %d ratios; want %d, %d, %d", name, m, c, q, memory, cost, ratios)
		}
	}
	check("sound", func(*bench.Experiment) {}, 7, 7, 7)
	check("void", func(exp *bench.Experiment) { trialOf(exp, "libc", 2).Void = "busy" }, 6, 6, 6)
	check("died", func(exp *bench.Experiment) { trialOf(exp, "jemalloc", 2).Error = "died" }, 6, 6, 6)
	check("all died", func(exp *bench.Experiment) {
		for i := range exp.Trials {
			exp.Trials[i].Error = "died"
		}
	}, 0, 0, 0)
	check("the baseline died", func(exp *bench.Experiment) { trialOf(exp, "libc", 2).Error = "died" }, 7, 7, 6)
	check("interrupted", func(exp *bench.Experiment) { trialOf(exp, "jemalloc", 7).Batches[1].Interrupted = true }, 6, 6, 6)
	check("a batch short", func(exp *bench.Experiment) {
		trial := trialOf(exp, "jemalloc", 7)
		trial.Batches = trial.Batches[:1]
	}, 6, 6, 6)
	check("contradicted", func(exp *bench.Experiment) {
		for i := range trialOf(exp, "jemalloc", 3).Gauges {
			trialOf(exp, "jemalloc", 3).Gauges[i].LiveRequested = 4 * bench.GiB
		}
	}, 0, 7, 0)
	check("no baseline", func(exp *bench.Experiment) { exp.Design.Baseline = "none" }, 7, 7, 0)
	check("unread", func(exp *bench.Experiment) {
		trialOf(exp, "jemalloc", 3).Batches[0].CPU, trialOf(exp, "jemalloc", 3).Batches[1].CPU = 0, 0
	}, 7, 6, 7)
}

func TestChangeOfRuns(t *testing.T) {
	check := func(u stat.Unpaired, change, bounds string) {
		t.Helper()
		if got := ChangeOf(u).String(); got != change {
			t.Errorf("ChangeOf(%+v) = %q; want %q", u, got, change)
		}
		if got := BoundsOf(u).String(); got != bounds {
			t.Errorf("BoundsOf(%+v) = %q; want %q", u, got, bounds)
		}
	}
	check(stat.Unpaired{}, "–", "–")
	check(stat.Unpaired{N: 3}, "–", "–")
	check(stat.Unpaired{Center: 1.2, N: 3, Base: 2}, "+20 %", "–")
	check(stat.Unpaired{Center: 1.2, Lo: 1.1, Hi: 1.3, Interval: true, N: 7, Base: 7}, "+10 … +30 %", "+10 … +30 %")
	check(stat.Unpaired{Center: 1.2, Lo: 0.98, Hi: 1.3, Interval: true, N: 7, Base: 7}, "~", "−2 … +30 %")
}
