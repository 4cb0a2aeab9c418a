package report

import (
	"maps"
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
	scatter []float64 // of its memory, by round; beyond the list and for none: 1
}

var (
	glibc         = bench.Proof{Promised: "glibc", Allocator: "glibc", Version: "2.36", Linkage: "linked", Libc: "glibc 2.36", Arenas: 11, Workers: 10, Threads: "hop"}
	musl          = bench.Proof{Promised: "musl", Allocator: "musl", Version: "1.2.3", Linkage: "static", Libc: "musl 1.2.3", Workers: 10, Threads: "hop"}
	jemallocStock = bench.Proof{
		Promised: "jemalloc", Allocator: "jemalloc", Version: "5.3.0", Linkage: "preloaded", Libc: "glibc 2.36", Arenas: 8,
		Knobs: map[string]string{"background_thread": "false", "dirty_decay_ms": "10000", "muzzy_decay_ms": "0"}, Workers: 10, Threads: "hop",
	}
)

// long is a round of 3 × 2,500 requests, short one of 2 × 480.
var (
	long = []profile{
		{
			name: "libc", proof: glibc, steady: []float64{518, 636, 649}, peak: []float64{576, 653, 668}, idle: 645, batch: 74 * time.Second,
			cpu: 9300 * time.Microsecond, wait: 0.041, latency: [3]time.Duration{467e6, 489e6, 520e6}, scatter: []float64{1, 0.97, 1.04},
		},
		{
			name: "jemalloc", proof: jemallocStock, steady: []float64{317, 361, 340}, peak: []float64{386, 410, 383}, idle: 350, batch: 73 * time.Second,
			cpu: 8000 * time.Microsecond, wait: 0.036, latency: [3]time.Duration{459e6, 477e6, 498e6}, scatter: []float64{1, 1.05, 0.98},
		},
		{
			name: "musl", proof: musl, steady: []float64{117, 118, 118}, peak: []float64{129, 131, 127}, idle: 6.5, batch: 158 * time.Second,
			cpu: 79100 * time.Microsecond, wait: 0.383, latency: [3]time.Duration{702e6, 1010e6, 1400e6},
		},
	}
	short2 = []profile{
		{
			name: "libc", proof: glibc, steady: []float64{471, 528}, peak: []float64{502, 537}, idle: 491, batch: 16 * time.Second,
			cpu: 11 * time.Millisecond, wait: 0.058, latency: [3]time.Duration{489e6, 560e6, 842e6}, scatter: []float64{1, 0.95, 1.08, 1.02, 0.93, 1.12, 0.99},
		},
		{
			name: "jemalloc", proof: jemallocStock, steady: []float64{331, 349}, peak: []float64{368, 376}, idle: 334, batch: 16 * time.Second,
			cpu: 10 * time.Millisecond, wait: 0.049, latency: [3]time.Duration{471e6, 522e6, 596e6}, scatter: []float64{1, 1.04, 0.94, 1.05, 0.97, 0.95, 1.06},
		},
		{
			name: "musl", proof: musl, steady: []float64{119, 120}, peak: []float64{132, 133}, idle: 10, batch: 24 * time.Second,
			cpu: 86 * time.Millisecond, wait: 0.34, latency: [3]time.Duration{602e6, 625e6, 640e6}, scatter: []float64{1, 1.01, 0.99, 1.02, 0.98, 1, 1.01},
		},
	}
)

// experiment makes one with values near those of a real run: a long round, or
// several short ones.
func experiment(rounds int) *bench.Experiment {
	if rounds == 1 {
		return made(long, 2500, rounds)
	}
	return made(short2, 480, rounds)
}

