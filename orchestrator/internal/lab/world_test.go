package lab

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// faked runs a test by a fake clock: hours pass in no time, work takes none, and
// whatever is to happen happens at an exact time.
func faked(t *testing.T, test func(*testing.T)) {
	t.Helper()
	staticProgram() // not within, for it outlives the test
	if raceDetector {
		// Go 1.26's race detector has one state for all timers of a bubble, which
		// threads that poll them at once destroy. On one thread it still sees what
		// no lock orders.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(time.Minute) // handlers end whose clients have gone
		test(t)
	})
}

// world is what a test runs: a lab and its job. The records are kept in memory.
type world struct {
	Config
	Job
	t    testing.TB
	read func(store.Record) // nil: nobody reads along
	sync func() error       // nil: everything is safe at once

	mu      sync.Mutex
	records []store.Record
	syncs   int
}

func (w *world) Put(r store.Record) {
	w.mu.Lock()
	w.records = append(w.records, r)
	w.mu.Unlock()
	if w.read != nil {
		w.read(r)
	}
}

func (w *world) Sync() error {
	w.mu.Lock()
	w.syncs++
	w.mu.Unlock()
	if w.sync != nil {
		return w.sync()
	}
	return nil
}

// all lists the records so far.
func (w *world) all() []store.Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.records)
}

// of lists what there is of a kind.
func of[T any](w *world) []T {
	var all []T
	for _, r := range w.all() {
		if what, ok := r.What.(T); ok {
			all = append(all, what)
		}
	}
	return all
}

// open makes the lab.
func (w *world) open(ctx context.Context) (*Lab, error) {
	w.Config.Records, w.Variants = w, Variants(w.Design)
	if w.Config.origin == nil {
		w.Config.origin = asStarted
	}
	return Open(ctx, w.Config)
}

// asStarted gives the processes of a fake instance the environment that it was
// started with: they are started once for all of them.
func asStarted(in engine.Instance) func(bench.Process) (meter.Origin, error) {
	return func(p bench.Process) (meter.Origin, error) {
		o, err := meter.Host.Origin(p)
		o.Environ = in.(*enginetest.FakeInstance).Spec.Env
		return o, err
	}
}

// run opens the lab and carries the job out. The experiment is nil where there
// is no header.
func (w *world) run(ctx context.Context) (*bench.Experiment, error) {
	w.t.Helper()
	opened, err := w.open(ctx)
	if err == nil {
		err = opened.Run(ctx, w.Job)
	}
	records := w.all()
	orderly(w.t, records)
	exp, foldErr := store.Fold(each(records))
	if foldErr != nil {
		if err == nil {
			return nil, foldErr
		}
		return nil, err
	}
	return exp, err
}

func each(records []store.Record) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// orderly checks what holds for the records of every run, however it went: the
// header comes first and the end last, and of each trial its beginning, its
// phases one after the other, and its end, behind which there is nothing.
func orderly(t testing.TB, records []store.Record) {
	t.Helper()
	type course struct {
		ended  bool
		open   *bench.Phase
		since  time.Duration
		sample time.Duration
	}
	trials := map[store.Of]*course{}
	headed, over := false, false
	for i, r := range records {
		if r.Passing() && r.Of == (store.Of{}) {
			continue
		}
		if over {
			t.Errorf("record %d, %+v, comes behind the end", i, r)
		}
		if _, is := r.What.(store.Header); !headed && !is {
			t.Errorf("record %d, %+v, comes before the header", i, r)
		}
		headed = true
		c := trials[r.Of]
		if r.Of == (store.Of{}) {
			_, over = r.What.(store.End)
			continue
		}
		if _, begins := r.What.(store.Trial); begins != (c == nil) || c != nil && c.ended {
			t.Errorf("record %d, %+v, is of a trial that has not begun or has ended", i, r)
		}
		switch what := r.What.(type) {
		case store.Trial:
			trials[r.Of] = &course{sample: -1}
		case store.Ended:
			c.ended = true
			if c.open != nil {
				t.Errorf("%v ended in %+v", r.Of, *c.open)
			}
		case bench.Sample:
			if what.At <= c.sample {
				t.Errorf("%v: a sample at %v comes behind one at %v", r.Of, what.At, c.sample)
			}
			c.sample = what.At
		case bench.Phase:
			// By a fake clock a phase may end as it begins, at 0.
			begins := what.End == 0 && (c.open == nil || what != *c.open)
			if begins != (c.open == nil) || what.Start < c.since || !begins && *c.open != (bench.Phase{Kind: what.Kind, Batch: what.Batch, Start: what.Start}) {
				t.Errorf("%v: %+v follows %+v, which ended at %v", r.Of, what, c.open, c.since)
			}
			c.open = nil
			if c.since = what.End; begins {
				c.open, c.since = &what, what.Start
			}
		}
	}
	for of, c := range trials {
		if !c.ended {
			t.Errorf("%v has no end", of)
		}
	}
	if headed && !over {
		t.Error("there is no end")
	}
}

// whenPhase gives a reader that does something when a phase begins.
func whenPhase(do func(variant, kind string)) func(store.Record) {
	return func(r store.Record) {
		if p, ok := r.What.(bench.Phase); ok && p.End == 0 {
			do(r.Of.Variant, p.Kind)
		}
	}
}
