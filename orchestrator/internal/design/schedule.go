// Package design decides what is to be done before it is done: settings and
// presets become a bench.Design, rounds and batches are fitted into a time, and
// a design becomes a schedule. All of it are pure functions: nothing is read,
// started or asked.
package design

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// MostRounds bounds the rounds of an experiment: more than anybody waits for.
const MostRounds = 1000

// Round is what is up at the same time: one trial of every variant, or, where a
// round of the design is divided, of every variant of a group.
type Round struct {
	Number  int      // from 1, in the order in which they are carried out
	Order   []string // in which the variants are started and, one after the other, loaded
	Repeats int      // the round that did not count and in whose place this one is; 0: none

	// Of a group: the round of the design that it is of, which of its groups it is,
	// and how many there are. Otherwise all are 0.
	Turn, Group, Groups int
}

// First says that the round, or the group, is of the first round of the design.
func (r Round) First() bool { return r.Number == 1 || r.Turn == 1 }

// Schedule gives the rounds of a design, each with an order of its own.
func Schedule(d bench.Design) []Round {
	if d.Groups != nil {
		var all []Round
		for turn := range d.Rounds {
			for _, r := range Turn(d, turn+1) {
				r.Number = len(all) + 1
				all = append(all, r)
			}
		}
		return all
	}
	rounds := make([]Round, d.Rounds)
	for i := range rounds {
		rounds[i] = Round{Number: i + 1, Order: Order(d, i+1)}
	}
	return rounds
}

// Order draws the order of the variants in the round of a number. It depends on
// that and the design's seed alone. A fixed order would give the first variant's
// container the machine to itself for a moment, every time.
func Order(d bench.Design, number int) []string {
	return shuffled(rand.New(rand.NewPCG(d.Seed, uint64(number))), names(d))
}

// Again gives the round that is run in the place of another, under a number of its
// own.
func Again(d bench.Design, r Round, number int) Round {
	again := r
	again.Number, again.Repeats = number, r.Number
	if d.Groups == nil {
		again.Order = Order(d, number)
		return again
	}
	left := names(d)
	members := slices.DeleteFunc(slices.Sorted(slices.Values(r.Order)), func(name string) bool { return !slices.Contains(left, name) })
	again.Order = shuffled(rand.New(rand.NewPCG(d.Seed, uint64(number))), members)
	return again
}

// Without gives the design without variants that are left out.
func Without(d bench.Design, left ...string) bench.Design {
	d.Variants = slices.DeleteFunc(slices.Clone(d.Variants), func(v bench.Variant) bool { return slices.Contains(left, v.Name) })
	return d
}

// shuffled puts a list in an order that is drawn, and gives it back.
func shuffled(rnd *rand.Rand, list []string) []string {
	rnd.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
	return list
}

// names lists the variants.
func names(d bench.Design) []string {
	names := make([]string, len(d.Variants))
	for i, v := range d.Variants {
		names[i] = v.Name
	}
	return names
}

// Settle is the quiet time between the warm-up request and the first batch, in
// which the baseline is read.
func Settle(d bench.Design) time.Duration {
	if d.Quick {
		return time.Second
	}
	return 5 * time.Second
}

// LeastBatch is how long a batch lasts at least: every request sleeps in the
// handler, and only so many are in flight. A variant that saturates the machine
// takes longer.
func LeastBatch(d bench.Design, p bench.Plan) time.Duration {
	requests := p.Iterations * p.PerIteration()
	waves := (requests + p.Concurrency - 1) / max(p.Concurrency, 1)
	batch := times(waves, d.Sleep)
	if p.ArrivalRate > 0 {
		batch = max(batch, limited(float64(p.Iterations)/p.ArrivalRate*float64(time.Second)))
	}
	return batch
}

// Duration is how long a design takes whose batches last so long. Final idles go
// on beside the next round, or group, unless the design has them alone.
func Duration(d bench.Design, batch time.Duration) time.Duration {
	loaded := Settle(d) + times(d.Batches, batch) + times(d.Batches-1, d.Pause)
	if d.Mode == bench.Apart {
		loaded = times(len(d.Variants), loaded)
	}
	if d.LoneIdle {
		loaded += d.Idle
	}
	whole := times(GroupCount(d), loaded)
	if d.LoneIdle {
		return times(d.Rounds, whole)
	}
	return times(d.Rounds, whole) + d.Idle
}

// Expected is Duration with what starting and proving the variants takes.
func Expected(d bench.Design, batch time.Duration) time.Duration {
	return limited(float64(Duration(d, batch)) + float64(d.Rounds)*float64(GroupCount(d))*float64(starting))
}

// forever is longer than anything may take: 36 years, of which a few can be
// added up.
const forever = time.Duration(math.MaxInt64 / 8)

// times is n times d, and at most forever: plans and settings may ask for more
// than a Duration holds.
func times(n int, d time.Duration) time.Duration { return limited(float64(n) * float64(d)) }

// limited is a number of nanoseconds, at most forever.
func limited(ns float64) time.Duration {
	if ns >= float64(forever) {
		return forever
	}
	return time.Duration(ns)
}