// made makes an experiment of some profiles, round by round.
func made(profiles []profile, requests, rounds int) *bench.Experiment {
	start := time.Date(2026, 11, 23, 10, 12, 5, 0, time.UTC)
	exp := &bench.Experiment{
		Schema: bench.Schema, RunID: "20261123-101205-7f3a", Command: "orchestrator compare --tags medium", Started: start,
		Design: bench.Design{
			Baseline: "libc", Rounds: rounds, Batches: len(profiles[0].steady), Pause: 10 * time.Second, Idle: 30 * time.Second, Sleep: 450 * time.Millisecond,
			Workers: 10, Threads: bench.Hop, Transport: bench.Unix, SampleEvery: 500 * time.Millisecond, Seed: 1, Mode: bench.Together,
		},
		Environment: bench.Environment{
			Host: "lab", OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.18.5", Arch: "amd64", CPUModel: "AMD EPYC 7B13", CPUs: 2,
			MemoryTotal: 23*bench.GiB + 400*bench.MiB, CgroupV: 1, THP: "madvise", Engine: "docker", EngineV: "20.10.24", Storage: "overlay2", GoVersion: "go1.26.8",
		},
		Plan: bench.Plan{
			File: "benchmark.yml", SHA256: "3f9a1c2b4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8", Tags: []string{"medium"}, SkipTags: []string{},
			Concurrency: 16, Iterations: requests, RampupS: 1,
			Items: []bench.PlanItem{{Name: "medium", Method: "POST", URL: "/widgets", BodyBytes: 604_655, Tags: []string{"medium"}}},
		},
		Trials: []bench.Trial{}, Warnings: []bench.Warning{},
	}
	for _, p := range profiles {
		exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: p.name, Dockerfile: "Dockerfile." + p.name})
	}
	now := start.Add(20 * time.Second)
	for round := range rounds {
		end := now
		for _, p := range profiles {
			t := p.trial(exp, round+1, now)
			if ended := now.Add(t.Phases[len(t.Phases)-1].End); ended.After(end) {
				end = ended
			}
			exp.Trials = append(exp.Trials, t)
		}
		now = end.Add(2 * time.Second)
	}
	exp.Ended = now
	return exp
}

// trialOf finds a trial.
func trialOf(exp *bench.Experiment, variant string, round int) *bench.Trial {
	for i := range exp.Trials {
		if t := &exp.Trials[i]; t.Variant == variant && t.Round == round {
			return t
		}
	}
	return nil
}

// maker makes a trial, phase by phase.
type maker struct {
	bench.Trial
	profile
	exp    *bench.Experiment
	factor float64       // of the memory
	at     time.Duration // now
	level  float64       // MiB, now
}

// trial makes one trial; each round scatters around the profile.
func (p profile) trial(exp *bench.Experiment, round int, start time.Time) bench.Trial {
	m := maker{profile: p, exp: exp, factor: 1, at: 5 * time.Second, level: 4.5}
	if round <= len(p.scatter) {
		m.factor = p.scatter[round-1]
	}
	m.Trial = bench.Trial{
		Variant: p.name, Round: round, Started: start, Image: "stair-stepper:" + p.name, ImageID: "sha256:0123456789abcdef", Container: "stepper-" + p.name,
		Proof: p.proof, Warnings: []bench.Warning{},
	}
	m.Proof.Libraries = []string{}
	m.Proof.MaxProcs, m.Proof.GoGC, m.Proof.GoMemory = 2, 100, 64*bench.MiB
	m.Proof.Knobs = maps.Clone(p.proof.Knobs)
	if m.Proof.Knobs == nil {
		m.Proof.Knobs = map[string]string{}
	}
	step := exp.Design.SampleEvery
	m.Phases = append(m.Phases, bench.Phase{Kind: bench.PhaseWarmup, End: m.at})
	m.stay(0, m.level)
	for i := range p.steady {
		m.batch(i)
		if i+1 < len(p.steady) {
			end := m.at + exp.Design.Pause
			m.Phases = append(m.Phases, bench.Phase{Kind: bench.PhasePause, Batch: i + 1, Start: m.at, End: end})
			from := m.at + step
			m.at = end
			m.stay(from, m.level)
		}
	}
	end := m.at + exp.Design.Idle
	m.Phases = append(m.Phases, bench.Phase{Kind: bench.PhaseIdle, Start: m.at, End: end})
	from := m.at + step
	m.at = end
	m.stay(from, p.idle)
	m.edge("end of idle", p.idle)
	m.Sampler = bench.Sampler{Every: step, Taken: m.Samples.Len(), Busy: time.Duration(m.Samples.Len()) * 30 * time.Microsecond, HWMBound: 252 * bench.KiB}
	return m.Trial
}

