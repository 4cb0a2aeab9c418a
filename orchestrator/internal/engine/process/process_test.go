package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/process"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func newEngine(t *testing.T, opts process.Options) *process.Engine {
	t.Helper()
	e, err := process.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func TestConformance(t *testing.T) {
	t.Run("here", func(t *testing.T) { conformance(t, "") })
	t.Run("on a suite", func(t *testing.T) {
		mirror(t)
		conformance(t, "trixie")
	})
}

func conformance(t *testing.T, suite string) {
	root, variant := enginetest.Project(t, true)
	variant.Suite = suite
	state, cache := enginetest.ShortDir(t), filepath.Join(t.TempDir(), "cache")
	enginetest.Run(t, enginetest.Subject{
		New: func(t *testing.T, owner runs.Owner) engine.Engine {
			e := newEngine(t, process.Options{Root: root, StateRoot: state, CacheDir: cache, Owner: owner})
			if owner != (runs.Owner{}) { // so that it knows the image of the first
				if _, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{variant}, nil)); err != nil {
					t.Fatal(err)
				}
			}
			return e
		},
		Variant:  variant,
		Children: true,
	})
	if left, err := os.ReadDir(state); err != nil || len(left) != 0 {
		t.Errorf("left in the state folder: %v, %v", left, err)
	}
	cleared, err := newEngine(t, process.Options{Root: root, StateRoot: state, CacheDir: cache}).Clean(t.Context(), false)
	if err != nil || len(cleared.Removed) != 1 || len(cleared.Left) != 0 {
		t.Errorf("Clean = %+v, %v; want the cache", cleared, err)
	}
	if _, err := os.Stat(cache); err == nil {
		t.Error("the cache is still there")
	}
}

// hinted checks an error's text and advice.
func hinted(t *testing.T, err error, text, advice string) {
	t.Helper()
	var h *hint.Error
	if !errors.As(err, &h) || !strings.Contains(err.Error(), text) || !strings.Contains(h.Hint(), advice) {
		t.Errorf("%v; want %q with advice %q", err, text, advice)
	}
}

func TestMistakes(t *testing.T) {
	root, variant := enginetest.Project(t, true)
	e := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: t.TempDir()})
	prepare := func(dockerfile string) error {
		t.Helper()
		if dockerfile != "" {
			if err := os.WriteFile(filepath.Join(root, "Dockerfile.bad"), []byte(dockerfile), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{{Name: "bad", Dockerfile: "Dockerfile.bad"}}, nil))
		return err
	}
	hinted(t, prepare(""), "there is no "+filepath.Join(root, "Dockerfile.bad"), "Dockerfile.NAME")
	hinted(t, prepare("FROM scratch\n"), "no step that writes ${OUT}", "go build")
	hinted(t, prepare("FROM scratch\nARG OUT\nARG RUN_PACKAGES=libnone1\nRUN cp /bin/true ${OUT}\nENV LD_PRELOAD=/no/libnone.so\n"),
		"LD_PRELOAD names /no/libnone.so", "Debian package libnone1")

	err := prepare("FROM scratch\nARG BUILD_PACKAGES=gcc\nARG OUT\nRUN echo one; \\\n  echo two >&2; exit 3 # ${OUT}\n")
	hinted(t, err, "Dockerfile.bad:4: RUN echo one", "gcc")
	var b *engine.BuildError
	if !errors.As(err, &b) || strings.Join(b.Log, "|") != "one|two" {
		t.Errorf("%#v; want the log one, two", b)
	}

	images, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{variant}, nil))
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Start(t.Context(), engine.Spec{Image: images[0], RunID: "x", Memory: bench.GiB})
	hinted(t, err, "memory limit", "--engine docker")
	_, err = e.Start(t.Context(), engine.Spec{Image: images[0], RunID: strings.Repeat("long", 30)})
	hinted(t, err, "the socket's path is", "TMPDIR")
	_, err = e.Start(t.Context(), engine.Spec{Image: engine.Image{Variant: "v", Name: "n"}, RunID: "x"})
	if !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("unknown image: %v; want ErrNotFound", err)
	}
}
