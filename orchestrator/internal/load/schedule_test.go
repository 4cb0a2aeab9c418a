package load

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// slow is a server that takes its time, with a clock that is not the real one.
func slow(d time.Duration) *recorder {
	return &recorder{reply: func(w net.Conn, s seen) bool {
		time.Sleep(d)
		return ok(w, s)
	}}
}

// starts gives when the requests came, in ms from start.
func (r *recorder) starts(start time.Time) []int {
	var ms []int
	for _, s := range r.requests {
		ms = append(ms, int(s.at.Sub(start)/time.Millisecond))
	}
	return ms
}

// When iterations start: plan, settings, time that one takes, starts in ms.
func TestSchedule(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		plan plan.Plan
		opt  Options
		took time.Duration
		want []int
		// of an open loop, and whether the context's end of 10 s cut it off
		late, dropped int
		interrupted   bool
	}{
		"one by one":                        {plan: plan.Plan{Concurrency: 1, Iterations: 3}, took: s, want: []int{0, 1000, 2000}},
		"next as soon as there is room":     {plan: plan.Plan{Concurrency: 2, Iterations: 5}, took: s, want: []int{0, 0, 1000, 1000, 2000}},
		"all at once":                       {plan: plan.Plan{Iterations: 3}, took: s, want: []int{0, 0, 0}},
		"ramp-up":                           {plan: plan.Plan{Iterations: 4, Rampup: 2 * s}, took: s, want: []int{0, 500, 1000, 1500}},
		"ramp-up with little room":          {plan: plan.Plan{Concurrency: 2, Iterations: 6, Rampup: 900 * time.Millisecond}, took: 400 * time.Millisecond, want: []int{0, 150, 400, 550, 800, 950}},
		"drill's ramp-up":                   {plan: plan.Plan{Iterations: 4, Rampup: 6 * s}, opt: Options{CompatRampup: true}, took: s, want: []int{0, 1000, 2000, 3000}},
		"drill's ramp-up is none":           {plan: plan.Plan{Iterations: 4, Rampup: 3 * s}, opt: Options{CompatRampup: true}, took: s, want: []int{0, 0, 0, 0}},
		"drill's ramp-up sleeps in a slot":  {plan: plan.Plan{Concurrency: 1, Iterations: 4, Rampup: 8 * s}, opt: Options{CompatRampup: true}, took: 100 * time.Millisecond, want: []int{0, 2100, 6200}, interrupted: true},
		"duration":                          {plan: plan.Plan{Concurrency: 2}, opt: Options{Duration: 2500 * time.Millisecond}, took: s, want: []int{0, 0, 1000, 1000, 2000, 2000}},
		"duration and iterations":           {plan: plan.Plan{Concurrency: 2, Iterations: 3}, opt: Options{Duration: 5 * s}, took: s, want: []int{0, 0, 1000}},
		"duration ends a ramp-up":           {plan: plan.Plan{Iterations: 4, Rampup: 8 * s}, opt: Options{Duration: 3 * s}, took: s, want: []int{0, 2000}},
		"without end, ramp-up of the first": {plan: plan.Plan{Concurrency: 4, Rampup: 2 * s}, opt: Options{Duration: 2200 * time.Millisecond}, took: s, want: []int{0, 500, 1000, 1000, 1500, 1500, 2000, 2000}},
		"without end":                       {plan: plan.Plan{Concurrency: 1}, took: 4 * s, want: []int{0, 4000, 8000}, interrupted: true},

		"rate":                          {plan: plan.Plan{Concurrency: 3, Iterations: 4, Rate: 2}, took: s, want: []int{0, 500, 1000, 1500}},
		"rate that cannot be held":      {plan: plan.Plan{Concurrency: 1, Iterations: 4, Rate: 2}, took: s, want: []int{0, 1000, 2000, 3000}, late: 3},
		"rate, behind by a timeout":     {plan: plan.Plan{Concurrency: 1, Iterations: 8, Rate: 4}, opt: Options{Timeout: 1500 * time.Millisecond}, took: s, want: []int{0, 1000, 2000, 3000}, late: 3, dropped: 4},
		"rate and duration":             {plan: plan.Plan{Concurrency: 3, Rate: 2}, opt: Options{Duration: 2 * s}, took: s, want: []int{0, 500, 1000, 1500}},
		"rate, due at the end":          {plan: plan.Plan{Concurrency: 1, Rate: 2}, opt: Options{Duration: 2 * s}, took: 3 * s, want: []int{0}, dropped: 3},
		"rate, due when it was stopped": {plan: plan.Plan{Concurrency: 1, Iterations: 99, Rate: 1}, took: 8 * s, want: []int{0, 8000}, late: 1, dropped: 8, interrupted: true},
		"rate that grows":               {plan: plan.Plan{Concurrency: 9, Iterations: 6, Rate: 2, Rampup: 2 * s}, took: s, want: []int{0, 1414, 2000, 2500, 3000, 3500}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rec := slow(c.took)
				p := c.plan
				p.Items = []plan.Item{ask("GET", "/", nil)}
				ctx, cancel := context.WithTimeout(t.Context(), 9500*time.Millisecond)
				defer cancel()
				start := time.Now()
				got := mustPipe(ctx, t, &p, rec, c.opt)
				rec.handlers.Wait()
				if diff := cmp.Diff(c.want, rec.starts(start)); diff != "" {
					t.Errorf("starts in ms (-want +got):\n%s", diff)
				}
				if got.Late != c.late || got.Dropped != c.dropped || got.Rate != p.Rate || got.Interrupted != c.interrupted {
					t.Errorf("%d late, %d dropped, rate %g, interrupted %v", got.Late, got.Dropped, got.Rate, got.Interrupted)
				}
				if ended := got.Iterations; !c.interrupted && ended != len(c.want) {
					t.Errorf("%d iterations", ended)
				}
			})
		})
	}
}

