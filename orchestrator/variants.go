package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
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
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VARIANT\tDOCKERFILE\tALLOCATOR\tLINKAGE\tENVIRONMENT")
	for _, v := range found.Variants {
		about, err := variant.Describe(".", v)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.Name, v.Dockerfile,
			orDash(plain.Name(about.Allocator)), orDash(plain.Name(about.Linkage)), orDash(plain.Line(environment(about.Env))))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range found.Skipped {
		fmt.Fprintln(a.stdout, s)
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// environment writes variables as NAME=value, sorted.
func environment(env map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		parts = append(parts, plain.Name(name+"="+env[name]))
	}
	return strings.Join(parts, " ")
}
