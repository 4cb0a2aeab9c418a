package report

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// highestSample gives the highest sample of a variant, over some rounds or all.
func highestSample(exp *bench.Experiment, variant string, rounds ...int) float64 {
	top := 0.0
	for i := range exp.Trials {
		t := &exp.Trials[i]
		if t.Variant != variant || len(rounds) > 0 && !slices.Contains(rounds, t.Round) {
			continue
		}
		for s := range t.Samples.All() {
			top = max(top, float64(s.Resident()))
		}
	}
	return top
}

// TestCurvesKeepPeaks: however much is thinned, the highest reading stays, and
// the line lies within the band.
func TestCurvesKeepPeaks(t *testing.T) {
	exp := experiment(7)
	// A spike of one reading.
	eachSample(trialOf(exp, "jemalloc", 4), func(i int, s *bench.Sample) {
		if i == 37 {
			s.Anon = 900 * bench.MiB
		}
	})
	r := Summarize(exp)
	for _, steps := range []int{1, 2, 7, 24, 100, 300, 10_000} {
		curves := r.Curves(steps, steps)
		for i, c := range curves.Rows {
			name := r.Rows[i].Variant
			top, want := 0.0, highestSample(exp, name)
			for k, p := range c.Line {
				top = max(top, p.Hi)
				if !(p.Lo <= p.Mid && p.Mid <= p.Hi) || k > 0 && p.At <= c.Line[k-1].At || p.At > c.Length {
					t.Fatalf("%s, %d steps: point %d is %+v", name, steps, k, p)
				}
			}
			if top != want || c.Highest() != want || len(c.Line) > steps || c.Rounds != 7 || len(c.Threads) != 7 {
				t.Errorf("%s, %d steps: the band of %d points ends at %v, the samples at %v; %d rounds, %d threads", name, steps, len(c.Line), top, want, c.Rounds, len(c.Threads))
			}
			for _, th := range c.Threads {
				highest := 0.0
				for _, reading := range th.Readings {
					highest = max(highest, reading.Bytes)
				}
				if want := highestSample(exp, name, th.Round); highest != want || th.Highest != want || len(th.Readings) > 2*steps+2 || !th.Counts {
					t.Errorf("%s, round %d, %d steps: highest of %d readings is %v, want %v", name, th.Round, steps, len(th.Readings), highest, want)
				}
				if !slices.IsSortedFunc(th.Readings, func(a, b Reading) int { return int(a.At - b.At) }) {
					t.Errorf("%s, round %d: readings are not in order", name, th.Round)
				}
			}
		}
		if curves.Top != 900*float64(bench.MiB) {
			t.Errorf("%d steps: top %v", steps, curves.Top)
		}
	}
}

// TestCurvesShareAClock: rounds whose phases differ in length have their batches
// above each other, at the medians of the lengths.
func TestCurvesShareAClock(t *testing.T) {
	exp := experiment(3)
	for round, factor := range []float64{1, 0.8, 1.3} {
		tr := trialOf(exp, "libc", round+1)
		stretch := func(d time.Duration) time.Duration { return time.Duration(float64(d) * factor) }
		for i := range tr.Phases {
			tr.Phases[i].Start, tr.Phases[i].End = stretch(tr.Phases[i].Start), stretch(tr.Phases[i].End)
		}
		for i := range tr.Batches {
			tr.Batches[i].Start, tr.Batches[i].End = stretch(tr.Batches[i].Start), stretch(tr.Batches[i].End)
		}
		eachSample(tr, func(_ int, s *bench.Sample) { s.At = stretch(s.At) })
	}
	r := Summarize(exp)
	c := r.Curve(r.Rows[0], 300, 1000)
	if diff := cmp.Diff(trialOf(exp, "libc", 1).Phases, c.Phases); diff != "" {
		t.Errorf("the clock is not that of the median round:\n%s", diff)
	}
	for _, th := range c.Threads {
		for i, want := range c.Threads[0].Readings {
			if got := th.Readings[i].At; (got - want.At).Abs() > time.Millisecond {
				t.Fatalf("round %d: reading %d is at %v, in round 1 at %v", th.Round, i, got, want.At)
			}
		}
	}
	if musl := r.Curve(r.Rows[2], 300, 0); musl.Length <= c.Length || musl.Threads != nil {
		t.Errorf("musl takes %v, libc %v; threads that nobody asked for: %d", musl.Length, c.Length, len(musl.Threads))
	}
}

