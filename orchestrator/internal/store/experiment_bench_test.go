package store_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// The size of a large experiment: 16 variants, 20 rounds and 10 batches, read at
// 20 Hz.
const variants, rounds, batches, samples = 16, 20, 10, 7500

// largeDesign is the design of a large experiment.
func largeDesign() bench.Design {
	d := bench.Design{Baseline: "v0", Rounds: rounds, Batches: batches, SampleEvery: 50 * time.Millisecond}
	for v := range variants {
		d.Variants = append(d.Variants, bench.Variant{Name: fmt.Sprintf("v%d", v)})
	}
	return d
}

// largeTrial makes one of its trials, from 0.
func largeTrial(i int) bench.Trial {
	random := rand.New(rand.NewPCG(1, uint64(i)))
	const batch = samples * 50 * time.Millisecond / (batches + 1)
	t := bench.Trial{Variant: fmt.Sprintf("v%d", i%variants), Round: 1 + i/variants, Started: time.Unix(int64(i)*400, 0).UTC()}
	anon := 40*bench.MiB + bench.Bytes(random.IntN(5000))*4*bench.KiB
	for n := range samples {
		anon = max(anon+bench.Bytes(random.IntN(2000)-999)*4*bench.KiB, bench.MiB)
		t.Samples.Append(bench.Sample{At: time.Duration(n)*50*time.Millisecond + time.Duration(random.IntN(200_000)), Anon: anon, File: 3 * bench.MiB})
	}
	for n := range samples / 20 {
		t.Gauges = append(t.Gauges, bench.Gauge{At: time.Duration(n) * time.Second, LiveRequested: anon / 2, LiveUsable: anon / 2, Allocs: uint64(n) * 1e6, Frees: uint64(n) * 1e6, GoLow: 4 * bench.MiB, GoHigh: 6 * bench.MiB, Threads: 19})
	}
	for n := range batches {
		from := time.Duration(n) * batch
		t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseBatch, Batch: n + 1, Start: from, End: from + batch})
		t.Edges = append(t.Edges, bench.Edge{At: from, Name: fmt.Sprintf("batch %d start", n+1), Anon: anon, Anonymous: anon}, bench.Edge{At: from + batch, Name: fmt.Sprintf("batch %d end", n+1), Anon: anon, Anonymous: anon})
		t.Batches = append(t.Batches, bench.Batch{
			Number: n + 1, Start: from, End: from + batch, Requests: 2500, CPU: 30 * time.Second, HighWater: anon + bench.MiB,
			Errors: map[string]int{}, Statuses: map[string]int{"201": 2500}, Answers: map[string]int{"201/58": 2500},
			Latency: bench.Latency{Min: 1e6, Mean: 2e6, P50: 2e6, P90: 3e6, P99: 4e6, P999: 5e6, Max: 6e6},
			Machine: &bench.Machine{Elapsed: batch, CPUs: 2},
		})
	}
	t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseIdle, Start: batches * batch, End: samples * 50 * time.Millisecond})
	return t
}

// large makes a large experiment.
func large() *bench.Experiment {
	exp := &bench.Experiment{Schema: bench.Schema, Design: largeDesign()}
	for i := range variants * rounds {
		exp.Trials = append(exp.Trials, largeTrial(i))
	}
	return exp
}

// peak gives the most memory that the process has of the system while f runs, in
// bytes, and the most that objects take of it.
func peak(f func()) (process, objects uint64) {
	debug.FreeOSMemory()
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			metrics.Read(samples)
			process = max(process, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			objects = max(objects, samples[2].Value.Uint64())
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	f()
	close(done)
	wait.Wait()
	return process, objects
}

// BenchmarkLargeExperiment shows the memory that a large experiment takes: while
// it is summarised and saved, and while it is read and summarised.
func BenchmarkLargeExperiment(b *testing.B) {
	measure := func(b *testing.B, work func()) {
		b.Helper()
		var process, objects uint64
		for b.Loop() {
			p, o := peak(work)
			process, objects = max(process, p), max(objects, o)
		}
		b.ReportMetric(float64(process)/1e6, "MB-process")
		b.ReportMetric(float64(objects)/1e6, "MB-objects")
	}
	path := filepath.Join(b.TempDir(), "experiment.json")
	b.Run("save", func(b *testing.B) {
		exp := large()
		measure(b, func() {
			file, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			report.Summarize(exp)
			if err := report.JSON(io.MultiWriter(file, io.Discard), exp); err != nil {
				b.Fatal(err)
			}
		})
		if info, err := os.Stat(path); err == nil {
			b.ReportMetric(float64(info.Size())/1e6, "MB-file")
		}
	})
	b.Run("read", func(b *testing.B) {
		measure(b, func() {
			file, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			exp, err := store.ReadExperiment(file)
			if err != nil {
				b.Fatal(err)
			}
			report.Summarize(exp)
		})
	})
}
