package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/flags"
)

// groupHelp has a command explain its flags group by group, that of the help
// itself in the last one.
func (a *app) groupHelp(cmd *cobra.Command, groups []flags.Group) {
	cmd.InitDefaultHelpFlag()
	if last := groups[len(groups)-1]; last.Lookup("help") == nil {
		last.AddFlag(cmd.Flags().Lookup("help"))
	}
	cmd.SetUsageFunc(func(cmd *cobra.Command) error {
		w := cmd.OutOrStderr()
		fmt.Fprintf(w, "Usage:\n  %s\n", cmd.UseLine())
		if cmd.HasExample() {
			fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
		}
		width := min(cmp.Or(console.Width(a.stdout), defaultWidth), defaultWidth)
		_, err := fmt.Fprint(w, flags.Usage(groups, width))
		return err
	})
}
