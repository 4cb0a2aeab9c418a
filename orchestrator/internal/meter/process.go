package meter

import (
	"fmt"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// still gives an error that matches ErrEnded unless the process has its number
// still. What was read by number before then is this process's and nobody
// else's. It may have ended all the same, and wait for its parent to notice.
func (fs FS) still(p bench.Process) error {
	s, err := fs.Stat(p.PID)
	if err != nil {
		return err
	}
	return isOf(s, p)
}

// isOf gives an error that matches ErrEnded unless what was read is of p.
func isOf(s proc.Stat, p bench.Process) error {
	if s.Start != p.Start {
		return fmt.Errorf("process %d: %w: another process has its number", p.PID, ErrEnded)
	}
	return nil
}

// thread is a thread beyond doubt.
type thread struct {
	process bench.Process
	tid     int
}

// tracked is a sum over counters that come and go. It only grows.
type tracked[K comparable] struct {
	last map[K]time.Duration // of those that are there
	gone time.Duration       // of those that are not any more
}

// update takes the counters as they are now. One that is lower than it was
// belongs to somebody else, who has got the same number.
func (t *tracked[K]) update(now map[K]time.Duration) {
	for k, before := range t.last {
		if after, there := now[k]; !there || after < before {
			t.gone += before
		}
	}
	t.last = now
}

func (t *tracked[K]) sum() time.Duration {
	sum := t.gone
	for _, d := range t.last {
		sum += d
	}
	return sum
}
