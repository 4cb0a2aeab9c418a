package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// variantsFlags is what variants can be told.
type variantsFlags struct {
	lists []string
}

func (a *app) variantsCommand() *cobra.Command {
	v := &variantsFlags{}
	cmd := &cobra.Command{
		Use:   "variants [VARIANT]...",
		Short: "Lists what there is to compare and what it would run",
		Long: `Lists what variants can be made of, on which Debian suites, and what the lists
of variants have. Of variants that are named it tells what they run, what
building them takes and which knobs they have. A variant is written

  [NAME=]SOURCE[@SUITE][,VARIABLE=VALUE]...`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return a.variants(v, args) },
	}
	cmd.Flags().StringArrayVar(&v.lists, "variants", nil, "tell of those of this `list`: variants/NAME.list, or a path; repeatable")
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
