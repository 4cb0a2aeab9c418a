package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// TestEarlierResults goes through results as the search for experience does: the
// newest first, past what cannot be read, and no further than asked.
func TestEarlierResults(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range mostResults + 3 {
		folder := filepath.Join(dir, fmt.Sprintf("2026-01-%02d", i+1))
		text := `{"schema": "stair-stepper/experiment/v1", "run_id": "` + filepath.Base(folder) + `"}`
		switch i {
		case mostResults:
			text = ""
		case mostResults + 1:
			text = "{"
		default:
			want = append(want, folder)
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, store.ExperimentFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	slices.Reverse(want)
	var got []string
	for name, exp := range earlierResults(dir) {
		if exp.RunID != filepath.Base(name) {
			t.Errorf("%s is %s", name, exp.RunID)
		}
		got = append(got, name)
	}
	if !slices.Equal(got, want[:mostResults-2]) { // those that cannot be read count too
		t.Errorf("got %q", got)
	}
	for name := range earlierResults(dir) {
		if name != want[0] {
			t.Errorf("the newest is %s", name)
		}
		break
	}
	for name := range earlierResults(filepath.Join(dir, "nothing")) {
		t.Errorf("%s is there", name)
	}
}
