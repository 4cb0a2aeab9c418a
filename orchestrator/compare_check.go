package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/gate"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// gateFlags are the flags of the gate.
type gateFlags struct {
	old    string   // --check: the result to hold the new one against
	allow  []string // --allow: what may grow by how much
	anyway bool     // --anyway: also where the work or the machine is another
}

// check refuses what cannot be meant.
func (g *gateFlags) check(c *compareFlags) error {
	switch {
	case g.old == "" && c.onLine["check"]:
		return hint.Mistake("--check names nothing", "name a folder that compare has written")
	case g.old == "" && c.onLine["allow"]:
		return hint.Mistake("--allow needs --check", "name the result to hold this one against: --check results/...")
	case g.old == "" && g.anyway:
		return hint.Mistake("--anyway needs --check", "name the result to hold this one against: --check results/...")
	case g.old != "" && c.keep:
		return hint.Mistake("--check and --keep do not go together", "what --keep leaves running would run beside the fresh rounds of --check: leave one of them out")
	case g.old != "" && c.resume != "" && sameFile(g.old, c.resume):
		return hint.Mistake("--check and --resume name the same result", "name an earlier one with --check")
	}
	if _, err := gate.Parse(g.allow); err != nil {
		return &design.Mistake{Setting: "allow", Problem: err.Error(), Advice: hint.Of(err)}
	}
	return nil
}

// sameFile says whether two paths are of the same results folder.
func sameFile(a, b string) bool {
	folder := func(path string) (os.FileInfo, error) {
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() {
			return os.Stat(filepath.Dir(path))
		}
		return info, err
	}
	first, errA := folder(a)
	second, errB := folder(b)
	return errA == nil && errB == nil && os.SameFile(first, second)
}

// against is an old result that a new one is to be held against.
type against struct {
	path    string
	old     *report.Report
	allowed []gate.Allowed
	anyway  bool
}

// against reads the old result and refuses, before anything starts, a run that
// could not be held against it.
func (j *job) against() (*against, error) {
	exp, err := store.Load(j.gate.old)
	if err != nil {
		return nil, &hint.Error{Mistake: true, Err: fmt.Errorf("--check: %w", err), Advice: hint.Of(err)}
	}
	g := &against{path: j.gate.old, old: report.Summarize(exp), anyway: j.gate.anyway}
	if g.allowed, err = gate.Parse(j.gate.allow); err != nil {
		return nil, err
	}
	if wrong := gate.Invalid(g.old); len(wrong) > 0 {
		return nil, hint.Mistake(fmt.Sprintf("--check: nothing can be told from %s: %s", g.path, strings.Join(wrong, "; ")), "name another result")
	}
	if g.anyway {
		return g, nil
	}
	if err := refuse("--check: this would not be the work of "+g.path, gate.Differences(exp.Design, j.design, exp.Plan, lab.Describe(j.plan))); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(exp.Design.Variants, func(v bench.Variant) bool { return slices.Contains(variantNames(j.design), v.Name) }) {
		return nil, hint.Mistake("--check: "+g.path+" has none of the variants of this run", "it has "+strings.Join(variantNames(exp.Design), ", "))
	}
	if was, now := g.old.Rounds, j.design.Rounds; !gate.Enough(was, now) {
		return nil, hint.Mistake(fmt.Sprintf("--check: %s of %s and %s of this run are too few to be held against each other",
			words.Plural(was, "round", "rounds"), g.path, words.Plural(now, "round", "rounds")),
			fmt.Sprintf("%d of either tell something, and 7 catch what takes 20 %% more", gate.Least()))
	}
	return g, nil
}

func variantNames(d bench.Design) []string {
	var names []string
	for _, v := range d.Variants {
		names = append(names, v.Name)
	}
	return names
}

// refuse is the error of what differs, with the flags that mend it; nil where
// nothing does.
func refuse(what string, differ []gate.Difference) error {
	if len(differ) == 0 {
		return nil
	}
	var texts, mend []string
	for _, d := range differ {
		texts = append(texts, d.What)
		if d.Flag != "" {
			mend = append(mend, d.Flag)
		}
	}
	advice := "make it the same, or hold them against each other all the same with --anyway"
	if len(mend) == len(differ) {
		advice = "add " + strings.Join(mend, " ") + ", or hold them against each other all the same with --anyway"
	}
	return hint.Mistake(what+": "+strings.Join(texts, "; "), advice)
}

// here refuses a machine of another kind.
func (g *against) here(env bench.Environment) error {
	if g.anyway {
		return nil
	}
	return refuse("--check: this is not the machine of "+g.path, gate.Elsewhere(g.old.Exp.Environment, env))
}

// line says what is to be done.
func (g *against) line() string {
	return fmt.Sprintf("check      against %s of %s; more is fine by %s", words.Plural(g.old.Rounds, "round", "rounds"), g.path, gate.Text(g.allowed))
}

// unfit is the error of an experiment that was carried out and is no good all the
// same.
type unfit struct{ error }

func (e *unfit) Unwrap() error { return e.error }

