package versus

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); -update rewrites it:\n%s", name, diff)
	}
}

// results are those that every format has to cope with.
func results(t *testing.T) map[string]*Result {
	t.Helper()
	other := run(2, 8, libc(), jemalloc().more(1.2), service{"musl", 100, 90, 20, time.Millisecond, time.Second})
	other.Environment.Kernel, other.Environment.CPUModel, other.Design.Idle = "6.19", "AMD EPYC 9B14", 40*time.Second
	for i := range other.Trials {
		if other.Trials[i].Variant == "jemalloc" {
			other.Trials[i].Proof.Version = "1.1"
		}
	}
	sleepy := run(2, 4, libc(), jemalloc())
	sleepy.Design.Sleep, sleepy.Interrupted = time.Second, true
	strange := func(seed int) *bench.Experiment {
		e := run(seed, 7, libc(), jemalloc())
		e.Design.Baseline = "<b>|`x\x1b[2J"
		for i := range e.Trials {
			if e.Trials[i].Variant == "libc" {
				e.Trials[i].Variant = e.Design.Baseline
			} else {
				e.Trials[i].Variant = strings.Repeat("jemalloc with a long name ", 9)
			}
			e.Trials[i].Proof.Version = "<script>\u202e@all " + e.RunID
			e.Trials[i].Warnings = []bench.Warning{{Code: "<i>\x1b[1m", Text: "see <img src=x>\n# head | cell"}}
		}
		e.Design.Variants = nil
		return e
	}
	all := map[string]*Result{}
	for name, pair := range map[string]struct {
		old, now *bench.Experiment
		o        Options
	}{
		"change":  {run(1, 7, libc(), jemalloc()), run(2, 8, libc(), jemalloc().more(1.2)), Options{OldName: "results/old", NewName: "results/new"}},
		"other":   {run(1, 7, libc(), jemalloc()), other, Options{}},
		"anyway":  {run(1, 4, libc(), jemalloc()), sleepy, Options{Anyway: true}},
		"strange": {strange(1), strange(2), Options{OldName: "<b>\x1b]0;x\a", NewName: "a|b"}},
		"same":    {run(1, 7, libc()), run(1, 7, libc()), Options{}},
	} {
		r, err := compare(pair.old, pair.now, pair.o)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = r
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, r := range results(t) {
		var text, markdown bytes.Buffer
		if err := r.Text(&text, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := r.Markdown(&markdown); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", text.Bytes())
		golden(t, name+".md", markdown.Bytes())
	}
	var b bytes.Buffer
	if err := results(t)["other"].JSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "other.json", b.Bytes())
}

// TestTextFits holds the text to its width; colours change nothing but colours.
func TestTextFits(t *testing.T) {
	for name, r := range results(t) {
		for _, columns := range []int{60, 80, 100, 200} {
			var text, colored strings.Builder
			if err := r.Text(&text, report.TextOptions{Width: columns}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(text.String()) {
				if line = strings.TrimSuffix(line, "\n"); layout.Width(line) > columns || strings.HasSuffix(line, " ") {
					t.Errorf("%s, width %d: line of %d: %q", name, columns, layout.Width(line), line)
				}
			}
			if err := r.Text(&colored, report.TextOptions{Width: columns, Color: true}); err != nil {
				t.Fatal(err)
			}
			bare := colored.String()
			for _, code := range []string{layout.Green, layout.Red, layout.Yellow, layout.Bold, layout.Reset} {
				bare = strings.ReplaceAll(bare, code, "")
			}
			lines := strings.Split(bare, "\n")
			for i := range lines {
				lines[i] = strings.TrimRight(lines[i], " ")
			}
			if diff := cmp.Diff(text.String(), strings.Join(lines, "\n")); diff != "" || bare == colored.String() {
				t.Errorf("%s, width %d: colours changed the text:\n%s", name, columns, diff)
			}
		}
	}
}

// TestHostile: nothing of what others wrote acts on a terminal or in Markdown.
func TestHostile(t *testing.T) {
	for name, r := range results(t) {
		var text, markdown, file bytes.Buffer
		if err := r.Text(&text, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := r.Markdown(&markdown); err != nil {
			t.Fatal(err)
		}
		if err := r.JSON(&file); err != nil {
			t.Fatal(err)
		}
		for _, got := range []string{text.String(), markdown.String(), file.String()} {
			for _, c := range got {
				if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) {
					t.Errorf("%s: %q in\n%s", name, c, got)
				}
			}
		}
		for _, tag := range []string{"<b>", "<i>", "<img", "<script", "|b"} {
			if strings.Contains(strings.ReplaceAll(markdown.String(), `\|b`, ""), tag) {
				t.Errorf("%s: %s in\n%s", name, tag, markdown.String())
			}
		}
		var back any
		if err := json.Unmarshal(file.Bytes(), &back); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
