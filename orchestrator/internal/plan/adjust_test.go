package plan

import (
	"testing"
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

func TestChanged(t *testing.T) {
	check := func(to Change, iterations, concurrency int, rate float64) {
		t.Helper()
		p, err := loadText("iterations: 100\nconcurrency: 16\narrival_rate: 5/s\nplan:\n  - {name: a, request: {url: http://h/}}\n", Options{})
		if err != nil {
			t.Fatal(withHint(err))
		}
		if c := p.Changed(to); c.Iterations != iterations || c.Concurrency != concurrency || c.Rate != rate {
			t.Errorf("%+v: iterations %d, concurrency %d, rate %v; want %d, %d, %v", to, c.Iterations, c.Concurrency, c.Rate, iterations, concurrency, rate)
		}
		if p.Iterations != 100 || p.Rate != 5 {
			t.Error("the original changed")
		}
	}
	check(Change{}, 100, 16, 5)
	check(Change{Iterations: 50, Concurrency: 4, Rate: 40}, 50, 4, 40)
	check(Change{Endless: true}, 0, 16, 5)
	check(Change{Endless: true, Iterations: 50}, 50, 16, 5)
	check(Change{Once: true, Rate: 40}, 1, 1, 0)
}
