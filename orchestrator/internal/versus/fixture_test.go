package versus

import (
	"math"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// service is what a made-up variant takes.
type service struct {
	name               string
	peak, steady, idle float64 // MiB
	cpu                time.Duration
	latency            time.Duration // p99; p50 is half of it
}

// libc and jemalloc are near those of a real run.
func libc() service {
	return service{"libc", 530, 500, 480, 11 * time.Millisecond, 840 * time.Millisecond}
}

func jemalloc() service {
	return service{"jemalloc", 375, 345, 330, 10 * time.Millisecond, 600 * time.Millisecond}
}

// run makes an experiment of some services. Its rounds scatter by some per cent,
// in another way for each seed.
func run(seed, rounds int, services ...service) *bench.Experiment {
	start := time.Date(2026, 11, 23, 10, 12, 5, 0, time.UTC).Add(time.Duration(seed) * 24 * time.Hour)
	exp := &bench.Experiment{
		Schema: bench.Schema, RunID: start.Format("20060102-150405") + "-7f3a", Started: start, Ended: start.Add(time.Duration(rounds) * time.Minute),
		Design: bench.Design{
			Baseline: "libc", Rounds: rounds, Batches: 2, Pause: 10 * time.Second, Idle: 30 * time.Second, Sleep: 450 * time.Millisecond,
			Workers: 10, Threads: bench.Hop, Transport: bench.Unix, SampleEvery: 50 * time.Millisecond, Seed: uint64(seed), Mode: bench.Together,
		},
		Environment: bench.Environment{
			Host: "lab", OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.18.5", Arch: "amd64", CPUModel: "AMD EPYC 7B13", CPUs: 2,
			MemoryTotal: 23 * bench.GiB, CgroupV: 1, THP: "madvise", Engine: "docker", EngineV: "20.10.24", Storage: "overlay2", GoVersion: "go1.26.8",
		},
		Plan: bench.Plan{
			File: "benchmark.yml", SHA256: "3f9a1c2b4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8", Tags: []string{"medium"},
			Concurrency: 16, Iterations: 480, RampupS: 1, Items: []bench.PlanItem{{Name: "medium", Method: "POST", URL: "/widgets", BodyBytes: 604_655}},
		},
	}
	for i, s := range services {
		exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: s.name, Dockerfile: "Dockerfile." + s.name})
		for round := 1; round <= rounds; round++ {
			exp.Trials = append(exp.Trials, s.trial(exp, round, 1+0.04*math.Sin(float64(7*seed+3*round*round+i))))
		}
	}
	return exp
}

// trial makes one trial; factor is what its round adds to all figures.
func (s service) trial(exp *bench.Experiment, round int, factor float64) bench.Trial {
	t := bench.Trial{
		Variant: s.name, Round: round, Started: exp.Started.Add(time.Duration(round) * time.Minute), ImageID: "sha256:0123456789abcdef0123",
		Proof: bench.Proof{Promised: s.name, Allocator: s.name, Version: "1.0", Linkage: "preloaded", Libc: "glibc 2.36", GoVersion: "go1.26.8", MaxProcs: 2},
	}
	mib := func(v float64) bench.Bytes { return bench.Bytes(v*factor*float64(bench.MiB)) &^ 4095 }
	level := func(from, to time.Duration, v float64) {
		for at := from; at <= to; at += 500 * time.Millisecond {
			t.Samples.Append(bench.Sample{At: at, Anon: mib(v)})
			if v == s.steady {
				t.Gauges = append(t.Gauges, bench.Gauge{At: at, LiveRequested: 100 * bench.MiB})
			}
		}
	}
	level(0, 4*time.Second, 5)
	at := 5 * time.Second
	for number := range exp.Design.Batches {
		end := at + 10*time.Second
		level(at, end, s.steady)
		latency := time.Duration(float64(s.latency) * factor)
		t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseBatch, Batch: number + 1, Start: at, End: end})
		t.Batches = append(t.Batches, bench.Batch{
			Number: number + 1, Start: at, End: end, Requests: 480, Statuses: map[string]int{"201": 480}, Answers: map[string]int{"201/58": 480},
			Latency:   bench.Latency{Mean: latency / 2, P50: latency / 2, P90: latency * 9 / 10, P99: latency, P999: latency, Max: latency},
			HighWater: mib(s.peak), CPU: time.Duration(480 * float64(s.cpu) * factor),
		})
		at = end + exp.Design.Pause
	}
	end := at + exp.Design.Idle
	level(at, end, s.idle)
	t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseIdle, Start: at, End: end})
	return t
}

// more gives a service that takes so many times the memory.
func (s service) more(factor float64) service {
	s.peak, s.steady, s.idle = s.peak*factor, s.steady*factor, s.idle*factor
	return s
}

// compare compares two experiments.
func compare(old, now *bench.Experiment, o Options) (*Result, error) {
	return Compare(report.Summarize(old), report.Summarize(now), o)
}
