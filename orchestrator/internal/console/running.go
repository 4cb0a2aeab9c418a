package console

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// moveEvery is how often a bar is moved by memory alone.
const moveEvery = 250 * time.Millisecond

// running is a trial under way, as its records tell.
type running struct {
	container string
	phase     bench.Phase
	since     time.Time // when the phase began
	done      int       // requests of the batch
	failed    int       // in the batch
	before    int       // that failed in earlier batches
	memory    bench.Bytes
	highest   bench.Bytes   // in the batch
	batch     time.Duration // what one takes, by the newest estimate
	moved     time.Time
}

// standing is how a trial stands.
type standing struct {
	of      store.Of
	phase   string // the kind of the phase that it is in
	batch   int    // the batch it is in or was last in; 0 before the first
	batches int
	done    int           // requests of the batch
	total   int           // requests of a batch
	failed  int           // in the trial so far
	memory  bench.Bytes   // the resident heap now
	left    time.Duration // estimated; 0: not known yet
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
	move, show := t.take(r.What, now)
	var s standing
	if move = move && v.bars != nil; move {
		t.moved = now
		s = t.standing(r.Of, v.header, now)
	}
	v.mu.Unlock()
	if show != nil {
		show(v, r.Of)
	}
	if move {
		v.bars.update(s)
	}
}

// take takes in a record. It says whether the bar is to move, and gives the line
// that is to be shown, if any.
func (t *running) take(what any, now time.Time) (move bool, show func(*View, store.Of)) {
	switch what := what.(type) {
	case store.Trial:
		t.container = what.Container
	case bench.Phase:
		if what.End != 0 {
			return false, nil
		}
		t.phase, t.since = what, now
		if what.Kind == bench.PhaseBatch {
			t.done, t.failed, t.highest = 0, 0, 0
		}
		// A bar comes with the first reading.
		return t.memory > 0, func(v *View, of store.Of) { v.phase(of, what) }
	case bench.Sample:
		t.memory = what.Resident()
		t.highest = max(t.highest, t.memory)
		return now.Sub(t.moved) >= moveEvery, nil
	case store.Progress:
		t.done, t.failed = what.Done, what.Failed
		return true, nil
	case bench.Batch:
		t.before += what.Failed
		t.done, t.failed = what.Requests, 0
		highest := max(t.highest, what.HighWater)
		return true, func(v *View, of store.Of) { v.batch(of, what, highest) }
	}
	return false, nil
}

// standing says how the trial stands.
func (t *running) standing(of store.Of, h store.Header, now time.Time) standing {
	s := standing{
		of: of, phase: t.phase.Kind, batch: t.phase.Batch, batches: h.Design.Batches,
		done: t.done, total: h.Plan.Iterations * h.Plan.PerIteration(), failed: t.before + t.failed, memory: t.memory,
	}
	s.left = t.left(s, h.Design, now)
	return s
}

// left estimates how long the trial still lasts: from the pace of the batch under
// way, or of those before it, and the pauses to come.
func (t *running) left(s standing, d bench.Design, now time.Time) time.Duration {
	passed := now.Sub(t.since)
	if s.phase == bench.PhaseBatch && s.done > 0 {
		t.batch = time.Duration(float64(passed) / float64(s.done) * float64(s.total))
	}
	if t.batch == 0 {
		return 0
	}
	after := time.Duration(d.Batches - s.batch)
	left := after*t.batch + after*d.Pause + d.Idle
	switch s.phase {
	case bench.PhaseBatch:
		left += max(0, t.batch-passed)
	case bench.PhasePause, bench.PhaseIdle:
		left -= min(left, passed)
	}
	return left
}
