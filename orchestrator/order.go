package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// orderFlags say in which order a report has its rows, and how many.
type orderFlags struct{ report.Order }

func (o *orderFlags) define(f *pflag.FlagSet) {
	f.StringVar(&o.By, "sort", "", "order the rows by the median of this `figure`, the least first: "+words.Choice(report.Orders())+" (default design, or peak with --top)")
	f.IntVar(&o.Top, "top", 0, "show so many variants, the first of the order, and the baseline (0: all)")
}

// asked says that an order was asked for.
func (o *orderFlags) asked() bool { return o.Order != report.Order{} }

func (o *orderFlags) check() error {
	if o.By != "" && !slices.Contains(report.Orders(), o.By) {
		return hint.Mistake(fmt.Sprintf("--sort is %q", o.By), "it must be one of "+strings.Join(report.Orders(), ", "))
	}
	if o.Top < 0 {
		return hint.Mistake(fmt.Sprintf("--top is %d", o.Top), "it must be a number of variants, or 0 for all")
	}
	return nil
}