// In an open loop the first request of an iteration is measured from when it
// was due, less what the plan itself waited before; the others are not.
func TestIntendedStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := slow(time.Second)
		var progress Progress
		p := planOf[plan.Item](1, 3, &plan.Delay{For: time.Second}, ask("GET", "/a", nil), ask("GET", "/b", nil))
		p.Rate = 1
		got := mustPipe(t.Context(), t, p, rec, Options{Progress: &progress})
		rec.handlers.Wait()
		a, b := got.Groups[0].Latency, got.Groups[1].Latency
		// They start 0, 2 and 4 seconds late.
		if a.Min() != time.Second || a.Max() != 5*time.Second || a.Mean() != 3*time.Second || got.Groups[0].FirstByte.Max() != 5*time.Second {
			t.Errorf("first requests took %v to %v", a.Min(), a.Max())
		}
		if b.Min() != time.Second || b.Max() != time.Second {
			t.Errorf("second requests took %v to %v", b.Min(), b.Max())
		}
		if got.Late != 2 || progress.Late() != 2 || progress.Dropped() != 0 {
			t.Errorf("%d late, progress %d", got.Late, progress.Late())
		}
	})
}

// Progress may be asked at any time, counts over several runs, and forgets
// nothing.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var progress Progress
		if progress.P99() != 0 {
			t.Error("there is a latency of nothing")
		}
		for run := range 2 {
			rec := slow(time.Second)
			p := planOf(2, 10, ask("GET", "/", nil), ask("GET", "/two", nil))
			done := make(chan Result)
			go func() { done <- mustPipe(t.Context(), t, p, rec, Options{Progress: &progress}) }()
			time.Sleep(2500 * time.Millisecond)
			if n, h := progress.Done(), progress.Latency(); n != 20*run+4 || h.N() != n || progress.P99() != time.Second {
				t.Errorf("run %d: %d done, %d latencies, p99 %v", run, n, h.N(), progress.P99())
			}
			<-done
			rec.handlers.Wait()
			if h := progress.Latency(); h.N() != 20*(run+1) || len(progress.live) != 0 {
				t.Errorf("run %d: %d latencies in the end", run, h.N())
			}
		}
	})
}

