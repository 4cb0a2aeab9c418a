package gate

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// recorded are rounds of the default design on two CPUs that other work shared,
// void ones included: by variant and figure, in MiB. The n-th values of all
// figures are of one round.
type recorded map[string]map[string][]float64

func readRecorded(t *testing.T) recorded {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "rounds.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// world is what a simulated gate happens in.
type world struct {
	recorded
	rng      *rand.Rand
	variants []string
	rounds   int
	more     float64 // what the service takes more by now
	drift    float64 // standard deviation of a variant's log from run to run
	allowed  float64
}

// run draws rounds as wholes, so that figures that go together stay together. No
// two are quite alike. Where nothing is live, a service takes nothing more.
func (w *world) run(more float64, drift map[string]float64) recorded {
	drawn := recorded{}
	at := make([]int, w.rounds)
	for i := range at {
		at[i] = w.rng.IntN(len(w.recorded["libc"]["peak"]))
	}
	for _, variant := range w.variants {
		drawn[variant] = map[string][]float64{}
		for _, a := range w.gates() {
			by := more
			if variant == "musl" && a.Figure == "idle" {
				by = 0
			}
			for _, i := range at {
				jitter := math.Exp(drift[variant] + 0.01*w.rng.NormFloat64())
				drawn[variant][a.Figure] = append(drawn[variant][a.Figure], w.recorded[variant][a.Figure][i]*float64(bench.MiB)*(1+by)*jitter)
			}
		}
	}
	return drawn
}

func (w *world) gates() []Allowed {
	return []Allowed{{"peak", w.allowed}, {"steady", w.allowed}, {"idle", w.allowed}}
}

func (w *world) verdict(was, now recorded) *Verdict {
	v := &Verdict{}
	for _, variant := range w.variants {
		for _, a := range w.gates() {
			f := hold(was[variant][a.Figure], now[variant][a.Figure], true, a.More)
			f.Variant, f.Figure = variant, a.Figure
			v.Findings = append(v.Findings, f)
		}
	}
	v.decide()
	return v
}

// gate is one call of compare --check: an old run, a new one that has drifted, and
// fresh rounds in the same hour if they are needed.
func (w *world) gate() Outcome {
	was, drift := w.run(0, nil), map[string]float64{}
	for _, variant := range w.variants {
		drift[variant] = w.drift * w.rng.NormFloat64()
	}
	first := w.verdict(was, w.run(w.more, drift))
	if first.Outcome != Worse {
		return Conclude(first, nil).Outcome
	}
	return Conclude(first, w.verdict(was, w.run(w.more, drift))).Outcome
}

// TestSimulation has gates on rounds that were recorded say what is promised:
// code that did not change passes, and a service that takes 20 % more is caught.
func TestSimulation(t *testing.T) {
	all, two := []string{"libc", "jemalloc", "musl"}, []string{"libc", "jemalloc"}
	rounds := readRecorded(t)
	// outcomes counts what so many gates come to.
	check := func(name string, w world, gates int, want Outcome, atLeast int) {
		t.Helper()
		w.recorded, w.rng = rounds, rand.New(rand.NewPCG(1, 2))
		var outcomes [3]int
		for range gates {
			outcomes[w.gate()]++
		}
		t.Logf("%s: fine %d, worse %d, unclear %d", name, outcomes[Fine], outcomes[Worse], outcomes[Unclear])
		if outcomes[want] < atLeast {
			t.Errorf("%s: %d of %d come to %d; want %d", name, outcomes[want], gates, want, atLeast)
		}
	}
	// The promise: the default's 7 rounds, what is allowed by default, and runs
	// that drift apart by as much as those in docs/method.md did.
	check("unchanged", world{variants: all, rounds: 7, drift: 0.03, allowed: Default}, 50, Fine, 50)
	check("20 % more", world{variants: all, rounds: 7, drift: 0.03, allowed: Default, more: 0.2}, 20, Worse, 20)
	check("20 % more, 5 % allowed", world{variants: all, rounds: 7, drift: 0.03, allowed: 0.05, more: 0.2}, 20, Worse, 20)
	check("10 % more, 30 % allowed", world{variants: all, rounds: 7, drift: 0.03, allowed: 0.3, more: 0.1}, 50, Fine, 50)
	// How often, over many.
	check("many unchanged", world{variants: all, rounds: 7, drift: 0.03, allowed: Default}, 500, Fine, 499)
	check("many with 20 % more", world{variants: all, rounds: 7, drift: 0.03, allowed: Default, more: 0.2}, 500, Worse, 498)
	// Where it ends. The tables of docs/ci.md have these.
	check("unchanged, 5 % allowed", world{variants: all, rounds: 7, drift: 0.03, allowed: 0.05}, 500, Fine, 470)
	check("unchanged, more drift", world{variants: all, rounds: 7, drift: 0.05, allowed: Default}, 500, Fine, 485)
	check("20 % more of two variants", world{variants: two, rounds: 6, drift: 0.03, allowed: Default, more: 0.2}, 500, Worse, 370)
	check("20 % more of two variants, 10 rounds", world{variants: two, rounds: 10, drift: 0.03, allowed: Default, more: 0.2}, 500, Worse, 450)
	check("20 % more of two variants, 5 % allowed", world{variants: two, rounds: 6, drift: 0.03, allowed: 0.05, more: 0.2}, 500, Worse, 480)
	// Of less than the rounds of an interval nothing can be told, ever.
	check("few rounds", world{variants: all, rounds: 3, allowed: Default, more: 0.2}, 20, Unclear, 20)
}
