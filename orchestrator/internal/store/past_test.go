package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestPast goes through results as the search for experience does: the
// newest first, past what cannot be read, and no further than asked.
func TestPast(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range mostPast + 3 {
		folder := filepath.Join(dir, fmt.Sprintf("2026-01-%02d", i+1))
		text := `{"schema": "stair-stepper/experiment/v1", "run_id": "` + filepath.Base(folder) + `"}`
		switch i {
		case mostPast:
			text = ""
		case mostPast + 1:
			text = "{"
		default:
			want = append(want, folder)
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, ExperimentFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	slices.Reverse(want)
	var got []string
	for name, exp := range Past(dir) {
		if exp.RunID != filepath.Base(name) {
			t.Errorf("%s is %s", name, exp.RunID)
		}
		got = append(got, name)
	}
	if !slices.Equal(got, want[:mostPast-2]) { // those that cannot be read count too
		t.Errorf("got %q", got)
	}
	for name := range Past(dir) {
		if name != want[0] {
			t.Errorf("the newest is %s", name)
		}
		break
	}
	for name := range Past(filepath.Join(dir, "nothing")) {
		t.Errorf("%s is there", name)
	}
}