// mib is an amount in this trial, in whole pages. What its rounds have in common
// does not move all figures alike.
func (m *maker) mib(v float64) bench.Bytes {
	jitter := 1 + 0.012*math.Sin(3*float64(m.Round-1)*v)
	return bench.Bytes(v*m.factor*jitter*float64(bench.MiB)) &^ 4095
}

// stay reads the memory at one level up to now.
func (m *maker) stay(from time.Duration, level float64) {
	for now := from; now < m.at; now += m.exp.Design.SampleEvery {
		m.Samples.Append(bench.Sample{At: now, Anon: m.mib(level), File: 3 * bench.MiB})
	}
}

func (m *maker) edge(name string, level float64) {
	anon := m.mib(level)
	m.Edges = append(m.Edges, bench.Edge{
		At: m.at, Name: name, Anon: anon, Anonymous: anon + 8*bench.KiB, MinorFaults: uint64(m.at / time.Millisecond),
		Processes: 1, Charged: anon + 64*bench.KiB, Proportional: anon + 8*bench.KiB,
	})
}

// batch makes the batch of that index.
func (m *maker) batch(i int) {
	from, to := m.at, m.at+m.profile.batch
	m.Phases = append(m.Phases, bench.Phase{Kind: bench.PhaseBatch, Batch: i + 1, Start: from, End: to})
	m.edge("batch "+strconv.Itoa(i+1)+" start", m.level)
	for now := from; now <= to; now += m.exp.Design.SampleEvery {
		in := (now - from).Seconds()
		climb := min(1, in/m.profile.batch.Seconds()*7)
		wobble := 1 + 0.008*math.Sin(now.Seconds()*2.1)
		level := (m.level + climb*(m.steady[i]-m.level)) * wobble
		m.Samples.Append(bench.Sample{At: now, Anon: m.mib(m.steady[i]) * bench.Bytes(level*1e6) / bench.Bytes(m.steady[i]*1e6) &^ 4095, File: 3 * bench.MiB})
		if now%time.Second == 0 {
			live := 16 * 7.3e6 * min(1, climb+0.01)
			m.Gauges = append(m.Gauges, bench.Gauge{
				At: now, LiveRequested: bench.Bytes(live), LiveUsable: bench.Bytes(live * 1.1), Allocs: 97_083, Frees: 30_231,
				GoLow: 4 * bench.MiB, GoHigh: 6 * bench.MiB, Threads: 19,
			})
		}
	}
	n := m.exp.Plan.Iterations
	m.Batches = append(m.Batches, bench.Batch{
		Number: i + 1, Start: from, End: to, Requests: n, Errors: map[string]int{}, Statuses: map[string]int{"201": n},
		Answers: map[string]int{"201/58": n}, SentBytes: bench.Bytes(n * 604_655),
		Latency: bench.Latency{
			Min: 451e6, Mean: m.latency[0], P50: m.latency[0], P90: m.latency[1], P99: m.latency[2],
			P999: m.latency[2] * 11 / 10, Max: m.latency[2] * 12 / 10,
		},
		CPU: time.Duration(n) * m.cpu, Wait: time.Duration(float64(n) * float64(m.latency[0]) * m.wait), HighWater: m.mib(m.peak[i]),
		Machine: &bench.Machine{
			Elapsed: m.profile.batch, CPUs: 2, Others: m.profile.batch * time.Duration(1+m.Round%3) / 100, Lab: m.profile.batch / 12, Stolen: m.profile.batch / 500,
		},
	})
	m.level, m.at = m.steady[i], to
	m.edge("batch "+strconv.Itoa(i+1)+" end", m.level)
}

// eachSample lets change all samples of a trial.
func eachSample(t *bench.Trial, change func(i int, s *bench.Sample)) {
	samples := t.Samples.Samples()
	for i := range samples {
		change(i, &samples[i])
	}
	t.Samples = bench.NewSeries(samples...)
}

// keepSamples drops the samples of a trial that keep is not true for.
func keepSamples(t *bench.Trial, keep func(bench.Sample) bool) {
	var kept bench.Series
	for s := range t.Samples.All() {
		if keep(s) {
			kept.Append(s)
		}
	}
	t.Samples = kept
}
