package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// without decides anew about a run that has not begun, for the variants that could
// be made ready: fewer comparisons need fewer rounds. Those that are left out stay
// in the design's list.
func (j *job) without(out []lab.LeftOut, view *console.View) error {
	var names []string
	for _, one := range out {
		names = append(names, one.Variant)
		var failed *engine.BuildError
		if errors.As(one.Err, &failed) {
			view.Broken(failed.Variant, failed.Log)
		}
	}
	left := slices.DeleteFunc(lab.Variants(j.design), func(v bench.Variant) bool { return slices.Contains(names, v.Name) })
	if len(out) == 0 || j.from != nil || len(left) < 2 || slices.Contains(names, j.design.Baseline) {
		return nil // the lab says what comes of it
	}
	d, _, err := j.decide(left, lab.Describe(j.plan), nil)
	if err != nil {
		return err
	}
	d.Variants = j.design.Variants
	j.design = d
	return nil
}

// incomplete is the error of an experiment from which variants were left out: what
// was asked for is not all there.
type incomplete struct{ error }

func (e *incomplete) Unwrap() error { return e.error }

// leftOut is the error of an experiment that lacks variants; nil if it has all.
func leftOut(exp *bench.Experiment) error {
	if len(exp.LeftOut) == 0 {
		return nil
	}
	var names []string
	for _, out := range exp.LeftOut {
		names = append(names, out.Variant)
	}
	return &incomplete{&hint.Error{
		Err:    fmt.Errorf("left out, so not compared: %s", words.Series(names)),
		Advice: "all others are in the report; it says why these are not",
	}}
}
