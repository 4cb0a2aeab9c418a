package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

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
	write func(io.Writer, *report.Report) error
}{
	{"text", writeText},
	{"markdown", func(w io.Writer, r *report.Report) error { return r.Markdown(w) }},
	{"csv", func(w io.Writer, r *report.Report) error { return r.CSV(w) }},
	{"json", func(w io.Writer, r *report.Report) error { return r.JSON(w) }},
	{"svg", chart.Standing},
	{"html", page.Finished},
	{"bench", func(w io.Writer, r *report.Report) error { return r.GoBench(w) }},
}

func formatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

func writeText(w io.Writer, r *report.Report) error {
	return r.Text(w, report.TextOptions{
		Width: cmp.Or(console.Width(w), defaultWidth),
		Color: console.Colour(environ(), console.IsTerminal(w)),
		Chart: console.IsTerminal(w),
	})
}

// render writes a report in one of the formats.
func render(w io.Writer, r *report.Report, format string) error {
	for _, f := range formats {
		if f.name == format {
			return f.write(w, r)
		}
	}
	return hint.Mistake(fmt.Sprintf("--format is %q", format), "it must be one of "+strings.Join(formatNames(), ", "))
}

func (a *app) reportCommand() *cobra.Command {
	var format, readme string
	var anyway bool
	var serve serveFlag
	var order orderFlags
	var paths []string
	cmd := &cobra.Command{
		Use:   "report DIR [NEW]",
		Short: "Prints a saved experiment again, or what changed from one to another; needs no engine",
		Args: func(_ *cobra.Command, args []string) error {
			args, err := serve.take(args, 1)
			if err != nil {
				return err
			}
			switch paths = args; len(args) {
			case 1, 2:
				return nil
			case 0:
				return hint.Mistake("report takes a folder or file", "such as: go run ./orchestrator report results/2026-01-31T10-12-05")
			}
			return hint.Mistake(fmt.Sprintf("report takes one folder or file, or two to compare, not %d", len(args)), "name the old one and the new one: report OLD NEW")
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if serve.asked {
				switch {
				case len(paths) > 1:
					return hint.Mistake("--serve shows one run", "name one folder; of two there is --format html")
				case cmd.Flags().Changed("format") || readme != "" || order.asked():
					return hint.Mistake("--serve shows a page and prints nothing", "leave out --format, --readme, --sort and --top: the page sorts its tables itself")
				}
				return a.serveReport(cmd.Context(), paths[0], &serve)
			}
			if err := order.check(); err != nil {
				return err
			}
			if len(paths) == 2 {
				if order.asked() {
					return hint.Mistake("--sort and --top are for the table of one run", "leave them out, or name one folder")
				}
				if readme != "" {
					return hint.Mistake("--readme takes the table of one run", "leave out --readme, or name one folder")
				}
				debug.SetGCPercent(sparing)
				return a.reportChange(paths[0], paths[1], format, anyway)
			}
			if anyway {
				return hint.Mistake("--anyway is for two runs that did not do the same work", "name both: report OLD NEW --anyway")
			}
			if !slices.Contains(formatNames(), format) {
				return hint.Mistake(fmt.Sprintf("--format is %q", format), "it must be one of "+strings.Join(formatNames(), ", "))
			}
			debug.SetGCPercent(sparing)
			exp, err := store.Load(paths[0])
			if err != nil {
				return err
			}
			if err := report.Contradicted(exp); err == nil && readme != "" {
				if err := splice(readme, exp, paths[0]); err != nil {
					return err
				}
			}
			if err := render(a.stdout, report.Summarize(exp).Arrange(order.Order), format); err != nil {
				return err
			}
			return report.Contradicted(exp)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", words.Choice(formatNames())+"; of two runs text, markdown, html or json")
	cmd.Flags().StringVar(&readme, "readme", "", "put picture and table into this Markdown `file` too, between two markers; the picture beside it")
	cmd.Flags().BoolVar(&anyway, "anyway", false, "compare two runs that did not do the same work, and mark every change")
	order.define(cmd.Flags())
	serve.define(cmd.Flags(), "show it as a page at this `address`, also while its run goes on (127.0.0.1:8077, or a free port)")
	return cmd
}
