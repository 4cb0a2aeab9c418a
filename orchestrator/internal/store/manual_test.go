package store

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// manual gives the block of docs/experiment.md that begins with ```kind.
func manual(t *testing.T, kind string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "experiment.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n```"+kind+"\n")
	block, _, end := strings.Cut(rest, "```\n")
	if !ok || !end {
		t.Fatalf("the manual has no block of %s", kind)
	}
	return block
}

// What the manual shows is what is read, and every kind of record is in its
// table.
func TestManual(t *testing.T) {
	for _, err := range Read(strings.NewReader(manual(t, "jsonl"))) {
		if err != nil {
			t.Error(err)
		}
	}
	folded, err := Fold(Read(strings.NewReader(manual(t, "jsonl"))))
	if err != nil {
		t.Fatal(err)
	}
	saved, err := ReadExperiment(strings.NewReader(manual(t, "json")))
	if err != nil {
		t.Fatal(err)
	}
	for name, exp := range map[string]*bench.Experiment{"the stream": folded, "the experiment": saved} {
		if exp.Interrupted || len(exp.Unknown) > 0 || len(exp.Warnings) > 0 || len(exp.Trials) != 1 || exp.Ended.Sub(exp.Started) != 53*time.Second {
			t.Fatalf("%s: %+v", name, exp)
		}
	}
	a, b := folded.Trials[0], saved.Trials[0]
	if !a.Samples.Equal(b.Samples) || a.Samples.Len() != 4 || a.Error+b.Error != "" || a.Batches[0].HighWater != b.Batches[0].HighWater || len(a.Phases) != 3 {
		t.Errorf("the stream has %+v; the experiment has %+v", a, b)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "experiment.md"))
	if err != nil {
		t.Fatal(err)
	}
	for kind := range kinds {
		kept := !Record{What: zero(kind)}.Passing()
		if in := strings.Contains(string(text), "| `"+kind+"` |"); in != kept {
			t.Errorf("record %q: kept %v, in the manual's table %v", kind, kept, in)
		}
	}
}

// zero gives the zero value of a kind of record.
func zero(kind string) any { return reflect.New(kinds[kind]).Elem().Interface() }
