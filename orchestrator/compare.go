package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

func (a *app) compareCommand() *cobra.Command {
	c := &compareFlags{}
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Builds the variants, runs them at the same time under the same load, and prints their memory",
		Long: `Builds an image of each variant, runs them at the same time, proves that each runs
the allocator its name promises, sends each the identical plan, samples their
memory, repeats that in rounds of fresh containers, and prints a row per variant.

The key lab of the benchmark file holds settings under the flags' names; flags
override it. A preset (--preset) sets several at once:
` + design.ExplainPresets() + `

Exit codes: 0 done, and nothing is worse than --check's result; 1 the run failed,
or without --check its result is not valid, or lacks a variant that was left out;
2 a mistake in the command line or the plan, and nothing was started; 3 worse than
--check's result, confirmed by fresh rounds; 4 with --check: it cannot be told, or
the result is not valid, or lacks a variant; 130 interrupted, with what was
measured printed and saved.`,
		Args: func(cmd *cobra.Command, args []string) error {
			args, err := c.serve.take(args, 0)
			if err != nil {
				return err
			}
			return noArgs(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.compare(cmd, c) },
	}
	cmd.Flags().SortFlags = false
	groups := c.define()
	for _, g := range groups {
		cmd.Flags().AddFlagSet(g.FlagSet)
	}
	a.groupHelp(cmd, groups)
	return cmd
}

func (a *app) compare(cmd *cobra.Command, c *compareFlags) (err error) {
	var from *resumed
	if c.resume != "" {
		if from, err = reopen(cmd.Flags(), c); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, from.saved.Leave()) }()
	}
	j, err := c.prepare(cmd.Flags(), from)
	if from != nil {
		err = from.sees(j, err)
	}
	if err != nil {
		return err
	}
	view := console.NewView(a.stderr, c.quiet, a.screen())
	for _, text := range j.told {
		view.Warn(text)
	}
	if c.gate.old != "" {
		if j.check, err = j.against(); err != nil {
			return err
		}
	}
	if c.dryRun {
		return a.dryRun(j)
	}
	if c.readme != "" {
		if err := checkSplice(c.readme); err != nil {
			return &hint.Error{Mistake: true, Err: err, Advice: hint.Of(err)}
		}
	}
	ctx := cmd.Context()
	if j.site, err = a.serve(ctx, &c.serve); err != nil {
		return err
	}
	if j.site == nil {
		_, err := a.run(ctx, j, view)
		return err
	}
	return a.served(ctx, j.site, func() (string, error) { return a.run(ctx, j, view) })
}

// run carries a job out, shows it, saves and prints what was measured, and holds
// it against an older result where that was asked for. dir is the folder where it
// is; "" where nothing was measured.
func (a *app) run(ctx context.Context, j *job, view *console.View) (dir string, err error) {
	if j.from != nil {
		j.saved = j.from.saved
	} else if j.saved, err = store.Create(j.out, "results", time.Now()); err != nil {
		return "", err
	}
	if !j.quiet {
		for _, line := range console.Header(j.design, lab.Describe(j.plan), j.known) {
			view.Print(line)
		}
		if j.check != nil {
			view.Print(plain.Line(j.check.line()))
		}
	}
	exp, failed := a.carryOut(ctx, j, view)
	if exp == nil {
		return "", failed
	}
	failed = a.conclude(ctx, j, exp, failed)
	if j.site != nil {
		// Before fresh rounds begin, which the page does not show.
		if err := j.site.Saved(j.saved.Dir); err != nil {
			a.printError(err)
		}
	}
	if j.check != nil {
		failed = a.judge(ctx, j, exp, failed)
	}
	return j.saved.Dir, failed
}

// carryOut runs the lab and gives what was measured, and what the run failed with.
// Where nothing was, the experiment is nil, and the results folder is left as it
// was found.
func (a *app) carryOut(ctx context.Context, j *job, view *console.View) (*bench.Experiment, error) {
	if j.garbage != 0 {
		debug.SetGCPercent(j.garbage)
	}
	failed := a.experiment(ctx, j, view)
	if j.from == nil && j.saved.Blank() {
		return nil, errors.Join(failed, j.saved.Release())
	}
	// Nothing is measured any more: memory may be spared at the cost of time.
	j.garbage = debug.SetGCPercent(sparing)
	exp, err := j.saved.Experiment()
	switch {
	case err != nil: // the records stay as they are
		return nil, errors.Join(failed, hint.With(err, "the records are in "+j.saved.Dir), j.saved.Leave())
	case j.from != nil && (!j.from.begun || len(exp.Trials) == 0): // what there was before stays
		return nil, failed
	case len(exp.Trials) == 0: // nothing was measured
		return nil, errors.Join(failed, j.saved.Release())
	}
	return exp, failed
}

// sparing is the garbage, in per cent of what is in use, at which it is collected
// while an experiment as a whole is in memory.
const sparing = 30

// dryRun prints what would be done, round by round.
func (a *app) dryRun(j *job) error {
	p := lab.Describe(j.plan)
	for _, line := range slices.Concat(console.Header(j.design, p, j.known), design.Outline(j.design, p)) {
		fmt.Fprintln(a.stdout, plain.Line(line))
	}
	if j.check != nil {
		fmt.Fprintln(a.stdout, plain.Line(j.check.line()))
	}
	return nil
}

// experiment runs the lab on the engine that was asked for.
func (a *app) experiment(ctx context.Context, j *job, view *console.View) (err error) {
	stream := store.NewStream(j.saved)
	if j.site != nil {
		if j.from != nil {
			if err := j.site.Earlier(ctx, j.saved.Dir); err != nil {
				view.Warn("the page lacks the earlier rounds: " + err.Error())
			}
		}
		defer stream.Follow(j.site.Read)()
	}
	read := stream.Follow(view.Read)
	defer func() {
		read()
		view.Close()
		var failed *engine.BuildError
		if errors.As(err, &failed) {
			view.Broken(failed.Variant, failed.Log)
		}
	}()
	eng, err := openEngine(ctx, j.takes(), view)
	if err != nil {
		return err
	}
	defer eng.Close()
	j.taken = eng
	args := a.args
	if j.args != nil {
		args = j.args
	}
	todo := lab.Job{Plan: j.plan, Design: j.design, Command: commandLine(args), Args: args, Keep: j.keep}
	if todo.RunID, err = newRunID(); err != nil {
		return err
	}
	opened, err := lab.Open(ctx, lab.Config{Engine: eng, Variants: lab.Variants(j.design), Records: stream, Env: environ(), Strict: j.strict})
	if err != nil {
		return err
	}
	if err := j.without(opened.LeftOut(), view); err != nil {
		return err
	}
	todo.Design = j.design
	if j.check != nil {
		if err := j.check.here(opened.Header(todo).Environment); err != nil {
			return err
		}
	}
	if j.from != nil {
		todo.Earlier, todo.Args = j.from.earlier, j.from.earlier.Header.Args
		if err := j.from.goOn(opened.Header(todo), stream); err != nil {
			return err
		}
	}
	return opened.Run(ctx, todo)
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
