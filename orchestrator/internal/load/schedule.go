package load

import (
	"context"
	"math"
	"sort"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

const (
	// lateAfter is what an iteration of an open loop may start after its due
	// time without being called late.
	lateAfter = time.Millisecond

	// timerGrain is a little more than what the runtime's timers may ring late
	// on a machine that is not busy.
	timerGrain = 1100 * time.Microsecond
)

// schedule deals out the iterations of a run, in order, each to one worker.
//
// In a closed loop a ramp-up spreads the starts of all iterations over its
// time, or where they have no end, those of the first ones of the workers. In an
// open loop the rate grows evenly from nothing in that time.
type schedule struct {
	next     atomic.Int64
	start    time.Time
	limit    int64         // number of iterations
	duration time.Duration // 0: no limit
	timeout  time.Duration

	rampup time.Duration
	spread int64 // iterations that the ramp-up spreads
	compat bool

	rate          float64 // 0: closed loop
	late, dropped atomic.Int64
	progress      *Progress
}

func newSchedule(p *plan.Plan, workers int, opt Options, start time.Time) *schedule {
	s := &schedule{
		start: start, limit: int64(p.Iterations), duration: opt.Duration, timeout: opt.Timeout,
		rampup: p.Rampup, spread: int64(p.Iterations), compat: opt.CompatRampup,
		rate: p.Rate, progress: opt.Progress,
	}
	if p.Iterations == 0 {
		s.limit, s.spread = math.MaxInt64, int64(workers)
	}
	return s
}

// take gives leave to run one more iteration, when its time has come: its
// number and how late it is, which is 0 in a closed loop. ended means that there
// is none left, err that the context ended first.
func (s *schedule) take(ctx context.Context) (i int64, lag time.Duration, ended bool, err error) {
	for {
		if s.next.Load() >= s.limit {
			return 0, 0, true, nil
		}
		i = s.next.Add(1) - 1
		if i >= s.limit {
			return 0, 0, true, nil
		}
		if err := ctx.Err(); err != nil {
			s.miss(i)
			return 0, 0, false, err
		}
		if s.rate == 0 {
			ended, err = s.wait(ctx, i)
			return i, 0, ended, err
		}
		due := s.due(i)
		if s.over(due) {
			return 0, 0, true, nil
		}
		early := time.Since(s.start) < due
		if err := until(ctx, s.start.Add(due)); err != nil {
			s.miss(i)
			return 0, 0, false, err
		}
		now := time.Since(s.start)
		lag = max(now-due, 0)
		// Who was there in time does not miss the end because the clock rings a
		// little after it.
		if s.over(now) && !early && lag > lateAfter {
			s.miss(i)
			return 0, 0, true, nil
		}
		if lag >= s.timeout {
			s.miss(i)
			if s.progress != nil {
				s.progress.dropped.Add(1)
			}
			continue
		}
		if lag > lateAfter {
			s.late.Add(1)
			if s.progress != nil {
				s.progress.late.Add(1)
			}
		}
		return i, lag, false, nil
	}
}

// wait holds iteration i of a closed loop back until it may start. It says
// whether the run's time was over before.
func (s *schedule) wait(ctx context.Context, i int64) (ended bool, err error) {
	var wait time.Duration
	switch {
	case s.rampup <= 0 || i >= s.spread:
	case s.compat:
		wait = (s.rampup / time.Duration(s.spread)).Truncate(time.Second) * time.Duration(i)
	default:
		wait = time.Until(s.start.Add(s.due(i)))
	}
	if wait > 0 {
		if s.duration > 0 {
			wait = min(wait, time.Until(s.start.Add(s.duration)))
		}
		err = pause(ctx, wait)
	}
	return s.duration > 0 && s.over(time.Since(s.start)), err
}

// over says whether no iteration may start at an offset any more.
func (s *schedule) over(at time.Duration) bool { return s.duration > 0 && at >= s.duration }

// due is the offset at which iteration i may start. Floating point cannot
// overflow, and is exact to the microsecond for any ramp-up below a century.
func (s *schedule) due(i int64) time.Duration {
	if s.rate == 0 {
		return time.Duration(float64(s.rampup) * float64(i) / float64(s.spread))
	}
	// While the rate grows, the starts so far go with the square of the time;
	// by its end they are half of what the full rate would have made.
	ramp := s.rampup.Seconds()
	seconds := ramp/2 + float64(i)/s.rate
	if half := s.rate * ramp / 2; float64(i) < half {
		seconds = math.Sqrt(2 * ramp * float64(i) / s.rate)
	}
	if seconds > math.MaxInt64/1e9 {
		return math.MaxInt64
	}
	return time.Duration(seconds * 1e9)
}

// miss counts an iteration of an open loop that was due and is not started.
func (s *schedule) miss(i int64) {
	if s.rate > 0 && s.due(i) <= time.Since(s.start) {
		s.dropped.Add(1)
	}
}

// report fills in what only the schedule knows, when all workers have ended at
// the result's End: of the iterations that nobody took, those that were due by
// then are dropped too.
func (s *schedule) report(r *Result) {
	if s.rate == 0 {
		return
	}
	end := r.End.Sub(s.start)
	if s.duration > 0 {
		end = min(end, s.duration)
	}
	next := min(s.next.Load(), s.limit)
	left := sort.Search(int(s.limit-next), func(n int) bool { return s.due(next+int64(n)) >= end })
	s.dropped.Add(int64(left))
	r.Rate, r.Late, r.Dropped = s.rate, int(s.late.Load()), int(s.dropped.Load())
}

// until waits for a time, or until the context ends: then it gives its error. In
// an open loop a timer that rings late would count as latency, so the kernel
// does the last of the wait, which a context cannot cut short.
func until(ctx context.Context, at time.Time) error {
	if err := pause(ctx, time.Until(at)-timerGrain); err != nil {
		return err
	}
	if rest := time.Until(at); rest > 0 {
		ts := unix.NsecToTimespec(int64(rest))
		_ = unix.Nanosleep(&ts, nil) // a signal may end it before
	}
	return pause(ctx, time.Until(at))
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
