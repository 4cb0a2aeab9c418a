package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// ofThisCall are the flags that a run which goes on does not take over.
var ofThisCall = []string{"resume", "out", "dry-run", "help", "serve"}

// resumed is an interrupted run that is to go on.
type resumed struct {
	saved   *store.Folder
	earlier *store.Earlier
	begun   bool // it does go on: something is recorded
}

// reopen takes up the folder of --resume, and lets the flags that the run was
// begun with stand for those that were not given.
func reopen(flags *pflag.FlagSet, c *compareFlags) (*resumed, error) {
	if c.out != "" || c.dryRun {
		return nil, hint.Mistake("--resume continues in the folder it names", "leave out --out and --dry-run")
	}
	saved, earlier, err := store.Reopen(c.resume)
	if err != nil {
		return nil, err
	}
	if err := takeOver(flags, earlier.Header.Args); err != nil {
		return nil, errors.Join(hint.With(err, "give the flags that it was begun with, and --resume"), saved.Leave())
	}
	return &resumed{saved: saved, earlier: earlier}, nil
}

// takeOver sets flags as a command line of earlier has them, but for those that
// were given.
func takeOver(flags *pflag.FlagSet, args []string) error {
	recorded := pflag.NewFlagSet("compare", pflag.ContinueOnError)
	for _, g := range (&compareFlags{}).define() {
		recorded.AddFlagSet(g.FlagSet)
	}
	if len(args) > 0 && args[0] == "compare" {
		args = args[1:]
	}
	if err := recorded.Parse(args); err != nil {
		return err
	}
	var failed error
	recorded.Visit(func(f *pflag.Flag) {
		if flags.Changed(f.Name) || slices.Contains(ofThisCall, f.Name) {
			return
		}
		var err error
		if list, ok := f.Value.(pflag.SliceValue); ok {
			for _, one := range list.GetSlice() {
				err = errors.Join(err, flags.Set(f.Name, one))
			}
		} else {
			err = flags.Set(f.Name, f.Value.String())
		}
		failed = errors.Join(failed, err)
	})
	return failed
}

// asBegun takes over what the run decided when it began and no flag has said: the
// seed that was drawn, and what was fitted into a time.
func (r *resumed) asBegun(d bench.Design, c *compareFlags) bench.Design {
	was := r.earlier.Header.Design
	if !c.given("seed") || c.drawn {
		d.Seed = was.Seed
	}
	d.Groups = was.Groups
	if c.Rounds == 0 { // as many as the variants need that could be built then
		d.Rounds = was.Rounds
	}
	if c.For > 0 {
		d.Fill = was.Fill
		if !c.given("rounds") || c.Rounds == 0 {
			d.Rounds = was.Rounds
		}
		if !c.given("batches") {
			d.Batches = was.Batches
		}
	}
	return d
}

// sees takes what was prepared and what that failed with, and refuses what would
// be another run before hours go into its images.
func (r *resumed) sees(j *job, failed error) error {
	switch {
	case failed == nil:
		return r.same(store.Header{Design: j.design, Plan: lab.Describe(j.plan), Images: r.earlier.Header.Images})
	case hint.Of(failed) != "":
		return failed
	case hint.IsMistake(failed):
		return &hint.Error{Mistake: true, Err: failed, Advice: whereBegun}
	}
	return hint.With(failed, whereBegun)
}

const whereBegun = "run this in the project folder where the run was started"

// same is an error that says in what a run would not be the one that was begun.
func (r *resumed) same(now store.Header) error {
	differ := store.Differences(r.earlier.Header, now)
	if len(differ) == 0 {
		return nil
	}
	return hint.Mistake("cannot continue "+r.saved.Dir+": "+strings.Join(differ, "; "),
		"give it what it was begun with, or start a new run without --resume")
}

// goOn sees that the run would go on as the same, and says so in its records.
func (r *resumed) goOn(now store.Header, records store.Sink) error {
	if err := r.same(now); err != nil {
		return err
	}
	after := len(r.earlier.Done)
	if err := r.saved.GoOn(); err != nil {
		return err
	}
	r.begun = true
	records.Put(store.Record{What: store.Resumed{At: time.Now(), After: after}})
	if err := records.Sync(); err != nil {
		return err
	}
	if remade := store.Remade(r.earlier.Images, now.Images); len(remade) > 0 && after > 0 {
		records.Put(store.Record{What: bench.Warning{Code: store.CodeMoved, Text: fmt.Sprintf("after round %d the image of %s was rebuilt from the same sources", after, words.Series(remade))}})
	}
	if moved := store.Moved(r.earlier.Where, now.Environment); moved != "" && after > 0 {
		records.Put(store.Record{What: bench.Warning{Code: store.CodeMoved, Text: fmt.Sprintf("the machine changed after round %d: %s", after, moved)}})
	}
	return nil
}
