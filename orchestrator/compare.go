package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

func (a *app) compareCommand() *cobra.Command {
	s := &settings{}
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Builds the variants, runs them at the same time under the same load, and prints their memory",
		Long: `Builds an image of each variant, runs them at the same time, proves that each runs
the allocator its name promises, sends each the identical plan, samples their
memory, repeats that in rounds of fresh containers, and prints a row per variant.

Settings stand under the key lab of the benchmark file; flags override them.
Designs have names (--preset):
` + explainPresets(),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.compare(cmd, s) },
	}
	s.define(cmd.Flags())
	cmd.Flags().SortFlags = false
	return cmd
}

func (a *app) compare(cmd *cobra.Command, s *settings) error {
	ctx := cmd.Context()
	loaded, err := s.complete(cmd)
	if err != nil {
		return err
	}
	found, skipped, err := findVariants(".", s.baseline)
	if err != nil {
		return err
	}
	variants, err := chooseVariants(found, skipped, s.variants, s.baseline)
	if err != nil {
		return err
	}
	design, err := s.design(variants)
	if err != nil {
		return err
	}
	known := experience{scatter: defaultScatter}
	if s.within > 0 {
		known = learn("results", design, lab.Describe(loaded))
		if design, err = s.fit(design, lab.Describe(loaded), known); err != nil {
			return err
		}
	}
	view := newView(a.stderr, s.quiet, design)
	for _, w := range loaded.Warnings {
		view.warn(w.String())
	}
	for _, f := range skipped {
		view.warn(f.String())
	}
	if s.dryRun {
		return a.dryRun(design, loaded, known)
	}
	if s.readme != "" {
		// Markers that are broken would lose the table after an hour's work.
		if err := report.CheckSplice(s.readme); err != nil {
			return &hint.Error{Mistake: true, Err: err, Advice: hint.Of(err)}
		}
	}
	saved, err := claimResults(s.out, "results", time.Now())
	if err != nil {
		return err
	}
	view.header(design, lab.Describe(loaded), known)
	exp, err := a.experiment(ctx, s, loaded, design, view, saved)
	view.close()
	view.broken(err)
	if exp == nil || len(exp.Trials) == 0 {
		// Nothing was measured, so there is nothing to keep.
		return errors.Join(err, saved.release())
	}
	return a.conclude(ctx, s, exp, saved.dir, err)
}

// experiment runs the lab on the engine that was asked for.
func (a *app) experiment(ctx context.Context, s *settings, loaded *plan.Plan, design bench.Design, view *view, saved *results) (*bench.Experiment, error) {
	eng, err := openEngine(s.engine, view.logger())
	if err != nil {
		return nil, err
	}
	defer eng.Close()
	runID, err := newRunID()
	if err != nil {
		return nil, err
	}
	return lab.Run(ctx, lab.Config{
		Engine: eng, Plan: loaded, Design: design, RunID: runID,
		Command: commandLine(a.args),
		Keep:    s.keep, Observe: view, Env: environ(),
		Checkpoint: saved.save,
	})
}

// conclude prints what was measured, also when the run failed. It is saved
// already.
func (a *app) conclude(ctx context.Context, s *settings, exp *bench.Experiment, out string, failed error) error {
	var spliced error
	good := failed == nil && verdict(exp) == nil
	if s.readme != "" && good {
		// Before anything is printed, which may fail.
		spliced = splice(s.readme, exp, out)
	}
	unprinted := render(a.stdout, exp, s.format)
	var unsaved *lab.SaveError
	if !errors.As(failed, &unsaved) {
		a.tell(s, "saved: %s   ·   again: go run ./orchestrator report %s", filepath.Join(out, experimentFile), out)
	}
	switch {
	case s.readme != "" && !good:
		a.tell(s, "%s is as it was: these results are none to show", s.readme)
	case s.readme != "" && spliced == nil:
		a.tell(s, "table written to %s", s.readme)
	}
	if s.keep && failed == nil {
		a.tellKept(exp)
	}
	if ctx.Err() != nil {
		return a.interrupted(errors.Join(failed, unprinted))
	}
	if failed = errors.Join(failed, spliced, unprinted); failed != nil {
		return failed
	}
	return verdict(exp)
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
			Advice: "see that the machine has nothing else to do, or let rounds count that others disturbed: --void-at 0",
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
func (a *app) tell(s *settings, format string, args ...any) {
	if !s.quiet {
		a.say(format, args...)
	}
}

// splice puts the table of an experiment into a README.
func splice(readme string, exp *bench.Experiment, out string) error {
	var block bytes.Buffer
	if err := report.Markdown(&block, exp); err != nil {
		return err
	}
	if err := report.Splice(readme, block.Bytes()); err != nil {
		advice := "mend it and call: go run ./orchestrator report " + out + " --readme " + readme
		if known := hint.Of(err); known != "" {
			advice = known + "; " + advice
		}
		return hint.With(err, advice)
	}
	return nil
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

// commandLine writes the call as a shell would take it again.
func commandLine(args []string) string {
	bare := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_./:=,+-", r)
	}
	var line strings.Builder
	line.WriteString("go run ./orchestrator")
	for _, arg := range args {
		if arg == "" || strings.TrimFunc(arg, bare) != "" {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		line.WriteString(" " + arg)
	}
	return line.String()
}

// newRunID names a run: when it began, and a bit of chance.
func newRunID() (string, error) {
	var b [3]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("name the run: %w", err)
	}
	return time.Now().Format("20060102-150405-") + hex.EncodeToString(b[:]), nil
}
