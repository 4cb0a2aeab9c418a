package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/chart"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/page"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// defaultWidth is the width of a report that goes to no terminal.
const defaultWidth = 100

// formats lists the forms of a report, the default first.
var formats = []struct {
	name  string
	write func(io.Writer, *bench.Experiment) error
}{
	{"text", writeText},
	{"markdown", report.Markdown},
	{"csv", report.CSV},
	{"json", report.JSON},
	{"svg", chart.SVG},
	{"html", page.Write},
}

func formatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

func writeText(w io.Writer, exp *bench.Experiment) error {
	return report.Text(w, exp, report.TextOptions{
		Width: cmp.Or(console.Width(w), defaultWidth),
		Color: console.Colour(environ(), console.IsTerminal(w)),
		Chart: console.IsTerminal(w),
	})
}

// render writes an experiment in one of the formats.
func render(w io.Writer, exp *bench.Experiment, format string) error {
	for _, f := range formats {
		if f.name == format {
			return f.write(w, exp)
		}
	}
	return hint.Mistake(fmt.Sprintf("--format is %q", format), "it must be one of "+strings.Join(formatNames(), ", "))
}

func (a *app) reportCommand() *cobra.Command {
	var format, readme string
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "Prints a saved experiment again; needs no engine",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return hint.Mistake("report takes one folder or file", "such as: go run ./orchestrator report results/2026-01-31T10-12-05")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(formatNames(), format) {
				return hint.Mistake(fmt.Sprintf("--format is %q", format), "it must be one of "+strings.Join(formatNames(), ", "))
			}
			debug.SetGCPercent(sparing)
			exp, err := store.Load(args[0])
			if err != nil {
				return err
			}
			if err := report.Contradicted(exp); err == nil && readme != "" {
				if err := splice(readme, exp, args[0]); err != nil {
					return err
				}
			}
			if err := render(a.stdout, exp, format); err != nil {
				return err
			}
			return report.Contradicted(exp)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", words.Choice(formatNames()))
	cmd.Flags().StringVar(&readme, "readme", "", "put picture and table into this Markdown `file` too, between two markers; the picture beside it")
	return cmd
}
