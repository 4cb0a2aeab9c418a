package process_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/process"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// owners gives one that is alive and not this process, one that is dead, and one
// of whom nothing is known here.
func owners(t *testing.T) (alive, dead, unseen runs.Owner) {
	t.Helper()
	self, err := runs.Self()
	if err != nil {
		t.Fatal(err)
	}
	alive, dead, unseen = self, self, self
	alive.PID = os.Getppid()
	if alive.Start, _, err = proc.StartTime(alive.PID); err != nil {
		t.Fatal(err)
	}
	dead.Start++
	unseen.Boot = "another"
	unseen.Machine = ""
	return alive, dead, unseen
}

// TestAnotherTMPDIR: runs whose folders were made elsewhere are known by the
// cache, which they share.
func TestAnotherTMPDIR(t *testing.T) {
	alive, dead, unseen := owners(t)
	root, variant := enginetest.Project(t, true)
	cache := t.TempDir()
	prepared := func(e engine.Engine) engine.Image {
		t.Helper()
		images, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{variant}, nil))
		if err != nil {
			t.Fatal(err)
		}
		return images[0]
	}
	here := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: cache})
	for _, c := range []struct {
		owner runs.Owner
		told  string
		left  int // of Sweep
	}{{alive, "still running", 0}, {unseen, "may still be running", 1}} {
		other := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: cache, Owner: c.owner})
		image := prepared(other)
		if swept, err := here.Sweep(t.Context()); err != nil || len(swept.Removed) != 0 || len(swept.Left) != c.left {
			t.Errorf("Sweep = %+v, %v; want %d left", swept, err, c.left)
		}
		cleared, err := here.Clean(t.Context(), false)
		hinted(t, err, c.told, "--force")
		if len(cleared.Removed) != 0 || len(cleared.Left) != 1 || !strings.Contains(cleared.Left[0], "its owner, process ") {
			t.Errorf("Clean = %+v; want one left alone", cleared)
		}
		if _, err := os.Stat(image.Name); err != nil {
			t.Error(err)
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}

	// What a run left that was killed, and what another kept.
	left := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: cache, Owner: dead})
	killed, err := left.Start(t.Context(), engine.Spec{Image: prepared(left), RunID: "killed"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { killed.Remove(context.Background()) })
	swept, err := here.Sweep(t.Context())
	if err != nil || !slices.Equal(swept.Removed, []string{"process stepper-test-knob of run killed"}) {
		t.Errorf("Sweep = %+v, %v; want what was killed", swept, err)
	}
	left = newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: cache, Owner: dead})
	kept, err := left.Start(t.Context(), engine.Spec{Image: prepared(left), RunID: "kept", KeepFor: "a look"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Remove(context.Background()) })
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if swept, err := here.Sweep(t.Context()); err != nil || len(swept.Removed) != 0 {
		t.Errorf("Sweep = %+v, %v; want nothing", swept, err)
	}
	cleared, err := here.Clean(t.Context(), false)
	if err != nil || !slices.Contains(cleared.Removed, "process stepper-test-knob of run kept") {
		t.Errorf("Clean = %+v, %v; want what was kept", cleared, err)
	}
	if _, err := os.Stat(cache); err == nil {
		t.Error("the cache is still there")
	}
}

// TestBinariesOfAnotherRun: a new build replaces the older one, unless a run is
// alive that may be about to start it.
func TestBinariesOfAnotherRun(t *testing.T) {
	alive, _, _ := owners(t)
	root, variant := enginetest.Project(t, true)
	cache := t.TempDir()
	prepare := func(e engine.Engine) string {
		t.Helper()
		images, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{variant}, nil))
		if err != nil {
			t.Fatal(err)
		}
		return images[0].Name
	}
	change := func(line string) {
		t.Helper()
		file := root + "/services/stepper/main.go"
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, append(text, line...), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	mine := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: cache})
	other := newEngine(t, process.Options{Root: root, StateRoot: enginetest.ShortDir(t), CacheDir: cache, Owner: alive})
	first := prepare(other)
	change("// one\n")
	second := prepare(mine)
	if _, err := os.Stat(first); err != nil || first == second {
		t.Errorf("beside a run: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	change("// two\n")
	third := prepare(mine)
	for _, older := range []string{first, second} {
		if _, err := os.Stat(older); err == nil {
			t.Errorf("%s is still there beside %s", older, third)
		}
	}
}

// TestHalfMade: what a run was making when it was killed is removed, and what one
// that is alive makes stays.
func TestHalfMade(t *testing.T) {
	alive, dead, _ := owners(t)
	cache := t.TempDir()
	making := func(name string, owner runs.Owner) string {
		t.Helper()
		tree := filepath.Join(cache, "run-making-"+name, "tree-1", "usr")
		err := errors.Join(os.MkdirAll(tree, 0o700), os.WriteFile(filepath.Join(tree, "file"), nil, 0o600),
			os.WriteFile(filepath.Join(cache, "run-making-"+name, "owner"), []byte(owner.String()), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(cache, "run-making-"+name)
	}
	stays, goes := making("a", alive), making("b", dead)
	e := newEngine(t, process.Options{Root: t.TempDir(), StateRoot: enginetest.ShortDir(t), CacheDir: cache})
	if _, err := e.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(goes); err == nil {
		t.Error("what a dead run was making is still there")
	}
	if _, err := os.Stat(filepath.Join(stays, "tree-1", "usr", "file")); err != nil {
		t.Error(err)
	}
}
