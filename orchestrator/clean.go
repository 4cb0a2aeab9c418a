package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
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
			if !slices.Contains(engineNames, name) {
				return hint.Mistake(fmt.Sprintf("--engine is %q", name), "it must be docker or process")
			}
			eng, err := openEngine(name, console.NewView(a.stderr, false, nil).Logger())
			if err != nil {
				return err
			}
			defer eng.Close()
			if _, err := eng.Info(cmd.Context()); err != nil {
				return err
			}
			cleared, err := eng.Clean(cmd.Context(), force)
			for _, line := range cleared.Removed {
				fmt.Fprintln(a.stdout, "removed", plain.Line(line))
			}
			for _, line := range cleared.Left {
				fmt.Fprintln(a.stdout, "left alone:", plain.Line(line))
			}
			if err == nil && len(cleared.Removed) == 0 {
				fmt.Fprintln(a.stdout, "nothing to remove")
			}
			return err
		},
	}
	cmd.Flags().StringVar(&name, "engine", "docker", "docker or process")
	cmd.Flags().BoolVar(&force, "force", false, "also remove what a run made that is alive, or may be")
	return cmd
}
