package design

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// mistake checks that an error is a Mistake in a setting, with this text.
func mistake(t *testing.T, err error, setting, want string) {
	t.Helper()
	var m *Mistake
	if !errors.As(err, &m) || m.Setting != setting || err.Error() != want || !hint.IsMistake(err) || hint.Of(err) == "" {
		t.Errorf("%v, hint %q; want %s", err, hint.Of(err), want)
	}
}

func TestCheck(t *testing.T) {
	if err := Defaults().Check(Given{"rounds": true}); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	check := func(setting, want string, change func(*Settings)) {
		t.Helper()
		s := Defaults()
		change(&s)
		err := s.Check(Given{setting: true})
		if want == "" {
			if err != nil {
				t.Errorf("--%s: %v", setting, err)
			}
			return
		}
		mistake(t, err, setting, want)
	}
	check("batches", "--batches is 0", func(s *Settings) { s.Batches = 0 })
	check("batches", "--batches is 1001", func(s *Settings) { s.Batches = 1001 })
	check("rounds", "--rounds is -1", func(s *Settings) { s.Rounds = -1 })
	check("rounds", "", func(s *Settings) { s.Rounds = MostRounds })
	check("workers", "--workers is 1025", func(s *Settings) { s.Workers = 1025 })
	check("iterations", "--iterations is -3", func(s *Settings) { s.Iterations = -3 })
	check("concurrency", "--concurrency is 65537", func(s *Settings) { s.Concurrency = 65537 })
	check("void-at", "--void-at is 101", func(s *Settings) { s.VoidAt = 101 })
	check("void-at", "--void-at is NaN", func(s *Settings) { s.VoidAt = math.NaN() })
	check("void-at", "", func(s *Settings) { s.VoidAt = 0 })
	check("pause", "--pause is -1s", func(s *Settings) { s.Pause = -time.Second })
	check("idle", "--idle is 24h0m1s", func(s *Settings) { s.Idle = 24*time.Hour + time.Second })
	check("sleep", "--sleep is 1.5ms", func(s *Settings) { s.Sleep = 1500 * time.Microsecond })
	check("for", "--for is -1m0s", func(s *Settings) { s.For = -time.Minute })
	check("for", "--for is 0s", func(s *Settings) { s.For = 0 }) // asked for
	check("for", "", func(s *Settings) { s.For = time.Hour })
	check("threads", `--threads is "jump"`, func(s *Settings) { s.Threads = "jump" })
	check("preset", `--preset is "quik"`, func(s *Settings) { s.Preset = "quik" })
	check("mode", `--mode is ""`, func(s *Settings) { s.Mode = "" })
	check("transport", `--transport is "udp"`, func(s *Settings) { s.Transport = "udp" })
	check("memory", `--memory is "lots", which is not an amount of memory`, func(s *Settings) { s.Memory = "lots" })
	check("memory", "--memory is 1MiB, too little for any container", func(s *Settings) { s.Memory = "1MiB" })
	check("memory", "", func(s *Settings) { s.Memory = "0" })
}

func TestDesign(t *testing.T) {
	s := Defaults()
	s.Memory, s.Seed, s.VoidAt, s.For, s.LoneIdle = "512MiB", 7, 30, time.Hour, true
	got, err := s.Design(of("libc", "jemalloc", "musl"))
	want := bench.Design{
		Variants: of("libc", "jemalloc", "musl"), Baseline: "libc", Rounds: 7, Batches: 2,
		Pause: 5 * time.Second, Idle: 30 * time.Second, Sleep: 450 * time.Millisecond, Workers: 10, Threads: bench.Hop,
		Transport: bench.Unix, MemoryLimit: 512 * bench.MiB, SampleEvery: 50 * time.Millisecond, Seed: 7,
		Preset: "default", Mode: bench.Together, LoneIdle: true, Until: time.Hour, VoidAt: 0.3,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	rounds := func(want int, names ...string) {
		t.Helper()
		if d, err := s.Design(of(names...)); err != nil || d.Rounds != want {
			t.Errorf("%v: %d rounds, %v; want %d", names, d.Rounds, err, want)
		}
	}
	rounds(6, "libc")
	rounds(6, "libc", "jemalloc")
	s.Rounds = 2
	rounds(2, "libc", "jemalloc")
}

func TestTwin(t *testing.T) {
	s := Defaults()
	s.Twin = true
	variants := of("jemalloc", "libc", "musl")
	d, err := s.Design(variants)
	if err != nil || d.Twin != "libc-twin" || d.Rounds != 7 {
		t.Errorf("twin %q, %d rounds, %v", d.Twin, d.Rounds, err)
	}
	if diff := cmp.Diff(of("jemalloc", "libc", "libc-twin", "musl"), d.Variants); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(of("jemalloc", "libc", "musl"), variants); diff != "" {
		t.Errorf("the caller's variants were changed:\n%s", diff)
	}
	_, err = s.Design(of("libc"))
	mistake(t, err, "aa", "--aa needs a second variant, to vouch for its difference")
	_, err = s.Design(of("libc", "libc-twin"))
	mistake(t, err, "aa", "--aa would name the second baseline libc-twin, and there is a variant of that name")
}

func TestPresets(t *testing.T) {
	p := bench.Plan{Iterations: 2500, Items: []bench.PlanItem{{Name: "a", Times: 2}, {Name: "b"}}}
	file := Defaults()
	file.Rounds, file.Batches, file.Pause, file.Idle, file.Iterations = 9, 5, time.Second, time.Minute, 1000
	check := func(preset string, given Given, rounds, batches int, pause, idle time.Duration, iterations int) {
		t.Helper()
		want := file
		want.Preset, want.Rounds, want.Batches, want.Pause, want.Idle, want.Iterations = preset, rounds, batches, pause, idle, iterations
		s := file
		s.Preset = preset
		got, err := s.WithPreset(given, p)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s, given %v: %v (-want +got)\n%s", preset, given, err, diff)
		}
	}
	check("default", nil, 9, 5, time.Second, time.Minute, 1000)
	// Nothing gets longer: the pause stays at a second.
	check("quick", nil, 1, 2, time.Second, 10*time.Second, 160)
	check("seed", nil, 1, 3, 10*time.Second, 30*time.Second, 0)
	for _, preset := range []string{"quick", "seed"} {
		check(preset, Given{"rounds": true, "batches": true, "pause": true, "idle": true, "iterations": true}, 9, 5, time.Second, time.Minute, 1000)
	}
	file.Iterations = 0
	p.Iterations = 3
	check("quick", Given{"batches": true}, 1, 5, time.Second, 10*time.Second, 3)
	if d, err := (Settings{Preset: "quick", Rounds: 1}).Design(of("libc")); err != nil || !d.Quick {
		t.Errorf("quick %v, %v", d.Quick, err)
	}

	many := Defaults()
	many.Concurrency = 4
	_, err := many.WithPreset(nil, p)
	mistake(t, err, "concurrency", "--concurrency is 4, more than the 3 iterations of the plan")
	many.Iterations = 100
	if _, err := many.WithPreset(nil, p); err != nil {
		t.Error(err)
	}
}
