package lab

import (
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// agenda is the rounds that are still to come. What it decides depends on the
// design and on the verdicts so far, so a run that goes on comes to the same
// rounds as one that was never interrupted.
type agenda struct {
	design  bench.Design
	queue   []Round
	number  int // the highest that a round has got
	rounds  int // that the design has by now
	dropped int // rounds of the queue for which there was no time
}

// newAgenda gives the agenda of a design behind rounds that are done.
func newAgenda(d bench.Design, done []store.Judged) *agenda {
	a := &agenda{design: d, queue: Schedule(d), number: d.Rounds, rounds: d.Rounds}
	for _, j := range done {
		if len(a.queue) == 0 {
			break
		}
		a.replay(a.next(), j)
	}
	return a
}

// next takes the next round off the queue.
func (a *agenda) next() Round {
	r := a.queue[0]
	a.queue = a.queue[1:]
	return r
}

// judge decides what follows from a round: whether it is repeated, and whether
// there are more. void says why it does not count, another whether there is time
// for one more.
func (a *agenda) judge(r Round, void string, another bool) store.Judged {
	j := store.Judged{Round: r.Number, Void: void}
	if void != "" && r.Repeats == 0 && another {
		j.Again = a.repeat(r)
	}
	switch {
	case !another:
		a.dropped = len(a.queue)
		a.queue = nil
	case a.design.Fill && len(a.queue) == 0 && a.number < mostRounds:
		a.extend()
	}
	j.Rounds, j.Last = a.rounds, len(a.queue) == 0
	return j
}

// replay follows a verdict of earlier.
func (a *agenda) replay(r Round, j store.Judged) {
	if j.Again > 0 {
		a.repeat(r)
	}
	for a.rounds < j.Rounds && a.number < mostRounds {
		a.extend()
	}
	if j.Last {
		a.queue = nil
	}
}

// repeat puts a round in place of another at the end, and gives its number.
func (a *agenda) repeat(r Round) int {
	a.number++
	again := redraw(a.design, a.number)
	again.Repeats = r.Number
	a.queue = append(a.queue, again)
	return a.number
}

// extend adds a round to the design.
func (a *agenda) extend() {
	a.number++
	a.rounds++
	a.queue = append(a.queue, redraw(a.design, a.number))
}
