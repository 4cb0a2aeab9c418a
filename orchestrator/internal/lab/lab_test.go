package lab

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stepper answers as the service does. onWidget, if there is one, is called
// with each request of the load.
func stepper(in *enginetest.FakeInstance, allocator string, onWidget func()) http.Handler {
	env := in.Spec.Env
	atoi := func(name string) int { n, _ := strconv.Atoi(env[name]); return n }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /allocator", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(allocatorAnswer{
			Name: allocator, Version: "1", Linkage: "static", Libc: "glibc",
			Workers: atoi("WORKERS"), Threads: env["THREADS"], SleepMS: int64(atoi("SLEEP_MS")),
		})
	})
	mux.HandleFunc("GET /memory", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(memoryAnswer{LiveRequested: 1000, LiveUsable: 1100})
	})
	mux.HandleFunc("POST /widgets", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if onWidget != nil && string(body) == "{}" { // not the warm-up's
			onWidget()
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"x","size":1}`)
	})
	return mux
}

// honest is a fake engine whose variants are what they promise.
func honest(onWidget func(in *enginetest.FakeInstance)) *enginetest.Fake {
	f := &enginetest.Fake{Allocator: func(variant string) string { return promises[variant] }, PIDs: []int{static()}}
	f.Handler = func(in *enginetest.FakeInstance) http.Handler {
		var hook func()
		if onWidget != nil {
			hook = func() { onWidget(in) }
		}
		return stepper(in, promises[in.Spec.Labels["variant"]], hook)
	}
	return f
}

func config(t *testing.T, f *enginetest.Fake) *world {
	t.Helper()
	return configOf(t, f, "base: http://localhost:3000\niterations: 20\nconcurrency: 4\nplan:\n- name: one\n  request: {url: /widgets, method: POST, body: '{}'}\n")
}

func configOf(t *testing.T, f *enginetest.Fake, text string) *world {
	t.Helper()
	file := filepath.Join(t.TempDir(), "benchmark.yml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := plan.Load(file, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &world{Config: Config{Engine: f}, Job: Job{
		Plan: p, RunID: "test",
		Design: bench.Design{
			Variants: []bench.Variant{{Name: "libc"}, {Name: "jemalloc"}}, Baseline: "libc",
			Rounds: 1, Batches: 2, Pause: 100 * time.Millisecond, Idle: 200 * time.Millisecond,
			Workers: 3, Threads: bench.Hop, Transport: bench.Unix, SampleEvery: 20 * time.Millisecond, Quick: true,
		},
	}}
}

// left lists the instances that were not removed.
func left(f *enginetest.Fake) []string {
	var names []string
	for _, in := range f.Instances() {
		if _, err := in.State(context.Background()); !errors.Is(err, engine.ErrNotFound) {
			names = append(names, in.Name())
		}
	}
	return names
}

func TestRun(t *testing.T) {
	for _, transport := range []string{bench.Unix, bench.TCP} {
		t.Run(transport, func(t *testing.T) {
			f := honest(nil)
			f.Context = "far"
			conf := config(t, f)
			conf.Design.Transport = transport
			exp, err := conf.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(left(f)) != 0 {
				t.Errorf("left running: %v", left(f))
			}
			if proofs := of[bench.Proof](conf); len(proofs) != 2 || conf.syncs < 5 || exp.Interrupted || exp.Ended.Before(exp.Started) {
				t.Errorf("%d proofs, %d syncs, interrupted %v", len(proofs), conf.syncs, exp.Interrupted)
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
			if diff := cmp.Diff(exp.Trials[0].Batches[0].Answers, exp.Trials[1].Batches[0].Answers); diff != "" {
				t.Errorf("unequal work: %s", diff)
			}
		})
	}
}

func checkTrial(t *testing.T, trial bench.Trial) {
	t.Helper()
	if trial.Error != "" || trial.Proof.Allocator == "" || trial.Proof.Workers != 3 {
		t.Errorf("%s: error %q, proof %+v", trial.Variant, trial.Error, trial.Proof)
	}
	var kinds []string
	var end time.Duration
	for _, p := range trial.Phases {
		kinds = append(kinds, p.Kind)
		if p.Start < end || p.End <= p.Start {
			t.Errorf("phase %+v begins before %v or does not last", p, end)
		}
		end = p.End
	}
	want := []string{bench.PhaseWarmup, bench.PhaseBatch, bench.PhasePause, bench.PhaseBatch, bench.PhaseIdle}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
	for _, b := range trial.Batches {
		if b.Requests != 20 || b.Failed != 0 || b.Statuses["201"] != 20 || b.End <= b.Start || b.Latency.P50 <= 0 || b.HighWater <= 0 {
			t.Errorf("batch %+v", b)
		}
	}
	if trial.Samples.Len() < 20 || len(trial.Gauges) == 0 || trial.Gauges[0].LiveRequested != 1000 {
		t.Errorf("%d samples, gauges %+v", trial.Samples.Len(), trial.Gauges)
	}
	if len(trial.Edges) != 5 {
		t.Errorf("%d edges, want two for each batch and one at the end", len(trial.Edges))
	}
	if trial.Sampler.Taken == 0 || trial.Address == "" {
		t.Errorf("sampler %+v, address %q", trial.Sampler, trial.Address)
	}
}

// TestWrongAllocator stops the run before anything is measured.
func TestWrongAllocator(t *testing.T) {
	f := honest(nil)
	f.Handler = func(in *enginetest.FakeInstance) http.Handler { return stepper(in, "glibc", nil) }
	exp, err := config(t, f).run(t.Context())
	var hinted *hint.Error
	if err == nil || !errors.As(err, &hinted) || !strings.Contains(err.Error(), "variant jemalloc runs glibc's malloc, not jemalloc") {
		t.Errorf("error %v", err)
	}
	if exp != nil && len(exp.Trials) != 0 || len(left(f)) != 0 {
		t.Errorf("%d trials, left %v", len(exp.Trials), left(f))
	}
}

// TestWrongSettings stops it as well.
func TestWrongSettings(t *testing.T) {
	f := honest(nil)
	handler := f.Handler
	f.Handler = func(in *enginetest.FakeInstance) http.Handler {
		in.Spec.Env["WORKERS"] = "7"
		return handler(in)
	}
	if _, err := config(t, f).run(t.Context()); err == nil || !strings.Contains(err.Error(), "3 workers") {
		t.Errorf("error %v", err)
	}
}

// TestVariantDies has one variant killed for memory in its first batch: the
// other goes on, and the trial says what happened.
func TestVariantDies(t *testing.T) {
	var once sync.Once
	f := honest(func(in *enginetest.FakeInstance) {
		if in.Spec.Labels["variant"] == "jemalloc" {
			once.Do(func() {
				in.Print(strings.Repeat("x", 64_000))
				in.Print("\x1b[31mthe last words\x1b[0m\r")
				in.Print("")
				go in.Exit(engine.State{ExitCode: 137, OOMKilled: true})
			})
			time.Sleep(50 * time.Millisecond)
		}
	})
	exp, err := config(t, f).run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(exp.Trials) != 2 || exp.Trials[0].Error != "" || len(exp.Trials[0].Batches) != 2 {
		t.Fatalf("the other variant did not go on: %+v", exp.Trials)
	}
	dead := exp.Trials[1]
	if dead.Void != "" || dead.Batches[0].Machine != nil {
		t.Errorf("others are blamed for what a dead variant used: %q, %+v", dead.Void, dead.Batches[0].Machine)
	}
	for _, want := range []string{"batch 1", "killed for memory (exit 137)", "the last words"} {
		if !strings.Contains(dead.Error, want) {
			t.Errorf("trial's error %q does not say %q", dead.Error, want)
		}
	}
	if strings.Contains(dead.Error, "\x1b") || len(dead.Error) > 400 {
		t.Errorf("trial's error is %d bytes: %.500q", len(dead.Error), dead.Error)
	}
	if len(left(f)) != 0 {
		t.Errorf("left running: %v", left(f))
	}
}

// TestInterrupt ends the context in the first batch: what was measured is
// given, what was started is gone.
func TestInterrupt(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var once sync.Once
	f := honest(func(*enginetest.FakeInstance) {
		once.Do(func() { time.AfterFunc(100*time.Millisecond, stop) })
		time.Sleep(30 * time.Millisecond)
	})
	conf := config(t, f)
	exp, err := conf.run(ctx)
	if !errors.Is(err, context.Canceled) || exp == nil || !exp.Interrupted {
		t.Fatalf("%v, experiment %v", err, exp)
	}
	for _, trial := range exp.Trials {
		if trial.Error != "interrupted in batch 1" || len(trial.Batches) != 1 || !trial.Batches[0].Interrupted || trial.Samples.Len() == 0 {
			t.Errorf("trial %s: %q, %d batches, %d samples", trial.Variant, trial.Error, len(trial.Batches), trial.Samples.Len())
		}
	}
	if len(left(f)) != 0 {
		t.Errorf("left running: %v", left(f))
	}
}

func TestFailures(t *testing.T) {
	boom := errors.New("boom")
	for name, spoil := range map[string]func(*enginetest.Fake, *world){
		"info":    func(f *enginetest.Fake, _ *world) { f.FailInfo = boom },
		"prepare": func(f *enginetest.Fake, _ *world) { f.FailPrepare = map[string]error{"jemalloc": boom} },
		"start":   func(f *enginetest.Fake, _ *world) { f.FailStart = map[string]error{"jemalloc": boom} },
		"sync":    func(_ *enginetest.Fake, w *world) { w.sync = func() error { return boom } },
	} {
		t.Run(name, func(t *testing.T) {
			f := honest(nil)
			conf := config(t, f)
			spoil(f, conf)
			if _, err := conf.run(t.Context()); !errors.Is(err, boom) {
				t.Errorf("error %v", err)
			}
			if len(left(f)) != 0 {
				t.Errorf("left running: %v", left(f))
			}
		})
	}
}

// TestLaterRound has a variant fail to start in round 2: that round goes on
// without it, and the trial says why.
func TestLaterRound(t *testing.T) {
	started := map[string]int{}
	var mu sync.Mutex
	f := honest(nil)
	handler := f.Handler
	f.Handler = func(in *enginetest.FakeInstance) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		variant := in.Spec.Labels["variant"]
		if started[variant]++; variant == "jemalloc" && started[variant] == 2 {
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
	var said []string
	for _, trial := range exp.Trials {
		said = append(said, trial.Error)
	}
	if len(said) != 6 || !strings.HasPrefix(said[3], "did not start: ") || !strings.Contains(said[3], "no luck today") {
		t.Errorf("trials' errors %q", said)
	}
	for i, e := range said {
		if i != 3 && e != "" {
			t.Errorf("trial %d: %s", i, e)
		}
	}
	if len(left(f)) != 0 {
		t.Errorf("left running: %v", left(f))
	}
}

// TestUnsaved has the results of the first batch refused, as by a full disk:
// the run ends at once, the other variant's trial included.
func TestUnsaved(t *testing.T) {
	f := honest(nil)
	conf := config(t, f)
	conf.Design.Batches, conf.Design.Pause = 50, time.Minute
	full := errors.New("no space left on device")
	conf.sync = func() error { return full }
	exp, err := conf.run(t.Context())
	var unsaved *SaveError
	if !errors.As(err, &unsaved) || !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	for _, trial := range exp.Trials {
		if !strings.HasPrefix(trial.Error, "stopped ") {
			t.Errorf("%s: error %q", trial.Variant, trial.Error)
		}
	}
}

// TestKeep leaves the instances of the last round.
func TestKeep(t *testing.T) {
	f := honest(nil)
	conf := config(t, f)
	conf.Keep, conf.Design.Rounds, conf.Design.Batches = true, 2, 1
	exp, err := conf.run(t.Context())
	if err != nil || len(exp.Trials) != 4 {
		t.Fatalf("%v, %d trials", err, len(exp.Trials))
	}
	if len(left(f)) != 2 {
		t.Errorf("left running: %v", left(f))
	}
	for _, in := range f.Instances() {
		if err := in.Remove(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Whatever a plan can say is sent to a variant too, and what came of it is told.
func TestWholeLanguage(t *testing.T) {
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
	conf.Env = vars.Env{"WHO": "me"}
	exp, err := conf.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if p := exp.Plan; p.ArrivalRate != 200 || len(p.Items) != 2 || p.Items[0].BodyBytes != 20 || p.Items[0].URL != "http://localhost:3000/widgets" {
		t.Errorf("plan %+v", p)
	}
	for _, tr := range exp.Trials {
		for _, b := range tr.Batches {
			if b.Requests != 10 || b.Failed != 0 || b.Interrupted {
				t.Errorf("%s, batch %d: %d requests, %d failed", tr.Variant, b.Number, b.Requests, b.Failed)
			}
			// Ten starts in 45 ms, however fast the answers come.
			if took := b.End - b.Start; took < 45*time.Millisecond {
				t.Errorf("%s, batch %d took %v", tr.Variant, b.Number, took)
			}
		}
		broken := slices.ContainsFunc(tr.Warnings, func(w bench.Warning) bool {
			return w.Code == "broken-iterations" && strings.Contains(w.Text, "10 of 10 iterations ended before their last item: never true: ")
		})
		if !broken {
			t.Errorf("%s: warnings %v", tr.Variant, tr.Warnings)
		}
	}
}
