// Package variant knows what there is to compare: it finds the variants of a
// project, says which allocator each promises, and knows how an allocator shows.
// Facts about allocators live here and nowhere else.
package variant

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// goodName is what may follow "Dockerfile.": it becomes part of image and
// container names, which know no capitals.
var goodName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*$`)

// longestName is how long a variant's name may be: below /tmp, the path of its
// socket has room for a few letters more.
const longestName = 48

// leftOut are endings of files that editors and tools leave beside a
// Dockerfile.
var leftOut = regexp.MustCompile(`(\.(dockerignore|orig|rej|bak|backup|old|save|tmp|temp|sw[a-p]|un~|rpmsave|rpmnew|rpmorig|dpkg-\w+|ucf-\w+)|~|#)$`)

// Skipped is a file that is called like a variant's Dockerfile and cannot be
// one. Unless the variant is asked for it stops nothing.
type Skipped struct {
	Name string // of the variant
	Err  error  // says which file
}

// String says it in one line that is fit for a terminal.
func (s Skipped) String() string { return fmt.Sprintf("skipped: %v", s.Err) }

// Found is what there is to compare in a project.
type Found struct {
	Variants []bench.Variant // by name, the baseline first
	Skipped  []Skipped       // by name
}

// Find looks for the Dockerfiles of a project: Dockerfile.NAME in its root and in
// the folder variants. Files that have such a name and are none come apart. That
// there is no such file is a mistake, see hint.IsMistake.
func Find(root, baseline string) (Found, error) {
	var f Found
	paths := map[string][]string{}
	for _, folder := range []string{".", "variants"} {
		matches, err := filepath.Glob(filepath.Join(root, folder, "Dockerfile.*"))
		if err != nil {
			return Found{}, fmt.Errorf("look for variants: %w", err)
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
		if err := check(root, name, paths[name]); err != nil {
			f.Skipped = append(f.Skipped, Skipped{name, err})
			continue
		}
		f.Variants = append(f.Variants, bench.Variant{Name: name, Dockerfile: paths[name][0]})
	}
	if len(paths) == 0 {
		return Found{}, hint.Mistake("there is no Dockerfile.NAME here", "run this in the project's folder: go run ./orchestrator compare")
	}
	if i := slices.IndexFunc(f.Variants, func(v bench.Variant) bool { return v.Name == baseline }); i > 0 {
		first := f.Variants[i]
		f.Variants = slices.Insert(slices.Delete(f.Variants, i, i+1), 0, first)
	}
	return f, nil
}

// check says why a variant cannot be made of the files that name it.
func check(root, name string, paths []string) error {
	path := printable(paths[0])
	switch {
	case leftOut.MatchString("." + name):
		return hint.Mistake(path+": its ending is that of a backup, or of a file that belongs to another", "rename it if it is a variant")
	case !goodName.MatchString(name):
		return hint.Mistake(fmt.Sprintf("%s: %q cannot name a variant", path, name), "use lower-case letters, digits, '_', '.' and '-', and begin with a letter or digit")
	case len(name) > longestName:
		return hint.Mistake(fmt.Sprintf("%s: the name has %d characters", path, len(name)), fmt.Sprintf("use at most %d: it is part of a socket's path", longestName))
	case len(paths) > 1:
		return hint.Mistake(fmt.Sprintf("%s describes the same variant as %s", path, paths[1]), "rename one of the files")
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

// Choose gives the named variants, or all where none is named. The baseline must
// be among them. What was skipped is an error where it is asked for. All errors
// are mistakes, see hint.IsMistake.
func (f Found) Choose(chosen []string, baseline string) ([]bench.Variant, error) {
	var all []string
	for _, v := range f.Variants {
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
		if err := f.skipped(name); err != nil {
			return nil, err
		}
		if !slices.Contains(all, name) {
			return nil, hint.Mistake(fmt.Sprintf("unknown variant %q", name), known+"; a new one is a new Dockerfile."+name)
		}
	}
	var kept []bench.Variant
	for _, v := range f.Variants {
		if len(chosen) == 0 || slices.Contains(chosen, v.Name) {
			kept = append(kept, v)
		}
	}
	if !slices.ContainsFunc(kept, func(v bench.Variant) bool { return v.Name == baseline }) {
		if err := f.skipped(baseline); err != nil {
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

// skipped is the error of a variant that is asked for and was skipped.
func (f Found) skipped(name string) error {
	for _, s := range f.Skipped {
		if s.Name == name {
			return &hint.Error{Mistake: true, Err: fmt.Errorf("variant %s: %w", printable(name), s.Err), Advice: hint.Of(s.Err)}
		}
	}
	return nil
}

// About is what a variant's Dockerfile says of what runs.
type About struct {
	Allocator string            // its AllocatorLabel; empty: none
	Linkage   string            // its LinkageLabel; empty: none
	Env       map[string]string // what the last stage sets
}

// Describe reads the Dockerfile of a variant of the project in root.
func Describe(root string, v bench.Variant) (About, error) {
	d, err := dockerfile.Read(filepath.Join(root, filepath.FromSlash(v.Dockerfile)))
	if err != nil {
		return About{}, fmt.Errorf("variant %s: %w", v.Name, err)
	}
	last := d.Walk(len(d.Stages)-1, nil, nil)
	return About{Allocator: last.Labels[AllocatorLabel], Linkage: last.Labels[LinkageLabel], Env: last.Env}, nil
}
