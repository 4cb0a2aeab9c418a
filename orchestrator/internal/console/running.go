package console

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/watch"
)

// moveEvery is how often a bar is moved by memory alone.
const moveEvery = 250 * time.Millisecond

// running is a trial under way that is shown.
type running struct {
	watch.Trial
	moved time.Time // its bar
}

// follow takes in how a trial goes on, shows what is worth a line, and moves the
// trial's bar.
func (v *View) follow(r store.Record) {
	if r.Of == (store.Of{}) {
		return // it is of no trial
	}
	now := time.Now()
	v.mu.Lock()
	t := v.trials[r.Of]
	if t == nil {
		t = &running{}
		v.trials[r.Of] = t
	}
	t.Take(r.What, now)
	var s watch.Standing
	move := v.bars != nil && t.moves(r.What, now)
	if move {
		t.moved = now
		s = t.Standing(r.Of, v.header, now)
	}
	highest := t.Highest()
	v.mu.Unlock()
	switch what := r.What.(type) {
	case bench.Phase:
		if what.End == 0 {
			v.phase(r.Of, what)
		}
	case bench.Batch:
		v.batch(r.Of, what, highest)
	}
	if move {
		v.bars.update(s)
	}
}

// moves says whether the bar is to move for what has happened.
func (t *running) moves(what any, now time.Time) bool {
	switch what := what.(type) {
	case bench.Phase:
		return what.End == 0 && t.Memory() > 0 // a bar comes with the first reading
	case bench.Sample:
		return now.Sub(t.moved) >= moveEvery
	case store.Progress, bench.Batch:
		return true
	}
	return false
}
