package page

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

func TestSave(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	exp := made{rounds: 1}.experiment()
	if err := Save(in("page.html"), report.Summarize(exp)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(in("page.html"))
	if err != nil || string(got) != render(t, exp, Extra{}) {
		t.Errorf("the file has %d bytes, which are not the page's: %v", len(got), err)
	}
	for name, text := range map[string]string{"README.md": "# mine", "empty.html": "", "other.html": "<!doctype html><title>mine</title>"} {
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(name, want string) {
		t.Helper()
		err := CheckSave(in(name))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || hint.Of(err) == ""):
			t.Errorf("%s: %v, hint %q; want %q", name, err, hint.Of(err), want)
		}
	}
	check("new.html", "")
	check("page.html", "")
	check("empty.html", "")
	check("README.md", "no page that this program wrote")
	check("other.html", "no page that this program wrote")
	check(".", "is a directory")
	check("nowhere/page.html", "no such file or directory")
	if err := Save(in("README.md"), report.Summarize(exp)); err == nil || hint.Of(err) == "" {
		t.Errorf("a file of others is replaced: %v", err)
	}
	if got, err := os.ReadFile(in("README.md")); err != nil || string(got) != "# mine" {
		t.Errorf("a file of others is now %d bytes: %v", len(got), err)
	}
	if err := Save(in("page.html"), report.Summarize(exp)); err != nil {
		t.Errorf("a page of ours is not replaced: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 4 {
		t.Errorf("to look leaves %d entries: %v", len(entries), err)
	}
}
