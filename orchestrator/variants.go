package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// variantsFlags is what variants can be told.
type variantsFlags struct {
	lists  []string
	check  bool
	engine string
	strict bool
	quiet  bool
}

func (a *app) variantsCommand() *cobra.Command {
	v := &variantsFlags{}
	cmd := &cobra.Command{
		Use:   "variants [VARIANT]...",
		Short: "Lists what there is to compare and what it would run",
		Long: `Lists what variants can be made of, on which Debian suites, and what the lists
of variants have. Of variants that are named it tells what they run, what
building them takes and which knobs they have. A variant is written

  [NAME=]SOURCE[@SUITE][,VARIABLE=VALUE]...

With --check each is built, started once and proves what it runs. Exit codes: 0
all did; 1 one did not; 2 a mistake in the command line.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if v.check {
				return a.checkVariants(cmd.Context(), v, args)
			}
			for _, name := range []string{"engine", "strict", "quiet"} {
				if cmd.Flags().Changed(name) {
					return hint.Mistake("--"+name+" needs --check", "")
				}
			}
			return a.variants(v, args)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringArrayVar(&v.lists, "variants", nil, "tell of those of this `list`: variants/NAME.list, or a path; repeatable")
	cmd.Flags().BoolVar(&v.check, "check", false, "build and prove them, without a load; without names, all that are known")
	cmd.Flags().StringVar(&v.engine, "engine", engineNames[0], "with --check: run them with this `engine`: "+words.Choice(engineNames))
	cmd.Flags().BoolVar(&v.strict, "strict", false, "with --check: stop at the first that fails")
	cmd.Flags().BoolVarP(&v.quiet, "quiet", "q", false, "with --check: no progress, only warnings and errors")
	return cmd
}

func (a *app) variants(v *variantsFlags, specs []string) error {
	found, err := variant.Find(".", "libc")
	if err != nil {
		return err
	}
	if len(specs) == 0 && len(v.lists) == 0 {
		return a.catalogue(found)
	}
	picked, abouts, err := described(found, wantedOf(v.lists, specs))
	if err != nil {
		return err
	}
	if len(specs) == 0 {
		return console.Variants(a.stdout, picked, abouts)
	}
	for i, one := range picked {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		if err := console.VariantDetails(a.stdout, one, abouts[i]); err != nil {
			return err
		}
	}
	return nil
}

// catalogue prints all that can be compared.
func (a *app) catalogue(found variant.Found) error {
	origins, err := found.Origins()
	if err != nil {
		return err
	}
	return console.Catalogue{Origins: origins, Lists: found.Lists(), Skipped: found.Skipped}.Print(a.stdout)
}

// wantedOf is what is asked for by lists and variants of a command line.
func wantedOf(lists, specs []string) []variant.Wanted {
	var all []variant.Wanted
	for _, list := range lists {
		all = append(all, variant.Wanted{Text: list, List: true})
	}
	for _, spec := range specs {
		all = append(all, variant.Wanted{Text: spec})
	}
	return all
}

// described gives the variants that are asked for, and what is known of each.
func described(found variant.Found, wanted []variant.Wanted) ([]bench.Variant, []variant.About, error) {
	picked, err := found.Pick(wanted)
	if err != nil {
		return nil, nil, err
	}
	var abouts []variant.About
	for _, v := range picked {
		about, err := variant.Describe(".", v)
		if err != nil {
			return nil, nil, err
		}
		abouts = append(abouts, about)
	}
	return picked, abouts, nil
}
