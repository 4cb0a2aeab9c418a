package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// underway is a round that is being carried out.
type underway struct {
	Round
	over chan struct{} // closed when every variant is loaded and the round is judged
	keep bool          // its instances stay; to be read once over is closed

	mu   sync.Mutex
	void string // why it does not count: the first reason
}

// spoil says why the round does not count. The first reason stands.
func (u *underway) spoil(reason string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.void == "" {
		u.void = reason
	}
}

func (u *underway) spoiled() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.void
}

// rounds carries out the schedule. A round that does not count is repeated at
// the end, once. When it returns, everything that it started is gone or was to
// be kept.
//
// The next round begins when all variants of one have been loaded, and their
// final idles go on beside it: an idle container takes no CPU (ADR 11).
func (r *run) rounds(ctx context.Context) error {
	d := r.conf.Design
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)

	began := time.Now()
	queue, number := Schedule(d), d.Rounds
	for done := 0; len(queue) > 0; done++ {
		u := &underway{Round: queue[0], over: make(chan struct{})}
		queue = queue[1:]
		r.conf.Observe.Round(u.Round, d.Rounds, time.Duration(len(queue)+1)*mean(time.Since(began), done))
		err := r.round(ctx, u, func() (last bool) {
			taken := time.Since(began)
			if d.LoneIdle {
				taken += d.Idle // of this round, which is still to come
			}
			another := d.Until == 0 || taken+mean(taken, done+1)+d.Idle <= d.Until
			if reason := u.spoiled(); reason != "" && ctx.Err() == nil {
				text := fmt.Sprintf("round %d does not count: %s", u.Number, reason)
				if u.Repeats == 0 && another {
					number++
					again := redraw(d, number)
					again.Repeats = u.Number
					queue = append(queue, again)
					text += fmt.Sprintf("; it is repeated as round %d", number)
				}
				r.conf.Observe.Note(text)
			}
			switch {
			case !another && len(queue) > 0:
				r.warn("out-of-time", fmt.Sprintf("%s did not fit into %v", more(len(queue)), d.Until))
				queue = nil
			case another && d.Fill && len(queue) == 0 && number < mostRounds && ctx.Err() == nil:
				number++
				queue = append(queue, redraw(d, number))
				r.extend()
			}
			return len(queue) == 0
		})
		if err != nil {
			r.fail(err)
			break
		}
	}
	r.tails.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.failures...)
}

// extend adds a round to the design that is recorded.
func (r *run) extend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exp.Design.Rounds++
}

// more says how many rounds are left.
func more(rounds int) string {
	if rounds == 1 {
		return "1 more round"
	}
	return fmt.Sprintf("%d more rounds", rounds)
}

// mean is what one of n things took; 0 for none.
func mean(total time.Duration, n int) time.Duration {
	if n == 0 {
		return 0
	}
	return total / time.Duration(n)
}

// fail notes an error that the run ends with, once.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.failures, func(known error) bool { return errors.Is(known, err) }) {
		return
	}
	r.failures = append(r.failures, err)
}

// warn adds a warning that concerns the whole experiment.
func (r *run) warn(code, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exp.Warnings = append(r.exp.Warnings, bench.Warning{Code: code, Text: text})
	r.conf.Observe.Note(text)
}

// round starts and proves all variants, has them loaded, together or one after
// the other, and returns when that is done; the final idles and the removals go
// on beside it, counted in r.tails. judge is called in between; it says whether
// this was the last round, which waits for the end of everything.
func (r *run) round(ctx context.Context, u *underway, judge func() (last bool)) error {
	parts, err := r.startAll(ctx, u.Round)
	if err != nil {
		return err
	}
	var trials sync.WaitGroup
	loaded := make([]chan struct{}, len(parts))
	for i, p := range parts {
		loaded[i] = make(chan struct{})
		signal := sync.OnceFunc(func() { close(loaded[i]) })
		trials.Add(1)
		r.tails.Go(func() {
			defer trials.Done()
			defer r.see(ctx, p, u)
			defer signal()
			if err := r.trial(ctx, p, u, signal); err != nil {
				// Results that cannot be saved end the others too.
				r.fail(err)
				r.stop(err)
			}
		})
		if r.conf.Design.Mode == bench.Apart {
			<-loaded[i]
		}
	}
	for i := range loaded {
		<-loaded[i]
	}
	last := judge()
	r.judged(u)
	u.keep = r.conf.Keep && last
	close(u.over)
	if last || r.conf.Design.LoneIdle || ctx.Err() != nil {
		trials.Wait()
	}
	err = context.Cause(ctx)
	if u.keep && err != nil {
		err = errors.Join(err, removeAll(ctx, parts))
	}
	return err
}

// see takes an instance away whose trial is over and whose round is judged. What
// is to be kept waits for the end of all: only a round that came to its end is.
func (r *run) see(ctx context.Context, p *participant, u *underway) {
	<-u.over
	p.service.close()
	if u.keep {
		return
	}
	if err := removeAll(ctx, []*participant{p}); err != nil {
		r.fail(err)
		r.stop(err)
	}
}

// startAll starts all variants and proves them. On failure nothing is left.
func (r *run) startAll(ctx context.Context, round Round) (admitted []*participant, err error) {
	parts := make([]*participant, 0, len(round.Order))
	defer func() {
		// Without an error, those that were not admitted go.
		var gone []*participant
		for _, p := range parts {
			if err != nil || !slices.Contains(admitted, p) {
				p.service.close()
				gone = append(gone, p)
			}
		}
		err = errors.Join(err, removeAll(ctx, gone))
	}()
	for _, name := range round.Order {
		p, err := r.start(ctx, name, round.Number)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return r.admitAll(ctx, parts, round)
}
