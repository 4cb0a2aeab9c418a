// Package design decides what is to be done before it is done: settings and
// presets become a bench.Design, rounds and batches are fitted into a time, and
// a design becomes a schedule. All of it are pure functions: nothing is read,
// started or asked.
package design

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// MostRounds bounds the rounds of an experiment: more than anybody waits for.
const MostRounds = 1000

// Round is one trial of every variant.
type Round struct {
	Number  int      // from 1
	Order   []string // in which the variants are started and, one after the other, loaded
	Repeats int      // the round that did not count and in whose place this one is; 0: none
}

// Schedule gives the rounds of a design, each with an order of its own.
func Schedule(d bench.Design) []Round {
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
	rnd := rand.New(rand.NewPCG(d.Seed, uint64(number)))
	order := names(d)
	rnd.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
	return order
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
// on beside the next round unless the design has them alone.
func Duration(d bench.Design, batch time.Duration) time.Duration {
	loaded := Settle(d) + times(d.Batches, batch) + times(d.Batches-1, d.Pause)
	if d.Mode == bench.Apart {
		loaded = times(len(d.Variants), loaded)
	}
	if d.LoneIdle {
		return times(d.Rounds, loaded+d.Idle)
	}
	return times(d.Rounds, loaded) + d.Idle
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