// Groups go by the name as written, in the plan's order, and their sum is the
// whole.
func TestGroups(t *testing.T) {
	rec := &recorder{reply: ok}
	named := func(name string, r *plan.Request) *plan.Request {
		r.Name = name
		return r
	}
	p := planOf(3, 7, named("b", ask("GET", "/1", nil)), named("a", ask("POST", "/2", []byte("x"))), named("b", ask("GET", "/3", nil)))
	got := mustRun(t, p, rec.listen(t, "unix"), Options{})
	rec.stop()
	if len(got.Groups) != 2 || got.Groups[0].Name != "b" || got.Groups[0].Requests != 14 || got.Groups[1].Requests != 7 {
		t.Errorf("%+v", got.Groups)
	}
	if got.Requests != 21 || got.Latency.N() != 21 || got.FirstByte.N() != 21 || got.SentBytes != got.Groups[0].SentBytes+got.Groups[1].SentBytes || got.ReceivedBytes != 42 {
		t.Errorf("%+v", got.Counts)
	}
	if got.FirstByte.Max() > got.Latency.Max() || got.FirstByte.Min() <= 0 {
		t.Errorf("first bytes %v to %v, latencies to %v", got.FirstByte.Min(), got.FirstByte.Max(), got.Latency.Max())
	}
}

// However many groups and workers, the tallies stay few.
func TestTallies(t *testing.T) {
	for _, c := range []struct{ workers, groups, want int }{
		{1, 1, 1}, {16, 1, 16}, {10_000, 1, 64}, {10_000, 4, 16}, {10_000, 100, 1}, {10_000, 0, 64},
	} {
		if got := len(newTallies(c.workers, c.groups)); got != c.want {
			t.Errorf("%d workers, %d groups: %d tallies; want %d", c.workers, c.groups, got, c.want)
		}
	}
}

func TestMistakesBounded(t *testing.T) {
	var m mistakes
	for i := range 1000 {
		m.count(reason{1, "b", string(rune('a' + i))})
		m.count(reason{0, "a", "same"})
	}
	list := m.list()
	if len(list) != maxMistakes || list[0] != (Mistake{"a", "same", 1000}) || list[99] != (Mistake{"", "other mistakes", 902}) {
		t.Errorf("%d mistakes, %+v, %+v", len(list), list[0], list[len(list)-1])
	}
}

// A start that is due just before the end is not lost to a clock that rings a
// little after it, and what is lost by a lot is counted at once.
func TestEndOfDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		check := func(now time.Duration, wantEnded bool, wantDropped int) {
			t.Helper()
			start := time.Now().Add(-now)
			p := &plan.Plan{Rate: 1}
			s := newSchedule(p, 1, Options{Duration: time.Second + time.Microsecond, Timeout: time.Minute}, start)
			s.next.Store(1) // due a microsecond before the end
			_, _, ended, err := s.take(t.Context())
			r := Result{Start: start, End: time.Now()}
			s.report(&r)
			if ended != wantEnded || r.Dropped != wantDropped || err != nil {
				t.Errorf("at %v: ended %v, %d dropped, %v", now, ended, r.Dropped, err)
			}
		}
		check(time.Second+500*time.Microsecond, false, 0)
		check(time.Second+2*time.Millisecond, true, 1)
	})
}

// Starts that nobody came to are counted in no time, however many they are.
func TestManyDropped(t *testing.T) {
	start := time.Now()
	s := newSchedule(&plan.Plan{Rate: 1e12}, 1, Options{}, start)
	r := Result{Start: start, End: start.Add(time.Hour)}
	s.report(&r)
	if took := time.Since(start); r.Dropped != 3600*1e12 || took > time.Second {
		t.Errorf("%d dropped in %v", r.Dropped, took)
	}
}
