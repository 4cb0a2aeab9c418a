package lab

import (
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// agenda is the rounds that are still to come. What it decides depends on the
// design and on the verdicts so far, so a run that goes on comes to the same
// rounds as one that was never interrupted.
type agenda struct {
	design  bench.Design
	queue   []design.Round
	number  int // the highest that a round has got
	rounds  int // that the design has by now
	dropped int // rounds of the queue for which there was no time
}

// newAgenda gives the agenda of a design behind rounds that are done.
func newAgenda(d bench.Design, done []store.Judged) *agenda {
	a := &agenda{design: d, queue: design.Schedule(d), number: d.Rounds, rounds: d.Rounds}
	for _, j := range done {
		if len(a.queue) == 0 {
			break
		}
		a.replay(a.next(), j)
	}
	return a
}

// next takes the next round off the queue.
func (a *agenda) next() design.Round {
	r := a.queue[0]
	a.queue = a.queue[1:]
	return r
}

// judge decides what follows from a round: whether it is repeated, and whether
// there are more. void says why it does not count, another whether there is time
// for one more.
func (a *agenda) judge(r design.Round, void string, another bool) store.Judged {
	j := store.Judged{Round: r.Number, Void: void}
	if void != "" && r.Repeats == 0 && another {
		j.Again = a.repeat(r)
	}
	switch {
	case !another:
		a.dropped = len(a.queue)
		a.queue = nil
	case a.design.Fill && len(a.queue) == 0 && a.number < design.MostRounds:
		a.extend()
	}
	j.Rounds, j.Last = a.rounds, len(a.queue) == 0
	return j
}

// replay follows a verdict of earlier, as far as judge could have given it: it
// comes from a file.
func (a *agenda) replay(r design.Round, j store.Judged) {
	if j.Again > 0 && r.Repeats == 0 {
		a.repeat(r)
	}
	for a.rounds < j.Rounds && a.number < design.MostRounds {
		a.extend()
	}
	if j.Last {
		a.queue = nil
	}
}

// repeat puts a round in place of another at the end, and gives its number.
func (a *agenda) repeat(r design.Round) int {
	a.number++
	a.queue = append(a.queue, design.Round{Number: a.number, Order: design.Order(a.design, a.number), Repeats: r.Number})
	return a.number
}

// extend adds a round to the design.
func (a *agenda) extend() {
	a.number++
	a.rounds++
	a.queue = append(a.queue, design.Round{Number: a.number, Order: design.Order(a.design, a.number)})
}
