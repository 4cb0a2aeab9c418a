package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// stepper answers as the service does. onWidget, if there is one, is called
// with each request of the load.
func stepper(in *enginetest.FakeInstance, allocator string, onWidget func()) http.Handler {
	env := in.Spec.Env
	atoi := func(name string) int { n, _ := strconv.Atoi(env[name]); return n }
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /allocator", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(allocatorAnswer{
			Name: allocator, Version: "1", Linkage: "static", Libc: "glibc", Program: staticProgram().path, Binary: staticProgram().sha256,
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
		time.Sleep(time.Duration(atoi("SLEEP_MS")) * time.Millisecond)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"x","size":1}`)
	})
	return mux
}

// honest is a fake engine in memory whose variants are what they promise.
func honest(onWidget func(in *enginetest.FakeInstance)) *enginetest.Fake {
	f := &enginetest.Fake{Memory: true, Allocator: func(variant string) string { return promises[variant] }, PIDs: []int{static()}}
	f.Handler = func(in *enginetest.FakeInstance) http.Handler {
		var hook func()
		if onWidget != nil {
			hook = func() { onWidget(in) }
		}
		return stepper(in, promises[in.Spec.Labels["variant"]], hook)
	}
	return f
}

// behind puts a handler in front of those of one variant's instances.
func behind(f *enginetest.Fake, variant string, front func(in *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler)) {
	handler := f.Handler
	f.Handler = func(in *enginetest.FakeInstance) http.Handler {
		plain := handler(in)
		if in.Spec.Labels["variant"] != variant {
			return plain
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { front(in, w, r, plain) })
	}
}

// The length of things in the worlds below. A batch is five waves of four
// requests. Nothing of it is a multiple of the time between two samples, so that
// it is certain which of them fall into it.
const (
	handling = 110 * time.Millisecond
	warming  = 5*time.Second + handling
	batching = 5 * handling
	pausing  = 5 * time.Second
	idling   = 30 * time.Second
	loading  = warming + 2*batching + pausing // of a trial, up to its final idle
	once     = warming + batching             // the same with one batch
)

// config is a world of two variants.
func config(t testing.TB, f *enginetest.Fake) *world {
	t.Helper()
	return configOf(t, f, "base: http://localhost:3000\niterations: 20\nconcurrency: 4\nplan:\n- name: one\n  request: {url: /widgets, method: POST, body: '{}'}\n")
}

func configOf(t testing.TB, f *enginetest.Fake, text string) *world {
	t.Helper()
	file := filepath.Join(t.TempDir(), "benchmark.yml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := plan.Load(file, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, Config: Config{Engine: f}, Job: Job{
		Plan: p, RunID: "test",
		Design: bench.Design{
			Variants: []bench.Variant{{Name: "libc"}, {Name: "jemalloc"}}, Baseline: "libc",
			Rounds: 1, Batches: 2, Pause: pausing, Idle: idling, Sleep: handling,
			Workers: 3, Threads: bench.Hop, Transport: bench.Unix, SampleEvery: 50 * time.Millisecond,
		},
	}}
}

// real gives a world real sockets, and with them the clock on the wall: it has to
// be quick.
func (w *world) real() {
	w.Engine.(*enginetest.Fake).Memory = false
	d := &w.Design
	d.Quick, d.Sleep, d.Pause, d.Idle, d.SampleEvery = true, 0, 100*time.Millisecond, 200*time.Millisecond, 20*time.Millisecond
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

// noneLeft checks that every instance was removed.
func noneLeft(t *testing.T, f *enginetest.Fake) {
	t.Helper()
	if names := left(f); len(names) != 0 {
		t.Errorf("left running: %v", names)
	}
}

// timetable says which phases a trial went through, and when each ended.
func timetable(trial bench.Trial) string {
	var lines []string
	var end time.Duration
	for _, p := range trial.Phases {
		if p.Start != end {
			lines = append(lines, "nothing until "+p.Start.String())
		}
		end = p.End
		lines = append(lines, fmt.Sprintf("%s until %v", p.Kind, end))
	}
	return strings.Join(lines, ", ")
}

// began says how long after the run a trial was started.
func began(exp *bench.Experiment, variant string, round int) time.Duration {
	for _, trial := range exp.Trials {
		if trial.Variant == variant && trial.Round == round {
			return trial.Started.Sub(exp.Started)
		}
	}
	return -1
}

// errorsOf lists the errors of the trials.
func errorsOf(exp *bench.Experiment) []string {
	var all []string
	for _, trial := range exp.Trials {
		all = append(all, trial.Error)
	}
	return all
}
