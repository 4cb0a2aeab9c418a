package design

import (
	"iter"
	"math"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

var (
	pastPlan   = bench.Plan{SHA256: "cafe", Iterations: 10, Concurrency: 2, Items: make([]bench.PlanItem, 1)}
	pastDesign = bench.Design{Variants: of("libc", "jemalloc"), Baseline: "libc", Rounds: 6, Batches: 1, Sleep: time.Second, Workers: 10, Threads: bench.Hop, Transport: bench.Unix}
)

// past is an experiment in which jemalloc's peaks against libc's were these, and
// whose batches took 20 s and 30 s.
func past(ratios ...float64) *bench.Experiment {
	exp := &bench.Experiment{Plan: pastPlan, Design: pastDesign}
	for i, ratio := range ratios {
		for _, v := range []struct {
			name string
			peak float64
			took time.Duration
		}{{"libc", 1, 20 * time.Second}, {"jemalloc", ratio, 30 * time.Second}} {
			peak := bench.Bytes(v.peak * 100 * float64(bench.MiB))
			exp.Trials = append(exp.Trials, bench.Trial{
				Variant: v.name, Round: i + 1,
				Batches: []bench.Batch{{Number: 1, Start: time.Second, End: time.Second + v.took, Requests: 10, HighWater: peak}},
				Samples: bench.NewSeries(bench.Sample{At: 2 * time.Second, Anon: peak}),
			})
		}
	}
	return exp
}

// results gives experiments by name, the newest first, and counts how many are
// looked at.
func results(seen *int, exps ...*bench.Experiment) iter.Seq2[string, *bench.Experiment] {
	return func(yield func(string, *bench.Experiment) bool) {
		for i, exp := range exps {
			*seen++
			if !yield("results/"+string(rune('a'+i)), exp) {
				return
			}
		}
	}
}

func TestLearn(t *testing.T) {
	good := past(0.5, 0.6, 0.5, 0.6, 0.5, 0.6)
	changed := func(change func(*bench.Experiment)) *bench.Experiment {
		exp := past(0.5, 0.9, 0.5, 0.9, 0.5, 0.9)
		change(exp)
		return exp
	}
	// None of these is a guide.
	strangers := []*bench.Experiment{
		{},
		past(0.5, 0.9, 0.5), // too few rounds
		past(0.5, 0.5, 0.5, 0.5),
		changed(func(exp *bench.Experiment) { exp.Plan.SHA256 = "f00d" }),
		changed(func(exp *bench.Experiment) { exp.Plan.Iterations++ }),
		changed(func(exp *bench.Experiment) { exp.Plan.Concurrency++ }),
		changed(func(exp *bench.Experiment) { exp.Design.Sleep++ }),
		changed(func(exp *bench.Experiment) { exp.Design.Workers++ }),
		changed(func(exp *bench.Experiment) { exp.Design.Threads = bench.Stick }),
		changed(func(exp *bench.Experiment) { exp.Design.Mode = bench.Apart }),
		changed(func(exp *bench.Experiment) { exp.Design.Transport = bench.TCP }),
		changed(func(exp *bench.Experiment) { exp.Design.MemoryLimit = bench.GiB }),
		changed(func(exp *bench.Experiment) { exp.Design.Variants = of("libc", "musl") }),
	}
	seen := 0
	if got := Learn(results(&seen, strangers...), pastDesign, pastPlan); got != Assumed() || seen != len(strangers) {
		t.Errorf("learnt %+v from %d", got, seen)
	}
	seen = 0
	got := Learn(results(&seen, strangers[0], good, past(0.5, 0.9, 0.5, 0.9)), pastDesign, pastPlan)
	// Half of the logarithms lie log(0.6/0.5)/2 above their mean, half as much below.
	want := math.Log(0.6/0.5) / 2 * math.Sqrt(6.0/5)
	if math.Abs(got.Scatter-want) > 1e-6 || got.Batch != 30*time.Second || got.From != "results/b" || seen != 2 {
		t.Errorf("learnt %+v from %d; want a scatter of %g", got, seen, want)
	}

	// What was together and what says nothing of its mode are the same.
	d := pastDesign
	d.Mode = bench.Together
	if got := Learn(results(&seen, good), d, pastPlan); got.From == "" {
		t.Error("nothing learnt from a design that says nothing of its mode")
	}
	// Rounds that do not count and batches that were cut teach nothing.
	spoilt := past(0.5, 0.6, 0.5, 0.6, 0.5, 0.6)
	for i := range spoilt.Trials {
		if i < 2 {
			spoilt.Trials[i].Void = "the clock was set"
			spoilt.Trials[i].Batches[0].End = time.Hour
		}
	}
	cut := spoilt.Trials[3]
	cut.Batches = []bench.Batch{{Number: 1, End: time.Hour, Interrupted: true}}
	spoilt.Trials = append(spoilt.Trials, cut)
	if got := Learn(results(&seen, spoilt), pastDesign, pastPlan); got.Batch != 30*time.Second {
		t.Errorf("a batch takes %v", got.Batch)
	}
}

func TestPace(t *testing.T) {
	check := func(e Experience, mode string, variants int, batch time.Duration, from string) {
		t.Helper()
		d := bench.Design{Sleep: time.Second, Mode: mode, Variants: make([]bench.Variant, variants)}
		if got := e.BatchOf(d, pastPlan); got != batch || e.PaceFrom() != from {
			t.Errorf("%v %s; want %v %s", got, e.PaceFrom(), batch, from)
		}
	}
	check(Assumed(), bench.Together, 3, 10*time.Second, "at an assumed pace")
	check(Assumed(), bench.Together, 1, 5*time.Second, "at an assumed pace")
	check(Assumed(), bench.Apart, 3, 5*time.Second, "at an assumed pace")
	check(Experience{Batch: 7 * time.Second, From: "results/a"}, bench.Together, 3, 7*time.Second, "at the pace of results/a")
}

func TestShows(t *testing.T) {
	check := func(variants, rounds int, known Experience, want string) {
		t.Helper()
		if got := Shows(bench.Design{Rounds: rounds, Variants: make([]bench.Variant, variants)}, known); got != want {
			t.Errorf("%d rounds of %d: %q; want %q", rounds, variants, got, want)
		}
	}
	check(1, 7, Assumed(), "")
	check(2, 5, Assumed(), "no difference for sure: 5 rounds of the 6 that an interval needs")
	check(3, 1, Assumed(), "no difference for sure: 1 round of the 7 that intervals over 2 comparisons need")
	check(2, 20, Assumed(), "a peak that is lower by 7 % or more, 4 times out of 5 (scatter of the ratios 0.10, assumed)")
	check(3, 7, Experience{Scatter: 0.2, From: "results/a"},
		"a peak that is lower by 31 % or more, 4 times out of 5; for 10 % it takes 39 rounds (scatter of the ratios 0.20, measured in results/a)")
}
