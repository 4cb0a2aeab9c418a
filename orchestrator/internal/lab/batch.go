package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
)

// requestTimeout bounds one request of the load: far above what a variant takes
// that shares two CPUs with others and waits for one lock.
const requestTimeout = time.Minute

// batch sends the plan once and measures what it took. What a batch that is
// cut short measured is kept too.
func (t *trial) batch(ctx context.Context, number int) error {
	if err := t.edge(fmt.Sprintf("batch %d start", number)); err != nil {
		return err
	}
	highWater := true
	if err := t.meter.ResetHighWater(); err != nil {
		highWater = false
		t.warn("no-high-water", fmt.Sprintf("the kernel's high-water mark could not be reset (%v): peaks are the highest of the samples", err))
	}
	cpu, waited, err := t.meter.CPU()
	if err != nil {
		return err
	}
	machine, err := t.run.machine()
	if err != nil {
		return err
	}
	progress := &load.Progress{}
	t.follow(progress)

	b := bench.Batch{Number: number, Start: t.offset()}
	loading, stop := untilInVain(ctx, progress, 2*requestTimeout)
	sent, err := load.Run(loading, t.run.job.Plan, t.part.target, load.Options{
		Timeout: requestTimeout, Progress: progress, Env: t.run.conf.Env, Dial: t.part.dial,
	})
	cut := context.Cause(loading)
	stop()
	if err != nil {
		t.follow(nil)
		return err // nothing was sent
	}
	b.End = b.Start + sent.End.Sub(sent.Start)
	b.Requests, b.Failed, b.Errors = sent.Requests, sent.Failed, sent.Errors
	b.Statuses, b.Answers = sent.Statuses, sent.Answers
	b.SentBytes, b.Latency = sent.SentBytes, sent.Latency.Summary()
	b.Interrupted = sent.Interrupted
	t.warnOfLoad(number, sent)
	during, machineErr := machine()

	// Readings of a process that died in the batch fail: the batch keeps what
	// the load saw, the trial's error says what happened. A variant that died
	// fails the rest of its batch in no time, before the meter misses it.
	ended := t.readBatch(&b, cpu, waited, highWater)
	if ended == nil {
		ended = t.part.genuine()
	}
	if ended == nil && b.Failed > 0 && !b.Interrupted {
		ended = t.stillRuns(ctx)
	}
	b.Interrupted = b.Interrupted || ended != nil
	// Of a variant that died nobody knows what it used last: others would be
	// blamed for it.
	if machineErr == nil && !b.Interrupted {
		b.Machine = &during
		t.judge(b)
	}
	t.run.spend(t.part.of(t.round.Round), b)
	t.conclude(b)
	switch {
	case sent.Interrupted:
		return cut
	case ended != nil:
		return ended
	}
	return t.edge(fmt.Sprintf("batch %d end", number))
}

// warnOfLoad tells what the load could not do as the plan has it, for then the
// variants may not have had the same work.
func (t *trial) warnOfLoad(number int, sent load.Result) {
	if sent.Broken > 0 {
		text := fmt.Sprintf("batch %d: %d of %d iterations ended before their last item", number, sent.Broken, sent.Iterations)
		if len(sent.Mistakes) > 0 {
			text += fmt.Sprintf(": %s: %s", sent.Mistakes[0].Item, sent.Mistakes[0].Text)
		}
		t.warn("broken-iterations", text)
	}
	if sent.Dropped > 0 || 100*sent.Late > sent.Iterations {
		t.warn("late-starts", fmt.Sprintf("batch %d: of %d iterations %d started late and %d never: raise the plan's concurrency, or lower its rate",
			number, sent.Iterations+sent.Dropped, sent.Late, sent.Dropped))
	}
}

// stillRuns gives an error that matches meter.ErrEnded if the instance does not.
func (t *trial) stillRuns(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	state, err := t.part.instance.State(bounded)
	if err != nil {
		return err
	}
	if !state.Running {
		return fmt.Errorf("%v: %w", state, meter.ErrEnded)
	}
	return nil
}

// readBatch fills in what the meter says at the end of a batch.
func (t *trial) readBatch(b *bench.Batch, cpu, waited time.Duration, highWater bool) error {
	nowCPU, nowWaited, err := t.meter.CPU()
	if err != nil {
		return err
	}
	b.CPU, b.Wait = nowCPU-cpu, nowWaited-waited
	if highWater {
		if b.HighWater, err = t.meter.HighWater(); err != nil {
			return err
		}
	}
	if b.CgroupPeak, err = t.meter.CgroupPeak(); err != nil {
		t.warn("no-cgroup-peak", fmt.Sprintf("the cgroup's own peak could not be read: %v", err))
	}
	return nil
}
