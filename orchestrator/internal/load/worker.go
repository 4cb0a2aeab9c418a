package load

import (
	"context"
	"time"
)

// After a connect that failed a worker waits, so that a target that is gone
// does not make the load spin: 1 ms at first, doubling up to 20 ms.
const (
	firstBackoff = time.Millisecond
	maxBackoff   = 20 * time.Millisecond
)

// worker runs iterations over one connection, one after the other.
type worker struct {
	conn        *conn
	tally       *tally
	progress    *Progress
	backoff     time.Duration
	interrupted bool // it stopped with work left
}

// run works until the schedule or the context ends.
func (w *worker) run(ctx context.Context, plan *schedule, requests []request) {
	defer w.conn.close()
	for {
		ended, err := plan.take(ctx)
		if ended {
			return
		}
		if err != nil || !w.iterate(ctx, requests) {
			w.interrupted = true
			return
		}
	}
}

// iterate sends the requests in order. It says whether it came to their end.
func (w *worker) iterate(ctx context.Context, requests []request) bool {
	for i := range requests {
		req := &requests[i]
		start := time.Now()
		ans, sent, err := w.conn.do(ctx, req, start)
		took := time.Since(start)
		if err != nil && over(ctx) {
			return false // it failed because the connection was closed under it
		}
		bytes := 0
		if sent {
			bytes = req.size
		}
		cause := classify(err)
		w.progress.count(w.tally.record(took, bytes, ans, cause))
		if !w.rest(ctx, cause) {
			return false
		}
	}
	return true
}

// over says whether the context has ended. A connect keeps to the context's
// deadline by itself, and may fail for it a moment before the context knows.
func over(ctx context.Context) bool {
	deadline, has := ctx.Deadline()
	return ctx.Err() != nil || has && !time.Now().Before(deadline)
}

// rest waits a little after a connect that failed, and after the next ones in
// a row a little longer. It says whether the work may go on.
func (w *worker) rest(ctx context.Context, cause class) bool {
	if cause != failConnect {
		w.backoff = 0
		return true
	}
	w.backoff = min(max(2*w.backoff, firstBackoff), maxBackoff)
	return pause(ctx, w.backoff) == nil
}
