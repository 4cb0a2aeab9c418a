package page

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// made is what an experiment is made up of.
type made struct {
	names    []string
	rounds   int
	requests int           // per batch; 0: 480
	every    time.Duration // between two readings; 0: 250 ms
	change   func(*bench.Experiment)
}

// levels are the RSS of made-up variants under load, MiB; from the fourth on they
// come again, a little higher.
var levels = []float64{520, 350, 120}

// experiment makes one that looks like a real one: two batches, a pause and a
// final idle, with scatter over the rounds and readings that wobble.
func (m made) experiment() *bench.Experiment {
	if m.names == nil {
		m.names = []string{"libc", "jemalloc", "musl"}
	}
	if m.requests == 0 {
		m.requests = 480
	}
	if m.every == 0 {
		m.every = 250 * time.Millisecond
	}
	start := time.Date(2026, 11, 23, 10, 12, 5, 0, time.UTC)
	exp := &bench.Experiment{
		Schema: bench.Schema, RunID: "20261123-101205-7f3a", Command: "go run ./orchestrator compare", Started: start,
		Design: bench.Design{
			Baseline: m.names[0], Rounds: m.rounds, Batches: 2, Pause: 5 * time.Second, Idle: 30 * time.Second, Sleep: 450 * time.Millisecond,
			Workers: 10, Threads: bench.Hop, Transport: bench.Unix, SampleEvery: m.every, Seed: 1, Mode: bench.Together,
		},
		Environment: bench.Environment{
			OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.18.5", Arch: "amd64", CPUModel: "AMD EPYC 7B13", CPUs: 2, MemoryTotal: 23 * bench.GiB,
			CgroupV: 1, THP: "madvise", Engine: "docker", EngineV: "20.10.24", Storage: "overlay2", GoVersion: "go1.26.8",
		},
		Plan: bench.Plan{
			File: "benchmark.yml", SHA256: strings.Repeat("3f9a1c2b", 8), Tags: []string{"medium"}, Concurrency: 16, Iterations: m.requests, RampupS: 1,
			Items: []bench.PlanItem{{Name: "medium", Method: "POST", URL: "/widgets", BodyBytes: 604_655}},
		},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range m.names {
		exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: name, Dockerfile: "Dockerfile." + name})
	}
	for round := range m.rounds {
		for i, name := range m.names {
			t := m.trial(exp, i, random)
			t.Variant, t.Round, t.Started = name, round+1, start.Add(time.Duration(round)*100*time.Second)
			t.Image, t.ImageID = "stair-stepper:"+name, "sha256:"+strings.Repeat("0123456789abcdef", 4)
			exp.Trials = append(exp.Trials, t)
		}
	}
	exp.Ended = start.Add(time.Duration(m.rounds) * 100 * time.Second)
	if m.change != nil {
		m.change(exp)
	}
	return exp
}

