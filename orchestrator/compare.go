package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
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

func (a *app) compare(cmd *cobra.Command, s *settings) (err error) {
	ctx := cmd.Context()
	var saved *store.Folder
	var earlier *store.Earlier
	if s.resume != "" {
		if saved, earlier, err = a.reopen(cmd, s); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, saved.Leave()) }()
	}
	job, known, view, err := a.prepare(cmd, s, earlier)
	if err != nil {
		return err
	}
	if s.dryRun {
		return a.dryRun(job.Design, job.Plan, known)
	}
	if s.readme != "" {
		// Markers that are broken would lose the table after an hour's work.
		if err := report.CheckSplice(s.readme); err != nil {
			return &hint.Error{Mistake: true, Err: err, Advice: hint.Of(err)}
		}
	}
	if saved == nil {
		if saved, err = store.Create(s.out, "results", time.Now()); err != nil {
			return err
		}
	}
	for _, line := range headerLines(job.Design, lab.Describe(job.Plan), known) {
		if !s.quiet {
			view.Print(plain.Line(line))
		}
	}
	begun, failed := a.experiment(ctx, s, job, view, saved)
	if !begun && earlier == nil {
		return errors.Join(failed, saved.Release())
	}
	if !begun {
		return failed
	}
	exp, err := saved.Experiment()
	if exp == nil || len(exp.Trials) == 0 {
		if earlier != nil {
			return errors.Join(failed, err) // what there was before stays
		}
		// Nothing was measured, so there is nothing to keep.
		return errors.Join(failed, err, saved.Release())
	}
	return a.conclude(ctx, s, finished{exp: exp, saved: saved, failed: failed})
}

// prepare reads and checks everything that can be checked before anything
// starts.
func (a *app) prepare(cmd *cobra.Command, s *settings, earlier *store.Earlier) (job lab.Job, known experience, view *console.View, err error) {
	known = experience{scatter: defaultScatter}
	loaded, err := s.complete(cmd)
	if err != nil {
		return job, known, nil, err
	}
	found, skipped, err := findVariants(".", s.baseline)
	if err != nil {
		return job, known, nil, err
	}
	variants, err := chooseVariants(found, skipped, s.variants, s.baseline)
	if err != nil {
		return job, known, nil, err
	}
	design, err := s.design(variants)
	if err != nil {
		return job, known, nil, err
	}
	switch {
	case earlier != nil:
		design = asBegun(design, earlier.Header.Design, s.given)
	case s.within > 0:
		known = learn("results", design, lab.Describe(loaded))
		if design, err = s.fit(design, lab.Describe(loaded), known); err != nil {
			return job, known, nil, err
		}
	}
	var terminal io.Writer
	if console.Width(a.stderr) > 0 {
		terminal = fileOf(a.stderr)
	}
	view = console.NewView(a.stderr, s.quiet, terminal)
	for _, w := range loaded.Warnings {
		view.Warn(w.String())
	}
	for _, f := range skipped {
		view.Warn(f.String())
	}
	job = lab.Job{Plan: loaded, Design: design, Command: commandLine(a.args), Args: a.args, Keep: s.keep, Earlier: earlier}
	if earlier != nil {
		job.Args = earlier.Header.Args
	}
	return job, known, view, nil
}

// experiment runs the lab on the engine that was asked for. It says whether
// anything was recorded.
func (a *app) experiment(ctx context.Context, s *settings, job lab.Job, view *console.View, saved *store.Folder) (begun bool, err error) {
	stream := store.NewStream(saved)
	read := stream.Follow(view.Read)
	defer func() {
		read()
		view.Close()
		var failed *engine.BuildError
		if errors.As(err, &failed) {
			view.Broken(failed.Variant, failed.Log)
		}
	}()
	eng, err := openEngine(s.engine, view.Logger())
	if err != nil {
		return false, err
	}
	defer eng.Close()
	if job.RunID, err = newRunID(); err != nil {
		return false, err
	}
	opened, err := lab.Open(ctx, lab.Config{Engine: eng, Variants: lab.Variants(job.Design), Records: stream, Env: environ()})
	if err != nil {
		return false, err
	}
	if job.Earlier != nil {
		if err := goOn(saved, opened.Header(job), job.Earlier, stream); err != nil {
			return false, err
		}
	}
	return true, opened.Run(ctx, job)
}

// finished is what a run has left.
type finished struct {
	exp    *bench.Experiment
	saved  *store.Folder
	failed error // why it ended early
}

// conclude saves and prints what was measured, also when the run failed.
func (a *app) conclude(ctx context.Context, s *settings, o finished) error {
	exp, out := o.exp, o.saved.Dir
	unkept := o.saved.Conclude(exp.Interrupted, func(w io.Writer) error { return report.JSON(w, exp) })
	var spliced error
	good := o.failed == nil && verdict(exp) == nil
	if s.readme != "" && good {
		// Before anything is printed, which may fail.
		spliced = splice(s.readme, exp, out)
	}
	unprinted := render(a.stdout, exp, s.format)
	var unsaved *lab.SaveError
	if errors.As(o.failed, &unsaved) {
		unkept = nil // it has been told
	} else if unkept == nil {
		a.tell(s, "saved: %s   ·   again: go run ./orchestrator report %s", filepath.Join(out, store.ExperimentFile), out)
	}
	if exp.Interrupted {
		a.tell(s, "go on where it stopped: go run ./orchestrator compare --resume %s", out)
	}
	switch {
	case s.readme != "" && !good:
		a.tell(s, "%s is as it was: these results are none to show", s.readme)
	case s.readme != "" && spliced == nil:
		a.tell(s, "table written to %s", s.readme)
	}
	if s.keep && o.failed == nil {
		a.tellKept(exp)
	}
	if unkept != nil {
		unkept = &lab.SaveError{Err: unkept}
	}
	if ctx.Err() != nil {
		return a.interrupted(errors.Join(o.failed, unprinted, unkept))
	}
	if failed := errors.Join(o.failed, spliced, unprinted, unkept); failed != nil {
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
