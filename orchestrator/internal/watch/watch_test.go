package watch

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

var (
	start = time.Unix(1e9, 0)
	libc1 = store.Of{Variant: "libc", Round: 1}
	musl1 = store.Of{Variant: "musl", Round: 1}
	libc2 = store.Of{Variant: "libc", Round: 2}
)

// head is of two batches of 100 requests, whose least time is 10 s each.
var head = store.Header{
	Started: start,
	Design: bench.Design{
		Variants: []bench.Variant{{Name: "libc"}, {Name: "musl"}}, Rounds: 3, Batches: 2,
		Pause: 5 * time.Second, Idle: 30 * time.Second, Sleep: time.Second,
	},
	Plan: bench.Plan{Iterations: 100, Concurrency: 10, Items: make([]bench.PlanItem, 1)},
}

// The time that is left follows from the pace of the batch, and from the pauses.
func TestLeft(t *testing.T) {
	tr := &Trial{}
	check := func(at time.Duration, want time.Duration) {
		t.Helper()
		if got := tr.Standing(libc1, head, start.Add(at)).Left; got != want {
			t.Errorf("after %v: %v left; want %v", at, got, want)
		}
	}
	check(time.Hour, 0)
	tr.Take(bench.Phase{Kind: bench.PhaseWarmup}, start)
	check(time.Second, 0) // nothing is known yet
	tr.Take(bench.Phase{Kind: bench.PhaseBatch, Batch: 1}, start)
	tr.Take(store.Progress{Done: 25}, start)
	check(10*time.Second, 30*time.Second+5*time.Second+40*time.Second+30*time.Second)
	tr.Take(store.Progress{Done: 100}, start)
	check(40*time.Second, 0+5*time.Second+40*time.Second+30*time.Second)
	tr.Take(bench.Batch{Number: 1, Requests: 100, End: 40 * time.Second}, start.Add(40*time.Second))
	tr.Take(bench.Phase{Kind: bench.PhasePause, Batch: 1}, start.Add(40*time.Second))
	check(42*time.Second, 3*time.Second+40*time.Second+30*time.Second)
	tr.Take(bench.Phase{Kind: bench.PhaseIdle, Batch: 2}, start.Add(85*time.Second))
	check(95*time.Second, 20*time.Second)
	check(195*time.Second, 0)
	tr.Take(store.Ended{}, start)
	check(95*time.Second, 0)
}

// Without progress, which no file keeps, the last batch says how long this one
// takes, and a new trial goes by the one before it.
func TestLeftUntold(t *testing.T) {
	tr := &Trial{batch: 20 * time.Second}
	check := func(at time.Duration, want time.Duration) {
		t.Helper()
		s := tr.Standing(libc1, head, start.Add(at))
		if s.Left != want || s.Told || s.Done != 0 {
			t.Errorf("after %v: %+v; want %v left", at, s, want)
		}
	}
	tr.Take(bench.Phase{Kind: bench.PhaseWarmup}, start)
	check(time.Second, 4*time.Second+20*time.Second+5*time.Second+20*time.Second+30*time.Second)
	tr.Take(bench.Phase{Kind: bench.PhaseBatch, Batch: 1}, start)
	check(8*time.Second, 12*time.Second+5*time.Second+20*time.Second+30*time.Second)
	check(28*time.Second, 5*time.Second+20*time.Second+30*time.Second)
}

func TestStanding(t *testing.T) {
	tr := &Trial{}
	for _, what := range []any{
		store.Trial{Container: "stepper-libc", Started: start},
		bench.Phase{Kind: bench.PhaseBatch, Batch: 1, Start: 1},
		bench.Sample{Anon: 7 * bench.MiB},
		bench.Sample{Anon: 2 * bench.MiB, Shmem: bench.MiB},
		store.Progress{Done: 40, Failed: 3},
	} {
		tr.Take(what, start)
	}
	want := Standing{
		Of: libc1, Round: "round 1", Phase: bench.PhaseBatch, Passed: 4 * time.Second, Batch: 1, Batches: 2, Done: 40, Told: true,
		Total: 100, Failed: 3, Memory: 3 * bench.MiB, Left: 6*time.Second + 5*time.Second + 10*time.Second + 30*time.Second,
	}
	if diff := cmp.Diff(want, tr.Standing(libc1, head, start.Add(4*time.Second))); diff != "" {
		t.Error(diff)
	}
	tr.Take(bench.Batch{Requests: 100, Failed: 5, HighWater: 9 * bench.MiB}, start)
	if tr.Highest() != 9*bench.MiB || tr.Memory() != 3*bench.MiB || tr.Container() != "stepper-libc" {
		t.Errorf("%v, %v, %q", tr.Highest(), tr.Memory(), tr.Container())
	}
	tr.Take(bench.Phase{Kind: bench.PhaseBatch, Batch: 2, Start: 9}, start)
	tr.Take(store.Progress{Done: 1, Failed: 1}, start)
	if s := tr.Standing(libc1, head, start); s.Failed != 6 || tr.Highest() != 0 {
		t.Errorf("%d failed, highest %v", s.Failed, tr.Highest())
	}
	tr.Take(store.Ended{Error: "died"}, start)
	if s := tr.Standing(libc1, head, start); !s.Ended || s.Error != "died" || s.Left != 0 {
		t.Errorf("%+v", s)
	}
}

