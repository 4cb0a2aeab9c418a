package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/doctor"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// doctorFormats lists how doctor prints, the default first.
var doctorFormats = []string{"text", "json"}

func (a *app) doctorCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Says what this machine can do for compare, what it cannot, and what helps",
		Long: `Says what this machine can do for compare, what it cannot, and what helps. It starts
nothing, leaves nothing, and ends within ten seconds, with or without a network.

Verdicts: ok; - not there and not needed; warn compare runs, with something missing
or figures that are weaker; bad compare cannot run without it. Exit codes: 0 compare
can run; 1 it cannot.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := design.OneOf("format", format, doctorFormats); err != nil {
				return err
			}
			return a.doctor(cmd.Context(), format)
		},
	}
	cmd.Flags().StringVar(&format, "format", doctorFormats[0], "print in this `format`: "+words.Choice(doctorFormats))
	return cmd
}

func (a *app) doctor(ctx context.Context, format string) error {
	log := console.NewView(a.stderr, false, nil).Logger()
	facts := doctor.Look(ctx, doctor.Place{Root: ".", Results: "results", Docker: func(ctx context.Context) (engine.Info, error) {
		eng, info, err := answeringDocker(ctx, log)
		if err != nil {
			return info, err
		}
		defer eng.Close()
		return info, unfitDocker(info)
	}})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	found := doctor.Diagnose(facts)
	var err error
	if format == "json" {
		err = found.JSON(a.stdout)
	} else {
		err = found.Text(a.stdout, min(cmp.Or(console.Width(a.stdout), defaultWidth), defaultWidth))
	}
	if err == nil && found.Engine == "" {
		return &exitError{exitFailed}
	}
	return err
}
