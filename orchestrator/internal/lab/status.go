package lab

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// tell gives the observer a Status.
func (t *trial) tell() {
	sample, _ := t.meter.Latest()
	t.mu.Lock()
	s := t.status
	s.RSS = sample.Resident()
	if t.progress != nil {
		s.Done = t.progress.Done()
		s.Failed += t.progress.Failed()
	} else if s.Phase == bench.PhasePause || s.Phase == bench.PhaseIdle {
		s.Done = s.Total
	}
	s.Left = t.left(s)
	t.mu.Unlock()
	t.run.conf.Observe.Status(s)
}

// left estimates how long the trial still lasts: from the pace of the batch
// under way, or of those before it, and the pauses to come. The lock is held.
func (t *trial) left(s Status) time.Duration {
	d := t.design
	var batch time.Duration // what a batch takes
	if s.Phase == bench.PhaseBatch && s.Done > 0 {
		batch = time.Duration(float64(time.Since(t.began)) / float64(s.Done) * float64(s.Total))
	} else if s.Batch > 0 && s.Done > 0 {
		batch = t.lastBatch
	}
	if batch == 0 {
		return 0
	}
	t.lastBatch = batch
	after := time.Duration(d.Batches - s.Batch)
	left := after*batch + after*d.Pause + d.Idle
	switch s.Phase {
	case bench.PhaseBatch:
		left += max(0, batch-time.Since(t.began))
	case bench.PhasePause, bench.PhaseIdle:
		left -= min(left, time.Since(t.quiet))
	}
	return left
}
