package main

import (
	"bytes"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/chart"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// checkSplice gives the error that splice would end with, as far as can be seen
// before: an hour's work is not to end without its table.
func checkSplice(readme string) error {
	if err := report.CheckSplice(readme); err != nil {
		return err
	}
	return chart.CheckBeside(readme)
}

// splice puts picture and table of an experiment into a README: first the picture
// beside it, so that the README never shows one that is not there. A README that
// cannot take the table gets no picture.
func splice(readme string, exp *bench.Experiment, out string) error {
	err := checkSplice(readme)
	if err == nil {
		err = spliceChecked(readme, exp)
	}
	if err == nil {
		return nil
	}
	advice := "fix it and run: go run ./orchestrator report " + out + " --readme " + readme
	if known := hint.Of(err); known != "" {
		advice = known + "; " + advice
	}
	return hint.With(err, advice)
}

func spliceChecked(readme string, exp *bench.Experiment) error {
	picture, err := chart.Beside(readme, exp)
	if err != nil {
		return err
	}
	var block bytes.Buffer
	block.WriteString(picture + "\n\n")
	if err := report.Markdown(&block, exp); err != nil {
		return err
	}
	return report.Splice(readme, block.Bytes())
}
