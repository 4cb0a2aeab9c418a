package lab

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// verdict is what a test has come of a round.
type verdict struct {
	void    string
	another bool // there is time for one more
}

// carriedOut is a run by the verdicts that rounds get by their numbers.
func carriedOut(a *agenda, verdicts map[int]verdict) (rounds []design.Round, judged []store.Judged) {
	for len(a.queue) > 0 {
		r := a.next()
		v := verdicts[r.Number]
		rounds, judged = append(rounds, r), append(judged, a.judge(r, outcome{void: v.void, another: v.another}))
	}
	return rounds, judged
}

// A run that was interrupted after any of its rounds, or after several, comes to
// the same rounds, verdicts and header as one that never was.
func TestAgendaGoesOn(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		d := bench.Design{Seed: rnd.Uint64(), Rounds: 1 + rnd.IntN(8), Fill: rnd.IntN(2) == 0}
		for i := range 1 + rnd.IntN(6) {
			d.Variants = append(d.Variants, bench.Variant{Name: fmt.Sprint("v", i)})
		}
		verdicts := map[int]verdict{}
		last := 1 + rnd.IntN(30) // a filled run has an end because its time has
		for n := range 100 {
			v := verdict{another: n < last}
			if rnd.IntN(3) == 0 {
				v.void = "disturbed"
			}
			verdicts[n] = v
		}
		whole := newAgenda(d, nil, nil)
		rounds, judged := carriedOut(whole, verdicts)
		for i, r := range rounds {
			if r.Number != i+1 {
				t.Fatalf("seed %d: round %d has number %d", seed, i+1, r.Number)
			}
		}
		for cut := range len(rounds) + 1 {
			a := newAgenda(d, judged[:cut], nil)
			again, judgedAgain := carriedOut(a, verdicts)
			if diff := cmp.Diff(rounds[cut:], again); diff != "" && cut < len(rounds) {
				t.Fatalf("seed %d, after round %d (-whole +resumed):\n%s", seed, cut, diff)
			}
			if diff := cmp.Diff(judged[cut:], judgedAgain); diff != "" && cut < len(rounds) {
				t.Fatalf("seed %d, after round %d (-whole +resumed):\n%s", seed, cut, diff)
			}
			if len(again) != len(rounds)-cut || a.rounds != whole.rounds {
				t.Fatalf("seed %d, after round %d: %d more rounds, and the design has %d; want %d and %d",
					seed, cut, len(again), a.rounds, len(rounds)-cut, whole.rounds)
			}
		}
	}
}

// A round is repeated once, and a repetition never.
func TestAgendaRepeats(t *testing.T) {
	d := bench.Design{Rounds: 2, Variants: []bench.Variant{{Name: "a"}}}
	disturbed := verdict{"disturbed", true}
	rounds, _ := carriedOut(newAgenda(d, nil, nil), map[int]verdict{1: disturbed, 2: {another: true}, 3: disturbed})
	order := []string{"a"}
	want := []design.Round{{Number: 1, Order: order}, {Number: 2, Order: order}, {Number: 3, Order: order, Repeats: 1}}
	if diff := cmp.Diff(want, rounds); diff != "" {
		t.Errorf("rounds (-want +got):\n%s", diff)
	}
}

// Verdicts that nobody gave, as in a file that was written by hand, make an agenda
// of bounded length all the same.
func TestAgendaOfHostileVerdicts(t *testing.T) {
	d := bench.Design{Rounds: 3, Fill: true, Variants: []bench.Variant{{Name: "a"}, {Name: "b"}}}
	for name, j := range map[string]store.Judged{
		"ever more rounds":     {Round: 1, Rounds: math.MaxInt, Again: math.MaxInt},
		"fewer than none":      {Round: math.MinInt, Rounds: math.MinInt, Again: math.MinInt},
		"repeated for ever":    {Round: 1, Rounds: 3, Again: 1},
		"the last, and others": {Round: 1, Rounds: math.MaxInt, Again: 4, Last: true},
	} {
		t.Run(name, func(t *testing.T) {
			done := make([]store.Judged, 100_000)
			for i := range done {
				done[i] = j
			}
			a := newAgenda(d, done, nil)
			if len(a.queue) > design.MostRounds || a.rounds > design.MostRounds || a.number > 2*design.MostRounds {
				t.Errorf("%d rounds to come of %d, up to number %d", len(a.queue), a.rounds, a.number)
			}
			rounds, _ := carriedOut(a, nil)
			if len(rounds) > 1 { // there is no time for another
				t.Errorf("%d rounds were carried out", len(rounds))
			}
		})
	}
}

// What has gone on from an earlier run begins with the next round, and knows of
// those that were added.
func TestGoOn(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		conf := config(t, f)
		conf.Design.Batches = 1
		done := []store.Judged{{Round: 1, Rounds: 2, Took: once}, {Round: 2, Rounds: 3, Took: once}}
		conf.Earlier = &store.Earlier{Done: done}
		exp, err := conf.run(t.Context())
		if err != nil || len(exp.Trials) != 2 || exp.Trials[0].Round != 3 || exp.Design.Rounds != 3 {
			t.Errorf("%v, %+v", err, exp)
		}
		if r := of[store.Round](conf); len(r) != 1 || r[0].Left != once {
			t.Errorf("rounds %+v", r)
		}
		noneLeft(t, f)
	})
}

// A run that was interrupted behind its last round has nothing left to do but to
// say so.
func TestGoOnAtTheEnd(t *testing.T) {
	faked(t, func(t *testing.T) {
		f := honest(nil)
		conf := config(t, f)
		conf.Earlier = &store.Earlier{Done: []store.Judged{{Round: 1, Rounds: 2}, {Round: 2, Rounds: 2, Last: true}}}
		exp, err := conf.run(t.Context())
		if err != nil || len(f.Instances()) != 0 || exp.Interrupted || exp.Design.Rounds != 2 {
			t.Errorf("%v, %d instances, %+v", err, len(f.Instances()), exp)
		}
	})
}

// More rounds than there can be are refused before anything is made for them.
func TestTooManyRounds(t *testing.T) {
	faked(t, func(t *testing.T) {
		conf := config(t, honest(nil))
		conf.Design.Rounds = math.MaxInt
		if _, err := conf.run(t.Context()); err == nil {
			t.Error("no error")
		}
	})
}
