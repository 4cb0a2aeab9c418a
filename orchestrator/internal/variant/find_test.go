package variant

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// TestFind: what is called like a variant and is none stops nothing
// unless it is asked for.
func TestFind(t *testing.T) {
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(at(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(at("variants"), 0o755))
	for _, name := range []string{"Dockerfile.libc", "Dockerfile.musl", "Dockerfile.musl-1.2", "variants/Dockerfile.mi_malloc", "Dockerfile.twice", "variants/Dockerfile.twice"} {
		put(name, "FROM scratch\n")
	}
	for _, name := range []string{"Dockerfile.libc.dockerignore", "variants/Dockerfile.mi_malloc.dockerignore"} {
		put(name, "*\n") // docker build's own business
	}

	put("Dockerfile."+strings.Repeat("a", longestName+1), "FROM scratch\n")
	odd := map[string]string{ // the variant's name to what is said of it
		"dockerignore": "Dockerfile.dockerignore: its ending is that", "MyLibc": `Dockerfile.MyLibc: "MyLibc" cannot name a variant`,
		"-x": "cannot name", "": `"" cannot name`, "a b": "cannot name", "a\x1b[31mb": `"Dockerfile.a\x1b[31mb": "a\x1b[31mb" cannot name`,
		"other.dockerignore": "its ending", "libc~": "its ending", "libc.swp": "its ending", "libc.swo": "its ending", "libc.orig": "its ending",
		"libc.rej": "its ending", "libc.bak": "its ending", "libc.dpkg-old": "its ending", "libc.~1~": "its ending", "orig": "its ending",
		"empty": "Dockerfile.empty:1: no FROM", "words": "Dockerfile.words:1: HELLO before the first FROM", "args": "Dockerfile.args:1: no FROM",
		"backslash": `Dockerfile.backslash:2: the last line ends with a backslash`,
		"folder":    "Dockerfile.folder: is a directory", "fifo": "Dockerfile.fifo: is a pipe", "zero": "Dockerfile.zero: is a device",
		"gone": "Dockerfile.gone is a symbolic link to nothing", "loop": "too many levels", "huge": "is larger than 1 MiB",
		strings.Repeat("a", longestName+1): "the name has 49 characters",
		"twice":                            "Dockerfile.twice describes the same variant as variants/Dockerfile.twice",
	}
	for name := range odd {
		text := ""
		switch name {
		case "words":
			text = "hello world\n"
		case "args":
			text = "ARG A=b\n"
		case "backslash":
			text = "FROM scratch\nRUN a \\\n"
		case "folder":
			must(os.Mkdir(at("Dockerfile.folder"), 0o755))
			continue
		case "fifo":
			must(syscall.Mkfifo(at("Dockerfile.fifo"), 0o644))
			continue
		case "zero":
			must(os.Symlink("/dev/zero", at("Dockerfile.zero")))
			continue
		case "gone":
			must(os.Symlink("nowhere", at("Dockerfile.gone")))
			continue
		case "loop":
			must(os.Symlink("Dockerfile.loop", at("Dockerfile.loop")))
			continue
		case "twice", strings.Repeat("a", longestName+1):
			continue
		}
		put("Dockerfile."+name, text)
		if name == "huge" {
			must(os.Truncate(at("Dockerfile.huge"), 1<<40))
		}
	}

	found, err := Find(root, "musl")
	must(err)
	want := []bench.Variant{
		{Name: "musl", Dockerfile: "Dockerfile.musl"},
		{Name: "libc", Dockerfile: "Dockerfile.libc"},
		{Name: "mi_malloc", Dockerfile: "variants/Dockerfile.mi_malloc"},
		{Name: "musl-1.2", Dockerfile: "Dockerfile.musl-1.2"},
	}
	if diff := cmp.Diff(want, found.Variants); diff != "" {
		t.Errorf("variants (-want +got):\n%s", diff)
	}
	told := map[string]string{}
	for _, s := range found.Skipped {
		told[s.Name] = s.String()
		if strings.Contains(s.String(), "\x1b") || strings.Contains(s.String(), "\n") {
			t.Errorf("not for a terminal: %q", s)
		}
	}
	if len(told) != len(odd) {
		t.Errorf("%d skipped, %d odd ones: %q", len(told), len(odd), told)
	}
	for name, why := range odd {
		if got := told[name]; !strings.HasPrefix(got, "skipped: ") || !strings.Contains(got, why) {
			t.Errorf("%q: told %q; want %q", name, got, why)
		}
		if _, err := found.Choose([]Wanted{{Text: "musl"}, {Text: name}}, "musl"); err == nil || !strings.Contains(err.Error(), why) || !hint.IsMistake(err) {
			t.Errorf("--variant %q: %v; want a usage error with %q", name, err, why)
		}
		if _, err := found.Choose(nil, name); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("--baseline %q: %v; want %q", name, err, why)
		}
	}
	chosen, err := found.Choose([]Wanted{{Text: "musl"}}, "musl")
	if diff := cmp.Diff(want[:1], chosen.Variants); err != nil || diff != "" {
		t.Errorf("one that is asked for: %v\n%s", err, diff)
	}
	if all, err := found.Choose(nil, "musl"); err != nil || len(all.Variants) != len(want) {
		t.Errorf("all: %v, %v", all, err)
	}
}
