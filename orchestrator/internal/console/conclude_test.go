package console

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// TestConclude: what a run came to, and in which order it is said.
func TestConclude(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.yml")
	gates, err := ParseGates([]string{"p99>1ns", "p99>1h"})
	if err != nil {
		t.Fatal(err)
	}
	ask := &Ask{Gates: gates, ReportFile: file}
	if err := ask.Prepare(samplePlan()); err != nil {
		t.Fatal(err)
	}
	broken := sample()
	broken.Interrupted = true
	var out bytes.Buffer
	p := New(&out, Format{})
	o, err := p.Conclude(Run{Plan: samplePlan(), Result: broken}, ask)
	if err != nil {
		t.Fatal(err)
	}
	if !o.Failed || !o.Tripped || !o.Interrupted || out.Len() > 0 {
		t.Errorf("%+v, printed %q", o, out.String())
	}
	var at []int
	for _, want := range []string{"broken: ", "gate tripped: p99>1ns", "no report is written to " + file, "interrupted after "} {
		at = append(at, slices.IndexFunc(o.Lines, func(line string) bool { return strings.HasPrefix(line, want) }))
	}
	if at[0] < 0 || !slices.IsSorted(at) {
		t.Errorf("%v in %q", at, o.Lines)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the report of a broken run was written")
	}

	sound := sample()
	sound.Broken, sound.Mistakes = 0, nil
	o, err = p.Conclude(Run{Plan: samplePlan(), Result: sound}, ask)
	if _, missing := os.Stat(file); err != nil || missing != nil || o.Failed || !o.Tripped {
		t.Errorf("%+v, %v, %v", o, err, missing)
	}
}

// TestPrepare: what cannot be done is a mistake, and is found before the run.
func TestPrepare(t *testing.T) {
	gates, err := ParseGates([]string{"late>0"})
	if err != nil {
		t.Fatal(err)
	}
	for _, ask := range []*Ask{
		{Gates: gates},
		{ReportFile: filepath.Join(t.TempDir(), "none", "report.yml")},
		{ReportFile: t.TempDir()},
		{Compare: filepath.Join(t.TempDir(), "none.yml")},
	} {
		if err := ask.Prepare(samplePlan()); !hint.IsMistake(err) || hint.Of(err) == "" {
			t.Errorf("%+v: %v", ask, err)
		}
	}
}
