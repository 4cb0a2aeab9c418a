package meter

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
)

// TestLacks: files tell before versions do.
func TestLacks(t *testing.T) {
	root := t.TempDir()
	write := func(names ...string) {
		t.Helper()
		for _, name := range names {
			file := filepath.Join(root, "proc/self", name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(release string, groups int, want ...kernel.Feature) {
		t.Helper()
		if diff := cmp.Diff(want, Lacks(FS(root), release, groups)); diff != "" {
			t.Errorf("%s, version %d: %s", release, groups, diff)
		}
	}
	write("clear_refs")
	check("6.12.1", 2, kernel.ThreadWait, kernel.PageWalk)
	write("schedstat", "smaps_rollup")
	check("6.12.1", 2)
	check("5.10.0-1", 2, kernel.GroupPeak)
	check("5.10.0-1", 1)
	check("4.4.1", 1, kernel.RSSKinds, kernel.PssParts, kernel.ShmemCharged)
}
