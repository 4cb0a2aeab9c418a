package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

func (a *app) variantsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "variants",
		Short: "Lists what there is to compare and what it would run",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return a.variants() },
	}
}

func (a *app) variants() error {
	found, err := variant.Find(".", "libc")
	if err != nil {
		return err
	}
	var rows []console.Variant
	for _, v := range found.Variants {
		about, err := variant.Describe(".", v)
		if err != nil {
			return err
		}
		rows = append(rows, console.Variant{Name: v.Name, Dockerfile: v.Dockerfile, Allocator: about.Allocator, Linkage: about.Linkage, Env: about.Env})
	}
	if err := console.Variants(a.stdout, rows); err != nil {
		return err
	}
	for _, s := range found.Skipped {
		fmt.Fprintln(a.stdout, s)
	}
	return nil
}