// judge holds a new result, which is printed and saved, against the old one. If it
// is worse, fresh rounds have to say so again. failed is what the run ended with.
func (a *app) judge(ctx context.Context, j *job, exp *bench.Experiment, failed error) error {
	var bad *unfit
	var lacks *incomplete
	if errors.As(failed, &lacks) {
		failed = nil // the others can be judged
	}
	switch {
	case errors.As(failed, &bad):
		a.printError(failed)
		a.say("check: cannot tell: the result is not valid")
		return &exitError{exitUnclear}
	case failed != nil:
		return failed
	}
	names := gate.Names{Old: j.check.path, Moved: store.Moved(j.check.old.Exp.Environment, exp.Environment)}
	first, second := gate.Judge(j.check.old, report.Summarize(exp), j.check.allowed), (*gate.Verdict)(nil)
	if first.Outcome == gate.Worse {
		fresh, err := a.afresh(ctx, j, imagesOf(exp))
		if err != nil {
			failed = err
		} else {
			second, names.Fresh = fresh.verdict, fresh.dir
		}
	}
	result := gate.Conclude(first, second)
	if err := errors.Join(failed, a.printGate(j.format, result.Lines(names))); err != nil {
		return err
	}
	switch result.Outcome {
	case gate.Worse:
		return &exitError{exitGate}
	case gate.Unclear:
		return &exitError{exitUnclear}
	}
	if lacks != nil {
		a.printError(lacks)
		return &exitError{exitUnclear}
	}
	return nil
}

// fresh is what a second set of rounds came to.
type fresh struct {
	dir     string
	verdict *gate.Verdict
}

// afresh runs the design a second time and holds it against the old result. What
// is run must be the same images.
func (a *app) afresh(ctx context.Context, first *job, images map[string]string) (*fresh, error) {
	j := *first
	if first.from != nil {
		j.args = first.from.earlier.Header.Args // with which these rounds can be resumed
	}
	j.from, j.site = nil, nil
	if j.drawn {
		j.design.Seed = rand.Uint64N(1 << 32)
	}
	var err error
	if j.saved, err = createBeside(first.saved.Dir); err != nil {
		return nil, underWay(err)
	}
	a.say("worse: confirming with %s, into %s", words.Plural(j.design.Rounds, "fresh round", "fresh rounds"), j.saved.Dir)
	view := console.NewView(a.stderr, j.quiet, a.screen())
	exp, err := a.carryOut(ctx, &j, view)
	switch {
	case exp == nil && err == nil:
		return nil, errors.New("the fresh rounds measured nothing")
	case exp == nil:
		return nil, underWay(err)
	}
	if unkept := j.saved.Conclude(exp.Interrupted, func(w io.Writer) error { return report.JSON(w, exp) }); unkept != nil {
		err = errors.Join(err, &lab.SaveError{Err: unkept})
	} else {
		a.tell(&j, "saved: %s   ·   again: go run ./orchestrator report %s", filepath.Join(j.saved.Dir, store.ExperimentFile), j.saved.Dir)
	}
	if exp.Interrupted {
		a.tell(&j, "to continue it: go run ./orchestrator compare --resume %s", j.saved.Dir)
	}
	if ctx.Err() != nil {
		return nil, a.interrupted(err)
	}
	if err != nil {
		return nil, underWay(err)
	}
	second := gate.Judge(j.check.old, report.Summarize(exp), j.check.allowed)
	for variant, image := range imagesOf(exp) {
		if was := images[variant]; was != image {
			second.Spoil(fmt.Sprintf("%s was rebuilt from other sources meanwhile", variant))
		}
	}
	return &fresh{j.saved.Dir, second}, nil
}

// underWay takes from an error that it is a mistake in the command line, for which
// nothing would have been started: a first set of rounds has been.
func underWay(err error) error {
	if !hint.IsMistake(err) {
		return err
	}
	return &hint.Error{Err: errors.New(err.Error()), Advice: hint.Of(err)}
}

// createBeside makes the results folder of the fresh rounds.
func createBeside(dir string) (*store.Folder, error) {
	base := filepath.Clean(dir) + "-again"
	for i := 1; ; i++ {
		name := base
		if i > 1 {
			name = fmt.Sprintf("%s-%d", base, i)
		}
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) || i > 999 {
			return store.Create(name, "", time.Now())
		}
	}
}

// imagesOf gives what each variant was run from.
func imagesOf(exp *bench.Experiment) map[string]string {
	images := map[string]string{}
	for i := range exp.Trials {
		images[exp.Trials[i].Variant] = exp.Trials[i].ImageID
	}
	return images
}

// printGate prints what the gate found: behind a report for people, and on
// standard error beside one for programs.
func (a *app) printGate(format string, lines []string) error {
	text := strings.Join(lines, "\n")
	switch format {
	case "text":
		_, err := fmt.Fprintf(a.stdout, "\n%s\n", text)
		return err
	case "markdown":
		_, err := fmt.Fprintf(a.stdout, "\n```text\n%s\n```\n", text)
		return err
	}
	a.say("%s", text)
	return nil
}