// trial makes one trial of the variant of that index.
func (m made) trial(exp *bench.Experiment, index int, random *rand.Rand) bench.Trial {
	mib := func(v float64) bench.Bytes { return bench.Bytes(v*float64(bench.MiB)) &^ 4095 }
	level := levels[index%len(levels)] * (1 + 0.06*float64(index/len(levels))) * (1 + 0.05*random.NormFloat64())
	length := 20 * time.Second
	if index%len(levels) == 2 {
		length = 31 * time.Second
	}
	t := bench.Trial{Proof: bench.Proof{
		Promised: "glibc", Allocator: "glibc", Version: "2.36", Linkage: "linked", Libc: "glibc 2.36", Arenas: 11, Workers: 10, Threads: "hop",
		Libraries: []string{"/usr/lib/x86_64-linux-gnu/libc.so.6"}, MaxProcs: 2, GoGC: 100, GoMemory: 64 * bench.MiB, UsableOf1: 24,
	}}
	now, a := time.Duration(0), 4.5
	rest := func(kind string, batch int, length time.Duration, to float64) {
		from := now
		for ; now < from+length; now += m.every {
			a += (to - a) * m.every.Seconds()
			t.Samples.Append(bench.Sample{At: now + time.Duration(random.IntN(2e6)), Anon: mib(a)})
		}
		t.Phases = append(t.Phases, bench.Phase{Kind: kind, Batch: batch, Start: from, End: now})
	}
	batch := func(number int, to float64) {
		from, peak := now, 0.0
		for ; now < from+length; now += m.every {
			a += (to*(1+0.05*math.Sin(now.Seconds()*3)+0.03*random.NormFloat64()) - a) * 1.6 * m.every.Seconds()
			peak = max(peak, a)
			t.Samples.Append(bench.Sample{At: now + time.Duration(random.IntN(2e6)), Anon: mib(a)})
			if now%time.Second == 0 {
				t.Gauges = append(t.Gauges, bench.Gauge{At: now, LiveRequested: mib(min(a*0.8, 105)), Allocs: 97_083, GoLow: 4 * bench.MiB, GoHigh: 6 * bench.MiB})
			}
		}
		t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseBatch, Batch: number, Start: from, End: now})
		cpu := time.Duration(m.requests) * time.Duration(10+70*(index%3/2)) * time.Millisecond
		t.Batches = append(t.Batches, bench.Batch{
			Number: number, Start: from, End: now, Requests: m.requests, Errors: map[string]int{}, Statuses: map[string]int{"201": m.requests},
			Answers: map[string]int{"201/58": m.requests}, HighWater: mib(peak * 1.02), CPU: time.Duration(float64(cpu) * (1 + 0.03*random.NormFloat64())),
			Latency: bench.Latency{Min: 451e6, Mean: 480e6, P50: 471e6, P90: 520e6, P99: 640e6, P999: 700e6, Max: 810e6},
		})
	}
	rest(bench.PhaseWarmup, 0, 5*time.Second, 4.5)
	batch(1, level*0.9)
	rest(bench.PhasePause, 1, exp.Design.Pause, level*0.88)
	batch(2, level)
	rest(bench.PhaseIdle, 0, exp.Design.Idle, level*[]float64{0.9, 0.85, 0.05}[index%3])
	t.Sampler = bench.Sampler{Every: m.every, Taken: t.Samples.Len(), Busy: 100 * time.Millisecond, HWMBound: 252 * bench.KiB}
	return t
}

// nasty are names that would do harm if they were not made fit.
var nasty = []string{
	"libc", "<script>alert(1)</script>", "\x1b[2J\x1b]0;t\x07", "</style></script><!--", "\u202egnp.exe", `" onmouseover=alert(1) x="`, "{{.Style}}", "a\r\n\tb\x00",
	strings.Repeat("long ", 40),
}

// experiments are those that a page is looked at with.
func experiments() map[string]*bench.Experiment {
	twelve := []string{"libc"}
	for i := range 11 {
		twelve = append(twelve, fmt.Sprintf("allocator-%d", i+1))
	}
	return map[string]*bench.Experiment{
		"default":   made{rounds: 7}.experiment(),
		"one-round": made{rounds: 1, change: func(exp *bench.Experiment) { exp.Design.Quick, exp.Design.Preset = true, "quick" }}.experiment(),
		"twelve":    made{rounds: 8, names: twelve}.experiment(),
		"twenty":    made{rounds: 10, names: twentyNames, change: crowd}.experiment(),
		"hostile":   made{rounds: 7, names: nasty, change: spoil}.experiment(),
		"stamped": made{rounds: 8, names: []string{"libc", "jemalloc", "libc-twin"}, change: func(exp *bench.Experiment) {
			exp.Design.Twin = "libc-twin" // at the level of musl
		}}.experiment(),
		"contradicted": made{rounds: 7, change: func(exp *bench.Experiment) {
			for i := range exp.Trials {
				if t := &exp.Trials[i]; t.Variant == "jemalloc" {
					for j := range t.Gauges {
						t.Gauges[j].LiveRequested = 900 * bench.MiB
					}
				}
			}
		}}.experiment(),
		"died":        made{rounds: 7, change: die}.experiment(),
		"failing":     made{rounds: 7, change: fail}.experiment(),
		"interrupted": made{rounds: 1, change: interrupt}.experiment(),
		"nothing":     made{rounds: 0}.experiment(),
	}
}

