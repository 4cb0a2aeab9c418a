package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// TestVariantDies has one variant killed for memory in its first batch: the
// other goes on, and the trial says what happened.
func TestVariantDies(t *testing.T) {
	faked(t, func(t *testing.T) {
		var dies sync.Once
		f := honest(func(in *enginetest.FakeInstance) {
			if in.Spec.Labels["variant"] == "jemalloc" {
				dies.Do(func() {
					in.Print(strings.Repeat("x", 64_000))
					in.Print("\x1b[31mthe last words\x1b[0m\r")
					in.Print("")
					time.AfterFunc(50*time.Millisecond, func() { in.Exit(engine.State{ExitCode: 137, OOMKilled: true}) })
				})
			}
		})
		exp, err := config(t, f).run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkTrial(t, exp.Trials[0])
		dead := exp.Trials[1]
		if dead.Void != "" || len(dead.Batches) != 1 || dead.Batches[0].Machine != nil {
			t.Errorf("others are blamed for what a dead variant used: %q, %+v", dead.Void, dead.Batches)
		}
		if took := dead.Phases[1].End - dead.Phases[1].Start; took < 50*time.Millisecond || took > 150*time.Millisecond {
			t.Errorf("it died after 50ms, and its batch ended after %v", took)
		}
		for _, want := range []string{"batch 1", "killed for memory (exit 137)", "the last words"} {
			if !strings.Contains(dead.Error, want) {
				t.Errorf("trial's error %q does not say %q", dead.Error, want)
			}
		}
		if strings.Contains(dead.Error, "\x1b") || len(dead.Error) > 400 {
			t.Errorf("trial's error is %d bytes: %.500q", len(dead.Error), dead.Error)
		}
		noneLeft(t, f)
	})
}

// TestInterrupt ends the context in each phase: what was measured is given, what
// was started is gone, and none of it took any time.
func TestInterrupt(t *testing.T) {
	for place, after := range map[string]time.Duration{
		"in warm-up":                 2010 * time.Millisecond,
		"in batch 1":                 warming + 260*time.Millisecond,
		"in the pause after batch 1": once + time.Second,
		"in batch 2":                 once + pausing + time.Millisecond,
		"in the final idle":          loading + time.Second,
	} {
		t.Run(place, func(t *testing.T) {
			faked(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				time.AfterFunc(after, stop)
				f := honest(nil)
				conf := config(t, f)
				exp, err := conf.run(ctx)
				if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "\n") || !exp.Interrupted {
					t.Fatalf("%v, interrupted %v", err, exp.Interrupted)
				}
				if took := exp.Ended.Sub(exp.Started); took != after {
					t.Errorf("it ended after %v, not %v", took, after)
				}
				for _, trial := range exp.Trials {
					last := trial.Phases[len(trial.Phases)-1]
					if trial.Error != "interrupted "+place || last.End != after || trial.Samples.Len() != int(after/(50*time.Millisecond))+1 {
						t.Errorf("trial %s: %q, %d samples, %s", trial.Variant, trial.Error, trial.Samples.Len(), timetable(trial))
					}
					cut := len(trial.Batches) > 0 && trial.Batches[len(trial.Batches)-1].Interrupted
					if cut != (last.Kind == bench.PhaseBatch) {
						t.Errorf("trial %s: batches %+v", trial.Variant, trial.Batches)
					}
				}
				for _, e := range of[store.Ended](conf) {
					if !e.Cut {
						t.Errorf("not cut: %+v", e)
					}
				}
				noneLeft(t, f)
			})
		})
	}
}

// Apart, an interruption ends the trials too whose turn has not come.
func TestInterruptApart(t *testing.T) {
	faked(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(warming+handling/2, stop)
		f := honest(nil)
		conf := config(t, f)
		conf.Design.Mode = bench.Apart
		exp, err := conf.run(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if took := exp.Ended.Sub(exp.Started); took != warming+handling/2 {
			t.Errorf("it took %v", took)
		}
		said := errorsOf(exp)
		slices.Sort(said) // whoever came first
		if diff := cmp.Diff([]string{"interrupted in batch 1", "interrupted in warm-up"}, said); diff != "" {
			t.Errorf("trials' errors (-want +got):\n%s", diff)
		}
		noneLeft(t, f)
	})
}

// An interruption while a variant is waited for is no more than that.
func TestInterruptAtTheStart(t *testing.T) {
	for _, question := range []string{"GET /healthz", "GET /allocator"} {
		faked(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, stop)
			f := honest(nil)
			behind(f, "jemalloc", func(in *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler) {
				if r.Method+" "+r.URL.Path == question {
					<-in.Done()
					return
				}
				plain.ServeHTTP(w, r)
			})
			exp, err := config(t, f).run(ctx)
			if err == nil || err.Error() != context.Canceled.Error() {
				t.Errorf("%s: error %q", question, err)
			}
			if took := exp.Ended.Sub(exp.Started); took != time.Second || len(exp.Trials) != 0 {
				t.Errorf("%s: it took %v and has %d trials", question, took, len(exp.Trials))
			}
			noneLeft(t, f)
		})
	}
}

