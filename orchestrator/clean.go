package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/process"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

func (a *app) cleanCommand() *cobra.Command {
	var name string
	var force bool
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Removes every container, image and folder that the lab made",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := design.OneOf("engine", name, engineNames); err != nil {
				return err
			}
			return a.clean(cmd.Context(), name, force)
		},
	}
	cmd.Flags().StringVar(&name, "engine", engineAuto, "what was made with this `engine`: docker, process, or auto (both)")
	cmd.Flags().BoolVar(&force, "force", false, "also remove what a run made that is alive, or may be")
	return cmd
}

// clean removes what was made with the engine of that name, or with both. Of both,
// a Docker that does not answer is told of, and stops nothing.
func (a *app) clean(ctx context.Context, name string, force bool) error {
	engines, err := a.toClean(ctx, name)
	var removed int
	for _, e := range engines {
		n, cleanErr := a.cleanOne(ctx, e, force)
		removed += n
		err = errors.Join(err, cleanErr)
	}
	if err == nil && removed == 0 {
		fmt.Fprintln(a.stdout, "nothing to remove")
	}
	return err
}

// toClean opens the engines of that name.
func (a *app) toClean(ctx context.Context, name string) (engines []engine.Engine, err error) {
	log := console.NewView(a.stderr, false, nil).Logger()
	if name == engineDocker {
		eng, err := insistDocker(ctx, log)
		if err != nil {
			return nil, err
		}
		return []engine.Engine{eng}, nil
	}
	if name == engineAuto {
		eng, _, err := answeringDocker(ctx, log)
		switch {
		case err == nil:
			engines = append(engines, eng)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		default:
			a.say("Docker was not asked to remove anything: %v (%s)", err, hint.Of(err))
		}
	}
	local, err := process.New(process.Options{Root: ".", Log: log})
	if err != nil {
		return engines, err
	}
	return append(engines, local), nil
}

// cleanOne removes what an engine made, closes it, and counts what is gone.
func (a *app) cleanOne(ctx context.Context, e engine.Engine, force bool) (int, error) {
	defer e.Close()
	cleared, err := e.Clean(ctx, force)
	for _, line := range cleared.Removed {
		fmt.Fprintln(a.stdout, "removed", plain.Line(line))
	}
	for _, line := range cleared.Left {
		fmt.Fprintln(a.stdout, "left alone:", plain.Line(line))
	}
	return len(cleared.Removed), err
}
