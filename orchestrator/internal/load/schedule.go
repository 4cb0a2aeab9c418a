package load

import (
	"context"
	"sync/atomic"
	"time"
)

// schedule deals out the iterations of a run, in order, each to one worker.
type schedule struct {
	next       atomic.Int64
	iterations int
	rampup     time.Duration
	start      time.Time
}

// take gives leave to run one more iteration, when its time has come. ended
// means that there is none left, err that the context ended first.
func (s *schedule) take(ctx context.Context) (ended bool, err error) {
	i := s.next.Add(1) - 1
	if i >= int64(s.iterations) {
		return true, nil
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if s.rampup > 0 {
		return false, pause(ctx, time.Until(s.start.Add(s.due(i))))
	}
	return false, nil
}

// due is the offset at which iteration i may start. Floating point cannot
// overflow, and is exact to the microsecond for any ramp-up below a century.
func (s *schedule) due(i int64) time.Duration {
	return time.Duration(float64(s.rampup) * float64(i) / float64(s.iterations))
}

// pause waits for d, or until the context ends: then it gives its error.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