// TestCurvesOfSomeRounds: what does not count is a thread and nothing more, unless
// there is nothing else.
func TestCurvesOfSomeRounds(t *testing.T) {
	exp := experiment(7)
	cut := func(tr *bench.Trial) {
		tr.Error, tr.Batches, tr.Phases = "was killed", tr.Batches[:1], tr.Phases[:2]
		tr.Phases[1].End -= 8 * time.Second
		keepSamples(tr, func(s bench.Sample) bool { return s.At <= tr.Phases[1].End })
	}
	cut(trialOf(exp, "libc", 2))
	for _, v := range exp.Design.Variants {
		trialOf(exp, v.Name, 5).Void = "the clock was set"
	}
	for round := range 7 {
		cut(trialOf(exp, "musl", round+1))
	}
	r := Summarize(exp)
	check := func(row, rounds int, whys map[int]string) *Curve {
		t.Helper()
		c := r.Curve(r.Rows[row], 200, 100)
		got := map[int]string{}
		for _, th := range c.Threads {
			if !th.Counts {
				got[th.Round] = th.Why
			}
			if len(th.Readings) == 0 {
				t.Errorf("round %d is not shown", th.Round)
			}
		}
		if diff := cmp.Diff(whys, got); diff != "" || c.Rounds != rounds || len(c.Threads) != 7 || len(c.Line) == 0 {
			t.Errorf("row %d: %d of %d rounds, %d points; why others do not count:\n%s", row, c.Rounds, len(c.Threads), len(c.Line), diff)
		}
		return c
	}
	libc := check(0, 5, map[int]string{2: "was killed", 5: "void: the clock was set"})
	check(1, 6, map[int]string{5: "void: the clock was set"})
	check(2, 6, map[int]string{5: "void: the clock was set"})
	// A batch that was cut short is not stretched.
	if last := libc.Threads[1].Readings; last[len(last)-1].At > 14*time.Second {
		t.Errorf("a trial of 13 s ends at %v", last[len(last)-1].At)
	}
	// An interrupted run: a trial that had no time for its last batch.
	exp = experiment(3)
	exp.Interrupted = true
	short := trialOf(exp, "libc", 3)
	short.Batches, short.Phases = short.Batches[:1], short.Phases[:3]
	r = Summarize(exp)
	if c := r.Curve(r.Rows[0], 100, 10); c.Rounds != 2 || c.Threads[2].Counts || c.Threads[2].Why != "it did not reach the last batch" {
		t.Errorf("%d rounds, thread %+v", c.Rounds, c.Threads[2].Why)
	}
}

// TestCurvesOfTheFurthest: where every round died, the line is of those that got
// furthest, and words say so.
func TestCurvesOfTheFurthest(t *testing.T) {
	const caption, text = "Only the rounds that got furthest are in the line of musl (1 of 7).", "(line of 1 of its 7 rounds)"
	check := func(name string, exp *bench.Experiment, want bool) {
		t.Helper()
		r := Summarize(exp)
		if got := r.CurvesCaption(); strings.Contains(got, caption) != want {
			t.Errorf("%s: the caption is %s", name, got)
		}
		if got := r.CurvesText(r.Curves(100, 0)); strings.Contains(got, text) != want {
			t.Errorf("%s: in words %s", name, got)
		}
	}
	exp := experiment(7)
	check("all lived", exp, false)
	for round := range 7 {
		dies(trialOf(exp, "musl", round+1))
	}
	check("all died alike", exp, false)
	for round := range 6 {
		one := trialOf(exp, "musl", round+1)
		one.Batches = one.Batches[1:]
	}
	check("one got further", exp, true)
}

