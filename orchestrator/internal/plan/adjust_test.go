package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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

func TestEndless(t *testing.T) {
	check := func(text string, concurrency, want int) {
		t.Helper()
		p, err := loadText(text+"plan:\n  - {name: a, request: {url: http://h/}}\n", Options{})
		if err != nil {
			t.Fatal(withHint(err))
		}
		for _, c := range []*Plan{p.WithLoad(0, concurrency).Endless(), p.Endless().WithLoad(0, concurrency)} {
			if c.Iterations != 0 || c.Concurrency != want || len(c.Warnings) != 0 {
				t.Errorf("%q with %d: iterations %d, concurrency %d, warnings %v; want concurrency %d",
					text, concurrency, c.Iterations, c.Concurrency, c.Warnings, want)
			}
		}
		if p.Iterations == 0 {
			t.Error("the original changed")
		}
	}
	check("", 0, 1)
	check("iterations: 7\n", 0, 7)
	check("iterations: 7\n", 9, 9)
	check("iterations: 7\nconcurrency: 2\n", 0, 2)
	check("iterations: 7\nconcurrency: 16\n", 0, 16) // asked for, and no longer too many

	p, err := loadText(small, Options{})
	if err != nil {
		t.Fatal(withHint(err))
	}
	if c := p.Endless().WithLoad(3, 0); c.Iterations != 3 || c.Concurrency != 3 || len(c.Warnings) != 1 {
		t.Errorf("with an end again: iterations %d, concurrency %d, warnings %v", c.Iterations, c.Concurrency, c.Warnings)
	}
}

func TestWithBase(t *testing.T) {
	load := func(text string) *Plan {
		t.Helper()
		p, err := loadText(text, Options{})
		if err != nil {
			t.Fatal(withHint(err))
		}
		return p
	}
	const items = `
plan:
  - {name: a, request: {url: /a, headers: {x: y}}}
  - {name: b, request: {url: http://u@other/b}}
  - {name: c, request: {url: '/{{ c }}'}}
  - {name: d, request: {url: /d, headers: {Authorization: own}}}
`
	p := load("base: http://u:p@h/api" + items)
	check := func(p *Plan, want ...string) {
		t.Helper()
		var got []string
		for _, r := range p.Requests() {
			line := r.Address
			for _, h := range r.Headers {
				line += " " + h.Name + ": " + h.Value.String()
			}
			if r.Address != "" && r.Address != r.Parsed.String() || r.Parsed.User != "" {
				t.Errorf("%s is %+v", r.Address, r.Parsed)
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("base %s (-want +got)\n%s", p.Base, diff)
		}
	}
	const b = "http://other/b authorization: Basic dTo="
	own := []string{"http://h/api/a x: y authorization: Basic dTpw", b, "", "http://h/api/d Authorization: own"}
	check(p, own...)
	moved, err := p.WithBase("https://new:444")
	if err != nil {
		t.Fatal(withHint(err))
	}
	check(moved, "https://new:444/a x: y", b, "", "https://new:444/d Authorization: own")
	check(p, own...)
	if moved, err = moved.WithBase("unix:/run/x.sock"); err != nil {
		t.Fatal(withHint(err))
	}
	check(moved, "unix:/run/x.sock:/a x: y", b, "", "unix:/run/x.sock:/d Authorization: own")
	if moved.Base != "unix:/run/x.sock" || moved.Origin.Host != "/run/x.sock" {
		t.Errorf("base %s, origin %+v", moved.Base, moved.Origin)
	}

	_, err = p.WithBase("new:444")
	want := "the base \"new:444\" is not http or https\nhint: write http://host, http://host:port or unix:/path/of/socket\n"
	if err == nil || withHint(err) != want {
		t.Errorf("got %v; want %q", err, want)
	}

	p = load(strings.Replace(small, "name: a", "name: a, assign: base", 1))
	if moved, err = p.WithBase("http://new"); err != nil {
		t.Fatal(withHint(err))
	}
	check(moved, " A: b") // known only when it is sent
}

func TestParseRate(t *testing.T) {
	check := func(text string, want float64, wantErr string) {
		t.Helper()
		got, err := ParseRate(text)
		if err == nil && wantErr != "" || err != nil && err.Error() != wantErr || got != want {
			t.Errorf("%q: %v, %v; want %v, %q", text, got, err, want, wantErr)
		}
	}
	check("40", 40, "")
	check("40/s", 40, "")
	check("2400/m", 40, "")
	check("1800/h", 0.5, "")
	check(" 0.5 / s ", 0.5, "")
	check("1e3", 1000, "")
	check("", 0, "is not a number")
	check("/s", 0, "is not a number")
	check("forty", 0, "is not a number")
	check("nan", 0, "is not a number")
	check("40/", 0, "is not per s, m or h")
	check("40/s/s", 0, "is not per s, m or h")
	check("0", 0, "is not above 0")
	check("-1/m", 0, "is not above 0")
	check("inf", 0, "is out of range")
	check("5e-324/h", 0, "is out of range")
}
