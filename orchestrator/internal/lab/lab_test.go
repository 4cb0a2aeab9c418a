package lab

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

func TestRun(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		f.Context = "far"
		conf := config(t, f)
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		noneLeft(t, f)
		if took := exp.Ended.Sub(exp.Started); took != loading+idling {
			t.Errorf("it took %v", took)
		}
		if proofs := of[bench.Proof](conf); len(proofs) != 2 || exp.Interrupted {
			t.Errorf("%d proofs, interrupted %v", len(proofs), exp.Interrupted)
		}
		// In each pause, before the final idle, and at its end; and at that of the run.
		if conf.syncs != 2*3+1 {
			t.Errorf("%d syncs", conf.syncs)
		}
		told := of[store.Engine](conf)
		if e := exp.Environment; e.Engine != "fake" || e.Context != "far" || len(told) != 1 || !strings.Contains(told[0].Text, "far") {
			t.Errorf("engine %q, context %q; told of %+v", e.Engine, e.Context, told)
		}
		if len(exp.Trials) != 2 || exp.Trials[0].Variant != "libc" {
			t.Fatalf("%d trials", len(exp.Trials))
		}
		for _, trial := range exp.Trials {
			checkTrial(t, trial)
		}
	})
}

// checkTrial looks at a trial of the usual world.
func checkTrial(t *testing.T, trial bench.Trial) {
	t.Helper()
	if trial.Error != "" || trial.Proof.Allocator == "" || trial.Proof.Workers != 3 {
		t.Errorf("%s: error %q, proof %+v", trial.Variant, trial.Error, trial.Proof)
	}
	const want = "warm-up until 5.11s, batch until 5.66s, pause until 10.66s, batch until 11.21s, idle until 41.21s"
	if diff := cmp.Diff(want, timetable(trial)); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
	for _, b := range trial.Batches {
		if b.Requests != 20 || b.Failed != 0 || b.Statuses["201"] != 20 || b.Answers["201/19"] != 20 || b.End-b.Start != batching || b.HighWater <= 0 {
			t.Errorf("batch %+v", b)
		}
		if l := b.Latency; l.Min != handling || l.Max != handling {
			t.Errorf("latency %+v", l)
		}
	}
	if n := trial.Samples.Len(); n != 825 || trial.Sampler.Taken != n || trial.Sampler.Missed != 0 {
		t.Errorf("%d samples; %+v", n, trial.Sampler)
	}
	if g := trial.Gauges; len(g) != 41 || g[40].At != 41*time.Second || g[0].LiveRequested != 1000 {
		t.Errorf("gauges %+v", g)
	}
	var edges []string
	for _, e := range trial.Edges {
		edges = append(edges, e.Name+" at "+e.At.String())
	}
	if diff := cmp.Diff([]string{
		"batch 1 start at 5.11s", "batch 1 end at 5.66s", "batch 2 start at 10.66s", "batch 2 end at 11.21s", "end of idle at 41.21s",
	}, edges); diff != "" {
		t.Errorf("edges (-want +got):\n%s", diff)
	}
	if trial.Address == "" {
		t.Error("no address")
	}
}

// Over real sockets, those of unix and of TCP, everything is as it is in memory,
// but for the clock.
func TestRunOverSockets(t *testing.T) {
	for _, transport := range []string{bench.Unix, bench.TCP} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			f := honest(nil)
			conf := config(t, f)
			conf.real()
			conf.Design.Transport = transport
			exp, err := conf.run(t.Context())
			if err != nil || len(exp.Trials) != 2 {
				t.Fatalf("%v, %+v", err, exp)
			}
			noneLeft(t, f)
			for _, trial := range exp.Trials {
				if trial.Error != "" || len(trial.Phases) != 5 || len(trial.Edges) != 5 || trial.Samples.Len() < 20 || len(trial.Gauges) == 0 {
					t.Errorf("trial %+v", trial)
				}
				for _, b := range trial.Batches {
					if b.Requests != 20 || b.Failed != 0 || b.Statuses["201"] != 20 || b.End <= b.Start || b.Latency.P50 <= 0 {
						t.Errorf("batch %+v", b)
					}
				}
			}
		})
	}
}

// TestWrongAllocator stops the run before anything is measured.
func TestWrongAllocator(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		f.Handler = func(in *enginetest.FakeInstance) http.Handler { return stepper(in, "glibc", nil) }
		exp, err := config(t, f).run(t.Context())
		var hinted *hint.Error
		if err == nil || !errors.As(err, &hinted) || !strings.Contains(err.Error(), "variant jemalloc runs glibc's malloc, not jemalloc") {
			t.Errorf("error %v", err)
		}
		if len(exp.Trials) != 0 {
			t.Errorf("%d trials", len(exp.Trials))
		}
		noneLeft(t, f)
	})
}

// In a later round it stops the run too, once what was measured before is whole:
// the final idles go on to their end.
func TestWrongLater(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		handler := f.Handler
		f.Handler = func(in *enginetest.FakeInstance) http.Handler {
			if in.Spec.Labels["round"] == "2" {
				return stepper(in, "glibc", nil)
			}
			return handler(in)
		}
		conf := config(t, f)
		conf.Design.Rounds, conf.Design.Batches = 3, 1
		exp, err := conf.run(t.Context())
		if err == nil || err.Error() != "variant jemalloc runs glibc's malloc, not jemalloc" {
			t.Errorf("error %v", err)
		}
		if took := exp.Ended.Sub(exp.Started); took != once+idling || !exp.Interrupted || len(exp.Trials) != 2 {
			t.Errorf("it took %v, interrupted %v, %d trials", took, exp.Interrupted, len(exp.Trials))
		}
		for _, e := range errorsOf(exp) {
			if e != "" {
				t.Error(e)
			}
		}
		noneLeft(t, f)
	})
}

