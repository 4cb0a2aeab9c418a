package report

import (
	"math"
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// profile is what a made-up variant does in each of its batches.
type profile struct {
	name    string
	proof   bench.Proof
	steady  []float64 // MiB, by batch
	peak    []float64 // MiB
	idle    float64   // MiB at the end
	batch   time.Duration
	cpu     time.Duration // per request
	wait    float64       // share of the time of its requests
	latency [3]time.Duration
}

var profiles = []profile{
	{
		name:   "libc",
		proof:  bench.Proof{Promised: "glibc", Allocator: "glibc", Version: "2.36", Linkage: "linked", Libc: "glibc 2.36", Arenas: 11, Workers: 10, Threads: "hop"},
		steady: []float64{518, 636, 649}, peak: []float64{576, 653, 668}, idle: 645, batch: 74 * time.Second,
		cpu: 9300 * time.Microsecond, wait: 0.041, latency: [3]time.Duration{467e6, 489e6, 520e6},
	},
	{
		name: "jemalloc",
		proof: bench.Proof{
			Promised: "jemalloc", Allocator: "jemalloc", Version: "5.3.0", Linkage: "preloaded", Libc: "glibc 2.36", Arenas: 8,
			Knobs: map[string]string{"background_thread": "false", "dirty_decay_ms": "10000", "muzzy_decay_ms": "0"}, Workers: 10, Threads: "hop",
		},
		steady: []float64{317, 361, 340}, peak: []float64{386, 410, 383}, idle: 350, batch: 73 * time.Second,
		cpu: 8000 * time.Microsecond, wait: 0.036, latency: [3]time.Duration{459e6, 477e6, 498e6},
	},
	{
		name:   "musl",
		proof:  bench.Proof{Promised: "musl", Allocator: "musl", Version: "1.2.3", Linkage: "static", Libc: "musl 1.2.3", Workers: 10, Threads: "hop"},
		steady: []float64{117, 118, 118}, peak: []float64{129, 131, 127}, idle: 6.5, batch: 158 * time.Second,
		cpu: 79100 * time.Microsecond, wait: 0.383, latency: [3]time.Duration{702e6, 1010e6, 1400e6},
	},
}

// experiment makes an experiment with values near those of a real run, one
// reading every 2 s.
func experiment(rounds int) *bench.Experiment {
	start := time.Date(2026, 11, 23, 10, 12, 5, 0, time.UTC)
	exp := &bench.Experiment{
		Schema: bench.Schema, RunID: "20261123-101205-7f3a", Command: "orchestrator compare --tags medium",
		Started: start, Ended: start.Add(time.Duration(rounds) * 548 * time.Second),
		Design: bench.Design{
			Baseline: "libc", Rounds: rounds, Batches: 3, Pause: 10 * time.Second, Idle: 30 * time.Second, Sleep: 450 * time.Millisecond,
			Workers: 10, Threads: bench.Hop, Transport: bench.Unix, SampleEvery: 2 * time.Second, Seed: 1,
		},
		Environment: bench.Environment{
			Host: "lab", OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.18.5", Arch: "amd64", CPUModel: "AMD EPYC 7B13", CPUs: 2,
			MemoryTotal: 23*bench.GiB + 400*bench.MiB, CgroupV: 1, THP: "madvise", Engine: "docker", EngineV: "20.10.24", Storage: "overlay2", GoVersion: "go1.26.8",
		},
		Plan: bench.Plan{
			File: "benchmark.yml", SHA256: "3f9a1c2b4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8", Tags: []string{"medium"}, SkipTags: []string{},
			Concurrency: 16, Iterations: 2500, RampupS: 1,
			Items: []bench.PlanItem{{Name: "medium", Method: "POST", URL: "/widgets", BodyBytes: 604_655, Tags: []string{"medium"}}},
		},
		Trials: []bench.Trial{}, Warnings: []bench.Warning{},
	}
	for _, p := range profiles {
		exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: p.name, Dockerfile: "Dockerfile." + p.name})
		for round := range rounds {
			exp.Trials = append(exp.Trials, p.trial(round+1, start))
		}
	}
	return exp
}

