package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// Going back and forth costs little, and so do thousands of warnings.
func TestFoldEffort(t *testing.T) {
	needs.Patience(t, "folds for seconds")
	begin := time.Now()
	records := func(yield func(Record, error) bool) {
		_ = yield(head, nil)
		for i := range 100_000 {
			for _, of := range []Of{{}, libc1, {"libc", i + 5}} {
				if !yield(Record{of, bench.Warning{Code: "odd", Text: fmt.Sprint(i)}}, nil) {
					return
				}
			}
		}
		for {
			if !yield(Record{What: Resumed{After: math.MaxInt}}, nil) {
				return
			}
		}
	}
	_, err := Fold(records)
	if err == nil || !strings.Contains(err.Error(), "goes on from an earlier round too often") {
		t.Error(err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it takes %v", took)
	}
}

// An experiment can be had at any time, from another goroutine, and stays as it
// is.
func TestFoldingLive(t *testing.T) {
	f := NewFolding()
	f.Add(head)
	var all sync.WaitGroup
	done := make(chan struct{})
	all.Go(func() {
		defer close(done)
		for round := 1; round <= 30; round++ {
			of := Of{"libc", round}
			f.Add(Record{of, Trial{Started: noon}})
			f.Add(Record{of, bench.Phase{Kind: bench.PhaseBatch, Start: 1}})
			for i := range 200 {
				f.Add(Record{of, bench.Sample{At: time.Duration(i), Anon: bench.Bytes(i)}})
				f.Add(Record{of, bench.Gauge{At: time.Duration(i)}})
				f.Add(Record{of, bench.Warning{Code: "odd", Text: fmt.Sprint(i)}})
			}
			f.Add(Record{of, Ended{}})
			f.Add(Record{What: Judged{Round: round}})
			f.Add(head)
		}
	})
	for range 2 {
		all.Go(func() {
			for open := true; open; {
				select {
				case <-done:
					open = false
				default:
				}
				exp, err := f.Experiment()
				if err != nil {
					t.Error(err)
					return
				}
				once, err := json.Marshal(exp)
				if err != nil {
					t.Error(err)
				}
				f.Done()
				for i := range exp.Trials {
					tr := &exp.Trials[i]
					tr.Warnings = append(tr.Warnings, bench.Warning{Code: "mine"})
					tr.Phases = append(tr.Phases, bench.Phase{Kind: "mine"})
					tr.Gauges = append(tr.Gauges, bench.Gauge{At: -1})
					tr.Warnings, tr.Phases, tr.Gauges = tr.Warnings[:len(tr.Warnings)-1], tr.Phases[:len(tr.Phases)-1], tr.Gauges[:len(tr.Gauges)-1]
				}
				if strings.Contains(string(once), "mine") {
					t.Error("what one reader appends, another sees")
				}
			}
		})
	}
	all.Wait()
	if done := f.Done(); len(done) != 30 {
		t.Errorf("%d rounds are done", len(done))
	}
}

// Who looks at a run that goes on sees the trials that have ended, and no
// interruption before there is one.
func TestSoFar(t *testing.T) {
	f := NewFolding()
	check := func(interrupted bool, trials int) {
		t.Helper()
		exp, err := f.SoFar()
		if err != nil {
			t.Fatal(err)
		}
		if exp.Interrupted != interrupted || len(exp.Trials) != trials {
			t.Errorf("interrupted: %v, %d trials; want %v, %d", exp.Interrupted, len(exp.Trials), interrupted, trials)
		}
		for _, tr := range exp.Trials {
			if tr.Error != "" {
				t.Errorf("%s %s", tr.Variant, tr.Error)
			}
		}
	}
	if _, err := f.SoFar(); err == nil {
		t.Error("there is no header, and no error")
	}
	f.Add(head)
	f.Add(Record{libc1, Trial{Started: noon}})
	f.Add(Record{libc1, bench.Sample{At: 1}})
	check(false, 0)
	f.Add(Record{libc1, Ended{}})
	f.Add(Record{libc2, Trial{Started: noon}})
	check(false, 1)
	f.Add(Record{What: End{Interrupted: true}})
	check(true, 1)
	f.Add(Record{What: Resumed{After: 1}})
	check(false, 1)
}

// BenchmarkFolding shows what a look at a large run costs while it goes on: 16
// variants, 20 rounds.
func BenchmarkFolding(b *testing.B) {
	f := NewFolding()
	f.Add(head)
	for i := range 320 {
		of := Of{fmt.Sprintf("v%d", i%16), 1 + i/16}
		f.Add(Record{of, Trial{Started: noon}})
		for n := range 2000 {
			f.Add(Record{of, bench.Sample{At: time.Duration(n)}})
			f.Add(Record{of, bench.Gauge{At: time.Duration(n)}})
		}
	}
	for b.Loop() {
		if _, err := f.Experiment(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
}

func FuzzFold(f *testing.F) {
	whole := text(f, small()[:14])
	f.Add(whole)
	f.Add(bytes.ReplaceAll(whole, []byte(`"end"`), []byte(`"resumed"`)))
	f.Add(append(whole, whole...))
	f.Fuzz(func(t *testing.T, stream []byte) {
		b := bounds{line: 1 << 20, stream: 8 << 20, bad: 1000, sought: 1 << 20}
		folding := NewFolding()
		for r, err := range b.read(bytes.NewReader(stream)) {
			if stop := folding.Take(r, err); stop != nil {
				return
			}
		}
		exp, err := folding.Experiment()
		if err != nil {
			return
		}
		if n := len(folding.Done()); n > len(folding.judged) {
			t.Errorf("%d rounds are done", n)
		}
		for i := range exp.Trials {
			exp.Trials[i].Samples.Samples()
		}
		_, err = json.Marshal(exp)
		if unfit := (*json.MarshalerError)(nil); err != nil && !errors.As(err, &unfit) {
			t.Error(err)
		}
	})
}
