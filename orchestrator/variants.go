package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// variantName is what may follow "Dockerfile.": it becomes part of image and
// container names, which know no capitals.
var variantName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*$`)

// leftOut are endings of files that editors and tools leave beside a
// Dockerfile.
var leftOut = []string{".dockerignore", ".orig", ".rej", ".bak", ".swp", ".tmp", "~"}

// findVariants lists the Dockerfiles of a project: Dockerfile.NAME in its root
// and in the folder variants, by name, and the baseline first.
func findVariants(root, baseline string) ([]bench.Variant, error) {
	var found []bench.Variant
	for _, folder := range []string{".", "variants"} {
		files, err := filepath.Glob(filepath.Join(root, folder, "Dockerfile.*"))
		if err != nil {
			return nil, fmt.Errorf("look for variants: %w", err)
		}
		for _, file := range files {
			name := strings.TrimPrefix(filepath.Base(file), "Dockerfile.")
			if slices.ContainsFunc(leftOut, func(end string) bool { return strings.HasSuffix(name, end) }) {
				continue
			}
			path := filepath.ToSlash(filepath.Join(folder, filepath.Base(file)))
			if !variantName.MatchString(name) {
				return nil, usage(fmt.Sprintf("%s: %q cannot name a variant", path, name), "use small letters, digits, '_', '.' and '-', and begin with a letter or digit")
			}
			if i := slices.IndexFunc(found, func(v bench.Variant) bool { return v.Name == name }); i >= 0 {
				return nil, usage(fmt.Sprintf("variant %s is described twice: %s and %s", name, found[i].Dockerfile, path), "rename one of the files")
			}
			found = append(found, bench.Variant{Name: name, Dockerfile: path})
		}
	}
	if len(found) == 0 {
		return nil, usage("there is no Dockerfile.NAME here", "run it in the project's folder: go run ./orchestrator compare")
	}
	slices.SortFunc(found, func(a, b bench.Variant) int {
		switch {
		case a.Name == baseline:
			return -1
		case b.Name == baseline:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return found, nil
}

// chooseVariants keeps the named ones, or all where none is named. The baseline
// must be among them.
func chooseVariants(found []bench.Variant, chosen []string, baseline string) ([]bench.Variant, error) {
	var all []string
	for _, v := range found {
		all = append(all, v.Name)
	}
	known := "there are " + strings.Join(all, ", ")
	for i, name := range chosen {
		if slices.Contains(chosen[:i], name) {
			return nil, usage(fmt.Sprintf("the variant %s is named twice", name), "--aa adds the baseline a second time")
		}
		if !slices.Contains(all, name) {
			return nil, usage(fmt.Sprintf("unknown variant %q", name), known+"; a new one is a new Dockerfile."+name)
		}
	}
	var kept []bench.Variant
	for _, v := range found {
		if len(chosen) == 0 || slices.Contains(chosen, v.Name) {
			kept = append(kept, v)
		}
	}
	if !slices.ContainsFunc(kept, func(v bench.Variant) bool { return v.Name == baseline }) {
		hint := known
		if slices.Contains(all, baseline) {
			hint = "add --variant " + baseline + ", or name another with --baseline"
		}
		return nil, usage(fmt.Sprintf("the baseline %s is not among the variants", baseline), hint)
	}
	return kept, nil
}

func (a *app) variantsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "variants",
		Short: "Lists what there is to compare and what it would run",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.variants() },
	}
}

func (a *app) variants() error {
	found, err := findVariants(".", "libc")
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VARIANT\tDOCKERFILE\tALLOCATOR\tLINKAGE\tENVIRONMENT")
	for _, v := range found {
		d, err := engine.ReadDockerfile(v.Dockerfile)
		if err != nil {
			return fmt.Errorf("variant %s: %w", v.Name, err)
		}
		vars := d.Walk(len(d.Stages)-1, nil, nil)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.Name, v.Dockerfile,
			orDash(vars.Labels["stair-stepper.allocator"]), orDash(vars.Labels["stair-stepper.linkage"]), orDash(environment(vars.Env)))
	}
	return w.Flush()
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
		parts = append(parts, name+"="+env[name])
	}
	return strings.Join(parts, " ")
}
