package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/page"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// conclude saves and prints what was measured, also when the run failed.
func (a *app) conclude(ctx context.Context, j *job, exp *bench.Experiment, failed error) error {
	dir := j.saved.Dir
	unkept := j.saved.Conclude(exp.Interrupted, func(w io.Writer) error { return report.JSON(w, exp) })
	var spliced error
	good := failed == nil && verdict(exp) == nil
	if j.readme != "" && good {
		// Before anything is printed, which may fail.
		spliced = splice(j.readme, exp, dir)
	}
	var unpaged error
	if j.html != "" {
		unpaged = page.Save(j.html, report.Summarize(exp).Arrange(j.order.Order))
	}
	unprinted := render(a.stdout, report.Summarize(exp).Arrange(j.order.Order), j.format)
	var unsaved *lab.SaveError
	switch {
	case errors.As(failed, &unsaved):
		unkept = nil // it has been told
	case unkept != nil:
		unkept = &lab.SaveError{Err: unkept}
	default:
		a.tell(j, "saved: %s   ·   again: go run ./orchestrator report %s", filepath.Join(dir, store.ExperimentFile), dir)
	}
	if exp.Interrupted {
		a.tell(j, "to continue it: go run ./orchestrator compare --resume %s", dir)
	}
	switch {
	case j.readme != "" && !good:
		a.tell(j, "%s is unchanged: these results are not fit to show", j.readme)
	case j.readme != "" && spliced == nil:
		a.tell(j, "picture and table written to %s", j.readme)
	}
	if j.html != "" && unpaged == nil {
		a.tell(j, "page written to %s", j.html)
	}
	if j.keep && failed == nil {
		a.tellKept(exp)
	}
	if ctx.Err() != nil {
		return a.interrupted(errors.Join(failed, unpaged, unprinted, unkept))
	}
	if err := errors.Join(failed, spliced, unpaged, unprinted, unkept); err != nil {
		return err
	}
	if err := verdict(exp); err != nil {
		return &unfit{err}
	}
	return leftOut(exp)
}

// verdict is the error of an experiment that was carried out and is no good
// all the same.
func verdict(exp *bench.Experiment) error {
	counts := false
	for _, t := range exp.Trials {
		if t.Void != "" {
			continue
		}
		counts = true
		if t.Error != "" {
			return fmt.Errorf("variant %s %s", t.Variant, t.Error)
		}
	}
	if !counts {
		return &hint.Error{
			Err:    fmt.Errorf("no round counts: %s", exp.Trials[0].Void),
			Advice: "keep other work off the machine, or count disturbed rounds too: --void-at 0",
		}
	}
	if err := report.Useless(exp); err != nil {
		return err
	}
	return report.Contradicted(exp)
}

// interrupted says how a run was left that ctx ended. What failed beside the
// interruption, such as a container that could not be removed, must not be
// passed over.
func (a *app) interrupted(failed error) error {
	beside := besideInterrupt(failed)
	for _, err := range beside {
		a.printError(err)
	}
	if len(beside) == 0 && failed != nil {
		a.say("orchestrator: interrupted; everything that was started has been removed")
	}
	return &exitError{exitInterrupted}
}

// besideInterrupt takes joined errors apart and leaves out the interruption.
func besideInterrupt(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, part := range joined.Unwrap() {
			all = append(all, besideInterrupt(part)...)
		}
		return all
	}
	if err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return []error{err}
}

// tell prints a line about the outcome, unless only mistakes are wanted.
func (a *app) tell(j *job, format string, args ...any) {
	if !j.quiet {
		a.say(format, args...)
	}
}

// tellKept says how to reach and remove the containers that --keep left.
func (a *app) tellKept(exp *bench.Experiment) {
	a.say("kept running, as asked for with --keep:")
	last := 0 // repeated rounds come after those of the design, a time that is up before
	for _, t := range exp.Trials {
		last = max(last, t.Round)
	}
	for _, t := range exp.Trials {
		if t.Round == last && t.Error == "" {
			a.say("  %s   curl http://%s/allocator", t.Container, t.Address)
		}
	}
	a.say("remove them with: go run ./orchestrator clean --engine %s", exp.Environment.Engine)
}
