package lab

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// The final idle of a round goes on beside the next one, unless it is to be
// alone. Either way it has its length.
func TestIdleBesideTheNextRound(t *testing.T) {
	for alone, next := range map[bool]time.Duration{false: once, true: once + idling} {
		t.Run(fmt.Sprint(alone), func(t *testing.T) {
			faked(t, func(t *testing.T) {
				f := honest(nil)
				conf := config(t, f)
				conf.Design.Rounds, conf.Design.Batches, conf.Design.LoneIdle = 2, 1, alone
				exp, err := conf.run(t.Context())
				if err != nil || len(exp.Trials) != 4 {
					t.Fatalf("%v, %d trials", err, len(exp.Trials))
				}
				for _, variant := range []string{"libc", "jemalloc"} {
					if second := began(exp, variant, 2); second != next {
						t.Errorf("round 2 of %s began at %v, not at %v", variant, second, next)
					}
				}
				for _, trial := range exp.Trials {
					if got := timetable(trial); got != "warm-up until 5.11s, batch until 5.66s, idle until 35.66s" {
						t.Errorf("round %d of %s: %s", trial.Round, trial.Variant, got)
					}
				}
				if took := exp.Ended.Sub(exp.Started); took != next+once+idling {
					t.Errorf("it took %v", took)
				}
				noneLeft(t, f)
			})
		})
	}
}

// Apart, no batch of a variant meets one of another: each begins when the one
// before it is done, in the order of the round.
func TestApart(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		conf := config(t, f)
		conf.Design.Mode, conf.Design.Rounds = bench.Apart, 3
		exp, err := conf.run(t.Context())
		if err != nil || len(exp.Trials) != 6 {
			t.Fatalf("%v, %d trials", err, len(exp.Trials))
		}
		for _, round := range design.Schedule(conf.Design) {
			for position, variant := range round.Order {
				begin := time.Duration(position) * loading // all are started at once
				want := fmt.Sprintf("warm-up until %v, batch until %v, pause until %v, batch until %v, idle until %v", begin+warming,
					begin+once, begin+once+pausing, begin+loading, begin+loading+idling)
				if begin > 0 {
					want = fmt.Sprintf("nothing until %v, %s", begin, want)
				}
				for _, trial := range exp.Trials {
					if got := timetable(trial); trial.Variant == variant && trial.Round == round.Number && got != want {
						t.Errorf("round %d, %s: %s; want %s", round.Number, variant, got, want)
					}
				}
				if at := began(exp, variant, round.Number); at != time.Duration(round.Number-1)*2*loading {
					t.Errorf("round %d, %s: started after %v", round.Number, variant, at)
				}
			}
		}
		noneLeft(t, f)
	})
}

// disturbance is a machine of two CPUs on which others work as a test says, by
// the test's own clock.
type disturbance struct {
	mu     sync.Mutex
	others time.Duration
}

// work adds CPU time that neither a variant nor the lab used.
func (d *disturbance) work(more time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.others += more
}

func (d *disturbance) soFar() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.others
}

// watch is a stopwatch.
func (d *disturbance) watch() (func() (bench.Machine, error), error) {
	start, before := time.Now(), d.soFar()
	return func() (bench.Machine, error) {
		return bench.Machine{Elapsed: time.Since(start), CPUs: 2, Others: d.soFar() - before}, nil
	}, nil
}

// A round in which others took the machine does not count and is repeated at the
// end, once, also if the repetition fares no better.
func TestVoidRound(t *testing.T) {
	for _, again := range []bool{false, true} {
		t.Run(fmt.Sprint(again), func(t *testing.T) {
			faked(t, func(t *testing.T) {
				machine := &disturbance{}
				var mu sync.Mutex
				disturbed := map[string]bool{}
				f := honest(func(in *enginetest.FakeInstance) {
					mu.Lock()
					defer mu.Unlock()
					round := in.Spec.Labels["round"]
					if (round == "1" || again) && !disturbed[round] {
						disturbed[round] = true
						machine.work(time.Hour)
					}
				})
				conf := config(t, f)
				conf.machine = machine.watch
				conf.Design.Rounds, conf.Design.Batches, conf.Design.VoidAt = 2, 1, 0.25
				conf.Design.Sleep = time.Second // a batch that is long enough to be judged
				exp, err := conf.run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				want := "1 void, 1 void, 2, 2, 3 for 1, 3 for 1"
				if again {
					want = "1 void, 1 void, 2 void, 2 void, 3 for 1 void, 3 for 1 void, 4 for 2 void, 4 for 2 void"
				}
				var got []string
				for _, trial := range exp.Trials {
					text := fmt.Sprint(trial.Round)
					if trial.Repeats > 0 {
						text += fmt.Sprintf(" for %d", trial.Repeats)
					}
					if trial.Void != "" {
						text += " void"
						if !strings.Contains(trial.Void, "other processes took ") || !strings.Contains(trial.Void, "batch 1") {
							t.Errorf("reason %q", trial.Void)
						}
					}
					got = append(got, text)
					if m := trial.Batches[0].Machine; m == nil || m.Elapsed != 5*time.Second {
						t.Errorf("%s: of the machine is known %+v", trial.Variant, m)
					}
				}
				if strings.Join(got, ", ") != want {
					t.Errorf("rounds %s; want %s", strings.Join(got, ", "), want)
				}
				if j := of[store.Judged](conf); j[0].Round != 1 || j[0].Again != 3 || !strings.HasPrefix(j[0].Void, "other processes took ") || j[0].Took != 11*time.Second {
					t.Errorf("verdicts %+v", j)
				}
				noneLeft(t, f)
			})
		})
	}
}

