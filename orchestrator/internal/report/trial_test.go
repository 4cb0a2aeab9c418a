package report

import (
	"math"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

func TestFigures(t *testing.T) {
	r := Summarize(experiment(1))
	libc, je := r.Rows[0], r.Rows[1]
	near := func(name string, got, want, tolerance float64) {
		t.Helper()
		if !(got >= want-tolerance && got <= want+tolerance) {
			t.Errorf("%s = %v; want %v ± %v", name, got, want, tolerance)
		}
	}
	mib := float64(bench.MiB)
	near("libc peak", libc.Peak.Center/mib, 668, 0.1)
	near("libc steady", libc.Steady.Center/mib, 649, 3)
	near("libc idle", libc.Idle.Center/mib, 645, 0.1)
	near("libc live", libc.Live.Center, 16*7.3e6, 1)
	near("libc overhead", libc.Overhead.Center, 5.6, 0.1)
	near("libc CPU", libc.CPU.Center, 0.0093, 1e-9)
	near("libc wait", libc.WaitShare.Center, 0.041, 1e-6)
	near("libc p99", libc.P99.Center, 520e6, 1)
	near("jemalloc peak ratio", je.Peak.Ratio.Center, 410.0/668, 1e-4)
	if libc.PeakSource != sourceHighWater || !libc.IsSteady || libc.Peak.Interval {
		t.Errorf("libc: source %q, steady %v, interval %v", libc.PeakSource, libc.IsSteady, libc.Peak.Interval)
	}
	if seven := Summarize(experiment(7)).Rows[1]; !seven.Peak.Interval || !seven.Peak.Ratio.Interval || seven.Peak.Ratio.N != 7 || seven.Peak.Ratio.Comparisons != 2 {
		t.Errorf("7 rounds: %+v", seven.Peak)
	}
	if six := Summarize(experiment(6)).Rows[1]; !six.Peak.Interval || six.Peak.Ratio.Interval {
		t.Errorf("6 rounds are too few for 2 comparisons: %+v", six.Peak)
	}
}

func TestPeakSource(t *testing.T) {
	check := func(highWater, cgroup, sample bench.Bytes, want float64, source string) {
		t.Helper()
		measured := &bench.Trial{Samples: bench.NewSeries(bench.Sample{At: 5, Anon: sample}, bench.Sample{At: 11, Anon: 999})}
		got, from := (&reading{trial: &trial{Trial: measured}, scratch: &scratch{samples: measured.Samples.Samples()}}).batchPeak(&bench.Batch{Start: 0, End: 10, HighWater: highWater, CgroupPeak: cgroup})
		if got != want || from != source {
			t.Errorf("high water %d, cgroup %d, sample %d: %v from %q; want %v from %q", highWater, cgroup, sample, got, from, want, source)
		}
	}
	check(30, 20, 10, 30, sourceHighWater)
	check(20, 30, 10, 30, sourceCgroup)
	check(20, 10, 30, 30, sourceSamples)
	check(0, 0, 30, 30, sourceSamples)
	check(30, 0, 30, 30, sourceSamples)
}

// TestDied sees the cost of a variant that died come from its sound batches: of
// the last one no CPU time could be read, and its failures took no time.
func TestDied(t *testing.T) {
	exp := experiment(1)
	sound := Summarize(exp)
	b := &exp.Trials[1].Batches[2]
	b.Interrupted, b.CPU, b.Wait, b.Failed = true, 0, 0, b.Requests-100
	b.Latency = bench.Latency{Min: 1000, Mean: 2000, P50: 2000, P90: 3000, P99: 3000, P999: 3000, Max: 4000}
	exp.Trials[1].Error = "died in batch 3: exit 1"
	died := Summarize(exp)
	for _, figure := range []struct {
		name      string
		got, want stat.Estimate
	}{
		{"CPU", died.Rows[1].CPU, sound.Rows[1].CPU},
		{"p50", died.Rows[1].P50, sound.Rows[1].P50},
	} {
		if math.Abs(figure.got.Center-figure.want.Center) > 1e-6*figure.want.Center {
			t.Errorf("%s is %v, in its sound batches it was %v", figure.name, figure.got.Center, figure.want.Center)
		}
	}
}
