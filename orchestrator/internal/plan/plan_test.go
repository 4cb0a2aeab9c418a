package plan

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

var update = flag.Bool("update", false, "write what comes out into the cases of testdata")

// TestCases runs each archive of testdata: its files are written to a folder
// and the file benchmark.yml is loaded, or listed with the flag --list. In the
// comment, a line "flags:" gives the flags below. What is expected stands in the
// files want and warnings, or in the file error.
func TestCases(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no cases", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			testCase(t, name)
		})
	}
}

func testCase(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(name) // for -update, after the change of folder
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	want := make(map[string]string)
	input := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		switch f.Name {
		case "want", "warnings", "error":
			want[f.Name] = string(f.Data)
			continue
		}
		input.Files = append(input.Files, f)
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	got := make(map[string]string)
	opt, list := flags(t, string(archive.Comment))
	if list {
		listing, err := List("benchmark.yml", opt)
		if err != nil {
			got["error"] = withHint(err)
		} else {
			got["want"] = fmt.Sprintf("%q\n\n%s\n", listing.Tags, strings.Join(listing.Tasks, "\n\n"))
		}
	} else if p, err := Load("benchmark.yml", opt); err != nil {
		got["error"] = withHint(err)
	} else {
		got["want"] = describe(p)
		for _, w := range p.Warnings {
			got["warnings"] += w.String() + "\n"
		}
	}
	if *update {
		for _, kind := range []string{"want", "warnings", "error"} {
			if got[kind] != "" {
				input.Files = append(input.Files, txtar.File{Name: kind, Data: []byte(got[kind])})
			}
		}
		if err := os.WriteFile(path, txtar.Format(input), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// flags reads the line "flags:" of a comment.
func flags(t *testing.T, comment string) (opt Options, list bool) {
	t.Helper()
	for line := range strings.Lines(comment) {
		rest, ok := strings.CutPrefix(line, "flags:")
		if !ok {
			continue
		}
		opt.Env = make(vars.Env)
		set := flag.NewFlagSet("flags", flag.ContinueOnError)
		set.Func("tags", "", func(s string) error { opt.Tags, opt.TagsSet = ParseTags(s), true; return nil })
		set.Func("skip-tags", "", func(s string) error { opt.SkipTags = ParseTags(s); return nil })
		set.Func("env", "", func(s string) error { maps.Copy(opt.Env, vars.Environ([]string{s})); return nil })
		set.BoolVar(&opt.Strict, "strict", false, "")
		set.BoolVar(&opt.NoExec, "no-exec", false, "")
		set.BoolVar(&opt.Secrets, "secrets", false, "")
		set.StringVar(&opt.Base, "base", "", "")
		set.Uint64Var(&opt.Seed, "seed", 0, "")
		set.BoolVar(&list, "list", false, "")
		if err := set.Parse(strings.Fields(rest)); err != nil {
			t.Fatal(err)
		}
	}
	return opt, list
}

// withHint is what a person sees of an error.
func withHint(err error) string {
	s := err.Error() + "\n"
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) && hinter.Hint() != "" {
		s += "hint: " + hinter.Hint() + "\n"
	}
	return s
}

// describe writes a plan down, one thing a line.
func describe(p *Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "concurrency %d, iterations %d, rampup %v\n", p.Concurrency, p.Iterations, p.Rampup)
	line := func(show bool, format string, args ...any) {
		if show {
			fmt.Fprintf(&b, format+"\n", args...)
		}
	}
	line(p.Rate != 0, "rate %v", p.Rate)
	line(p.Base != "", "base %s at %s", p.Base, p.Origin)
	line(p.Seed != 0, "seed %d", p.Seed)
	line(p.Refused != nil, "refused %v", p.Refused)
	line(p.Skipped != 0, "skipped %d", p.Skipped)
	for _, item := range p.Items {
		head := fmt.Sprintf("%v %s: ", item.At(), item.Title())
		if r, ok := item.(*Request); ok {
			for i := range r.Times() {
				b.WriteString(head)
				describeRequest(&b, r)
				if r.Loop != nil {
					e := r.Loop.At(i)
					line(true, "    %d: %T %s", e.Index, e.Value, vars.AppendValue(nil, e.Value))
				}
			}
			continue
		}
		b.WriteString(head)
		switch it := item.(type) {
		case *Assign:
			line(true, "assign %q = %q tags %v", it.Key, it.Value, it.Tags)
		case *Assert:
			line(true, "assert %q = %q tags %v", it.Key, it.Value, it.Tags)
		case *Delay:
			line(true, "delay %v tags %v", it.For, it.Tags)
		case *Exec:
			line(true, "exec %q %q tags %v", it.Command.String(), it.Command.Names(), it.Tags)
			line(it.Assign != "", "    to %s", it.Assign)
		}
	}
	for _, s := range p.Lab {
		line(true, "%v lab %s = %q", s.Pos, s.Key, s.Values)
	}
	return b.String()
}

func describeRequest(b *strings.Builder, r *Request) {
	url := r.Address
	if url == "" {
		url = fmt.Sprintf("url %s %q", r.URL, r.URL.Names())
	} else if url != r.Parsed.String() {
		url += " is not " + r.Parsed.String()
	}
	fmt.Fprintf(b, "%s %s tags %v\n", r.Method, url, r.Tags)
	if r.Shown.String() != r.Name || !r.Shown.Static() {
		fmt.Fprintf(b, "    shown as %s %q\n", r.Shown, r.Shown.Names())
	}
	for _, h := range r.Headers {
		fmt.Fprintf(b, "    %s: %s", h.Name, h.Value)
		if !h.Value.Static() {
			fmt.Fprintf(b, " %q", h.Value.Names())
		}
		b.WriteByte('\n')
	}
	switch {
	case r.Body.Bytes != nil:
		fmt.Fprintf(b, "    %q\n", r.Body.Bytes)
	case !r.Body.Text.Static():
		fmt.Fprintf(b, "    %q %q\n", r.Body.Text.String(), r.Body.Text.Names())
	}
	if r.Success != nil {
		fmt.Fprintf(b, "    succeeds with %v\n", r.Success)
	}
	if r.Assign != "" {
		fmt.Fprintf(b, "    to %s\n", r.Assign)
	}
}

// TestRealPlan loads the plan of this repository, as compare and drill do.
func TestRealPlan(t *testing.T) {
	const name = "../../../benchmark.yml"
	check := func(opt Options, want ...string) {
		t.Helper()
		opt.Strict = true
		p, err := Load(name, opt)
		if err != nil {
			t.Fatal(withHint(err))
		}
		if p.Concurrency != 16 || p.Iterations != 2500 || p.Rampup.Seconds() != 1 || p.Base != "http://localhost:3000" {
			t.Errorf("concurrency %d, iterations %d, rampup %v, base %s", p.Concurrency, p.Iterations, p.Rampup, p.Base)
		}
		var got []string
		for _, r := range p.Requests() {
			got = append(got, r.Name)
			if r.Method != "POST" || r.Address != "http://localhost:3000/widgets" {
				t.Errorf("%s: %s %s", r.Name, r.Method, r.Address)
			}
			if diff := cmp.Diff("content-type: application/json", r.Headers[0].Name+": "+r.Headers[0].Value.String()); diff != "" {
				t.Errorf("%s: headers (-want +got)\n%s", r.Name, diff)
			}
			if b := r.Body.Bytes; b[0] != '{' || b[len(b)-1] != '}' || len(b) >= 2<<20 {
				t.Errorf("%s: a body of %d bytes, %.20q …", r.Name, len(b), b)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("items (-want +got)\n%s", diff)
		}
	}
	check(Options{}, "tiny", "small", "medium", "large", "mixed")
	check(Options{Tags: []string{"medium"}}, "medium")
	check(Options{Tags: []string{"small", "medium"}}, "small", "medium")
	check(Options{SkipTags: []string{"large"}}, "tiny", "small", "medium", "mixed")

	p, err := LoadLab(name)
	if err != nil {
		t.Fatal(withHint(err))
	}
	got := make(map[string]string)
	for _, s := range p.Lab {
		got[s.Key] = strings.Join(s.Values, ",")
	}
	want := map[string]string{
		"tags": "medium", "baseline": "libc", "iterations": "480", "batches": "2", "pause": "5s", "idle": "30s", "rounds": "0", "mode": "together",
		"sleep": "450ms", "workers": "10", "threads": "hop", "transport": "unix",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lab (-want +got)\n%s", diff)
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load("../../../benchmark.yml", Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSHA256(b *testing.B) {
	p, err := Load("../../../benchmark.yml", Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.SHA256()
	}
}
