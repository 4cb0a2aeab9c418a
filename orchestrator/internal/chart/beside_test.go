package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// TestBeside: the picture goes beside the file itself, is written again, and
// takes nobody's place.
func TestBeside(t *testing.T) {
	dir := t.TempDir()
	readme, link := filepath.Join(dir, "docs", "a b.md"), filepath.Join(dir, "README.md")
	if err := os.Mkdir(filepath.Dir(readme), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(readme, []byte("# Mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(readme, link); err != nil {
		t.Fatal(err)
	}
	exp := made(three, 7)
	picture := filepath.Join(dir, "docs", "a b.stair-stepper.svg")
	write := func() string {
		t.Helper()
		if err := CheckBeside(link); err != nil {
			t.Fatal(err)
		}
		text, err := Beside(link, exp)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	text := write()
	if !strings.HasPrefix(text, "![Under this load jemalloc peaks ") || !strings.HasSuffix(text, "](a%20b.stair-stepper.svg)") {
		t.Errorf("shown by %s", text)
	}
	got, err := os.ReadFile(picture)
	if err != nil || string(got) != string(svg(t, exp)) {
		t.Errorf("the picture is not that of SVG: %v", err)
	}
	// One of an older version is ours too.
	older := strings.Replace(string(got), "<title", "<title class=\"older\"", 1)
	if err := os.WriteFile(picture, []byte(older), 0o600); err != nil {
		t.Fatal(err)
	}
	if write() != text {
		t.Error("the second time it is shown in another way")
	}
	if again, err := os.ReadFile(picture); err != nil || string(again) != string(got) {
		t.Errorf("it was not written again: %v", err)
	}

	for _, foreign := range []string{
		"", "<svg/>", "<!-- data-made-by=\"stair-stepper\" -->", strings.Replace(string(got), maker, `data-made-by="me"`, 1), "\n" + string(got),
	} {
		if err := os.WriteFile(picture, []byte(foreign), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Beside(link, exp)
		for _, err := range []error{err, CheckBeside(link)} {
			if err == nil || !strings.Contains(err.Error(), picture) || !strings.Contains(hint.Of(err), "move what is there away") {
				t.Errorf("%.20q: error %v, hint %q", foreign, err, hint.Of(err))
			}
		}
		if kept, err := os.ReadFile(picture); err != nil || string(kept) != foreign {
			t.Errorf("%.20q was written over: %v", foreign, err)
		}
	}
	if err := os.Remove(picture); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(picture, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := CheckBeside(link); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a folder in its place: %v", err)
	}
	if err := CheckBeside(filepath.Join(dir, "nosuch.md")); err == nil {
		t.Error("a picture beside nothing")
	}
	// Nothing of ours is left.
	if left, err := filepath.Glob(filepath.Join(dir, "docs", ".*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
}
