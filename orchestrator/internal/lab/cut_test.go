package lab

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// whole lists the rounds that a run which goes on has behind it.
func whole(w *world) []int {
	f := store.NewFolding()
	for _, r := range w.all() {
		f.Add(r)
	}
	var rounds []int
	for _, j := range f.Done() {
		rounds = append(rounds, j.Round)
	}
	return rounds
}

// Nothing follows from a round that an interruption has cut: it is neither
// repeated nor the last. If it was disturbed, it still does not count. The round
// before it is whole.
func TestCutRoundIsNotJudged(t *testing.T) {
	for _, disturbed := range []bool{false, true} {
		t.Run(fmt.Sprint(disturbed), func(t *testing.T) {
			faked(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				machine := &disturbance{}
				var once sync.Once
				conf := config(t, honest(func(in *enginetest.FakeInstance) {
					if disturbed && in.Spec.Labels["round"] == "2" {
						once.Do(func() { machine.work(time.Hour) })
					}
				}))
				conf.machine = machine.watch
				d := &conf.Design
				d.Rounds, d.Idle, d.VoidAt, d.Sleep = 2, time.Second, 0.25, time.Second
				conf.read = func(r store.Record) {
					if b, ok := r.What.(bench.Batch); ok && r.Of.Round == 2 && b.Number == 1 {
						time.AfterFunc(time.Second, stop) // in the pause behind it
					}
				}
				exp, err := conf.run(ctx)
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				judged := of[store.Judged](conf)
				if len(judged) == 0 || judged[0].Round != 1 || judged[0].Void != "" {
					t.Fatalf("verdicts %+v", judged)
				}
				judged = judged[1:]
				if !disturbed && len(judged) != 0 || disturbed && (len(judged) != 1 || judged[0].Void == "" || judged[0].Again != 0 || judged[0].Last) {
					t.Errorf("verdicts of the round that was cut: %+v", judged)
				}
				for _, trial := range exp.Trials {
					if void := trial.Void != ""; void != (disturbed && trial.Round == 2) {
						t.Errorf("round %d of %s: void is %q", trial.Round, trial.Variant, trial.Void)
					}
				}
				if diff := cmp.Diff([]int{1}, whole(conf)); diff != "" {
					t.Errorf("whole rounds (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A round all of whose trials have come to an end of their own is whole, also if
// the interruption comes before its verdict.
func TestInterruptedBeforeTheVerdict(t *testing.T) {
	faked(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		conf := config(t, honest(func(in *enginetest.FakeInstance) { in.Exit(engine.State{ExitCode: 1}) }))
		conf.Design.Rounds = 2
		var mu sync.Mutex
		ended := 0
		conf.read = func(r store.Record) {
			mu.Lock()
			defer mu.Unlock()
			if _, ok := r.What.(store.Ended); ok {
				if ended++; ended == 2 {
					stop()
				}
			}
		}
		exp, err := conf.run(ctx)
		if !errors.Is(err, context.Canceled) || len(exp.Trials) != 2 {
			t.Fatalf("%v, %d trials", err, len(exp.Trials))
		}
		if diff := cmp.Diff([]int{1}, whole(conf)); diff != "" {
			t.Errorf("whole rounds (-want +got):\n%s", diff)
		}
	})
}