// trial makes one trial; each round scatters a little around the profile.
func (p profile) trial(round int, start time.Time) bench.Trial {
	scatter := 1 + 0.03*math.Sin(float64(7*round+len(p.name)))
	if round == 1 {
		scatter = 1
	}
	mib := func(v float64) bench.Bytes { return bench.Bytes(v*scatter*float64(bench.MiB)) &^ 4095 }
	t := bench.Trial{
		Variant: p.name, Round: round, Started: start, Image: "stair-stepper:" + p.name, ImageID: "sha256:0123456789abcdef", Container: "stepper-" + p.name,
		Proof: p.proof, Warnings: []bench.Warning{},
	}
	t.Proof.Libraries = []string{}
	t.Proof.MaxProcs, t.Proof.GoGC, t.Proof.GoMemory = 2, 100, 64*bench.MiB
	if t.Proof.Knobs == nil {
		t.Proof.Knobs = map[string]string{}
	}
	read := func(at time.Duration, anon bench.Bytes) {
		t.Samples = append(t.Samples, bench.Sample{At: at, Anon: anon, File: 3 * bench.MiB})
	}
	edge := func(at time.Duration, name string, anon bench.Bytes) {
		t.Edges = append(t.Edges, bench.Edge{At: at, Name: name, Anon: anon, Anonymous: anon + 8*bench.KiB, MinorFaults: uint64(at / time.Millisecond)})
	}
	const step = 2 * time.Second
	at, level := 5*time.Second, 4.5
	t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseWarmup, End: at})
	for now := time.Duration(0); now < at; now += step {
		read(now, mib(level))
	}
	for i := range p.steady {
		from, to := at, at+p.batch
		t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseBatch, Batch: i + 1, Start: from, End: to})
		edge(from, "batch "+strconv.Itoa(i+1)+" start", mib(level))
		for now := from; now <= to; now += step {
			climb := min(1, (now-from).Seconds()/10)
			live := 16 * 7.3e6 * min(1, (now-from).Seconds()/2+0.01)
			wobble := 1 + 0.008*math.Sin(now.Seconds()*2.1)
			read(now, mib((level+climb*(p.steady[i]-level))*wobble))
			if int(now.Seconds())%10 < 2 {
				t.Gauges = append(t.Gauges, bench.Gauge{
					At: now, LiveRequested: bench.Bytes(live), LiveUsable: bench.Bytes(live * 1.1), Allocs: 97_083, Frees: 30_231,
					GoLow: 4 * bench.MiB, GoHigh: 6 * bench.MiB, Threads: 19,
				})
			}
		}
		requests := 2500
		cpu := time.Duration(requests) * p.cpu
		t.Batches = append(t.Batches, bench.Batch{
			Number: i + 1, Start: from, End: to, Requests: requests, Errors: map[string]int{}, Statuses: map[string]int{"201": requests},
			Answers: map[string]int{"201/58": requests}, SentBytes: bench.Bytes(requests * 604_655),
			Latency: bench.Latency{
				Min: 451e6, Mean: p.latency[0], P50: p.latency[0], P90: p.latency[1], P99: p.latency[2],
				P999: p.latency[2] * 11 / 10, Max: p.latency[2] * 12 / 10,
			},
			CPU: cpu, Wait: time.Duration(float64(requests) * float64(p.latency[0]) * p.wait), HighWater: mib(p.peak[i]),
		})
		level = p.steady[i]
		at = to
		edge(at, "batch "+strconv.Itoa(i+1)+" end", mib(level))
		if i+1 < len(p.steady) {
			t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhasePause, Batch: i + 1, Start: at, End: at + 10*time.Second})
			for now := at + step; now < at+10*time.Second; now += step {
				read(now, mib(level))
			}
			at += 10 * time.Second
		}
	}
	t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseIdle, Start: at, End: at + 30*time.Second})
	for now := at + step; now <= at+30*time.Second; now += step {
		read(now, mib(p.idle))
	}
	t.Sampler = bench.Sampler{Every: step, Taken: len(t.Samples), Busy: time.Duration(len(t.Samples)) * 30 * time.Microsecond, HWMBound: 252 * bench.KiB}
	return t
}
