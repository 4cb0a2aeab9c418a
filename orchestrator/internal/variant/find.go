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
	Variants []bench.Variant // those of a Dockerfile of their own, by name, the baseline first
	Skipped  []Skipped       // by name

	root    string
	sources []source // what variants are made of, by name
}

// source is what a variant can be made of.
type source struct {
	name       string
	dockerfile string // relative to the root, slash-separated
	file       *dockerfile.File
	packaged   bool // it is an allocator of Debian's, built from the Dockerfile that all such share
}

// shared is the template from which allocators that Debian packages are built. It
// takes these ARGs.
const (
	shared       = "preload"
	allocatorArg = "ALLOCATOR"
	libraryArg   = "LIBRARY"
)

// Find looks for the Dockerfiles of a project: Dockerfile.NAME in its root and in
// the folder variants, and templates, which are no variants by themselves:
// variants/NAME.Dockerfile. Files that have such a name and are none come apart.
// That there is no such file is a mistake, see hint.IsMistake.
func Find(root, baseline string) (Found, error) {
	f := Found{root: root}
	paths := map[string][]string{}
	templates := map[string]bool{}
	for _, pattern := range []string{"Dockerfile.*", "variants/Dockerfile.*", "variants/*.Dockerfile"} {
		matches, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return Found{}, fmt.Errorf("look for variants: %w", err)
		}
		for _, file := range matches {
			base := filepath.Base(file)
			name, template := strings.CutSuffix(base, ".Dockerfile")
			if named, ok := strings.CutPrefix(base, "Dockerfile."); ok {
				if template {
					continue // Dockerfile.x.Dockerfile has been met as the other
				}
				name = named
			}
			if of, ok := strings.CutSuffix(file, ".dockerignore"); ok && slices.Contains(matches, of) {
				continue // docker build reads it for the other
			}
			paths[name] = append(paths[name], filepath.ToSlash(filepath.Join(filepath.Dir(pattern), base)))
			templates[name] = template
		}
	}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		file, err := check(root, name, paths[name])
		if err != nil {
			f.Skipped = append(f.Skipped, Skipped{name, err})
			continue
		}
		f.sources = append(f.sources, source{name: name, dockerfile: paths[name][0], file: file})
		if !templates[name] {
			f.Variants = append(f.Variants, bench.Variant{Name: name, Dockerfile: paths[name][0]})
		}
	}
	if len(paths) == 0 {
		return Found{}, hint.Mistake("there is no Dockerfile.NAME here", "run this in the project's folder: go run ./orchestrator compare")
	}
	f.addPackaged()
	if i := slices.IndexFunc(f.Variants, func(v bench.Variant) bool { return v.Name == baseline }); i > 0 {
		first := f.Variants[i]
		f.Variants = slices.Insert(slices.Delete(f.Variants, i, i+1), 0, first)
	}
	return f, nil
}

// addPackaged adds the allocators that Debian packages and that have no Dockerfile
// of their own.
func (f *Found) addPackaged() {
	template := f.source(shared)
	if template == nil || !template.file.Takes(allocatorArg) || !template.file.Takes(dockerfile.RunPackages) || !template.file.Takes(libraryArg) {
		return
	}
	from := *template
	for _, name := range Packaged() {
		if f.source(name) == nil {
			f.sources = append(f.sources, source{name: name, dockerfile: from.dockerfile, file: from.file, packaged: true})
		}
	}
	slices.SortFunc(f.sources, func(a, b source) int { return strings.Compare(a.name, b.name) })
}

func (f *Found) source(name string) *source {
	i := slices.IndexFunc(f.sources, func(s source) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return &f.sources[i]
}

// check says why a variant cannot be made of the files that name it.
func check(root, name string, paths []string) (*dockerfile.File, error) {
	path := printable(paths[0])
	switch {
	case leftOut.MatchString("." + name):
		return nil, hint.Mistake(path+": its ending is that of a backup, or of a file that belongs to another", "rename it if it is a variant")
	case !goodName.MatchString(name):
		return nil, hint.Mistake(fmt.Sprintf("%s: %q cannot name a variant", path, name), "use lower-case letters, digits, '_', '.' and '-', and begin with a letter or digit")
	case len(name) > longestName:
		return nil, hint.Mistake(fmt.Sprintf("%s: the name has %d characters", path, len(name)), longAdvice())
	case len(paths) > 1:
		return nil, hint.Mistake(fmt.Sprintf("%s describes the same variant as %s", path, paths[1]), "rename one of the files")
	}
	return dockerfile.Read(filepath.Join(root, filepath.FromSlash(paths[0])))
}

// printable quotes a file's name if a terminal should not have it as it is.
func printable(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}
