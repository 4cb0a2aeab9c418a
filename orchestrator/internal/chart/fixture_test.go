package chart

import (
	"fmt"
	"math"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// profile is what a made-up variant does.
type profile struct {
	name        string
	level, idle float64 // MiB
	batch       time.Duration
	scatter     float64 // share of the level by which rounds differ
}

var three = []profile{
	{"libc", 470, 440, 18 * time.Second, 0.07},
	{"jemalloc", 330, 280, 17 * time.Second, 0.09},
	{"musl", 120, 9, 26 * time.Second, 0.02},
}

// many gives so many variants, some of which end at the same height.
func many(n int) []profile {
	profiles := []profile{three[0]}
	for i := 1; i < n; i++ {
		idle := 280.0
		if i%3 == 0 {
			idle = 12 + float64(i)
		}
		profiles = append(profiles, profile{fmt.Sprintf("variant-%d", i), 480 - 18*float64(i), idle, time.Duration(16+i%5) * time.Second, 0.05})
	}
	return profiles
}

// made makes an experiment of two batches.
func made(profiles []profile, rounds int) *bench.Experiment {
	start := time.Date(2026, 11, 23, 10, 12, 5, 0, time.UTC)
	exp := &bench.Experiment{
		Schema: bench.Schema, RunID: "20261123-101205-7f3a", Command: "orchestrator compare", Started: start, Ended: start.Add(10 * time.Minute),
		Design: bench.Design{
			Baseline: "libc", Rounds: rounds, Batches: 2, Pause: 5 * time.Second, Idle: 30 * time.Second, Sleep: 450 * time.Millisecond,
			Workers: 10, Threads: bench.Hop, Transport: bench.Unix, SampleEvery: 100 * time.Millisecond, Mode: bench.Together,
		},
		Environment: bench.Environment{Kernel: "6.18.5", CPUs: 2, THP: "madvise", Engine: "docker"},
		Plan: bench.Plan{
			File: "benchmark.yml", Concurrency: 16, Iterations: 480,
			Items: []bench.PlanItem{{Name: "medium", Method: "POST", URL: "/widgets", BodyBytes: 604_655}},
		},
	}
	for _, p := range profiles {
		exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: p.name})
	}
	for round := range rounds {
		for i, p := range profiles {
			exp.Trials = append(exp.Trials, p.trial(exp, i, round))
		}
	}
	return exp
}

// trial makes one of a round from 0 on. It climbs in a batch, wobbles at its
// level, and falls to that of the idle in the first five seconds after the last.
func (p profile) trial(exp *bench.Experiment, index, round int) bench.Trial {
	d := exp.Design
	t := bench.Trial{Variant: p.name, Round: round + 1, Started: exp.Started.Add(time.Duration(round) * time.Minute)}
	chance := func(i float64) float64 { return math.Sin(i*12.9898 + float64(index)*4.1 + float64(round)*78.233) }
	factor := 1 + p.scatter*chance(1)
	length := time.Duration(float64(p.batch) * (1 + 0.05*chance(2))).Round(time.Millisecond)
	at, from := 5*time.Second, 4.0
	t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseWarmup, Start: 300 * time.Millisecond, End: at})
	take := func(start, end time.Duration, level func(seconds float64) float64) {
		for now := start.Truncate(d.SampleEvery) + d.SampleEvery; now <= end; now += d.SampleEvery {
			mib := level((now - start).Seconds())
			t.Samples.Append(bench.Sample{At: now, Anon: bench.Bytes(mib*1024) * bench.KiB, File: 3 * bench.MiB})
		}
	}
	take(0, at, func(float64) float64 { return from })
	for b := 1; b <= d.Batches; b++ {
		to := p.level * factor * (0.85 + 0.1*float64(b))
		t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseBatch, Batch: b, Start: at, End: at + length})
		take(at, at+length, func(s float64) float64 {
			climbed := min(1, s/5)
			return from + (to-from)*climbed + 0.03*to*chance(s*31)*climbed
		})
		t.Batches = append(t.Batches, bench.Batch{
			Number: b, Start: at, End: at + length, Requests: 480, Statuses: map[string]int{"201": 480}, HighWater: bench.Bytes(to*1.04) * bench.MiB,
			Latency: bench.Latency{Mean: 480e6, P50: 470e6, P90: 510e6, P99: 590e6, P999: 600e6, Max: 610e6}, CPU: 4 * time.Second,
		})
		at, from = at+length, to
		if b < d.Batches {
			t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhasePause, Batch: b, Start: at, End: at + d.Pause})
			take(at, at+d.Pause, func(float64) float64 { return from })
			at += d.Pause
		}
	}
	t.Phases = append(t.Phases, bench.Phase{Kind: bench.PhaseIdle, Start: at, End: at + d.Idle})
	take(at, at+d.Idle, func(s float64) float64 { return from + (p.idle*factor-from)*min(1, s/5) })
	return t
}
