package design

import (
	"fmt"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// starting is about what starting and proving the variants of a round, or of a
// group, takes.
const starting = 3 * time.Second

// Held says which numbers were asked for and stay as they are when a design is
// fitted into a time: rounds at most, batches exactly.
type Held struct{ Rounds, Batches bool }

// Fit sets the rounds, and where it must the batches, that fit into d.Until at
// the pace that earlier results or a guess give; the design fills what is left
// with further rounds unless theirs were asked for. The error is a *Mistake: not
// even one round of the least length fits.
func Fit(d bench.Design, p bench.Plan, known Experience, held Held) (bench.Design, error) {
	d.Fill = !held.Rounds
	least := d
	least.Rounds = 1
	if !held.Batches {
		least.Batches = 1
	}
	if shortest := Duration(least, LeastBatch(d, p)); shortest > d.Until {
		return d, &Mistake{
			"for", fmt.Sprintf("is %v, too short: a round of %s takes at least %v", d.Until, words.Plural(least.Batches, "batch", "batches"), shortest.Round(time.Second)),
			"give it more time, or less to do: --iterations, --idle, --preset quick",
		}
	}
	// One more than needed: a round may be lost.
	fitted, ok := fill(d, known.BatchOf(d, p), stat.MinRounds(comparisons(d))+1, held)
	if !ok {
		return least, nil // too long at the pace expected, and yet it may fit
	}
	return fitted, nil
}

// fill sets the rounds that fit if a batch lasts so long. Rounds are what an
// interval rests on: batches are given up, one by one, until needed rounds fit.
// It is not ok where not even a round of the fewest batches fits.
func fill(d bench.Design, batch time.Duration, needed int, held Held) (best bench.Design, ok bool) {
	most, fewest := MostRounds, 1
	if held.Rounds {
		most, needed = d.Rounds, min(needed, d.Rounds)
	}
	if held.Batches {
		fewest = d.Batches
	}
	for batches := d.Batches; batches >= fewest && (best.Rounds == 0 || best.Rounds < needed); batches-- {
		try := d
		try.Batches = batches
		if try.Rounds = min(most, roundsWithin(try, batch)); try.Rounds > best.Rounds {
			best = try
		}
	}
	return best, best.Rounds > 0
}

// roundsWithin counts the rounds that fit into d.Until.
func roundsWithin(d bench.Design, batch time.Duration) int {
	d.Rounds = 1
	first := Expected(d, batch)
	if first > d.Until {
		return 0
	}
	d.Rounds = 2
	another := Expected(d, batch) - first
	return 1 + int((d.Until-first)/max(another, time.Millisecond))
}
