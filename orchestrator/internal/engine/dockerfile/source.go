package dockerfile

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
)

// Service is the package under test, as the go command names it in the
// project's folder.
const Service = "./services/stepper"

// services is the folder with the service and what it may share with others.
const services = "services"

// mostSource bounds the length of one file that a variant is built from, in
// bytes.
const mostSource = 256 << 20

// sourceFile are the endings of what the go command builds from.
var sourceFile = regexp.MustCompile(`\.(go|c|cc|cpp|cxx|m|h|hh|hpp|hxx|f|F|for|f90|s|S|sx|swig|swigcxx|syso)$`)

// IsSource says whether a file of this name can be part of a build: Go, C and
// assembler, no test, and nothing that the go command passes over.
func IsSource(name string) bool {
	return sourceFile.MatchString(name) && !strings.HasSuffix(name, "_test.go") && !hidden(name)
}

// hidden are files and folders that the go command passes over, and so is what
// holds secrets more often than not.
func hidden(name string) bool {
	return name != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_"))
}

// Source reads the code that a variant is built from, by slash-separated path
// from root: the source files under services, those of the packages
// of the same module that they import, and what they embed. Nothing else is
// read, whatever lies beside it: no test, no settings, no keys, no other module.
func Source(root string) (map[string][]byte, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("read the service's code: %w", err)
	}
	defer dir.Close()
	s := source{root: dir, files: map[string][]byte{}, seen: map[string]bool{}}
	if text, err := files.ReadIn(dir, "go.mod", mostSource); err == nil {
		s.module = modulePath(string(text))
	}
	err = fs.WalkDir(dir.FS(), services, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case name != services && (d.Name() == "testdata" || d.Name() == "vendor" || d.Name() == "node_modules" || hidden(d.Name()) || s.otherModule(name)):
			return fs.SkipDir
		}
		return s.add(name)
	})
	if err != nil {
		return nil, fmt.Errorf("read the service's code: %w", err)
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(s.files)), func(name string) bool { return strings.HasSuffix(name, ".go") }) {
		return nil, fmt.Errorf("no Go file under %s", filepath.Join(root, services))
	}
	return s.files, nil
}

// source gathers code.
type source struct {
	root   *os.Root
	module string
	files  map[string][]byte
	seen   map[string]bool // folders
}

// add takes in the source files of one folder, what they embed, and the folders
// that they import.
func (s *source) add(dir string) error {
	if s.seen[dir] {
		return nil
	}
	s.seen[dir] = true
	entries, err := fs.ReadDir(s.root.FS(), dir)
	if err != nil {
		return err
	}
	for _, d := range entries {
		if !d.Type().IsRegular() || !IsSource(d.Name()) {
			continue
		}
		name := path.Join(dir, d.Name())
		text, err := files.ReadIn(s.root, name, mostSource)
		if err != nil {
			return err
		}
		s.files[name] = text
		if strings.HasSuffix(name, ".go") {
			if err := errors.Join(s.embedded(dir, text), s.imported(text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// imported takes in the packages of the module that a Go file imports. What
// cannot be parsed or is not there is for the compiler to tell.
func (s *source) imported(text []byte) error {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
	if file == nil || err != nil || s.module == "" {
		return nil
	}
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		dir, ours := strings.CutPrefix(name, s.module+"/")
		if err != nil || !ours || !fs.ValidPath(dir) || s.inOtherModule(dir) {
			continue
		}
		if err := s.add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

var embed = regexp.MustCompile(`(?m)^//go:embed[ \t]+(.*)$`)

// embedded takes in the files that the directives of a Go file name.
func (s *source) embedded(dir string, text []byte) error {
	for _, line := range embed.FindAllSubmatch(text, -1) {
		for _, pattern := range split(strings.TrimSpace(strings.ReplaceAll(string(line[1]), "`", `"`))) {
			pattern, all := strings.CutPrefix(unquote(pattern), "all:")
			matches, err := fs.Glob(s.root.FS(), path.Join(dir, pattern))
			if err != nil {
				continue // for the compiler to tell
			}
			for _, match := range matches {
				if err := addTree(s.root, s.files, match, all); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// addTree adds a file, or a folder with all that is in it. What is hidden there
// stays out, unless all of it is wanted.
func addTree(root *os.Root, into map[string][]byte, from string, all bool) error {
	return fs.WalkDir(root.FS(), from, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != from && !all && hidden(d.Name()) && d.IsDir():
			return fs.SkipDir
		case !d.Type().IsRegular() || name != from && !all && hidden(d.Name()):
			return nil
		}
		into[name], err = files.ReadIn(root, name, mostSource)
		return err
	})
}

// otherModule says whether a folder is the root of another module.
func (s *source) otherModule(dir string) bool {
	_, err := s.root.Stat(path.Join(dir, "go.mod"))
	return err == nil
}

// inOtherModule says whether a folder or one above it is.
func (s *source) inOtherModule(dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if s.otherModule(dir) {
			return true
		}
	}
	return false
}

// modulePath is what a go.mod calls its module.
func modulePath(gomod string) string {
	for line := range strings.Lines(gomod) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "module" {
			return strings.Trim(words[1], `"`+"`")
		}
	}
	return ""
}