// TestCurvesOfNothing: what a file may hold and no run would make.
func TestCurvesOfNothing(t *testing.T) {
	one := func(change func(*bench.Trial)) *bench.Experiment {
		tr := bench.Trial{Variant: "a", Round: 1}
		change(&tr)
		return &bench.Experiment{Design: bench.Design{Variants: []bench.Variant{{Name: "a"}}}, Trials: []bench.Trial{tr}}
	}
	sample := func(at time.Duration, mib bench.Bytes) bench.Sample {
		return bench.Sample{At: at, Anon: mib * bench.MiB}
	}
	const far = time.Duration(math.MaxInt64)
	for name, c := range map[string]struct {
		exp    *bench.Experiment
		points int
	}{
		"no trial":         {&bench.Experiment{Design: bench.Design{Variants: []bench.Variant{{Name: "a"}}}}, 0},
		"no sample":        {one(func(*bench.Trial) {}), 0},
		"one sample":       {one(func(t *bench.Trial) { t.Samples = bench.NewSeries(sample(0, 5)) }), 1},
		"one sample later": {one(func(t *bench.Trial) { t.Samples = bench.NewSeries(sample(3*time.Second, 5)) }), 1},
		"two at once":      {one(func(t *bench.Trial) { t.Samples = bench.NewSeries(sample(time.Second, 5), sample(time.Second, 9)) }), 1},
		"not in order": {one(func(t *bench.Trial) {
			t.Samples = bench.NewSeries(sample(9*time.Second, 5), sample(time.Second, 9), sample(3*time.Second, 9))
		}), 2},
		"before the start": {one(func(t *bench.Trial) { t.Samples = bench.NewSeries(sample(-5, 5)) }), 0},
		"far away":         {one(func(t *bench.Trial) { t.Samples = bench.NewSeries(sample(0, 5), sample(far, 5)) }), 1},
		"phases of all kinds": {one(func(t *bench.Trial) {
			t.Samples = bench.NewSeries(sample(1, 5), sample(2, 5), sample(3, 5))
			t.Phases = []bench.Phase{
				{Kind: "batch", Batch: 1, Start: 2, End: 1},
				{Kind: "batch", Batch: 1, Start: 1, End: far},
				{Kind: "batch", Batch: 1, Start: 3, End: 9},
				{Kind: "idle", Start: -7, End: -3},
				{Kind: "", Start: 0, End: 2},
				{Kind: "batch", Batch: 2, Start: far, End: far},
			}
		}), 1},
	} {
		r := Summarize(c.exp)
		curves := r.Curves(100, 10)
		curve := curves.Rows[0]
		if len(curve.Line) != c.points {
			t.Errorf("%s: %d points, want %d", name, len(curve.Line), c.points)
		}
		for _, p := range curve.Line {
			if p.At < 0 || math.IsNaN(p.Mid+p.Lo+p.Hi) || math.IsInf(p.Mid+p.Lo+p.Hi, 0) {
				t.Errorf("%s: point %+v", name, p)
			}
		}
		if text := r.CurvesText(curves); text == "" || strings.Contains(text, "NaN") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// TestContradictedHasNoCurve: a figure that is withheld is not drawn either.
func TestContradictedHasNoCurve(t *testing.T) {
	exp := experiment(7)
	hide(trialOf(exp, "jemalloc", 4))
	r := Summarize(exp)
	curves, peaks := r.Curves(100, 10), r.Peaks()
	if c := curves.Rows[1]; len(c.Line)+len(c.Threads)+len(c.Phases) > 0 {
		t.Errorf("a curve of %d points and %d threads", len(c.Line), len(c.Threads))
	}
	if p := peaks.Rows[1]; len(p.Rounds) > 0 || p.Value != None || p.Change != "" {
		t.Errorf("peaks %+v", p)
	}
	for _, text := range []string{r.CurvesText(curves), r.PeaksText(peaks)} {
		if !strings.Contains(text, "more of its bytes were live than resident") {
			t.Errorf("nothing is said of it: %s", text)
		}
	}
}

func TestPeaks(t *testing.T) {
	exp := experiment(7)
	for _, v := range exp.Design.Variants {
		trialOf(exp, v.Name, 5).Void = "the clock was set"
	}
	r := Summarize(exp)
	p := r.Peaks()
	if p.Baseline != r.Rows[0].Peak.Center {
		t.Errorf("baseline %v, want %v", p.Baseline, r.Rows[0].Peak.Center)
	}
	table := r.Table()
	for i, row := range p.Rows {
		var rounds []int
		for _, round := range row.Rounds {
			rounds = append(rounds, round.Round)
			if peak, ok := row.Row.PeakOf(round.Round); !ok || peak != round.Bytes || peak > p.Top {
				t.Errorf("row %d, round %d: %v, %v, %v", i, round.Round, peak, round.Bytes, p.Top)
			}
		}
		if diff := cmp.Diff([]int{1, 2, 3, 4, 6, 7}, rounds); diff != "" {
			t.Errorf("row %d: void rounds are shown:\n%s", i, diff)
		}
		if want := table.Columns[1].Cells[i].Value + " MiB"; row.Value != want {
			t.Errorf("row %d: %q, the table has %q", i, row.Value, want)
		}
	}
	if _, ok := r.Rows[0].PeakOf(5); ok {
		t.Error("a void round has a peak")
	}
	if text := r.PeaksText(p); !strings.HasPrefix(text, "Peak RSS, medians over 6 rounds. libc: 545 MiB (95 % interval 514 … 601 MiB)") || !strings.Contains(text, " against the baseline.") {
		t.Error(text)
	}
	p = Summarize(&bench.Experiment{}).Peaks()
	if !math.IsNaN(p.Baseline) || p.Top != 0 || len(p.Rows) != 0 {
		t.Errorf("peaks of nothing: %+v", p)
	}
}
