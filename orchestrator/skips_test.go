package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestSkips: a test is skipped for one of the reasons that package needs knows, or
// because enginetest.Daemon finds no Docker, and for nothing else.
func TestSkips(t *testing.T) {
	const root = ".."
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, skip := range skips(file) {
			if !maySkip(filepath.ToSlash(name), skip.in) {
				t.Errorf("%s: %s skips a test by itself: its reason belongs to package needs", set.Position(skip.at), skip.in)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("%d Go files were read; the project has more", files)
	}
}

// maySkip says whether a function may skip a test.
func maySkip(file, function string) bool {
	return strings.HasPrefix(file, "orchestrator/internal/needs/") ||
		file == "orchestrator/internal/engine/enginetest/daemon.go" && function == "Daemon"
}

// skip is a call of Skip, Skipf or SkipNow.
type skip struct {
	in string // the function around it
	at token.Pos
}

func skips(file *ast.File) []skip {
	var found []skip
	for _, d := range file.Decls {
		in := "a variable"
		if f, ok := d.(*ast.FuncDecl); ok {
			in = f.Name.Name
		}
		ast.Inspect(d, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr) // also where it is not called at once
			if ok && (s.Sel.Name == "Skip" || s.Sel.Name == "Skipf" || s.Sel.Name == "SkipNow") {
				found = append(found, skip{in, s.Pos()})
			}
			return true
		})
	}
	return found
}

func TestSkipsAreSeen(t *testing.T) {
	const text = `package p
var v = func(t *testing.T) { t.SkipNow() }
func helper(t testing.TB) { if testing.Short() { t.Skipf("%d", 1) } }
func TestX(t *testing.T) { t.Run("x", func(t *testing.T) { t.Skip() }); _ = fs.SkipDir }
func BenchmarkX(b *testing.B) { later(b.SkipNow) }
`
	file, err := parser.ParseFile(token.NewFileSet(), "p_test.go", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var in []string
	for _, s := range skips(file) {
		in = append(in, s.in)
	}
	if got, want := strings.Join(in, " "), "a variable helper TestX BenchmarkX"; got != want {
		t.Errorf("skips in %s; want %s", got, want)
	}
	for file, want := range map[string]bool{
		"orchestrator/internal/needs/needs.go":               true,
		"orchestrator/internal/engine/enginetest/daemon.go":  true,
		"orchestrator/internal/engine/enginetest/harness.go": false,
		"orchestrator/internal/meter/kinds_test.go":          false,
	} {
		if maySkip(file, "Daemon") != want {
			t.Errorf("Daemon of %s may skip: want %v", file, want)
		}
	}
}
