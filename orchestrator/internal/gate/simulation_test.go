package gate

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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

// count simulates so many gates and counts what they come to.
func (w world) count(rounds recorded, gates int) (outcomes [3]int) {
	w.recorded, w.rng = rounds, rand.New(rand.NewPCG(1, 2))
	for range gates {
		outcomes[w.gate()]++
	}
	return outcomes
}

// all are the variants of the project, two those of which neither is quiet.
var all, two = []string{"libc", "jemalloc", "musl"}, []string{"libc", "jemalloc"}

// TestSimulation has gates on rounds that were recorded say what is promised:
// code that did not change passes, and a service that takes 20 % more is caught,
// with the default's rounds, what is allowed by default, and runs that drift apart
// by as much as those in docs/method.md did.
func TestSimulation(t *testing.T) {
	rounds := readRecorded(t)
	check := func(name string, w world, gates int, want Outcome) {
		t.Helper()
		if got := w.count(rounds, gates); got[want] != gates {
			t.Errorf("%s: fine %d, worse %d, unclear %d of %d", name, got[Fine], got[Worse], got[Unclear], gates)
		}
	}
	check("unchanged", world{variants: all, rounds: 7, drift: 0.03, allowed: Default}, 50, Fine)
	check("20 % more", world{variants: all, rounds: 7, drift: 0.03, allowed: Default, more: 0.2}, 20, Worse)
	check("20 % more, 5 % allowed", world{variants: all, rounds: 7, drift: 0.03, allowed: 0.05, more: 0.2}, 20, Worse)
	check("10 % more, 30 % allowed", world{variants: all, rounds: 7, drift: 0.03, allowed: 0.3, more: 0.1}, 50, Fine)
	check("20 % less", world{variants: all, rounds: 7, drift: 0.03, allowed: Default, more: -0.2}, 50, Fine)
	// Of less than the rounds of an interval nothing can be told, ever.
	check("few rounds", world{variants: all, rounds: 3, allowed: Default, more: 0.2}, 20, Unclear)
}

// TestRates holds the rates that docs/ci.md gives against the simulation.
func TestRates(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "ci.md"))
	if err != nil {
		t.Fatal(err)
	}
	rounds := readRecorded(t)
	const gates = 500
	check := func(row string, w world) {
		t.Helper()
		w.more = 0
		passes := w.count(rounds, gates)[Fine]
		w.more = 0.2
		line := fmt.Sprintf("%s | %d of %d | %d of %d |\n", row, passes, gates, w.count(rounds, gates)[Worse], gates)
		if !strings.Contains(string(text), line) {
			t.Errorf("docs/ci.md does not have the line %s", line)
		}
	}
	check("| libc, jemalloc, musl | 7 (default) | 10 % (default)", world{variants: all, rounds: 7, drift: 0.03, allowed: Default})
	check("| the same | 7 | 5 %", world{variants: all, rounds: 7, drift: 0.03, allowed: 0.05})
	check("| the same, drift of 5 % | 7 | 10 %", world{variants: all, rounds: 7, drift: 0.05, allowed: Default})
	check("| libc, jemalloc | 6 (default) | 10 %", world{variants: two, rounds: 6, drift: 0.03, allowed: Default})
	check("| the same | 6 | 5 %", world{variants: two, rounds: 6, drift: 0.03, allowed: 0.05})
	check("| the same | 10 | 10 %", world{variants: two, rounds: 10, drift: 0.03, allowed: Default})
}
