package lab

import (
	"math/rand/v2"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Round is one trial of every variant.
type Round struct {
	Number  int      // from 1
	Order   []string // in which the variants are started and, one after the other, loaded
	Repeats int      // the round that did not count and in whose place this one is; 0: none
}

// Schedule decides what a design means before anything is done: the rounds,
// each with an order of its own drawn from the design's seed. A fixed order
// would give the first variant's container the machine to itself for a moment,
// every time.
func Schedule(d bench.Design) []Round {
	rounds := make([]Round, d.Rounds)
	for i := range rounds {
		rounds[i] = redraw(d, i+1)
	}
	return rounds
}

// redraw gives the round of a number: its order depends on that and the seed
// alone.
func redraw(d bench.Design, number int) Round {
	rnd := rand.New(rand.NewPCG(d.Seed, uint64(number)))
	order := make([]string, len(d.Variants))
	for i, v := range d.Variants {
		order[i] = v.Name
	}
	rnd.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
	return Round{Number: number, Order: order}
}

// LeastDuration is how long the load of a design lasts at least: every request
// sleeps in the handler, and only so many are in flight. A variant that
// saturates the machine takes longer.
func LeastDuration(d bench.Design, p bench.Plan) time.Duration {
	requests := p.Iterations * len(p.Items)
	waves := (requests + p.Concurrency - 1) / max(p.Concurrency, 1)
	batch := time.Duration(waves) * d.Sleep
	if p.ArrivalRate > 0 {
		batch = max(batch, time.Duration(float64(p.Iterations)/p.ArrivalRate*float64(time.Second)))
	}
	loaded := settle(d) + time.Duration(d.Batches)*batch + time.Duration(d.Batches-1)*d.Pause
	if d.Mode == bench.Apart {
		loaded *= time.Duration(len(d.Variants))
	}
	if d.LoneIdle {
		return time.Duration(d.Rounds) * (loaded + d.Idle)
	}
	return time.Duration(d.Rounds)*loaded + d.Idle // an idle goes on beside the next round
}

// settle is the quiet time between the warm-up request and the first batch, in
// which the baseline is read.
func settle(d bench.Design) time.Duration {
	if d.Quick {
		return time.Second
	}
	return 5 * time.Second
}
