package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
)

// The lab's own pace.
const (
	gaugeEvery  = time.Second            // reading the service's counters
	statusEvery = 250 * time.Millisecond // telling the observer
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
	result bench.Trial

	// What the observer is told of: written by the trial, read by report.
	mu        sync.Mutex
	status    Status
	progress  *load.Progress // of the batch under way
	began     time.Time      // of the batch under way
	quiet     time.Time      // when the pause or idle under way began
	lastBatch time.Duration  // what a batch takes, by the newest estimate
	gauges    []bench.Gauge
}

// trial runs the trial of one variant and records it, whole or not. A variant
// that dies is no error of the run: the trial says so itself. Errors are about
// the record.
// loaded is called when its last batch is over; it may be called again.
func (r *run) trial(ctx context.Context, p *participant, u *underway, loaded func()) error {
	t := &trial{
		run: r, part: p, round: u, loaded: loaded, design: r.conf.Design,
		result: bench.Trial{
			Variant: p.variant.Name, Round: u.Number, Repeats: u.Repeats, Started: p.started,
			Image: p.image.Name, ImageID: p.image.ID, Container: p.instance.Name(), Address: p.instance.Address(), Proof: p.proof,
			Phases: []bench.Phase{}, Batches: []bench.Batch{}, Edges: []bench.Edge{}, Warnings: []bench.Warning{},
		},
		status: Status{Variant: p.variant.Name, Round: u.Number, Batches: r.conf.Design.Batches, Total: r.exp.Plan.Iterations * r.exp.Plan.PerIteration()},
	}
	err := t.measure(ctx)
	var unsaved *SaveError
	switch {
	case errors.As(err, &unsaved):
		t.result.Error = "stopped " + t.place() + ": " + err.Error()
	case err != nil:
		t.result.Error = t.obituary(ctx, err)
		t.halt(ctx)
	}
	for _, note := range t.meter.Notes() {
		t.warn(note.Code, note.Text)
	}
	t.collect()
	r.conf.Observe.Ended(t.result)
	if err := r.record(t.result); unsaved == nil {
		return err
	}
	return unsaved
}

// measure runs the phases while meter, gauges and status run beside them.
func (t *trial) measure(ctx context.Context) (err error) {
	t.meter = meter.NewRecorder(meter.Config{
		FS: meter.Host, Processes: t.part.instance.Processes, Every: t.design.SampleEvery, Start: t.part.started,
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
	beside.Go(func() { t.every(alive, cmp.Or(t.run.conf.gaugeEvery, gaugeEvery), t.readGauge) })
	beside.Go(func() { t.every(alive, statusEvery, func(context.Context) { t.tell() }) })

	err = t.phases(alive)
	if cause := context.Cause(alive); cause != nil {
		return cause
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
		if err := t.part.service.warmUp(ctx, t.design.Sleep); err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
		return sleep(ctx, settle(t.design))
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
			t.collect()
			if err := t.run.record(t.result); err != nil {
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
	p := bench.Phase{Kind: kind, Batch: batch, Start: t.now()}
	t.mu.Lock()
	t.status.Phase, t.status.Batch = kind, batch
	t.quiet = time.Now()
	t.mu.Unlock()
	t.run.conf.Observe.Phase(t.part.variant.Name, t.result.Round, p)
	err := f()
	if err == nil {
		// The gauges were asked for meanwhile, and nobody looks at their errors.
		err = t.part.genuine()
	}
	p.End = t.now()
	t.result.Phases = append(t.result.Phases, p)
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
	t.result.Edges = append(t.result.Edges, e)
	return nil
}

// warn adds a warning, once.
func (t *trial) warn(code, text string) {
	w := bench.Warning{Code: code, Text: text}
	if !slices.Contains(t.result.Warnings, w) {
		t.result.Warnings = append(t.result.Warnings, w)
	}
}

// readGauge reads the service's counters. One reading that fails is no matter:
// a service that has died shows elsewhere, a slow one misses a reading.
func (t *trial) readGauge(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	g, err := t.part.service.gauge(bounded, t.part.started)
	if err != nil {
		return
	}
	t.mu.Lock()
	t.gauges = append(t.gauges, g)
	t.mu.Unlock()
}

// collect copies what runs beside the phases into the result.
func (t *trial) collect() {
	if t.meter != nil {
		t.result.Samples = bench.NewSeries(t.meter.Samples()...)
		t.result.Sampler = t.meter.Sampler()
	}
	t.result.Void = t.round.spoiled()
	t.mu.Lock()
	t.result.Gauges = append([]bench.Gauge{}, t.gauges...)
	t.mu.Unlock()
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

// halt ends an instance whose trial has ended early: whatever it goes on with
// would be done beside the others' trials. What is wrong with it has been said,
// and its removal comes in any case.
func (t *trial) halt(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, _ = t.part.instance.Stop(bounded, 0)
}

// place says in which phase the trial is.
func (t *trial) place() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.status.Phase {
	case bench.PhaseBatch:
		return fmt.Sprintf("in batch %d", t.status.Batch)
	case bench.PhasePause:
		return fmt.Sprintf("in the pause after batch %d", t.status.Batch)
	case bench.PhaseIdle:
		return "in the final idle"
	default:
		return "in warm-up"
	}
}

// now is the offset in the trial.
func (t *trial) now() time.Duration { return time.Since(t.part.started) }

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
