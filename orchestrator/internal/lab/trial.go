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
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// The lab's own pace.
const (
	gaugeEvery    = time.Second            // reading what counts itself
	progressEvery = 250 * time.Millisecond // telling how far a batch is
)

// trial is one container's life after its proof. Its own variant's clock alone
// decides when its next batch starts: a slow neighbour must not lengthen a
// pause, for idle time is what allocators give memory back in.
type trial struct {
	run    *run
	part   *participant
	round  *underway
	loaded func()
	design bench.Design
	meter  *meter.Recorder
	warned []bench.Warning

	mu       sync.Mutex     // guards what follows
	now      bench.Phase    // that it is in
	progress *load.Progress // of the batch under way
}

// trial runs the trial of one variant. A variant that dies is no error of the
// run: the records say so themselves. Errors are about the records.
// loaded is called when its last batch is over; it may be called again.
func (r *run) trial(ctx context.Context, p *participant, u *underway, loaded func()) error {
	t := &trial{run: r, part: p, round: u, loaded: loaded, design: r.job.Design}
	for _, note := range p.notes {
		t.warn(note.Code, note.Text)
	}
	if text := r.binaries.odd(r.job.Design, p.variant.Name); text != "" {
		t.warn("another-binary", text)
	}
	err := t.measure(ctx)
	p.failed = err != nil
	var ended store.Ended
	var unsaved *SaveError
	switch {
	case errors.As(err, &unsaved) && ctx.Err() == nil: // its own, and not why the run has ended
		ended.Error, ended.Cut = "stopped "+t.place()+": "+err.Error(), true
		r.fail(err)
		r.stop(err) // results that cannot be saved end the others too
	case err != nil:
		ended.Error, ended.Cut = t.obituary(ctx, err), ctx.Err() != nil
		t.halt(ctx)
	}
	for _, note := range t.meter.Notes() {
		t.warn(note.Code, note.Text)
	}
	p.cut = ended.Cut
	ended.Sampler = t.meter.Sampler()
	t.put(ended)
	return r.sync()
}

// put records what happened in the trial.
func (t *trial) put(what any) { t.run.put(t.part.of(t.round.Round), what) }

// measure runs the phases while meter, gauges and status run beside them.
func (t *trial) measure(ctx context.Context) (err error) {
	t.meter = meter.NewRecorder(meter.Config{
		FS: meter.Host, Processes: t.part.instance.Processes, Every: t.design.SampleEvery, Start: t.part.started,
		Sample: func(s bench.Sample) { t.put(s) },
	})
	defer t.meter.Close()
	t.run.watch(t.meter)
	defer t.run.unwatch(t.meter)
	alive, end := context.WithCancelCause(ctx)
	var beside sync.WaitGroup
	defer func() {
		end(nil)
		beside.Wait()
	}()
	beside.Go(func() {
		// A variant that ends, or cannot be read any more, ends its trial.
		if err := t.meter.Run(alive); err != nil && alive.Err() == nil {
			end(err)
		}
	})
	beside.Go(func() { t.every(alive, gaugeEvery, t.readGauge) })
	beside.Go(func() { t.every(alive, progressEvery, func(context.Context) { t.tell() }) })

	err = t.phases(alive)
	if cause := context.Cause(alive); err != nil && cause != nil {
		return cause // and not what it cut short
	}
	return err
}

// every calls f at an interval until ctx ends.
func (t *trial) every(ctx context.Context, interval time.Duration, f func(context.Context)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f(ctx)
		}
	}
}

// phases goes through warm-up, batches with pauses, and the final idle.
func (t *trial) phases(ctx context.Context) error {
	err := t.phase(bench.PhaseWarmup, 0, func() error {
		if err := t.part.subject.warmUp(ctx); err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
		return sleep(ctx, design.Settle(t.design))
	})
	if err != nil {
		return err
	}
	for b := 1; b <= t.design.Batches; b++ {
		if err := t.phase(bench.PhaseBatch, b, func() error { return t.batch(ctx, b) }); err != nil {
			return err
		}
		kind, length := bench.PhasePause, t.design.Pause
		if b == t.design.Batches {
			kind, length = bench.PhaseIdle, t.design.Idle
			t.loaded()
		}
		// Saving takes from the pause, so that it has the length it should.
		quiet := time.Now().Add(length)
		err := t.phase(kind, b, func() error {
			if err := t.run.sync(); err != nil {
				return err
			}
			return sleep(ctx, time.Until(quiet))
		})
		if err != nil {
			return err
		}
	}
	return t.edge("end of idle")
}

