package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// underway is a round that is being carried out.
type underway struct {
	design.Round
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

// rounds carries out the agenda. When it returns, everything that it started is
// gone or was to be kept; what went wrong has been noted.
//
// The next round begins when all variants of one have been loaded, and their
// final idles go on beside it: an idle container takes no CPU (ADR 11).
func (r *run) rounds(ctx context.Context, a *agenda) {
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	defer r.tails.Wait()

	began, earlier := time.Now(), 0
	if r.job.Earlier != nil {
		earlier = len(r.job.Earlier.Done)
		took := r.job.Earlier.Took()
		if d := r.job.Design; d.LoneIdle {
			took += time.Duration(earlier) * d.Idle // which comes behind a verdict
		}
		began = began.Add(-took)
	}
	for done := earlier; len(a.queue) > 0; done++ {
		if done > earlier {
			r.begin(a) // again with each round, and now with what the last one added
		}
		u := &underway{Round: a.next(), over: make(chan struct{})}
		r.put(store.Of{}, store.Round{
			Number: u.Number, Order: u.Order, Repeats: u.Repeats, Turn: u.Turn, Group: u.Group, Groups: u.Groups,
			Left: time.Duration(len(a.queue)+1) * mean(time.Since(began), done),
		})
		started := time.Now()
		err := r.round(ctx, u, func(cut bool) (last bool) {
			if cut {
				// It will be done again, so nothing follows from it. But what it
				// measured does not count more than it would have.
				if void := u.spoiled(); void != "" {
					r.put(store.Of{}, store.Judged{Round: u.Number, Void: void, Rounds: a.rounds, Took: time.Since(started)})
				}
				return false
			}
			void := u.spoiled()
			j := a.judge(u.Round, outcome{
				void: void, demand: r.demand(u.Round),
				another: r.another(time.Since(began), done+1, a.ahead(u.Round, void != "")),
			})
			j.Took = time.Since(started)
			r.put(store.Of{}, j)
			if a.dropped > 0 {
				r.put(store.Of{}, bench.Warning{Code: "out-of-time", Text: fmt.Sprintf("%s did not fit into %v",
					a.more(), r.job.Design.Until)})
			}
			return j.Last
		})
		if err != nil {
			r.fail(err)
			var unsaved *SaveError
			if errors.As(err, &unsaved) {
				r.stop(err) // no final idle is worth waiting for
			}
			return
		}
	}
}

// more says how much of the agenda was dropped.
func (a *agenda) more() string {
	if a.design.Groups != nil {
		return words.Plural(a.dropped, "more group", "more groups")
	}
	return words.Plural(a.dropped, "more round", "more rounds")
}

// another says whether so many more rounds fit into the time, after some that took
// so long.
func (r *run) another(taken time.Duration, rounds, more int) bool {
	d := r.job.Design
	if d.LoneIdle {
		taken += d.Idle // of this round, which is still to come
	}
	return d.Until == 0 || taken+time.Duration(more)*mean(taken, rounds)+d.Idle <= d.Until
}

// mean is what one of n things took; 0 for none.
func mean(total time.Duration, n int) time.Duration {
	if n == 0 {
		return 0
	}
	return total / time.Duration(n)
}

// round starts and proves all variants, has them loaded, together or one after
// the other, and returns when that is done; the final idles and the removals go
// on beside it, counted in r.tails. judge is called in between; it is told whether
// the end of ctx has cut a trial short, and says whether this was the last round,
// which waits for the end of everything.
func (r *run) round(ctx context.Context, u *underway, judge func(cut bool) (last bool)) error {
	parts, err := r.startAll(ctx, u.Round)
	if err != nil {
		return err
	}
	var trials, measured sync.WaitGroup
	loaded := make([]chan struct{}, len(parts))
	for i, p := range parts {
		loaded[i] = make(chan struct{})
		signal := sync.OnceFunc(func() { close(loaded[i]) })
		trials.Add(1)
		measured.Add(1)
		r.tails.Go(func() {
			defer trials.Done()
			defer r.see(ctx, p, u)
			defer signal()
			defer measured.Done()
			if err := r.trial(ctx, p, u, signal); err != nil {
				// Results that cannot be saved end the others too.
				r.fail(err)
				r.stop(err)
			}
		})
		if r.job.Design.Mode == bench.Apart {
			<-loaded[i]
		}
	}
	for i := range loaded {
		<-loaded[i]
	}
	cut := false
	if ctx.Err() != nil {
		measured.Wait() // they end at once
		cut = slices.ContainsFunc(parts, func(p *participant) bool { return p.cut })
	}
	last := judge(cut)
	u.keep = r.job.Keep && last
	close(u.over)
	if last || r.job.Design.LoneIdle || ctx.Err() != nil {
		trials.Wait()
	}
	if u.keep {
		r.kept = slices.DeleteFunc(parts, func(p *participant) bool { return p.failed })
	}
	return context.Cause(ctx)
}

// discard removes what was to be kept: nobody would hear of it.
func (r *run) discard(ctx context.Context) {
	r.fail(removeAll(ctx, r.kept))
	r.kept = nil
}

// see takes an instance away whose trial is over and whose round is judged. What
// is to be kept waits for the end of all: only a round that came to its end is,
// and of that no trial that did not.
func (r *run) see(ctx context.Context, p *participant, u *underway) {
	<-u.over
	p.subject.close()
	if u.keep && !p.failed {
		return
	}
	if err := removeAll(ctx, []*participant{p}); err != nil {
		r.fail(err)
		r.stop(err)
	}
}

// startAll starts all variants and proves them. On failure nothing is left that
// can be removed.
func (r *run) startAll(ctx context.Context, round design.Round) (admitted []*participant, err error) {
	parts := make([]*participant, 0, len(round.Order))
	defer func() {
		// Without an error, those that were not admitted go.
		var gone []*participant
		for _, p := range parts {
			if err != nil || !slices.Contains(admitted, p) {
				p.subject.close()
				gone = append(gone, p)
			}
		}
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx) // and not what it cut short
		}
		unremoved := removeAll(ctx, gone)
		r.fail(unremoved)
		if err != nil || unremoved == nil {
			return
		}
		err = unremoved
		for _, p := range admitted { // their trials have begun by the records
			p.subject.close()
			r.put(p.of(round), store.Ended{Error: "stopped before warm-up: another variant could not be removed", Cut: true})
		}
		r.fail(removeAll(ctx, admitted))
		admitted = nil
	}()
	for _, name := range round.Order {
		p, err := r.start(ctx, name, round.Number)
		if err != nil && (!round.First() || ctx.Err() != nil) {
			return nil, err
		}
		if err != nil {
			if err := r.leaveOut(name, round.Number, err); err != nil {
				return nil, err
			}
			continue
		}
		parts = append(parts, p)
	}
	return r.admitAll(ctx, parts, round)
}
