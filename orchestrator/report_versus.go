package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/page"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/versus"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// changeFormats lists the forms of a comparison of two runs, the default first.
var changeFormats = []struct {
	name  string
	write func(*versus.Result, io.Writer) error
}{
	{"text", writeChange},
	{"markdown", (*versus.Result).Markdown},
	{"json", (*versus.Result).JSON},
	{"html", func(r *versus.Result, w io.Writer) error { return page.Change(w, r) }},
}

func writeChange(r *versus.Result, w io.Writer) error {
	return r.Text(w, report.TextOptions{
		Width: cmp.Or(console.Width(w), defaultWidth),
		Color: console.Colour(environ(), console.IsTerminal(w)),
	})
}

// reportChange prints what has changed from one saved experiment to another.
func (a *app) reportChange(old, now, format string, anyway bool) error {
	write, err := changeFormat(format, old, now)
	if err != nil {
		return err
	}
	before, err := loadBeside(old, now)
	if err != nil {
		return err
	}
	after, err := loadBeside(now, old)
	if err != nil {
		return err
	}
	result, err := versus.Compare(report.Summarize(before), report.Summarize(after), versus.Options{OldName: old, NewName: now, Anyway: anyway})
	if err != nil {
		return err
	}
	if err := write(result, a.stdout); err != nil {
		return err
	}
	for _, run := range []struct {
		path string
		exp  *bench.Experiment
	}{{old, before}, {now, after}} {
		if err := report.Contradicted(run.exp); err != nil {
			return fmt.Errorf("%s: %w", run.path, err)
		}
	}
	return nil
}

// changeFormat finds the format; what shows one run alone has no place here.
func changeFormat(format, old, now string) (func(*versus.Result, io.Writer) error, error) {
	var names []string
	for _, f := range changeFormats {
		if f.name == format {
			return f.write, nil
		}
		names = append(names, f.name)
	}
	if !slices.Contains(formatNames(), format) {
		return nil, hint.Mistake(fmt.Sprintf("--format is %q", format), "it must be one of "+strings.Join(names, ", "))
	}
	advice := "use --format " + words.Choice(names)
	if format == "bench" {
		advice = fmt.Sprintf("write %s and %s to a file each with it, and compare those with benchstat; or %s", plain.Name(old), plain.Name(now), advice)
	}
	return nil, hint.Mistake(fmt.Sprintf("--format %s shows one run, not what changed between two", format), advice)
}

// loadBeside loads one of two experiments. Which of the two is wrong has to be
// told.
func loadBeside(path, other string) (*bench.Experiment, error) {
	exp, err := store.Load(path)
	if err != nil {
		return nil, fmt.Errorf("compare with %s: %w", other, err)
	}
	return exp, nil
}
