package docker

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// contextFiles are those of the project's own build context. Whatever else is
// found in it after a change has to be needed by the build.
var contextFiles = []string{
	".dockerignore",
	"go.mod",
	"services/stepper/ballast.go",
	"services/stepper/internal/document/blocks.h",
	"services/stepper/internal/document/document.go",
	"services/stepper/internal/document/document.h",
	"services/stepper/internal/document/encode.c",
	"services/stepper/internal/document/number.c",
	"services/stepper/internal/document/parse.c",
	"services/stepper/internal/document/parser.h",
	"services/stepper/internal/document/scan.c",
	"services/stepper/internal/document/tree.c",
	"services/stepper/internal/malloc/allocator.c",
	"services/stepper/internal/malloc/allocator.h",
	"services/stepper/internal/malloc/heap.h",
	"services/stepper/internal/malloc/identity.go",
	"services/stepper/internal/malloc/knobs.c",
	"services/stepper/internal/malloc/knobs.go",
	"services/stepper/internal/malloc/knobs.h",
	"services/stepper/internal/malloc/malloc.go",
	"services/stepper/internal/malloc/program.go",
	"services/stepper/internal/malloc/tunables.go",
	"services/stepper/introspect.go",
	"services/stepper/main.go",
	"services/stepper/mainthread.go",
	"services/stepper/staging.go",
	"services/stepper/widgets.go",
	"services/stepper/workers.go",
	"vendor/github.com/gorilla/mux/doc.go",
	"vendor/github.com/gorilla/mux/middleware.go",
	"vendor/github.com/gorilla/mux/mux.go",
	"vendor/github.com/gorilla/mux/regexp.go",
	"vendor/github.com/gorilla/mux/route.go",
	"vendor/github.com/gorilla/mux/test_helpers.go",
	"vendor/modules.txt",
}

// TestSource: the project's own build context has the service, its packages of
// other modules, and nothing else, whatever lies about.
func TestSource(t *testing.T) {
	e, err := New(Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f, err := e.source(t.Context(), func(engine.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(contextFiles, slices.Sorted(maps.Keys(f))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if mod := string(f["go.mod"]); !strings.Contains(mod, "require github.com/gorilla/mux v") || strings.Contains(mod, "docker") {
		t.Errorf("go.mod:\n%s", mod)
	}
	a, err := f.archive()
	b, err2 := maps.Clone(f).archive()
	if err != nil || err2 != nil || !bytes.Equal(a, b) {
		t.Errorf("two archives of the same files differ: %v, %v", err, err2)
	}
}

// TestContextBuilds: what is in the context is enough.
func TestContextBuilds(t *testing.T) {
	needs.Patience(t, "builds the service")
	e, err := New(Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f, err := e.source(t.Context(), func(engine.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range f {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(t.TempDir(), "stepper"), dockerfile.Service)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=-mod=vendor", "GOPROXY=off", "GOMODCACHE="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestContext: a variant's own context has its Dockerfile and what that names
// besides; secrets and leftovers beside the code stay where they are.
func TestContext(t *testing.T) {
	project, variant := enginetest.Project(t, false)
	for _, name := range []string{
		".env", ".git/config", "key.pem", "results/x.json", "Dockerfile.other", "services/stepper/.env", "services/stepper/key.pem",
		"services/stepper/node_modules/a/a.js", "services/stepper/main.go~", "services/stepper/main_test.go", "services/stepper/testdata/a.json", "variants/extra.conf",
	} {
		file := filepath.Join(project, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("package main\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	e, err := New(Options{Root: project})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	source, err := e.source(t.Context(), func(engine.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	check := func(lines string, more ...string) {
		t.Helper()
		file := filepath.Join(project, variant.Dockerfile)
		if err := os.WriteFile(file, []byte("FROM scratch\n"+lines+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := dockerfile.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		b := builder{engine: e, order: &order{variant: variant, dockerfile: d}}
		got, _, err := b.context(source)
		want := slices.Sorted(slices.Values(append(more, variant.Dockerfile, "go.mod", "services/stepper/main.go", "vendor/modules.txt")))
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); err != nil || diff != "" {
			t.Errorf("%s: %v, files (-want +got):\n%s", lines, err, diff)
		}
	}
	check("COPY . .")
	check("COPY services/stepper/binary variants/extra.conf /", "services/stepper/binary", "variants/extra.conf")
	check("COPY go.mod /")

	// What .dockerignore keeps out does not travel, whoever names it. What the
	// build itself needs does.
	everything := "COPY services/stepper/binary variants/ /"
	for _, c := range []struct {
		ignore, own string // own is that of the Dockerfile
		more        []string
	}{
		{"", "", []string{"services/stepper/binary", "variants/extra.conf"}},
		{"# all\n*\n!services\n", "", []string{"services/stepper/binary"}},
		{"*\n!services\n**/bin*\n", "", nil},
		{"**/*.conf\n!variants/extra.conf\n", "", []string{"services/stepper/binary", "variants/extra.conf"}},
		{"/variants/\n", "", []string{"services/stepper/binary"}},
		{"*\n!services/**/*.go\n", "", nil},
		{"*\n", "*.conf\n", []string{"services/stepper/binary", "variants/extra.conf"}},
		{"", "*\n!services/stepper\n", []string{"services/stepper/binary"}},
		{"vendor\ngo.mod\n" + variant.Dockerfile + "\nvariants/*", "", []string{"services/stepper/binary"}},
	} {
		texts := map[string]string{".dockerignore": c.ignore, variant.Dockerfile + ".dockerignore": c.own}
		for name, text := range texts {
			file := filepath.Join(project, name)
			if text == "" {
				_ = os.Remove(file)
			} else if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if source, err = e.source(t.Context(), func(engine.Progress) {}); err != nil {
			t.Fatal(err)
		}
		more := slices.Clone(c.more)
		if c.ignore+c.own != "" {
			more = append(more, ".dockerignore")
		}
		check(everything, more...)
	}
	if text := string(source["go.mod"]); !strings.HasPrefix(text, "module ") {
		t.Errorf("go.mod: %s", text)
	}
}
