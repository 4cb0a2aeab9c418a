package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// ofThisCall are the flags that a run which goes on does not take over.
var ofThisCall = []string{"resume", "out", "dry-run", "help"}

// reopen takes up the folder of --resume, and lets the flags that the run was
// begun with stand for those that were not given.
func (a *app) reopen(cmd *cobra.Command, s *settings) (*store.Folder, *store.Earlier, error) {
	if s.out != "" || s.dryRun {
		return nil, nil, hint.Mistake("--resume goes on in its own folder", "leave out --out and --dry-run")
	}
	saved, earlier, err := store.Reopen(s.resume)
	if err != nil {
		return nil, nil, err
	}
	if err := takeOver(cmd.Flags(), earlier.Header.Args); err != nil {
		return nil, nil, errors.Join(hint.With(err, "give the flags that it was begun with, and --resume"), saved.Leave())
	}
	return saved, earlier, nil
}

// takeOver sets flags as a command line of earlier has them, but for those that
// were given.
func takeOver(flags *pflag.FlagSet, args []string) error {
	recorded := pflag.NewFlagSet("compare", pflag.ContinueOnError)
	(&settings{}).define(recorded)
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

// asBegun takes over what a run decided when it began and no flag has said: what
// was drawn, and what was fitted into a time.
func asBegun(d, was bench.Design, given map[string]bool) bench.Design {
	if !given["seed"] {
		d.Seed = was.Seed
	}
	if d.Until > 0 {
		d.Fill = was.Fill
		if !given["rounds"] {
			d.Rounds = was.Rounds
		}
		if !given["batches"] {
			d.Batches = was.Batches
		}
	}
	return d
}

// goOn sees that the run would go on as the same, and says so in its records.
func goOn(saved *store.Folder, now store.Header, earlier *store.Earlier, records store.Sink) error {
	if differ := store.Differences(earlier.Header, now); len(differ) > 0 {
		return hint.Mistake("cannot go on with "+saved.Dir+": "+strings.Join(differ, "; "),
			"give it what it was begun with, or begin anew without --resume")
	}
	after := len(earlier.Done)
	if err := saved.GoOn(store.Resumed{At: time.Now(), After: after}); err != nil {
		return err
	}
	if moved := store.Moved(earlier.Header.Environment, now.Environment); moved != "" {
		records.Put(store.Record{What: bench.Warning{Code: store.CodeMoved, Text: fmt.Sprintf("the machine changed after round %d: ", after) + moved}})
	}
	return nil
}
