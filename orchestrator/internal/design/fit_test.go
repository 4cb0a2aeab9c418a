package design

import (
	"errors"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

func TestFill(t *testing.T) {
	// Starting 3 s, settling 5 s, batches of 20 s with a pause of 5 s: a round of 2
	// takes 53 s, one of 1 takes 28 s; 30 s of idle come after the last.
	d := bench.Design{Batches: 2, Rounds: 7, Pause: 5 * time.Second, Idle: 30 * time.Second, Variants: make([]bench.Variant, 3)}
	check := func(within time.Duration, held Held, rounds, batches int) {
		t.Helper()
		d.Until = within
		got, ok := fill(d, 20*time.Second, 7, held)
		if got.Rounds != rounds || ok && got.Batches != batches || ok != (rounds > 0) {
			t.Errorf("%v: %d rounds of %d batches, %v; want %d of %d", within, got.Rounds, got.Batches, ok, rounds, batches)
		}
	}
	var free Held
	check(7*53*time.Second+30*time.Second, free, 7, 2)
	check(7*53*time.Second+29*time.Second, free, 13, 1) // 6 rounds of 2 would give no interval
	check(7*53*time.Second+29*time.Second, Held{Batches: true}, 6, 2)
	check(40*53*time.Second+30*time.Second, free, 40, 2)
	check(40*53*time.Second+30*time.Second, Held{Rounds: true}, 7, 2)
	check(2*time.Minute, free, 3, 1) // too short for intervals: as many as there can be
	check(58*time.Second, free, 1, 1)
	check(57*time.Second, free, 0, 0)
	check(79*time.Second, Held{Batches: true}, 0, 0)
	check(24*time.Hour, free, MostRounds, 2)
	check(24*time.Hour, Held{Rounds: true, Batches: true}, 7, 2)
}

func TestFit(t *testing.T) {
	// A batch takes 10 s at least, and 20 s at the pace assumed: a round of 2 takes
	// 30 s at least and 53 s with its start, one of 1 takes 15 s and 28 s.
	p := bench.Plan{Iterations: 10, Concurrency: 1, Items: make([]bench.PlanItem, 1)}
	d := bench.Design{Rounds: 5, Batches: 2, Pause: 5 * time.Second, Idle: 30 * time.Second, Sleep: time.Second, Variants: make([]bench.Variant, 3)}
	check := func(within time.Duration, known Experience, held Held, rounds, batches int) {
		t.Helper()
		d.Until = within
		got, err := Fit(d, p, known, held)
		if err != nil || got.Rounds != rounds || got.Batches != batches || got.Until != within || got.Fill == held.Rounds {
			t.Errorf("%v: %d rounds of %d batches, filled %v, %v; want %d of %d", within, got.Rounds, got.Batches, got.Fill, err, rounds, batches)
		}
	}
	// 3 variants need 7 rounds, and one more in case one is lost.
	check(8*53*time.Second+30*time.Second, Assumed(), Held{}, 8, 2)
	check(8*53*time.Second+29*time.Second, Assumed(), Held{}, 15, 1)
	check(8*53*time.Second+29*time.Second, Assumed(), Held{Rounds: true}, 5, 2)
	check(8*53*time.Second+30*time.Second, Experience{Batch: 10 * time.Second}, Held{}, 12, 2)
	// Too long at the pace assumed, and yet not impossible.
	check(45*time.Second, Assumed(), Held{}, 1, 1)

	tooShort := func(within time.Duration, held Held, want string) {
		t.Helper()
		d.Until = within
		_, err := Fit(d, p, Assumed(), held)
		var m *Mistake
		if !errors.As(err, &m) || err.Error() != want || m.Setting != "for" || m.Advice == "" {
			t.Errorf("%v: %v; want %s", within, err, want)
		}
	}
	tooShort(44*time.Second, Held{}, "--for is 44s, too short: a round of 1 batch takes at least 45s")
	tooShort(59*time.Second, Held{Batches: true}, "--for is 59s, too short: a round of 2 batches takes at least 1m0s")
}
