package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// loadText loads a benchmark file that is not on disk.
func loadText(text string, opt Options) (*Plan, error) {
	return newTestLoader(map[string]string{"benchmark.yml": text}, opt).load("benchmark.yml")
}

// newTestLoader makes a loader of files that are not on disk.
func newTestLoader(files map[string]string, opt Options) *loader {
	l := newLoader(opt)
	l.read = func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(text), nil
	}
	return l
}

const small = `
base: http://h
iterations: 10
concurrency: 4
plan:
  - {name: a, tags: [x], request: {url: /a, method: POST, body: text, headers: {A: b}}}
`

// TestEncodings has the files that a text archive cannot hold.
func TestEncodings(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		got := ""
		if _, err := loadText(text, Options{}); err != nil {
			got = withHint(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
	check("\ufeff"+small, "")
	check(strings.ReplaceAll(small, "\n", "\r\n"), "")
	check(strings.TrimSpace(small), "")
	check("\u00a0\n\u2003"+small+"\v\f\u3000", "")
	check("base: a\n# ä\xff\n", "benchmark.yml:2:4: the byte 0xff is not UTF-8\n"+
		"    2 | # ä�\n      |    ^\n"+
		"hint: save the file as UTF-8\n")
	check("base: a\r\nb: \x01\r\n", "benchmark.yml:2:4: the character U+0001 is not allowed in YAML\n"+
		"    2 | b: �\n      |    ^\n"+
		"hint: write it as an escape in a text in double quotes: \"\\u0001\"\n")
	check("\xff\xfea\x00", "benchmark.yml:1:1: the byte 0xff is not UTF-8\n"+
		"    1 | ��a�\n      | ^^^^\n"+
		"hint: save the file as UTF-8\n")
}

func TestReadYAML(t *testing.T) {
	check := func(text string, want any, wantErr string) {
		t.Helper()
		got, err := ReadYAML("r.yml", []byte(text))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
		if (err == nil) != (wantErr == "") || err != nil && !strings.HasPrefix(err.Error(), wantErr) {
			t.Errorf("%q: error %v; want %s", text, err, wantErr)
		}
	}
	check("", nil, "")
	check("- {a: 010, b: 0x10, 5: x}\n- [1.50, yes]\n---\nb", []any{
		map[string]any{"a": "010", "b": int64(16)}, []any{1.5, "yes"},
	}, "")
	check("a: [", nil, "r.yml:1:5: this is not YAML")
	check("a: 1\na: 2", nil, "r.yml:2:1: the key \"a\" is given twice")
}

func TestMissingFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := Load("benchmark.yml", Options{})
	if got, want := withHint(err), "cannot open benchmark.yml: no such file or directory\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := LoadLab("benchmark.yml"); err == nil {
		t.Error("LoadLab: no error")
	}
}

