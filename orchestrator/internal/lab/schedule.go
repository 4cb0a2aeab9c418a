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

// LeastBatch is how long a batch lasts at least: every request sleeps in the
// handler, and only so many are in flight. A variant that saturates the machine
// takes longer.
func LeastBatch(d bench.Design, p bench.Plan) time.Duration {
	requests := p.Iterations * p.PerIteration()
	waves := (requests + p.Concurrency - 1) / max(p.Concurrency, 1)
	batch := time.Duration(waves) * d.Sleep
	if p.ArrivalRate > 0 {
		batch = max(batch, time.Duration(float64(p.Iterations)/p.ArrivalRate*float64(time.Second)))
	}
	return batch
}

// Duration is how long a design takes whose batches last so long. Final idles go
// on beside the next round unless the design has them alone.
func Duration(d bench.Design, batch time.Duration) time.Duration {
	loaded := settle(d) + time.Duration(d.Batches)*batch + time.Duration(d.Batches-1)*d.Pause
	if d.Mode == bench.Apart {
		loaded *= time.Duration(len(d.Variants))
	}
	if d.LoneIdle {
		return time.Duration(d.Rounds) * (loaded + d.Idle)
	}
	return time.Duration(d.Rounds)*loaded + d.Idle
}

// Fit sets the rounds, and where it must the batches, that fit into d.Until if a
// batch lasts so long. Rounds are what an interval rests on: batches are given
// up, from the last on, until needed rounds fit. With fixed, those of d are the
// most. It gives false where not even a round of one batch fits.
func Fit(d bench.Design, batch time.Duration, needed int, fixedRounds, fixedBatches bool) (bench.Design, bool) {
	most := mostRounds
	if fixedRounds {
		most, needed = d.Rounds, min(needed, d.Rounds)
	}
	least := 1
	if fixedBatches {
		least = d.Batches
	}
	var best bench.Design
	for batches := d.Batches; batches >= least; batches-- {
		try := d
		try.Batches, try.Rounds = batches, 1
		first := Duration(try, batch) + starting
		try.Rounds = 2
		more := Duration(try, batch) + 2*starting - first
		try.Rounds = 0
		if first <= d.Until {
			try.Rounds = min(most, 1+int((d.Until-first)/max(more, time.Millisecond)))
		}
		if try.Rounds > best.Rounds {
			best = try
		}
		if best.Rounds >= needed {
			break
		}
	}
	return best, best.Rounds > 0
}

const (
	mostRounds = 1000            // more than anybody waits for
	starting   = 3 * time.Second // what starting and proving the variants of a round takes, about
)

// settle is the quiet time between the warm-up request and the first batch, in
// which the baseline is read.
func settle(d bench.Design) time.Duration {
	if d.Quick {
		return time.Second
	}
	return 5 * time.Second
}
