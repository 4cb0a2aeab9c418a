package console

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	name := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", file, diff)
	}
}

// histogram counts durations.
func histogram(durations ...time.Duration) *load.Histogram {
	h := &load.Histogram{}
	for _, d := range durations {
		h.Record(d)
	}
	return h
}

// times gives n durations from a first one on, each a step longer.
func times(n int, first, step time.Duration) []time.Duration {
	var list []time.Duration
	for i := range n {
		list = append(list, first+time.Duration(i)*step)
	}
	return list
}

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// sample is a run with two names, failures and broken iterations.
func sample() *load.Result {
	const ms = time.Millisecond
	fetch := times(10, 5490*time.Microsecond, 0)
	small := append(times(98, 150200*time.Microsecond, 0), 900*ms, 12*time.Second)
	return &load.Result{
		Start: start, End: start.Add(2500 * ms),
		Counts: load.Counts{
			Requests: 110, Failed: 2,
			Errors: map[string]int{"timeout": 1, "status 503": 1}, Statuses: map[string]int{"200": 108, "503": 1},
			SentBytes: 33_691_500, ReceivedBytes: 4321,
			Latency: histogram(append(fetch, small[:99]...)...), FirstByte: histogram(append(fetch, small[:99]...)...),
			Attempts: histogram(append(fetch, small...)...),
		},
		Groups: []load.Group{
			{Name: "Fetch {{ id }}", Counts: load.Counts{Requests: 10, Latency: histogram(fetch...), FirstByte: histogram(fetch...), Attempts: histogram(fetch...)}},
			{Name: "small", Counts: load.Counts{
				Requests: 100, Failed: 2,
				Latency: histogram(small[:99]...), FirstByte: histogram(small[:99]...), Attempts: histogram(small...),
			}},
			{Name: "never sent", Counts: empty()},
		},
		Iterations: 12, Broken: 3,
		Lookups:  load.Lookups{N: 3, Failed: 1, Longest: 1234 * time.Microsecond},
		Hints:    []load.Hint{{Class: "timeout", Text: "wait longer", Requests: 1}},
		Mistakes: []load.Mistake{{Item: "login", Text: "unknown variable token", N: 2}, {Text: "other mistakes", N: 1}},
	}
}

func samplePlan() *plan.Plan {
	return &plan.Plan{
		File: "benchmark.yml", Base: "http://me:secret@localhost:3000", Concurrency: 16, Iterations: 12, Rampup: 1500 * time.Millisecond,
		Tags: []string{"small"}, Skipped: 4, Seed: 7,
		Warnings: []plan.Warning{{Pos: plan.Position{File: "benchmark.yml", Line: 3, Column: 1}, Text: "unknown key"}},
		Items:    []plan.Item{request("Fetch {{ id }}"), request("small"), request("never sent")},
	}
}

func TestStats(t *testing.T) {
	stats := func(f Format, s Setup, r *load.Result) string {
		return printed(t, f, func(p *Printer) { p.Stats(Run{Plan: samplePlan(), Setup: s, Result: r}) })
	}
	golden(t, "stats.txt", stats(Format{}, Setup{}, sample()))
	golden(t, "stats_nanosec_colour.txt", stats(Format{Nanosec: true, Colour: true}, Setup{CompatRampup: true}, sample()))

	open := sample()
	open.Rate, open.Late, open.Dropped, open.Interrupted = 40.5, 5, 6, true
	golden(t, "stats_open_loop.txt", stats(Format{}, Setup{}, open))

	// A run without a single request divides by nothing.
	nothing := &load.Result{Start: start, End: start, Counts: empty()}
	golden(t, "stats_nothing.txt", stats(Format{}, Setup{}, nothing))
}