// TestLaterRound has a variant fail to start in round 2: that round goes on
// without it, and the trial says why.
func TestLaterRound(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		handler := f.Handler
		f.Handler = func(in *enginetest.FakeInstance) http.Handler {
			if in.Spec.Labels["variant"] == "jemalloc" && in.Spec.Labels["round"] == "2" {
				in.Print("no luck today")
				go in.Exit(engine.State{ExitCode: 1})
			}
			return handler(in)
		}
		conf := config(t, f)
		conf.Design.Rounds, conf.Design.Batches = 3, 1
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"", "", "", "did not start: variant jemalloc: ended before it was ready: exit 1; its last output: no luck today", "", ""}, errorsOf(exp)); diff != "" {
			t.Errorf("trials' errors (-want +got):\n%s", diff)
		}
		// The engine is asked 210 ms after the start, and that it was late is not
		// taken from the trial of the other.
		if second := began(exp, "libc", 2); second != once {
			t.Errorf("round 2 began at %v", second)
		}
		const want = "nothing until 210ms, warm-up until 5.32s, batch until 5.87s, idle until 35.87s"
		if got := timetable(exp.Trials[2]); got != want {
			t.Errorf("%s; want %s", got, want)
		}
		if third := began(exp, "libc", 3); third != 2*once+210*time.Millisecond {
			t.Errorf("round 3 began at %v", third)
		}
		noneLeft(t, f)
	})
}

// TestKeep leaves the instances of the last round.
func TestKeep(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		conf := config(t, f)
		conf.Keep, conf.Design.Rounds, conf.Design.Batches = true, 2, 1
		exp, err := conf.run(t.Context())
		if err != nil || len(exp.Trials) != 4 {
			t.Fatalf("%v, %d trials", err, len(exp.Trials))
		}
		if names := left(f); len(names) != 2 {
			t.Errorf("left running: %v", names)
		}
		for _, in := range f.Instances() {
			if err := in.Remove(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// An interruption in the last final idle takes everything away, those variants
// included whose own idle is over and that were to be kept.
func TestKeepInterrupted(t *testing.T) {
	faked(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		f := honest(func(in *enginetest.FakeInstance) {
			if in.Spec.Labels["variant"] == "jemalloc" {
				time.Sleep(time.Second) // in each of five waves
			}
		})
		conf := config(t, f)
		conf.Keep, conf.Design.Batches = true, 1
		time.AfterFunc(once+idling+2*time.Second, stop)
		exp, err := conf.run(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff([]string{"", "interrupted in the final idle"}, errorsOf(exp)); diff != "" {
			t.Errorf("trials' errors (-want +got):\n%s", diff)
		}
		noneLeft(t, f)
	})
}

// What died in the last round is not kept. If it cannot be removed, the run says
// so, once, and nothing else stays either.
func TestKeepWithoutTheDead(t *testing.T) {
	boom := errors.New("boom")
	for _, failed := range []error{nil, boom} {
		t.Run(fmt.Sprint(failed), func(t *testing.T) {
			faked(t, func(t *testing.T) {
				f := honest(func(in *enginetest.FakeInstance) {
					if in.Spec.Labels["variant"] == "jemalloc" {
						in.Exit(engine.State{ExitCode: 1})
					}
				})
				if failed != nil {
					f.FailRemove = map[string]error{"jemalloc": failed}
				}
				conf := config(t, f)
				conf.Keep = true
				exp, err := conf.run(t.Context())
				wrong, stays, said := "", "stepper-libc", "<nil>"
				if failed != nil {
					wrong, stays, said = "interrupted in the final idle", "stepper-jemalloc", "remove stepper-jemalloc: boom"
				}
				if fmt.Sprint(err) != said {
					t.Errorf("error %v; want %s", err, said)
				}
				if diff := cmp.Diff([]string{wrong, "died in batch 1: exit 1"}, errorsOf(exp)); diff != "" {
					t.Errorf("trials' errors (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]string{stays}, left(f)); diff != "" {
					t.Errorf("left (-want +got):\n%s", diff)
				}
				f.FailRemove = nil
				for _, in := range f.Instances() {
					if err := in.Remove(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

// A variant of a later round that does not start and cannot be removed ends the
// run. Those that did start go with it, and their records say so.
func TestLaterRoundUnremoved(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		handler := f.Handler
		f.Handler = func(in *enginetest.FakeInstance) http.Handler {
			if in.Spec.Labels["variant"] == "jemalloc" && in.Spec.Labels["round"] == "2" {
				f.FailRemove = map[string]error{"jemalloc": errors.New("boom")}
				go in.Exit(engine.State{ExitCode: 1})
			}
			return handler(in)
		}
		conf := config(t, f)
		// The first round is over when the second begins.
		conf.Design.Rounds, conf.Design.Batches, conf.Design.LoneIdle = 2, 1, true
		exp, err := conf.run(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "remove stepper-jemalloc") || !strings.HasSuffix(err.Error(), ": boom") || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
		want := []string{"", "", "stopped before warm-up: another variant could not be removed", "did not start: variant jemalloc: ended before it was ready: exit 1"}
		if diff := cmp.Diff(want, errorsOf(exp)); diff != "" {
			t.Errorf("trials' errors (-want +got):\n%s", diff)
		}
		if names := left(f); len(names) != 1 || !strings.HasPrefix(names[0], "stepper-jemalloc") {
			t.Errorf("left running: %v", names)
		}
		f.FailRemove = nil
		for _, in := range f.Instances() {
			if err := in.Remove(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}
