package lab

import (
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// agenda is the rounds that are still to come. What it decides depends on the
// design, on the verdicts so far and on what is left out, so a run that goes on
// comes to the same rounds as one that was never interrupted.
type agenda struct {
	design   bench.Design // of the variants that are left, its groups as they are by now
	queue    []design.Round
	number   int                  // of the round that was taken last
	rounds   int                  // that the design has by now
	dropped  int                  // rounds, or groups, of the queue for which there was no time
	measured map[string][]float64 // demand in the first round, as long as its groups are not over
}

// newAgenda gives the agenda of a design behind rounds that are done.
func newAgenda(d bench.Design, done []store.Judged, gone []store.Gone) *agenda {
	a := &agenda{rounds: d.Rounds, measured: map[string][]float64{}}
	out := func(which func(store.Gone) bool) (names []string) {
		for _, g := range gone {
			if which(g) {
				names = append(names, g.Variant)
			}
		}
		return names
	}
	between := func(n int) []string {
		return out(func(g store.Gone) bool { return g.Round == 0 && g.After == n })
	}
	a.design = design.Without(d, between(0)...)
	a.queue = design.Schedule(a.design)
	for i, j := range done {
		if len(a.queue) == 0 {
			break
		}
		r := a.next()
		a.leaveOut(out(func(g store.Gone) bool { return g.Round == r.Number })...)
		a.replay(r, j)
		a.leaveOut(between(i + 1)...)
		a.regroup()
	}
	return a
}

// next takes the next round off the queue.
func (a *agenda) next() design.Round {
	r := a.queue[0]
	a.queue = a.queue[1:]
	a.number++
	r.Number = a.number
	return r
}

// leaveOut takes variants out of all rounds to come. A group in which the baseline
// would be alone is none.
func (a *agenda) leaveOut(names ...string) {
	if len(names) == 0 {
		return
	}
	a.design = design.Without(a.design, names...)
	for i := range a.queue {
		a.queue[i].Order = slices.DeleteFunc(slices.Clone(a.queue[i].Order), func(name string) bool { return slices.Contains(names, name) })
	}
	if len(a.design.Variants) > 1 {
		a.queue = slices.DeleteFunc(a.queue, func(r design.Round) bool { return len(r.Order) < 2 })
	}
}

// outcome is what came of a round.
type outcome struct {
	void    string             // why it does not count
	demand  map[string]float64 // of its variants, if it is of the first round and that has groups
	another bool               // there is time to go on, for as many as ahead says
}

// ahead is how many rounds, or groups, there must be time for behind one so that it
// goes on: a round of the design is not begun that would not be whole.
func (a *agenda) ahead(r design.Round, void bool) int {
	switch {
	case a.design.Groups == nil || void && r.Repeats == 0:
		return 1
	case len(a.queue) == 0:
		return design.GroupCount(a.design)
	case a.queue[0].Turn == r.Turn:
		return 1
	}
	n := 0
	for _, next := range a.queue {
		if next.Turn == a.queue[0].Turn {
			n++
		}
	}
	return n
}

// judge decides what follows from a round: whether it is repeated, and whether
// there are more.
func (a *agenda) judge(r design.Round, o outcome) store.Judged {
	j := store.Judged{Round: r.Number, Void: o.void, Demand: o.demand}
	a.learn(o.demand)
	if o.void != "" && r.Repeats == 0 && o.another {
		j.Again = a.repeat(r)
	}
	a.regroup()
	switch {
	case !o.another:
		a.dropped = len(a.queue)
		a.queue = nil
	case a.design.Fill && len(a.queue) == 0 && a.rounds < design.MostRounds:
		a.extend()
	}
	j.Rounds, j.Last = a.rounds, len(a.queue) == 0
	return j
}

// replay follows a verdict of earlier, as far as judge could have given it: it
// comes from a file.
func (a *agenda) replay(r design.Round, j store.Judged) {
	a.learn(j.Demand)
	if j.Again > 0 && r.Repeats == 0 {
		a.repeat(r)
	}
	a.regroup()
	for a.rounds < j.Rounds && a.rounds < design.MostRounds {
		a.extend()
	}
	if j.Last {
		a.queue = nil
	}
}

// learn takes in what variants needed.
func (a *agenda) learn(demand map[string]float64) {
	if a.measured == nil {
		return
	}
	for name, cpus := range demand {
		a.measured[name] = append(a.measured[name], cpus)
	}
}

// regroup divides all rounds behind the first anew, when that is over, by what its
// variants needed. How many fit was a guess until then.
func (a *agenda) regroup() {
	d := a.design
	if len(a.measured) == 0 || d.Groups == nil || d.AtOnce > 0 || len(a.queue) > 0 && a.queue[0].Turn == 1 {
		return
	}
	means := map[string]float64{}
	for name, all := range a.measured {
		for _, cpus := range all {
			means[name] += cpus / float64(len(all))
		}
	}
	a.measured = nil
	a.design = design.Regrouped(d, means)
	if len(a.queue) == 0 {
		return
	}
	a.queue = nil
	for turn := 2; turn <= a.rounds; turn++ {
		a.queue = append(a.queue, design.Turn(a.design, turn)...)
	}
}

// repeat puts a round in place of another at the end, or a group at the end of its
// round, and gives its number.
func (a *agenda) repeat(r design.Round) int {
	i := len(a.queue)
	for r.Turn > 0 && i > 0 && a.queue[i-1].Turn > r.Turn {
		i--
	}
	number := a.number + i + 1
	a.queue = slices.Insert(a.queue, i, design.Again(a.design, r, number))
	return number
}

// extend adds a round to the design.
func (a *agenda) extend() {
	a.rounds++
	if a.design.Groups != nil {
		a.queue = append(a.queue, design.Turn(a.design, a.rounds)...)
		return
	}
	number := a.number + len(a.queue) + 1
	a.queue = append(a.queue, design.Round{Number: number, Order: design.Order(a.design, number)})
}
