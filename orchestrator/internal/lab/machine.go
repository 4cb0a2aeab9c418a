package lab

import (
	"fmt"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
)

// The bounds beyond which a round does not count, beside Design.VoidAt.
const (
	mostSlept   = time.Second // that a machine may be suspended within a batch
	mostJumped  = 0.25        // of a batch's time: by how much a clock may be set
	leastJudged = time.Second // the kernel counts CPU time in steps of 10 ms: a shorter batch says nothing
)

// stopwatch begins a stretch of time; stop ends it, and says what the machine did
// meanwhile.
type stopwatch func() (stop func() (bench.Machine, error), err error)

// stopwatchOf watches a machine.
func stopwatchOf(m *meter.Machine) stopwatch {
	return func() (func() (bench.Machine, error), error) {
		before, err := m.Read()
		return func() (bench.Machine, error) { return m.Since(before) }, err
	}
}

// judge spoils the round if somebody else decided a figure of the batch.
func (t *trial) judge(b bench.Batch) {
	m := b.Machine
	if m == nil || b.Interrupted || m.Elapsed < leastJudged {
		return
	}
	where := fmt.Sprintf("in %s's batch %d", t.part.variant.Name, b.Number)
	limit := t.design.VoidAt
	switch {
	case m.Slept > mostSlept:
		t.round.spoil(fmt.Sprintf("the machine slept for %v %s", m.Slept.Round(time.Second), where))
	case m.Jumped.Abs().Seconds() > mostJumped*m.Elapsed.Seconds():
		t.round.spoil(fmt.Sprintf("the clock was changed by %v %s", m.Jumped.Round(time.Second), where))
	case limit > 0 && m.OthersShare() > limit:
		t.round.spoil(fmt.Sprintf("other processes took %.0f %% of the machine %s", 100*m.OthersShare(), where))
	}
}

// watch counts a trial's CPU time as a variant's from now on.
func (r *run) watch(m *meter.Recorder) {
	r.watching.Lock()
	defer r.watching.Unlock()
	r.watched = append(r.watched, m)
}

// unwatch keeps what the trial has used. It reads that when nobody else does:
// whoever saw more of it than is kept would see time go back.
func (r *run) unwatch(m *meter.Recorder) {
	usedBy(m) // what is slow in it is done by now
	r.watching.Lock()
	defer r.watching.Unlock()
	used := usedBy(m)
	r.watched = slices.DeleteFunc(r.watched, func(other *meter.Recorder) bool { return other == m })
	r.gone += used
}

// used is the CPU time of all variants so far.
func (r *run) used() time.Duration {
	r.watching.RLock()
	defer r.watching.RUnlock()
	total := r.gone
	for _, m := range r.watched {
		total += usedBy(m)
	}
	return total
}

// usedBy is the CPU time of one trial. An error comes again where the trial
// itself asks; what was seen last stands.
func usedBy(m *meter.Recorder) time.Duration {
	used, _, _ := m.CPU()
	return used
}