// A curve keeps every peak, however long it gets.
func TestCurve(t *testing.T) {
	var c Curve
	check := func(step time.Duration, want ...Span) {
		t.Helper()
		if diff := cmp.Diff(want, c.Spans()); diff != "" || c.Step() != step {
			t.Errorf("a step takes %v, want %v; %s", c.Step(), step, diff)
		}
	}
	check(time.Second)
	c.Add(-1, 99)
	c.Add(math.MaxInt64, 99)
	check(time.Second)
	c.Add(100*time.Millisecond, 5)
	c.Add(900*time.Millisecond, 7)
	c.Add(2*time.Second, 6)
	check(time.Second, Span{5, 7, true}, Span{}, Span{6, 6, true})
	c.Add(401*time.Second, 9)
	if got := c.Spans(); len(got) != 201 || got[0] != (Span{5, 7, true}) || got[1] != (Span{6, 6, true}) || got[200] != (Span{9, 9, true}) {
		t.Errorf("%v", got)
	}
	c.Add(24*time.Hour, 1)
	highest := bench.Bytes(0)
	for _, s := range c.Spans() {
		highest = max(highest, s.High)
	}
	if n := len(c.Spans()); n > mostSteps || n < mostSteps/2 || highest != 9 || c.Step() != 256*time.Second {
		t.Errorf("%d steps of %v, highest %v", n, c.Step(), highest)
	}
}

// take has a run take in what happened in trials.
func take(r *Run, now time.Time, of store.Of, records ...any) {
	for _, what := range records {
		r.Take(store.Record{Of: of, What: what}, now)
	}
}

func TestImages(t *testing.T) {
	r := NewRun()
	take(r, start, store.Of{}, store.Engine{Text: "docker 20"}, store.Step{Variant: "libc", Kind: store.StepBuilding, Text: "Dockerfile.libc"})
	take(r, start.Add(time.Second), store.Of{}, store.Step{Variant: "libc", Kind: store.StepLog, Text: "Step 1"},
		store.Step{Variant: "musl", Kind: store.StepReused, Text: "stair-stepper:musl"})
	want := []Image{
		{Variant: "libc", Kind: store.StepBuilding, Text: "Dockerfile.libc", Line: "Step 1", Since: start},
		{Variant: "musl", Kind: store.StepReused, Text: "stair-stepper:musl", Since: start.Add(time.Second)},
	}
	if diff := cmp.Diff(want, r.Images()); diff != "" || r.Engine() != "docker 20" {
		t.Errorf("%q %s", r.Engine(), diff)
	}
	if r.Standings(start) != nil || r.Whole(start) != (Whole{}) || r.Header() != nil || r.Curve(libc1) != nil {
		t.Error("something is known of a run without a header")
	}
}

// The trials of the round stand in the order of the design; of earlier rounds
// only those that idle are left.
func TestStandings(t *testing.T) {
	r := NewRun()
	names := func(all []Standing) (s []string) {
		for _, one := range all {
			s = append(s, one.Of.String())
		}
		return s
	}
	check := func(now, tails []string) {
		t.Helper()
		if diff := cmp.Diff([][]string{now, tails}, [][]string{names(r.Standings(start)), names(r.Tails(start))}); diff != "" {
			t.Error(diff)
		}
	}
	take(r, start, store.Of{}, head, store.Round{Number: 1})
	check(nil, nil)
	take(r, start, musl1, store.Trial{})
	take(r, start, libc1, store.Trial{}, bench.Sample{Anon: 1})
	check([]string{"libc/1", "musl/1"}, nil)
	take(r, start, musl1, store.Ended{})
	take(r, start, store.Of{}, store.Judged{Round: 1}, store.Round{Number: 2})
	check(nil, []string{"libc/1"})
	take(r, start, libc2, store.Trial{})
	check([]string{"libc/2"}, []string{"libc/1"})
	if r.Curve(musl1) != nil || len(r.Curve(libc1).Spans()) != 1 || r.Round().Number != 2 {
		t.Error("a trial that is over is not forgotten, or one that idles is")
	}
	take(r, start, store.Of{}, store.End{Interrupted: true})
	if r.End() == nil {
		t.Error("it has no end")
	}
	take(r, start, store.Of{}, store.Resumed{After: 1})
	check(nil, nil)
	if r.End() != nil {
		t.Error("it goes on and has an end")
	}
}

