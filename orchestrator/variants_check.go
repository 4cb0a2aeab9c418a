package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// unkept is a place for records that nobody wants to keep.
type unkept struct{}

func (unkept) Put(store.Record) {}

// Sync implements store.Sink.
func (unkept) Sync() error { return nil }

// errStrict ends a check at the first variant that fails.
var errStrict = errors.New("a variant failed, and --strict is set")

// checkVariants builds and proves variants, without a load, and prints a line for
// each as soon as it is known. With nothing asked for it checks all that are known.
func (a *app) checkVariants(ctx context.Context, v *variantsFlags, specs []string) error {
	if err := design.OneOf("engine", v.engine, engineNames); err != nil {
		return err
	}
	found, err := variant.Find(".", "libc")
	if err != nil {
		return err
	}
	wanted := wantedOf(v.lists, specs)
	if len(wanted) == 0 {
		if wanted, err = found.Everything(); err != nil {
			return err
		}
	}
	picked, err := found.Pick(wanted)
	if err != nil {
		return err
	}
	settings := design.Defaults()
	settings.Baseline = picked[0].Name
	d, err := settings.Design(picked)
	if err != nil {
		return err
	}
	return a.prove(ctx, v, d)
}

// prove has the variants of a design built and proved.
func (a *app) prove(ctx context.Context, v *variantsFlags, d bench.Design) (err error) {
	view := console.NewView(a.stderr, v.quiet, nil)
	stream := store.NewStream(unkept{})
	read := stream.Follow(view.Read)
	defer read()
	eng, err := openEngine(ctx, takes{engine: v.engine}, view)
	if err != nil {
		return err
	}
	defer eng.Close()
	job := lab.Job{Design: d}
	if job.RunID, err = newRunID(); err != nil {
		return err
	}
	opened, err := lab.Open(ctx, lab.Config{Engine: eng, Variants: d.Variants, Records: stream, Env: environ()})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	proved, failed := 0, 0
	err = opened.Check(ctx, job, func(c lab.Checked) {
		lines := console.Checked(d, console.Check(c), variant.Taken(c.Proof.Allocator, c.Proof.Version, c.Variant.Env, c.Proof.Knobs))
		for _, line := range lines {
			fmt.Fprintln(a.stdout, line)
		}
		if c.Err == nil {
			proved++
			return
		}
		var broken *engine.BuildError
		if errors.As(c.Err, &broken) {
			view.Broken(broken.Variant, broken.Log)
		}
		if failed++; v.strict {
			stop(errStrict)
		}
	})
	if err != nil && !errors.Is(err, errStrict) {
		return err
	}
	fmt.Fprintf(a.stdout, "%s proved, %d failed, %d not tried\n", words.Plural(proved, "variant", "variants"), failed, len(d.Variants)-proved-failed)
	if failed > 0 {
		return &exitError{exitFailed}
	}
	return nil
}
