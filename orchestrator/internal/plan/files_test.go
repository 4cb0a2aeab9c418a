package plan

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOddFiles: what a plan names is a regular file with an end, or a mistake at
// once, at its place.
func TestOddFiles(t *testing.T) {
	dir := t.TempDir()
	fifo, sparse, wide := filepath.Join(dir, "fifo"), filepath.Join(dir, "sparse"), filepath.Join(dir, "wide")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, size := range map[string]int64{sparse: 1 << 42, wide: mostPlan + 1} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, size)); err != nil {
			t.Fatal(err)
		}
	}
	const item = "base: http://localhost\nplan:\n- name: a\n  request: {url: /, method: POST, body: %s}\n%s"
	plans := map[string]string{ // with the place of the name in it
		":4:48": fmt.Sprintf(item, `{file: "NAME"}`, ""),
		":5:24": fmt.Sprintf(item, "x", `  with_items_from_csv: "NAME"`),
		":5:25": fmt.Sprintf(item, "x", `  with_items_from_file: "NAME"`),
		":3:12": "base: http://localhost\nplan:\n- include: \"NAME\"\n",
		"":      "", // the plan itself
	}
	check := func(odd, why string, hint bool) {
		t.Helper()
		for place, text := range plans {
			name := odd
			if text != "" {
				name = filepath.Join(dir, "plan.yml")
				if err := os.WriteFile(name, []byte(strings.ReplaceAll(text, "NAME", odd)), 0o600); err != nil {
					t.Fatal(err)
				}
				place = name + place
			}
			_, err := Load(name, Options{})
			if err == nil || !strings.Contains(err.Error(), place) || !strings.Contains(err.Error(), why) {
				t.Errorf("%s as %s: %v; want %q there", odd, place, err, why)
				continue
			}
			var h interface{ Hint() string }
			if got := errors.As(err, &h) && h.Hint() != ""; got != hint {
				t.Errorf("%s as %s: hint %v; want %v", odd, place, got, hint)
			}
		}
	}
	check(fifo, "is a pipe (FIFO), not a regular file", true)
	check("/dev/zero", "is a device, not a regular file", true)
	check(sparse, "is larger than 1 GiB", true)
	check(dir, "is a directory", false)
	check(filepath.Join(dir, "none"), "no such file or directory", false)

	if _, err := Load(wide, Options{}); err == nil || !strings.Contains(err.Error(), "is larger than 64 MiB") {
		t.Errorf("a plan of 64 MiB and a byte: %v", err)
	}
	if _, err := LoadLab(fifo); err == nil || !strings.Contains(err.Error(), "is a pipe") {
		t.Errorf("LoadLab: %v", err)
	}
	if _, err := List(fifo, Options{}); err == nil || !strings.Contains(err.Error(), "is a pipe") {
		t.Errorf("List: %v", err)
	}
}
