// Package watch tells how a run stands while it goes on, from its records: in
// which phase each trial is, how far, and how long all of it still takes. It
// draws nothing and has no clock: whoever shows a run gives the time and picks
// the words. It is not safe for use by several goroutines.
package watch

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// Trial is a trial under way, as its records tell. The zero value is one of
// which nothing is known.
type Trial struct {
	begun   time.Time // zero: not known
	name    string    // of its container
	turn    int       // where rounds have groups
	group   int
	phase   bench.Phase
	since   time.Time // when the phase began
	done    int       // requests of the batch
	failed  int       // in the batch
	before  int       // that failed in earlier batches
	told    bool      // how far the batch is
	memory  bench.Bytes
	highest bench.Bytes   // in the batch
	batch   time.Duration // what one takes, by the newest estimate
	curve   Curve
	ended   *store.Ended
}

// Standing is how a trial stands.
type Standing struct {
	Of      store.Of
	Round   string        // its name for people
	Phase   string        // the kind of the phase that it is in; empty: in none yet
	Passed  time.Duration // of the phase
	Batch   int           // the batch it is in or was last in; 0 before the first
	Batches int
	Done    int           // requests of the batch
	Told    bool          // Done is what the records say, and not 0 for want of one
	Total   int           // requests of a batch
	Failed  int           // in the trial so far
	Memory  bench.Bytes   // the resident heap now
	Left    time.Duration // estimated; 0: not known yet
	Ended   bool
	Error   string // why it ended early
}

// Take takes in what happened in the trial.
func (t *Trial) Take(what any, now time.Time) {
	switch what := what.(type) {
	case store.Trial:
		t.name, t.begun, t.turn, t.group = what.Container, what.Started, what.Turn, what.Group
	case bench.Phase:
		if what.End != 0 {
			return
		}
		t.phase, t.since = what, now
		if what.Kind == bench.PhaseBatch {
			t.done, t.failed, t.highest, t.told = 0, 0, 0, false
		}
	case bench.Sample:
		t.memory = what.Resident()
		t.highest = max(t.highest, t.memory)
		t.curve.Add(what.At, t.memory)
	case store.Progress:
		t.done, t.failed, t.told = what.Done, what.Failed, true
	case bench.Batch:
		t.before += what.Failed
		t.done, t.failed, t.told = what.Requests, 0, true
		t.highest = max(t.highest, what.HighWater)
		if !what.Interrupted {
			t.batch = what.End - what.Start
		}
	case store.Ended:
		t.ended = &what
	}
}

// Container gives the name of the trial's instance.
func (t *Trial) Container() string { return t.name }

// Memory gives the resident heap at the last reading; 0: there was none.
func (t *Trial) Memory() bench.Bytes { return t.memory }

// Highest gives the highest resident heap of the batch, by the samples and, where
// it is over, by the kernel's mark.
func (t *Trial) Highest() bench.Bytes { return t.highest }

// Standing says how the trial stands.
func (t *Trial) Standing(of store.Of, h store.Header, now time.Time) Standing {
	s := Standing{
		Of: of, Round: bench.RoundName(of.Round, t.turn, t.group), Phase: t.phase.Kind, Batch: t.phase.Batch, Batches: h.Design.Batches, Passed: now.Sub(t.since),
		Done: t.done, Told: t.told, Total: h.Plan.Iterations * h.Plan.PerIteration(), Failed: t.before + t.failed, Memory: t.memory,
	}
	if t.since.IsZero() {
		s.Passed = 0
	}
	if t.ended != nil {
		s.Ended, s.Error = true, t.ended.Error
		return s
	}
	s.Left = t.left(s, h.Design)
	return s
}

// left estimates how long the trial still lasts: from the pace of the batch under
// way, or of those before it, and the pauses to come.
func (t *Trial) left(s Standing, d bench.Design) time.Duration {
	if s.Phase == bench.PhaseBatch && s.Done > 0 && s.Done < s.Total {
		t.batch = time.Duration(float64(s.Passed) / float64(s.Done) * float64(s.Total))
	}
	if t.batch == 0 {
		return 0
	}
	after := time.Duration(d.Batches - s.Batch)
	left := after*t.batch + after*d.Pause + d.Idle
	switch s.Phase {
	case bench.PhaseBatch:
		if s.Done < s.Total {
			left += max(0, t.batch-s.Passed)
		}
	case bench.PhasePause, bench.PhaseIdle:
		left -= min(left, s.Passed)
	default:
		// No pause comes before the first batch.
		left += max(0, design.Settle(d)-s.Passed) - d.Pause
	}
	return left
}
