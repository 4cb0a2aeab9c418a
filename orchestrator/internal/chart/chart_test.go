package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
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

// svg gives what SVG writes.
func svg(t testing.TB, exp *bench.Experiment) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := SVG(&b, exp); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wellFormed fails unless text is one XML element.
func wellFormed(t *testing.T, name, text string) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader([]byte(text))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s is no XML: %v", name, err)
			return
		}
	}
}

// hide leaves 7 MiB of a trial's memory to be seen, beside 60 MiB that live.
func hide(exp *bench.Experiment, variant string) {
	for i := range exp.Trials {
		t := &exp.Trials[i]
		if t.Variant != variant {
			continue
		}
		samples := t.Samples.Samples()
		for j := range samples {
			samples[j].Anon = 7 * bench.MiB
		}
		t.Samples = bench.NewSeries(samples...)
		for j := range t.Batches {
			b := &t.Batches[j]
			b.HighWater = 7 * bench.MiB
			t.Gauges = append(t.Gauges, bench.Gauge{At: b.Start + time.Second, LiveRequested: 60 * bench.MiB})
		}
	}
}

// troubled is an experiment in which much went wrong.
func troubled() *bench.Experiment {
	exp := made(three, 7)
	exp.Interrupted, exp.Design.Quick = true, true
	exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: "never"})
	hide(exp, "musl")
	for i := range exp.Trials {
		t := &exp.Trials[i]
		switch {
		case t.Round == 3:
			t.Void = "other processes took 40 % of the machine"
		case t.Round == 7 && t.Variant == "jemalloc":
			t.Error, t.Batches, t.Phases = "was killed by the kernel: out of memory", t.Batches[:1], t.Phases[:2]
			samples := t.Samples.Samples()
			t.Samples = bench.NewSeries(samples[:150]...)
		}
	}
	return exp
}

func TestGolden(t *testing.T) {
	twin := made(append(three[:2:2], profile{"libc-twin", 400, 390, 18 * time.Second, 0.05}), 7)
	twin.Design.Twin = "libc-twin"
	for name, exp := range map[string]*bench.Experiment{
		"three": made(three, 7), "one-round": made(three, 1), "eight": made(many(8), 6), "twenty": made(many(20), 3),
		"troubled": troubled(), "twin": twin, "empty": {},
	} {
		got := svg(t, exp)
		wellFormed(t, name, string(got))
		golden(t, name+".svg", got)
	}
}