func TestWhole(t *testing.T) {
	r := NewRun()
	check := func(at time.Duration, want Whole) {
		t.Helper()
		if diff := cmp.Diff(want, r.Whole(start.Add(at))); diff != "" {
			t.Errorf("after %v: %s", at, diff)
		}
	}
	at := func(d time.Duration, of store.Of, records ...any) { take(r, start.Add(d), of, records...) }
	const s = time.Second
	take(r, start, store.Of{}, head)
	check(time.Hour, Whole{Left: 3*30*s + 30*s, AtLeast: true}) // settling 5, batches 20, pause 5
	at(0, store.Of{}, store.Round{Number: 1})
	check(4*s, Whole{Passed: 4 * s, Left: 26*s + 2*30*s + 30*s, AtLeast: true})
	at(5*s, libc1, store.Trial{}, bench.Phase{Kind: bench.PhaseBatch, Batch: 1})
	at(10*s, libc1, store.Progress{Done: 25})
	r.Standings(start.Add(10 * s)) // a batch takes 20 s
	check(10*s, Whole{Passed: 10 * s, Left: 40*s + 2*50*s + 30*s})
	at(60*s, store.Of{}, store.Judged{Round: 1, Took: 60 * s}, head, store.Round{Number: 2, Left: 120 * s})
	check(70*s, Whole{Passed: 70 * s, Left: 50*s + 60*s + 30*s})
	check(170*s, Whole{Passed: 170 * s, Left: 60*s + 30*s})
	at(130*s, store.Of{}, store.Judged{Round: 2, Took: 80 * s}, store.Round{Number: 3})
	check(130*s, Whole{Passed: 140 * s, Left: 70*s + 30*s})
	// The last round ends with its slowest trial.
	for _, v := range []string{"libc", "musl"} {
		at(130*s, store.Of{Variant: v, Round: 3}, store.Trial{}, bench.Batch{Requests: 100, End: 20 * s}, bench.Phase{Kind: bench.PhaseIdle, Batch: 2})
	}
	check(140*s, Whole{Passed: 150 * s, Left: 20 * s})
	at(140*s, store.Of{}, store.Judged{Round: 3, Took: 10 * s}, store.End{At: start.Add(160 * s)})
	check(160*s, Whole{Passed: 170 * s})

	if (Whole{}).Share() != 0 || (Whole{Passed: s, Left: 3 * s}).Share() != 0.25 {
		t.Error("shares are wrong")
	}
}

// Where rounds fill a time, the time says what is left of it.
func TestWholeFill(t *testing.T) {
	r := NewRun()
	h := head
	h.Design.Fill, h.Design.Until = true, 10*time.Minute
	take(r, start, store.Of{}, h, store.Round{Number: 1})
	if got := r.Whole(start.Add(time.Minute)); got.Left != 9*time.Minute || got.AtLeast {
		t.Errorf("%+v", got)
	}
}

// Of records that were written earlier, the time is what they say.
func TestTimes(t *testing.T) {
	r := NewRun()
	begun := start.Add(time.Minute)
	check := func(want time.Duration) {
		t.Helper()
		if got := r.Clock().Sub(start); got != want {
			t.Errorf("it is %v; want %v", got, want)
		}
	}
	take(r, time.Time{}, store.Of{}, head, store.Round{Number: 1})
	check(0)
	take(r, time.Time{}, libc1, store.Trial{Started: begun}, bench.Phase{Kind: bench.PhaseIdle, Batch: 2, Start: 3 * time.Second})
	check(63 * time.Second)
	take(r, time.Time{}, libc1, bench.Sample{At: 4 * time.Second}, bench.Gauge{At: 5 * time.Second}, bench.Edge{At: 6 * time.Second},
		bench.Batch{End: 7 * time.Second})
	check(67 * time.Second)
	take(r, time.Time{}, musl1, bench.Sample{At: time.Hour}) // nobody knows from when on
	take(r, time.Time{}, store.Of{}, head, store.Note{})
	check(67 * time.Second)
	if got := r.Standings(begun.Add(10 * time.Second))[0].Passed; got != 7*time.Second {
		t.Errorf("the phase has lasted %v", got)
	}
	take(r, time.Time{}, store.Of{}, store.End{At: start.Add(time.Hour)})
	check(time.Hour)
	take(r, time.Time{}, store.Of{}, store.Resumed{At: start.Add(2 * time.Hour)})
	check(2 * time.Hour)
}