func TestBanner(t *testing.T) {
	check := func(f Format, loaded *plan.Plan, s Setup, want string) {
		t.Helper()
		got := printed(t, f, func(p *Printer) { p.Banner(loaded, s) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	loaded := &plan.Plan{Base: "http://localhost:3000", Concurrency: 4, Iterations: 5, Rampup: 2 * time.Second}
	check(Format{}, loaded, Setup{}, "Concurrency 4\nIterations 5\nRampup 2\nBase URL http://localhost:3000\n\n")
	check(Format{Quiet: true}, loaded, Setup{}, "Concurrency 4\nIterations 5\nRampup 2\nBase URL http://localhost:3000\n\n")
	check(Format{}, loaded, Setup{Report: true},
		"Report mode: on. Ignoring concurrency and iterations properties...\nBase URL http://localhost:3000\n\n")
	check(Format{Colour: true}, loaded, Setup{Report: true},
		"\x1b[33mReport mode\x1b[0m: \x1b[35mon\x1b[0m. Ignoring \x1b[33mconcurrency\x1b[0m and \x1b[33miterations\x1b[0m properties...\n"+
			"\x1b[33mBase URL\x1b[0m \x1b[35mhttp://localhost:3000\x1b[0m\n\n")
	check(Format{}, &plan.Plan{Concurrency: 1, Iterations: 1}, Setup{}, "Concurrency 1\nIterations 1\nRampup 0\nBase URL \n\n")
	check(Format{}, &plan.Plan{Base: "b", Concurrency: 9, Rate: 40, Rampup: 500 * time.Millisecond}, Setup{Duration: 90 * time.Second, Proxy: "http://proxy:3128"},
		"Concurrency 9\nIterations unlimited\nRampup 0.5\nBase URL b\nDuration 1m30s\nRate 40/s\nProxy http://proxy:3128\n\n")

	// drill says first what it makes nothing of.
	refused := &plan.Plan{Concurrency: 1, Iterations: 1, Refused: []plan.Refused{{Key: "iterations"}, {Key: "rampup", Negative: true}}}
	check(Format{Colour: true}, refused, Setup{Report: true}, "Invalid iterations value!\nInvalid negative rampup value!\n"+
		"\x1b[33mReport mode\x1b[0m: \x1b[35mon\x1b[0m. Ignoring \x1b[33mconcurrency\x1b[0m and \x1b[33miterations\x1b[0m properties...\n"+
		"\x1b[33mBase URL\x1b[0m \x1b[35m\x1b[0m\n\n")

	// A password is for those who ask for everything.
	secret := &plan.Plan{Base: "http://me:pass@host/a@b", Concurrency: 1, Iterations: 1}
	check(Format{}, secret, Setup{}, "Concurrency 1\nIterations 1\nRampup 0\nBase URL http://host/a@b\n\n")
	check(Format{Verbose: true}, secret, Setup{}, "Concurrency 1\nIterations 1\nRampup 0\nBase URL http://me:pass@host/a@b\n\n")
}

func TestDigits(t *testing.T) {
	check := func(d time.Duration, want string) {
		t.Helper()
		if got := digits(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
	check(0, "0 µs")
	check(999, "1 µs")
	check(812*time.Microsecond, "812 µs")
	check(999400*time.Nanosecond, "999 µs")
	check(999500*time.Nanosecond, "1.00 ms")
	check(time.Millisecond, "1.00 ms")
	check(9994*time.Microsecond, "9.99 ms")
	check(9996*time.Microsecond, "10.0 ms")
	check(12345*time.Microsecond, "12.3 ms")
	check(99960*time.Microsecond, "100 ms")
	check(123456*time.Microsecond, "123 ms")
	check(999499*time.Microsecond, "999 ms")
	check(999500*time.Microsecond, "1.00 s")
	check(12*time.Second, "12.0 s")
	check(time.Hour, "3600 s")
}

func TestVolume(t *testing.T) {
	check := func(n bench.Bytes, took time.Duration, want string) {
		t.Helper()
		if got := volume(n, took); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	check(0, time.Second, "0 B (0 B/s)")
	check(999, time.Second, "999 B (999 B/s)")
	check(1000, 0, "1.00 kB (0 B/s)")
	check(123_456, 2*time.Second, "123 kB (61.7 kB/s)")
	check(1_500_000_000, 10*time.Second, "1.50 GB (150 MB/s)")
}

// empty counts nothing.
func empty() load.Counts {
	return load.Counts{Latency: histogram(), FirstByte: histogram(), Attempts: histogram()}
}