// What the machine itself does is read where nothing stands for it.
func TestThisMachine(t *testing.T) {
	faked(t, func(t *testing.T) {
		conf := config(t, honest(nil))
		conf.Design.Batches = 1
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range exp.Trials {
			if m := trial.Batches[0].Machine; m == nil || m.CPUs < 1 || m.Elapsed <= 0 {
				t.Errorf("%s: of the machine is known %+v", trial.Variant, m)
			}
		}
	})
}

func TestJudge(t *testing.T) {
	limit := 0.25
	check := func(m bench.Machine, want string) {
		t.Helper()
		u := &underway{}
		tr := &trial{round: u, design: bench.Design{VoidAt: limit}, part: &participant{variant: bench.Variant{Name: "musl"}}}
		tr.judge(bench.Batch{Number: 2, Machine: &m})
		if got := u.spoiled(); got != want {
			t.Errorf("%+v: %q; want %q", m, got, want)
		}
	}
	quiet := bench.Machine{Elapsed: 10 * time.Second, CPUs: 2, Others: 5 * time.Second, Stolen: 20 * time.Second, Slept: time.Second, Jumped: -2 * time.Second}
	check(quiet, "") // what the hypervisor steals is told, and spoils nothing
	busy, asleep, set := quiet, quiet, quiet
	busy.Others = 6 * time.Second
	check(busy, "other processes took 30 % of the machine in musl's batch 2")
	limit = 0
	check(busy, "")
	limit = 0.25
	asleep.Slept = time.Hour
	check(asleep, "the machine slept for 1h0m0s in musl's batch 2")
	set.Jumped = -3 * time.Second
	check(set, "the clock was changed by -3s in musl's batch 2")
	short := bench.Machine{Elapsed: 900 * time.Millisecond, CPUs: 2, Others: time.Second}
	check(short, "")
}

// A bound on the time ends a run between two rounds, never within one: after
// five, for a sixth would last until 63.96 s.
func TestUntil(t *testing.T) {
	faked(t, func(t *testing.T) {
		conf := config(t, honest(nil))
		conf.Design.Rounds, conf.Design.Batches, conf.Design.Until = 50, 1, time.Minute
		exp, err := conf.run(t.Context())
		if err != nil || exp.Interrupted {
			t.Fatalf("%v, interrupted %v", err, exp.Interrupted)
		}
		if took := exp.Ended.Sub(exp.Started); len(exp.Trials) != 2*5 || took != 5*once+idling {
			t.Errorf("%d trials in %v", len(exp.Trials), took)
		}
		if len(exp.Warnings) != 1 || exp.Warnings[0].Code != "out-of-time" || exp.Warnings[0].Text != "45 more rounds did not fit into 1m0s" {
			t.Errorf("warnings %v", exp.Warnings)
		}
		for _, e := range errorsOf(exp) {
			if e != "" {
				t.Error(e)
			}
		}
	})
}

// Rounds are added while there is time, where the design asks for it. What is
// left is told as each begins.
func TestFill(t *testing.T) {
	faked(t, func(t *testing.T) {
		conf := config(t, honest(nil))
		conf.Design.Rounds, conf.Design.Batches, conf.Design.Until, conf.Design.Fill = 1, 1, time.Minute, true
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(exp.Warnings) != 0 || exp.Design.Rounds != 5 || len(exp.Trials) != 2*5 {
			t.Errorf("warnings %v, %d rounds of %d trials", exp.Warnings, exp.Design.Rounds, len(exp.Trials))
		}
		for i, round := range of[store.Round](conf) {
			if want := time.Duration(min(i, 1)) * once; round.Left != want {
				t.Errorf("round %d: %v are left, not %v", round.Number, round.Left, want)
			}
		}
	})
}

// A round without a variant that did not start is a round all the same, and so
// is one without any.
func TestNobodyStarts(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		handler := f.Handler
		f.Handler = func(in *enginetest.FakeInstance) http.Handler {
			if in.Spec.Labels["round"] == "2" {
				return http.NotFoundHandler()
			}
			return handler(in)
		}
		conf := config(t, f)
		conf.Design.Rounds, conf.Design.Batches = 3, 1
		exp, err := conf.run(t.Context())
		if err != nil || len(exp.Trials) != 6 {
			t.Fatalf("%v, %d trials", err, len(exp.Trials))
		}
		for _, trial := range exp.Trials {
			if failed := strings.HasPrefix(trial.Error, "did not start: variant "+trial.Variant+": did not answer within 1m0s "); failed != (trial.Round == 2) {
				t.Errorf("round %d of %s: %q", trial.Round, trial.Variant, trial.Error)
			}
		}
		if third := began(exp, "libc", 3); third != once+readyWithin {
			t.Errorf("round 3 began at %v", third)
		}
		noneLeft(t, f)
	})
}

// Where final idles are to be alone, those of the rounds of an earlier run took
// time too.
func TestGoOnWithLoneIdles(t *testing.T) {
	faked(t, func(t *testing.T) {
		conf := config(t, honest(nil))
		d := &conf.Design
		d.Rounds, d.Batches, d.LoneIdle = 50, 1, true
		const each = once + idling
		d.Until = 5 * each
		conf.Earlier = &store.Earlier{Done: []store.Judged{{Round: 1, Rounds: 50, Took: once}, {Round: 2, Rounds: 50, Took: once}}}
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// another leaves room for one more idle: four rounds, and not the fifth.
		if took := exp.Ended.Sub(exp.Started); took != 2*each || len(exp.Trials) != 2*2 {
			t.Errorf("%d trials in %v", len(exp.Trials), took)
		}
		if left := of[store.Round](conf)[0].Left; left != 48*each {
			t.Errorf("at first %v are left, not %v", left, 48*each)
		}
	})
}
