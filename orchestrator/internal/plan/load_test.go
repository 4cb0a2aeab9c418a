package plan

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// loadText loads a benchmark file that is not on disk.
func loadText(text string, opt Options) (*Plan, error) {
	l := newLoader(opt)
	l.read = func(name string) ([]byte, error) {
		if name != "benchmark.yml" {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(text), nil
	}
	return l.load("benchmark.yml")
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

func TestWithLoad(t *testing.T) {
	check := func(text string, iterations, concurrency, wantIterations, wantConcurrency, wantWarnings int) {
		t.Helper()
		p, err := loadText(text+"plan:\n  - {name: a, request: {url: http://h/}}\n", Options{})
		if err != nil {
			t.Fatal(withHint(err))
		}
		before := *p
		c := p.WithLoad(iterations, concurrency)
		if c.Iterations != wantIterations || c.Concurrency != wantConcurrency || len(c.Warnings) != wantWarnings {
			t.Errorf("%q with %d, %d: iterations %d, concurrency %d, warnings %v; want %d, %d and %d warnings",
				text, iterations, concurrency, c.Iterations, c.Concurrency, c.Warnings, wantIterations, wantConcurrency, wantWarnings)
		}
		if p.Iterations != before.Iterations || p.Concurrency != before.Concurrency || len(p.Warnings) != len(before.Warnings) {
			t.Error("the original changed")
		}
	}
	const both = "iterations: 100\nconcurrency: 16\n"
	check(both, 0, 0, 100, 16, 0)
	check(both, 50, 0, 50, 16, 0)
	check(both, 0, 32, 100, 32, 0)
	check(both, 8, 0, 8, 8, 1)
	check(both, 8, 32, 8, 8, 1)
	check("iterations: 7\n", 0, 0, 7, 7, 0)
	check("iterations: 7\n", 9, 0, 9, 9, 0)
	check("iterations: 7\nconcurrency: 16\n", 0, 0, 7, 7, 1)
	check("iterations: 7\nconcurrency: 16\n", 2500, 0, 2500, 16, 0) // 16 was asked for
}

func TestSHA256(t *testing.T) {
	sum := func(text string, edit func(*Plan)) string {
		t.Helper()
		p, err := loadText(text, Options{})
		if err != nil {
			t.Fatal(withHint(err))
		}
		if edit != nil {
			edit(p)
		}
		return p.SHA256()
	}
	base := sum(small, nil)
	// Fixed for good: another encoding needs another hashVersion.
	if want := "c8442bf95555f38b0b20042a79f4ff9368cf350f851fdcc46ae1f8268ffd7efb"; base != want {
		t.Errorf("got %s, want %s", base, want)
	}
	same := func(old, text string) {
		t.Helper()
		if sum(strings.Replace(small, old, text, 1), nil) != base {
			t.Errorf("%q in place of %q changes the hash", text, old)
		}
	}
	same("http://h", "https://elsewhere:8080")
	same("name: a", "name: b")
	same("tags: [x]", "tags: [y]")
	same("{A: b}", "{a: b}")
	same("plan:", "# comment\nlab: {x: y}\nplan:")

	edits := map[string]func(*Plan){
		"iterations":  func(p *Plan) { p.Iterations++ },
		"concurrency": func(p *Plan) { p.Concurrency++ },
		"ramp-up":     func(p *Plan) { p.Rampup = time.Second },
		"method":      func(p *Plan) { p.Requests()[0].Method = "PUT" },
		"path":        func(p *Plan) { p.Requests()[0].Parsed.Target += "b" },
		"query":       func(p *Plan) { p.Requests()[0].Parsed.Target += "?" },
		"body":        func(p *Plan) { p.Requests()[0].Body.Bytes = []byte("Text") },
		"header":      func(p *Plan) { p.Requests()[0].Headers[0].Value = vars.Parse("c") },
		"headers":     func(p *Plan) { p.Requests()[0].Headers = nil },
		"items":       func(p *Plan) { p.Items = append(p.Items, p.Items[0]) },
	}
	seen := map[string]string{base: "nothing"}
	for name, edit := range edits {
		s := sum(small, edit)
		if other, ok := seen[s]; ok {
			t.Errorf("a change of %s and one of %s give the same hash", name, other)
		}
		seen[s] = name
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

func TestSuggest(t *testing.T) {
	check := func(word, want string) {
		t.Helper()
		if got := suggest(word, append(itemKeys, topKeys...)); got != want {
			t.Errorf("suggest(%q) = %q; want %q", word, got, want)
		}
	}
	check("reqest", "request")
	check("reqeust", "request")
	check("REQUEST", "request")
	check("requests", "request")
	check("tag", "tags")
	check("itterations", "iterations")
	check("asert", "assert")
	check("description", "")
	check("id", "")
	check("", "")
	check(strings.Repeat("x", 1000), "")
}

func FuzzLoad(f *testing.F) {
	archives, _ := filepath.Glob("testdata/*.txtar")
	for _, name := range archives {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, text, _ := strings.Cut(string(data), "-- benchmark.yml --\n")
		text, _, _ = strings.Cut(text, "\n-- ")
		f.Add(text)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := loadText(text, Options{})
		if err != nil {
			var errs Errors
			if !errors.As(err, &errs) || len(errs) == 0 {
				t.Fatalf("an error of another kind: %v", err)
			}
			for _, m := range errs {
				checkMistake(t, m)
			}
			return
		}
		if p.Concurrency < 1 || p.Concurrency > p.Iterations || p.Rampup < 0 || len(p.Items) == 0 {
			t.Errorf("concurrency %d, iterations %d, rampup %v, %d items", p.Concurrency, p.Iterations, p.Rampup, len(p.Items))
		}
		for _, r := range p.Requests() {
			if u, err := url.Parse(r.Address); err != nil || u.Host == "" || u.Path == "" {
				t.Errorf("the URL %q: %v", r.Address, err)
			}
		}
		again, err := loadText(text, Options{})
		if err != nil || again.SHA256() != p.SHA256() {
			t.Errorf("a second load differs: %v", err)
		}
	})
}

// checkMistake checks that a mistake of a load can be found and read.
func checkMistake(t *testing.T, m *Mistake) {
	t.Helper()
	general := strings.Contains(m.Msg, "none of") || strings.HasPrefix(m.Msg, "every item") || strings.HasPrefix(m.Msg, "and ")
	if m.Pos.File == "" && !general || m.Msg == "" {
		t.Errorf("no place: %+v", m)
	}
	if m.Pos.Line > 0 && (m.Pos.Column < 1 || m.Excerpt == "") {
		t.Errorf("no excerpt: %+v", m)
	}
	for line := range strings.Lines(m.Excerpt) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > excerptWidth+len("12345678 | ") {
			t.Errorf("an excerpt of %d characters: %+v", n, m)
		}
	}
}