// TestWrongSettings stops it as well.
func TestWrongSettings(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		handler := f.Handler
		f.Handler = func(in *enginetest.FakeInstance) http.Handler {
			env := maps.Clone(in.Spec.Env)
			env["WORKERS"] = "7"
			return handler(&enginetest.FakeInstance{Spec: engine.Spec{Labels: in.Spec.Labels, Env: env}})
		}
		if _, err := config(t, f).run(t.Context()); err == nil || !strings.Contains(err.Error(), "3 workers") {
			t.Errorf("error %v", err)
		}
		noneLeft(t, f)
	})
}

func TestFailures(t *testing.T) {
	boom := errors.New("boom")
	for name, spoil := range map[string]func(*enginetest.Fake){
		"info":    func(f *enginetest.Fake) { f.FailInfo = boom },
		"prepare": func(f *enginetest.Fake) { f.FailPrepare = map[string]error{"jemalloc": boom} },
		"start":   func(f *enginetest.Fake) { f.FailStart = map[string]error{"jemalloc": boom} },
	} {
		t.Run(name, func(t *testing.T) {
			faked(t, func(t *testing.T) {
				f := honest(nil)
				spoil(f)
				if _, err := config(t, f).run(t.Context()); !errors.Is(err, boom) {
					t.Errorf("error %v", err)
				}
				noneLeft(t, f)
			})
		})
	}
}

// A lab runs as many designs as are wanted with the images it was opened with.
func TestManyRuns(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		w := config(t, f)
		opened, err := w.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for workers := 1; workers <= 2; workers++ {
			w.records = nil
			w.Design.Workers, w.Design.Batches = workers, 1
			if err := opened.Run(t.Context(), w.Job); err != nil {
				t.Fatal(err)
			}
			exp, err := store.Fold(each(w.all()))
			if err != nil || exp.Interrupted || len(exp.Trials) != 2 || exp.Trials[0].Proof.Workers != workers {
				t.Errorf("%v, %+v", err, exp)
			}
		}
		if prepared := slices.DeleteFunc(f.Calls(), func(c string) bool { return c != "prepare libc" }); len(prepared) != 1 {
			t.Errorf("images were made ready %d times", len(prepared))
		}
		w.Design.Variants = append(w.Design.Variants, bench.Variant{Name: "musl"})
		if err := opened.Run(t.Context(), w.Job); err == nil {
			t.Error("a variant without an image was run")
		}
	})
}

// The baseline's twin runs the very image of the baseline, in a container of its
// own, and nothing is built for it.
func TestTwin(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		handler := f.Handler
		f.Handler = func(in *enginetest.FakeInstance) http.Handler {
			if in.Spec.Labels["variant"] == "libc-twin" {
				return stepper(in, "glibc", nil)
			}
			return handler(in)
		}
		conf := config(t, f)
		conf.Design.Twin, conf.Design.Batches = "libc-twin", 1
		conf.Design.Variants = append(conf.Design.Variants, bench.Variant{Name: "libc-twin"})
		exp, err := conf.run(t.Context())
		if err != nil || len(exp.Trials) != 3 {
			t.Fatalf("%v, %d trials", err, len(exp.Trials))
		}
		libc, twin := exp.Trials[0], exp.Trials[2]
		if twin.Variant != "libc-twin" || twin.ImageID != libc.ImageID || twin.Image != libc.Image || twin.Container == libc.Container || twin.Error != "" {
			t.Errorf("libc %s %s, twin %s %s: %s", libc.Image, libc.Container, twin.Image, twin.Container, twin.Error)
		}
	})
}

// Whatever a plan can say is sent to a variant too, and what came of it is told.
func TestWholeLanguage(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		conf := configOf(t, f, `
base: http://localhost:3000
iterations: 10
concurrency: 2
arrival_rate: 200
plan:
- name: one
  request: {url: /widgets, method: POST, body: '{"who": "{{ WHO }}"}'}
  assign: answer
- name: never true
  assert: {key: answer.status, value: 999}
- name: not reached
  request: {url: /widgets, method: POST, body: '{}'}
`)
		conf.Env, conf.Design.Sleep = vars.Env{"WHO": "me"}, 5*time.Millisecond
		exp, err := conf.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if p := exp.Plan; p.ArrivalRate != 200 || len(p.Items) != 2 || p.Items[0].BodyBytes != 20 || p.Items[0].URL != "http://localhost:3000/widgets" {
			t.Errorf("plan %+v", p)
		}
		for _, tr := range exp.Trials {
			for _, b := range tr.Batches {
				// Ten starts in 45 ms, and the last answer 5 ms later.
				if b.Requests != 10 || b.Failed != 0 || b.Interrupted || b.End-b.Start != 50*time.Millisecond {
					t.Errorf("%s, batch %d: %+v", tr.Variant, b.Number, b)
				}
			}
			broken := slices.ContainsFunc(tr.Warnings, func(w bench.Warning) bool {
				return w.Code == "broken-iterations" && strings.Contains(w.Text, "10 of 10 iterations ended before their last item: never true: ")
			})
			if !broken {
				t.Errorf("%s: warnings %v", tr.Variant, tr.Warnings)
			}
		}
	})
}
