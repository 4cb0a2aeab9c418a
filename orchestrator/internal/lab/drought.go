package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
)

// drought is how long a load has gone without a success. A service that answers
// nothing would otherwise hold a batch up for a timeout and another, hours in
// all.
type drought struct {
	limit  time.Duration
	since  time.Time // the last success, or the start
	good   int
	failed int // all so far
	before int // of these, at the last success
}

// see takes in what has come to its end by now, and gives the error of a load
// that is in vain. Failures alone end it, not waits: a plan may rest for long.
func (d *drought) see(now time.Time, done, failed int) error {
	more := failed > d.failed
	d.failed = failed
	if good := done - failed; good > d.good {
		d.good, d.since, d.before = good, now, failed
	}
	if !more || now.Sub(d.since) < d.limit {
		return nil
	}
	return fmt.Errorf("no request succeeded for %v, and %d failed", d.limit, failed-d.before)
}

// untilInVain gives a context for a load, which ends with ctx, or with the cause
// where the load is in vain. stop is to be called in any case.
func untilInVain(ctx context.Context, progress *load.Progress, limit time.Duration) (_ context.Context, stop func()) {
	ctx, end := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d := drought{limit: limit, since: time.Now()}
		tick := time.NewTicker(limit / 64)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			done := progress.Done() // first: what fails in between must not look like a success
			if err := d.see(time.Now(), done, progress.Failed()); err != nil {
				end(err)
			}
		}
	}()
	return ctx, func() {
		end(nil)
		<-ended
	}
}