func TestAbsoluteInclude(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.yml")
	if err := os.WriteFile(other, []byte("- {name: a, request: {url: http://h/}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "benchmark.yml")
	if err := os.WriteFile(name, []byte("plan: [include: "+other+"]"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Load(name, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Items[0].At().File; got != other {
		t.Errorf("the item is in %s; want %s", got, other)
	}
}

// TestManyMistakes checks that a broken file of megabytes is answered at once
// and in few words.
func TestManyMistakes(t *testing.T) {
	_, err := loadText("plan: ["+strings.Repeat("x, ", 200_000)+"y]", Options{})
	var errs Errors
	if !errors.As(err, &errs) || len(errs) != mostMistakes+1 {
		t.Fatalf("%d mistakes; want %d", len(errs), mostMistakes+1)
	}
	if got, want := errs[mostMistakes].Error(), "and 199901 more mistakes"; got != want {
		t.Errorf("the last one is %q; want %q", got, want)
	}
}

// TestBombs checks that few words which stand for too much are refused in little
// time.
func TestBombs(t *testing.T) {
	needs.Patience(t, "reads a million items")
	check := func(files map[string]string, want string) {
		t.Helper()
		_, err := newTestLoader(files, Options{}).load("benchmark.yml")
		var errs Errors
		if !errors.As(err, &errs) || len(errs) != 1 || errs[0].Msg != want || errs[0].Pos.Line == 0 {
			t.Errorf("got %v; want %q", err, want)
		}
	}
	// Files that include the next ones ten times each.
	files := map[string]string{"benchmark.yml": "plan: [include: 0.yml]"}
	for i := range 30 {
		next := fmt.Sprintf("- include: %d.yml\n", i+1)
		files[fmt.Sprintf("%d.yml", i)] = strings.Repeat(next, 10)
	}
	files["30.yml"] = "[{name: a, request: {url: http://h/}}]"
	check(files, "the plan has more than 1000000 items")

	const loop = "- {name: a, request: {url: http://h/}, with_items_range: {start: 1, stop: 600000}}\n"
	check(map[string]string{"benchmark.yml": "plan:\n" + loop + loop}, "with this loop the plan has more than 1000000 items")

	aliases := "plan: [{name: a, request: {url: http://h/}}]\na: &a [" + strings.Repeat("x,", 2000) + "]\n"
	check(map[string]string{"benchmark.yml": aliases + "b: [" + strings.Repeat("*a,", 1000) + "]"}, "the aliases of this file stand for too much")
}

// TestSharedBodies checks that a loop and a file that is included twice hold
// their body once.
func TestSharedBodies(t *testing.T) {
	const item = "- {name: a, request: {url: http://h/, method: POST, body: text}, with_items: [1, 2]}"
	p, err := newTestLoader(map[string]string{"benchmark.yml": "plan: [include: a.yml, include: a.yml]", "a.yml": item}, Options{}).load("benchmark.yml")
	if err != nil {
		t.Fatal(withHint(err))
	}
	first := p.Requests()[0]
	for i, r := range p.Requests() {
		if &r.Body.Bytes[0] != &first.Body.Bytes[0] {
			t.Errorf("request %d has a body of its own", i)
		}
	}
}

func TestErrorAt(t *testing.T) {
	p, err := loadText(small+"lab:\n  paws: 10s\n", Options{})
	if err != nil {
		t.Fatal(withHint(err))
	}
	err = p.ErrorAt(p.Lab[0].Pos, `unknown setting "paws"`, `did you mean "pause"?`)
	want := "benchmark.yml:8:3: unknown setting \"paws\"\n    8 |   paws: 10s\n      |   ^^^^\nhint: did you mean \"pause\"?\n"
	if diff := cmp.Diff(want, withHint(err)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got, want := withHint(p.ErrorAt(Position{}, "text", "")), "text\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzLoad(f *testing.F) {
	archives, _ := filepath.Glob("testdata/*.txtar")
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		other := ""
		for _, file := range archive.Files[1:] {
			if !slices.Contains([]string{"want", "warnings", "error"}, file.Name) {
				other = string(file.Data)
			}
		}
		f.Add(string(archive.Files[0].Data), other)
	}
	f.Add(small, "")
	// The second file stands for whatever the first one names: an include, a
	// body, rows of a loop.
	f.Fuzz(func(t *testing.T, text, other string) {
		load := func(opt Options) (*loader, *Plan, error) {
			l := newLoader(opt)
			l.read = func(name string) ([]byte, error) {
				if name == "benchmark.yml" {
					return []byte(text), nil
				}
				return []byte(other), nil
			}
			p, err := l.load("benchmark.yml")
			return l, p, err
		}
		l, p, err := load(Options{})
		if err != nil {
			var errs Errors
			if !errors.As(err, &errs) || len(errs) == 0 {
				t.Fatalf("an error of another kind: %v", err)
			}
			for _, m := range errs {
				checkMistake(t, l, m)
			}
			return
		}
		if p.Concurrency < 1 || p.Concurrency > p.Iterations || p.Rampup < 0 || len(p.Items) == 0 || len(p.Items) > mostItems {
			t.Errorf("concurrency %d, iterations %d, rampup %v, %d items", p.Concurrency, p.Iterations, p.Rampup, len(p.Items))
		}
		for _, r := range p.Requests() {
			if u, err := weburl.Parse(r.Address); r.Address != "" && (err != nil || u != r.Parsed) {
				t.Errorf("the URL %q: %v", r.Address, err)
			}
		}
		_, again, err := load(Options{Seed: p.Seed})
		if err != nil || again.SHA256() != p.SHA256() {
			t.Errorf("a second load differs: %v", err)
		}
		files := map[string]string{"benchmark.yml": text}
		if listing, err := newTestLoader(files, Options{Secrets: true}).list("benchmark.yml"); err == nil {
			root := newTestLoader(files, Options{}).open("benchmark.yml", nil, Position{}).root
			checkListing(t, get(entries(root), "plan").value, listing)
		}
	})
}

// checkListing checks that each task reads back as the item that it was.
func checkListing(t *testing.T, items *yaml.Node, listing *Listing) {
	t.Helper()
	if len(listing.Tasks) != len(items.Content) {
		return // tags have left some out
	}
	for i, task := range listing.Tasks {
		node, _, err := documents(task)
		if err != nil {
			t.Fatalf("%q does not read back: %v", task, err)
		}
		if diff := cmp.Diff(value(items.Content[i]), value(node)); diff != "" {
			t.Errorf("%q (-item +task)\n%s", task, diff)
		}
	}
}

// checkMistake checks that a mistake of a load can be found and read.
func checkMistake(t *testing.T, l *loader, m *Mistake) {
	t.Helper()
	general := strings.Contains(m.Msg, "none of") || strings.HasPrefix(m.Msg, "every item") || strings.HasPrefix(m.Msg, "and ")
	if m.Pos.File == "" && !general || m.Msg == "" {
		t.Errorf("no place: %+v", m)
	}
	if m.Pos.Line > 0 && (m.Pos.Column < 1 || m.Excerpt == "") {
		t.Errorf("no excerpt: %+v", m)
	}
	if f := l.plan.sources[m.Pos.File]; f != nil && m.Pos.Line > 0 {
		if length := utf8.RuneCountInString(f.line(m.Pos.Line)); m.Pos.Line > len(f.lines) || m.Pos.Column > length+1 {
			t.Errorf("%v is outside of the file: line %d of %d, %d characters", m.Pos, m.Pos.Line, len(f.lines), length)
		}
	}
	for line := range strings.Lines(m.Excerpt) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > excerptWidth+len("12345678 | ") {
			t.Errorf("an excerpt of %d characters: %+v", n, m)
		}
	}
}
