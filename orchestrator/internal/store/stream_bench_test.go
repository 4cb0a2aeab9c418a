package store_test

import (
	"io"
	"os"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// replay puts the records of a trial as a run does, and calls checkpoint behind
// each batch.
func replay(sink store.Sink, t bench.Trial, checkpoint func()) {
	of := store.Of{Variant: t.Variant, Round: t.Round}
	put := func(what any) { sink.Put(store.Record{Of: of, What: what}) }
	put(store.Trial{Started: t.Started})
	put(t.Proof)
	gauges, edges := t.Gauges, t.Edges
	batches := t.Batches
	for s := range t.Samples.All() {
		for len(gauges) > 0 && gauges[0].At <= s.At {
			put(gauges[0])
			gauges = gauges[1:]
		}
		put(s)
		if len(batches) > 0 && batches[0].End <= s.At {
			put(edges[0])
			put(edges[1])
			put(batches[0])
			batches, edges = batches[1:], edges[2:]
			checkpoint()
		}
	}
	for _, p := range t.Phases {
		put(p)
	}
	put(store.Ended{})
	checkpoint()
}

// BenchmarkRun records a large experiment in a results folder, batch by batch,
// and folds, summarises and saves it at the end, as compare does. It shows the
// memory that the process takes, of which the benchmark's own trial is a part,
// and what a checkpoint costs among the first and among the last tenth: the
// median of the time until the disk has it.
func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		var first, last []time.Duration
		var bytes int64
		used, _ := peak(func() { first, last, bytes = largeRun(b) })
		b.ReportMetric(float64(used)/1e6, "MB-process")
		b.ReportMetric(median(first).Seconds()*1e6, "us/checkpoint-first")
		b.ReportMetric(median(last).Seconds()*1e6, "us/checkpoint-last")
		b.ReportMetric(float64(bytes)/1e6, "MB-stream")
	}
}

func largeRun(b *testing.B) (first, last []time.Duration, bytes int64) {
	folder, err := store.Create(b.TempDir(), "", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	stream := store.NewStream(folder)
	read := stream.Follow(func(store.Record) {})
	stream.Put(store.Record{What: store.Header{Design: largeDesign()}})
	var took []time.Duration
	for i := range variants * rounds {
		replay(stream, largeTrial(i), func() {
			start := time.Now()
			if err := stream.Sync(); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		})
	}
	read()
	stream.Put(store.Record{What: store.End{At: time.Now()}})
	if err := stream.Sync(); err != nil {
		b.Fatal(err)
	}
	if info, err := os.Stat(folder.Dir + "/records.jsonl"); err == nil {
		bytes = info.Size()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(30)) // as compare has it from here on
	exp, err := folder.Experiment()
	if err != nil {
		b.Fatal(err)
	}
	report.Summarize(exp)
	if err := folder.Conclude(exp.Interrupted, func(w io.Writer) error { return report.JSON(w, exp) }); err != nil {
		b.Fatal(err)
	}
	tenth := len(took) / 10
	return took[:tenth], took[len(took)-tenth:], bytes
}

func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}
