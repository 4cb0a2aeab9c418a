package lab

import (
	"context"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// world is what a test runs: a lab and its job. The records are kept in memory.
type world struct {
	Config
	Job
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

// run opens the lab and carries the job out. The experiment is nil where there
// is no header.
func (w *world) run(ctx context.Context) (*bench.Experiment, error) {
	w.Config.Records, w.Variants = w, Variants(w.Design)
	opened, err := Open(ctx, w.Config)
	if err == nil {
		err = opened.Run(ctx, w.Job)
	}
	exp, foldErr := store.Fold(each(w.all()))
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

// whenPhase gives a reader that does something when a phase begins.
func whenPhase(do func(variant, kind string)) func(store.Record) {
	return func(r store.Record) {
		if p, ok := r.What.(bench.Phase); ok && p.End == 0 {
			do(r.Of.Variant, p.Kind)
		}
	}
}

// A lab runs as many designs as are wanted with the images it was opened with.
func TestManyRuns(t *testing.T) {
	f := honest(nil)
	w := config(t, f)
	w.Config.Records, w.Variants = w, Variants(w.Design)
	opened, err := Open(t.Context(), w.Config)
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
}
