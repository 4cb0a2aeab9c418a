package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// variantName is what may follow "Dockerfile.": it becomes part of image and
// container names, which know no capitals.
var variantName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*$`)

// longestName is how long a variant's name may be: below /tmp, the path of its
// socket has room for a few letters more.
const longestName = 48

// leftOut are endings of files that editors and tools leave beside a
// Dockerfile.
var leftOut = regexp.MustCompile(`(\.(dockerignore|orig|rej|bak|backup|old|save|tmp|temp|sw[a-p]|un~|rpmsave|rpmnew|rpmorig|dpkg-\w+|ucf-\w+)|~|#)$`)

// skippedFile is one that is called like a variant's Dockerfile and cannot be
// one. Unless the variant is asked for it stops nothing.
type skippedFile struct {
	name string // of the variant
	err  error  // says which file
}

func (s skippedFile) String() string { return fmt.Sprintf("skipped: %v", s.err) }

// findVariants lists the Dockerfiles of a project: Dockerfile.NAME in its root
// and in the folder variants, by name, and the baseline first. Files that have
// such a name and are none come apart.
func findVariants(root, baseline string) (found []bench.Variant, skipped []skippedFile, err error) {
	paths := map[string][]string{}
	for _, folder := range []string{".", "variants"} {
		matches, err := filepath.Glob(filepath.Join(root, folder, "Dockerfile.*"))
		if err != nil {
			return nil, nil, fmt.Errorf("look for variants: %w", err)
		}
		for _, file := range matches {
			name := strings.TrimPrefix(filepath.Base(file), "Dockerfile.")
			if of, ok := strings.CutSuffix(file, ".dockerignore"); ok && slices.Contains(matches, of) {
				continue // docker build reads it for the other
			}
			paths[name] = append(paths[name], filepath.ToSlash(filepath.Join(folder, filepath.Base(file))))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		if err := checkVariant(root, name, paths[name]); err != nil {
			skipped = append(skipped, skippedFile{name, err})
			continue
		}
		found = append(found, bench.Variant{Name: name, Dockerfile: paths[name][0]})
	}
	if len(paths) == 0 {
		return nil, nil, hint.Mistake("there is no Dockerfile.NAME here", "run it in the project's folder: go run ./orchestrator compare")
	}
	if i := slices.IndexFunc(found, func(v bench.Variant) bool { return v.Name == baseline }); i > 0 {
		first := found[i]
		found = slices.Insert(slices.Delete(found, i, i+1), 0, first)
	}
	return found, skipped, nil
}

// checkVariant says why a variant cannot be made of the files that name it.
func checkVariant(root, name string, paths []string) error {
	path := printable(paths[0])
	switch {
	case leftOut.MatchString("." + name):
		return hint.Mistake(path+": the ending is that of a file which belongs to another, or is left over", "rename it if it is a variant")
	case !variantName.MatchString(name):
		return hint.Mistake(fmt.Sprintf("%s: %q cannot name a variant", path, name), "use small letters, digits, '_', '.' and '-', and begin with a letter or digit")
	case len(name) > longestName:
		return hint.Mistake(fmt.Sprintf("%s: the name has %d letters", path, len(name)), fmt.Sprintf("use at most %d: it is part of a socket's path", longestName))
	case len(paths) > 1:
		return hint.Mistake(fmt.Sprintf("%s describes a variant that %s describes too", path, paths[1]), "rename one of the files")
	}
	_, err := dockerfile.Read(filepath.Join(root, filepath.FromSlash(paths[0])))
	return err
}

// printable quotes a file's name if a terminal should not have it as it is.
func printable(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

// chooseVariants keeps the named ones, or all where none is named. The baseline
// must be among them. What was skipped is an error where it is asked for.
func chooseVariants(found []bench.Variant, skipped []skippedFile, chosen []string, baseline string) ([]bench.Variant, error) {
	var all []string
	for _, v := range found {
		all = append(all, v.Name)
	}
	known := "there are " + strings.Join(all, ", ")
	if len(all) == 0 {
		known = "there is no variant"
	}
	for i, name := range chosen {
		if slices.Contains(chosen[:i], name) {
			return nil, hint.Mistake(fmt.Sprintf("the variant %s is named twice", name), "--aa adds the baseline a second time")
		}
		if err := isSkipped(skipped, name); err != nil {
			return nil, err
		}
		if !slices.Contains(all, name) {
			return nil, hint.Mistake(fmt.Sprintf("unknown variant %q", name), known+"; a new one is a new Dockerfile."+name)
		}
	}
	var kept []bench.Variant
	for _, v := range found {
		if len(chosen) == 0 || slices.Contains(chosen, v.Name) {
			kept = append(kept, v)
		}
	}
	if !slices.ContainsFunc(kept, func(v bench.Variant) bool { return v.Name == baseline }) {
		if err := isSkipped(skipped, baseline); err != nil {
			return nil, err
		}
		advice := known
		if slices.Contains(all, baseline) {
			advice = "add --variant " + baseline + ", or name another with --baseline"
		}
		return nil, hint.Mistake(fmt.Sprintf("the baseline %s is not among the variants", baseline), advice)
	}
	return kept, nil
}

// isSkipped is the error of a variant that is asked for and was skipped.
func isSkipped(skipped []skippedFile, name string) error {
	for _, s := range skipped {
		if s.name == name {
			return &hint.Error{Mistake: true, Err: fmt.Errorf("variant %s: %w", printable(name), s.err), Advice: hint.Of(s.err)}
		}
	}
	return nil
}

func (a *app) variantsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "variants",
		Short: "Lists what there is to compare and what it would run",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return a.variants() },
	}
}

func (a *app) variants() error {
	found, skipped, err := findVariants(".", "libc")
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VARIANT\tDOCKERFILE\tALLOCATOR\tLINKAGE\tENVIRONMENT")
	for _, v := range found {
		d, err := dockerfile.Read(v.Dockerfile)
		if err != nil {
			return fmt.Errorf("variant %s: %w", v.Name, err)
		}
		vars := d.Walk(len(d.Stages)-1, nil, nil)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.Name, v.Dockerfile,
			orDash(plain.Name(vars.Labels["stair-stepper.allocator"])), orDash(plain.Name(vars.Labels["stair-stepper.linkage"])), orDash(plain.Line(environment(vars.Env))))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range skipped {
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