// phase runs f and notes from when to when it ran, also when it fails.
func (t *trial) phase(kind string, batch int, f func() error) error {
	p := bench.Phase{Kind: kind, Batch: batch, Start: t.offset()}
	t.mu.Lock()
	t.now = p
	t.mu.Unlock()
	t.put(p)
	err := f()
	if err == nil {
		// The gauges were asked for meanwhile, and nobody looks at their errors.
		err = t.part.genuine()
	}
	p.End = t.offset()
	t.put(p)
	return err
}

// edge takes an exact reading.
func (t *trial) edge(name string) error {
	e, err := t.meter.Edge(name)
	var denied *meter.DeniedError
	if errors.As(err, &denied) {
		t.warn("no-page-walk", fmt.Sprintf("samples could not be checked against an exact reading: %v", err))
		return nil
	}
	if err != nil {
		return err
	}
	t.put(e)
	return nil
}

// warn adds a warning, once.
func (t *trial) warn(code, text string) {
	w := bench.Warning{Code: code, Text: text}
	if !slices.Contains(t.warned, w) {
		t.warned = append(t.warned, w)
		t.put(w)
	}
}

// readGauge reads the counters of what runs. One reading that fails is no
// matter: what has died shows elsewhere, what is slow misses a reading.
func (t *trial) readGauge(ctx context.Context) {
	g, err := t.part.subject.gauge(ctx)
	if err == nil {
		g.At = t.offset()
		t.put(g)
	}
}

// tell records how far the batch under way is. It holds the lock meanwhile, so
// that nothing of a batch comes behind its end.
func (t *trial) tell() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.progress != nil {
		t.put(store.Progress{Done: t.progress.Done(), Failed: t.progress.Failed()})
	}
}

// follow has tell speak of a batch.
func (t *trial) follow(progress *load.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.progress = progress
}

// conclude records a batch, and tell says no more of it.
func (t *trial) conclude(b bench.Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.progress = nil
	t.put(b)
}

// obituary says why a trial ended early: by what the engine knows of the
// instance if it has ended, otherwise by the error.
func (t *trial) obituary(ctx context.Context, err error) string {
	var unsaved *SaveError
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &unsaved):
		return "stopped " + t.place() + ": another variant's results could not be saved"
	case cause != nil:
		return "interrupted " + t.place()
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	// The engine may learn of the end a moment later than we do.
	for {
		state, stateErr := t.part.instance.State(bounded)
		if stateErr == nil && !state.Running {
			return fmt.Sprintf("died %s: %v%s", t.place(), state, t.part.lastWords(ctx))
		}
		if stateErr != nil || !errors.Is(err, meter.ErrEnded) || sleep(bounded, 50*time.Millisecond) != nil {
			return fmt.Sprintf("ended %s: %v", t.place(), err)
		}
	}
}

// halt removes an instance whose trial has ended early: whatever it went on with
// would be done beside the others' trials. What is wrong with it has been said,
// and should this fail, the end of the round tries again.
func (t *trial) halt(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_ = t.part.instance.Remove(bounded)
}

// place says in which phase the trial is.
func (t *trial) place() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.now.Kind {
	case bench.PhaseBatch:
		return fmt.Sprintf("in batch %d", t.now.Batch)
	case bench.PhasePause:
		return fmt.Sprintf("in the pause after batch %d", t.now.Batch)
	case bench.PhaseIdle:
		return "in the final idle"
	default:
		return "in warm-up"
	}
}

// offset is how far the trial is.
func (t *trial) offset() time.Duration { return time.Since(t.part.started) }

// sleep waits, or gives the cause for which ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
