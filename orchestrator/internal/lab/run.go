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
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// Run carries out a design. What it measures leaves it as records, complete or
// not, and nothing else does. Whatever Run started is gone when it returns,
// unless Keep asks for it and the run came to a good end. A failure to save ends
// the run, as a *SaveError: a disk that is full now will be full at the end.
func (l *Lab) Run(ctx context.Context, job Job) error {
	if n := job.Design.Rounds; n > design.MostRounds {
		return fmt.Errorf("a design of %d rounds: there can be %d", n, design.MostRounds)
	}
	for _, v := range job.Design.Variants {
		unmade := slices.ContainsFunc(l.out, func(out LeftOut) bool { return out.Variant == v.Name })
		if l.image(job.Design, v.Name).ID == "" && !unmade {
			return fmt.Errorf("the lab was opened without the variant %s", v.Name)
		}
	}
	r := &run{Lab: l, job: job, header: l.Header(job)}
	if r.machine = l.conf.machine; r.machine == nil {
		r.machine = stopwatchOf(&meter.Machine{Variants: r.used, Children: !l.info.Children})
	}
	var done []store.Judged
	var gone []store.Gone
	if job.Earlier != nil {
		done, gone = job.Earlier.Done, job.Earlier.Gone
	}
	unmade, err := l.unmade(job.Design, gone, len(done))
	if err != nil {
		return err
	}
	a := newAgenda(job.Design, done, slices.Concat(gone, unmade))
	r.agenda = a
	r.begin(a)
	for _, g := range unmade {
		l.put(store.Of{}, g.LeftOut)
	}
	if job.Earlier == nil {
		for _, w := range job.Plan.Warnings {
			l.put(store.Of{}, bench.Warning{Code: store.CodePlan, Text: w.String()})
		}
	}
	r.rounds(ctx, a)
	if r.failed() != nil {
		r.discard(ctx)
	}
	l.put(store.Of{}, store.End{At: time.Now(), Interrupted: r.failed() != nil})
	if err := r.sync(); err != nil {
		r.fail(err)
		r.discard(ctx)
	}
	return r.failed()
}

// run is an experiment under way.
type run struct {
	*Lab
	job      Job
	header   store.Header // of the goroutine that carries out the rounds
	agenda   *agenda      // of that goroutine too
	machine  stopwatch
	tails    sync.WaitGroup          // trials, those whose round is over included
	stop     context.CancelCauseFunc // ends all trials
	binaries binaries                // that were proved
	kept     []*participant          // that stay when the run has come to a good end

	mu       sync.Mutex            // guards what follows
	failures []error               // what the run ends with
	unsaved  *SaveError            // what could not be saved first; nil: all was
	spent    map[store.Of]spending // in whole batches of the first round; only where it has groups

	// Not mu: who reads the machine must not wait for who saves, nor for each other.
	watching sync.RWMutex      // guards what follows
	watched  []*meter.Recorder // of the trials that run
	gone     time.Duration     // CPU time of the variants that have ended
}

// begin records the header as it is by now: its design grows where rounds are
// added.
func (r *run) begin(a *agenda) {
	r.header.Design.Rounds, r.header.Design.Groups = a.rounds, a.design.Groups
	r.put(store.Of{}, r.header)
}

func (r *run) position(variant string) int {
	return slices.IndexFunc(r.job.Design.Variants, func(v bench.Variant) bool { return v.Name == variant })
}

// sync returns when everything that was recorded is safe. Of failures the first
// stands.
func (r *run) sync() error {
	err := r.conf.Records.Sync()
	if err == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unsaved == nil {
		r.unsaved = &SaveError{err}
	}
	return r.unsaved
}

// fail notes an error that the run ends with, once; nil is none.
func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil || slices.ContainsFunc(r.failures, func(known error) bool { return errors.Is(known, err) }) {
		return
	}
	r.failures = append(r.failures, err)
}

// failed gives what the run ends with so far.
func (r *run) failed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.failures...)
}

// SaveError is a failure to save what was measured.
type SaveError struct{ Err error }

func (e *SaveError) Error() string { return "save what was measured: " + e.Err.Error() }
func (e *SaveError) Unwrap() error { return e.Err }