// twentyNames are variants as the lists in the box name them.
var twentyNames = []string{
	"libc", "jemalloc", "musl", "mimalloc", "gperftools", "scudo", "rpmalloc@sid", "tbbmalloc", "arena1", "arena2", "arena4", "je-bg", "je-bg0",
	"je-narenas2", "je-percpu", "mi-purge0", "mimalloc@sid", "libc@trixie", "libc@sid", "gperf-decommit",
}

// crowd gives variants CPU times and peaks that are near each other, knobs to some,
// and leaves two out.
func crowd(exp *bench.Experiment) {
	for i := range exp.Trials {
		t := &exp.Trials[i]
		t.Proof.Binary = strings.Repeat("9f86d081", 8)
		for j := range t.Batches {
			t.Batches[j].CPU = t.Batches[j].CPU * time.Duration(20+len(t.Variant)) / 24
			t.Batches[j].Wait = 80 * time.Second
		}
	}
	for i := range exp.Design.Variants {
		v := &exp.Design.Variants[i]
		_, v.Suite, _ = strings.Cut(v.Name, "@")
		if strings.HasPrefix(v.Name, "je-") {
			v.Env = map[string]string{"MALLOC_CONF": "background_thread:true,dirty_decay_ms:1000"}
		}
	}
	for _, name := range []string{"snmalloc", "hoard@trixie"} {
		exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: name})
		exp.LeftOut = append(exp.LeftOut, bench.LeftOut{Variant: name, Why: "Debian has no package of it"})
	}
}

// spoil puts nasty texts wherever people name things.
func spoil(exp *bench.Experiment) {
	exp.Command += " --out '" + strings.Join(nasty, "' '") + "'"
	exp.Plan.File, exp.Plan.Items[0].URL = nasty[1], nasty[3]
	exp.Environment.CPUModel = nasty[2]
	exp.Trials[1].Error = "died in batch 1: " + strings.Join(nasty, " ")
	exp.Trials[2].Proof.Knobs = map[string]string{nasty[1]: nasty[2], nasty[3]: nasty[4]}
	exp.Trials[2].Proof.Libraries = nasty
	exp.Warnings = append(exp.Warnings, bench.Warning{Code: nasty[1], Text: strings.Join(nasty, " ")})
	exp.RunID = nasty[3]
}

// die lets musl die in one round, and voids another round.
func die(exp *bench.Experiment) {
	for i := range exp.Trials {
		t := &exp.Trials[i]
		if t.Variant == "musl" && t.Round == 3 {
			t.Error = "died in batch 2: killed for memory"
			t.Batches[1].Interrupted = true
			t.Phases = t.Phases[:4]
			keep(t, t.Batches[1].Start+4*time.Second)
		}
		if t.Round == 5 {
			t.Void = "other processes took 41 % of the machine in jemalloc's batch 2"
		}
	}
}

func fail(exp *bench.Experiment) {
	for i := range exp.Trials {
		b := &exp.Trials[i].Batches[1]
		if exp.Trials[i].Variant == "jemalloc" {
			b.Failed, b.Errors = 12, map[string]int{"status 503": 10, "timeout": 2}
			b.Statuses, b.Answers = map[string]int{"201": 468, "503": 10}, map[string]int{"201/58": 468, "503/0": 10}
		}
	}
}

// interrupt ends a run in its first batch.
func interrupt(exp *bench.Experiment) {
	exp.Interrupted = true
	for i := range exp.Trials {
		t := &exp.Trials[i]
		t.Batches, t.Phases = t.Batches[:1], t.Phases[:2]
		t.Batches[0].Interrupted = true
		t.Error = "was interrupted"
		keep(t, 12*time.Second)
	}
}

// keep drops the samples of a trial from a time on.
func keep(t *bench.Trial, until time.Duration) {
	var kept bench.Series
	for s := range t.Samples.All() {
		if s.At < until {
			kept.Append(s)
		}
	}
	t.Samples = kept
}
