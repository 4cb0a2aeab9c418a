package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// The bounds of what an instance may take.
const (
	readyWithin  = 60 * time.Second       // until it serves
	answerWithin = 10 * time.Second       // to answer about itself, and the engine about it
	lostAfter    = 2 * time.Second        // until what does not answer is looked at for a lost environment
	stateEvery   = 200 * time.Millisecond // between looks at what does not answer
	removeWithin = 60 * time.Second       // to clean up a whole round, also after Ctrl-C
)

// participant is a variant of a round: its instance, and how to reach it.
type participant struct {
	variant  bench.Variant
	image    engine.Image
	instance engine.Instance
	target   load.Target
	subject  subject
	given    map[string]string // the environment that the lab gave it
	origin   func(bench.Process) (meter.Origin, error)
	started  time.Time
	proof    bench.Proof
	notes    []bench.Warning       // what weakens the proof
	failed   bool                  // its trial did not come to its end; of that trial's goroutine
	cut      bool                  // the run ended it; of that trial's goroutine too
	impostor atomic.Pointer[error] // see dial
}

// admitAll admits the instances at the same time. In the first round, and
// wherever a proof fails, one that is not admitted is left out: what is wrong then
// is the variant. Later it is a trial of its own that failed. Either way the others
// go on.
func (r *run) admitAll(ctx context.Context, parts []*participant, round design.Round) ([]*participant, error) {
	failures := make([]error, len(parts))
	var all sync.WaitGroup
	for i, p := range parts {
		all.Go(func() { failures[i] = r.admit(ctx, p) })
	}
	all.Wait()
	var admitted []*participant
	for i, p := range parts {
		var wrong *proofError
		switch err := failures[i]; {
		case err == nil:
			admitted = append(admitted, p)
		case ctx.Err() != nil:
			return nil, errors.Join(failures...)
		case round.First() || errors.As(err, &wrong):
			if r.conf.Strict {
				return nil, errors.Join(failures...)
			}
			if err := r.leaveOut(p.variant.Name, round.Number, err); err != nil {
				return nil, err
			}
		default:
			r.begun(p, round)
			r.put(p.of(round), store.Ended{Error: "did not start: " + err.Error()})
			if err := r.sync(); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range admitted {
		r.begun(p, round)
		r.put(p.of(round), p.proof)
	}
	return admitted, nil
}

// of names the trial of a participant.
func (p *participant) of(round design.Round) store.Of {
	return store.Of{Variant: p.variant.Name, Round: round.Number}
}

// begun records that a trial has begun.
func (r *run) begun(p *participant, round design.Round) {
	r.put(p.of(round), store.Trial{
		Started: p.started, Image: p.image.Name, ImageID: p.image.ID,
		Container: p.instance.Name(), Address: p.instance.Address(), Repeats: round.Repeats,
		Turn: round.Turn, Group: round.Group,
	})
}

// start runs one instance of a variant.
func (r *run) start(ctx context.Context, name string, round int) (*participant, error) {
	return r.startWith(ctx, name, round, nil)
}

// startWith is start with an environment that overrides what the variant asks for.
func (r *run) startWith(ctx context.Context, name string, round int, over map[string]string) (*participant, error) {
	d := r.job.Design
	p := &participant{variant: d.Variants[r.position(name)], image: r.image(d, name)}
	p.subject = newSubject(terms{variant: name, promised: r.promise(d, name), own: p.variant.Env, design: d, dial: p.dial})
	env := p.subject.env()
	maps.Copy(env, p.variant.Env)
	maps.Copy(env, over)
	p.given = env
	spec := engine.Spec{
		Image:  p.image,
		Env:    env,
		Memory: d.MemoryLimit,
		RunID:  r.job.RunID,
		Labels: map[string]string{
			"variant":   name,
			"round":     strconv.Itoa(round),
			"plan":      r.header.Plan.SHA256,
			"allocator": r.promise(d, name),
		},
	}
	if r.job.Keep {
		spec.KeepFor = "asked for with --keep"
	}
	p.started = time.Now()
	var err error
	if p.instance, err = r.conf.Engine.Start(ctx, spec); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.origin = meter.Host.Origin
	if r.conf.origin != nil {
		p.origin = r.conf.origin(p.instance)
	}
	p.target = load.Target{Network: "unix", Address: p.instance.Socket()}
	if d.Transport == bench.TCP {
		p.target = load.Target{Network: "tcp", Address: p.instance.Address()}
	}
	return p, nil
}

// dial connects to the service, for the load and for the lab's own questions.
// What does not come from the variant must never be taken for it: the first
// such thing is remembered, for a load counts it as one failure among others.
func (p *participant) dial(ctx context.Context) (net.Conn, error) {
	if p.target.Network == "tcp" {
		return (&net.Dialer{}).DialContext(ctx, "tcp", p.target.Address)
	}
	conn, err := p.instance.Dial(ctx)
	if errors.Is(err, engine.ErrImpostor) {
		p.impostor.CompareAndSwap(nil, &err)
	}
	return conn, err
}

// genuine gives the error of the first time that somebody else was found where
// the variant should have been.
func (p *participant) genuine() error {
	if err := p.impostor.Load(); err != nil {
		return *err
	}
	return nil
}

// admit waits until an instance answers and proves what it runs.
func (r *run) admit(ctx context.Context, p *participant) error {
	name := p.variant.Name
	if err := p.awaitReady(ctx); err != nil {
		if wrong := r.tooOld(ctx, p); wrong != nil {
			return wrong
		}
		return fmt.Errorf("variant %s: %w", name, err)
	}
	mapped, err := p.mappedFiles(ctx)
	if err != nil {
		return fmt.Errorf("read the memory maps of variant %s: %w", name, err)
	}
	if err := p.kept(mapped); err != nil {
		return err
	}
	p.proof, p.notes, err = p.subject.proof(ctx, mapped)
	if err == nil {
		r.binaries.note(name, p.proof)
	}
	return err
}

// awaitReady polls until the service answers, and says why it does not when it
// has ended instead.
func (p *participant) awaitReady(ctx context.Context) error {
	bounded, cancel := context.WithTimeoutCause(ctx, readyWithin, fmt.Errorf("did not answer within %v", readyWithin))
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var last error
	began := time.Now()
	for asked := began; ; {
		err := p.subject.ready(bounded)
		if err == nil {
			return nil
		}
		if wrong := p.genuine(); wrong != nil {
			return wrong
		}
		if last == nil || bounded.Err() == nil {
			last = err // what is wrong with it, not that the time is up
		}
		// The engine is slower to ask than the service.
		if bounded.Err() == nil && time.Since(asked) > stateEvery {
			asked = time.Now()
			state, stateErr := p.instance.State(bounded)
			if stateErr != nil {
				return errors.Join(err, stateErr)
			}
			if !state.Running {
				return fmt.Errorf("ended before it was ready: %v%s", state, p.lastWords(ctx))
			}
			if time.Since(began) > lostAfter {
				if err := p.lost(bounded); err != nil {
					return err
				}
			}
		}
		select {
		case <-bounded.Done():
			return fmt.Errorf("%w (last: %w)%s", context.Cause(bounded), last, p.lastWords(ctx))
		case <-tick.C:
		}
	}
}

// lastWords gives the last lines that an instance printed, as the end of an
// error's text.
func (p *participant) lastWords(ctx context.Context) string {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	lines, err := p.instance.Logs(bounded, 20)
	words := plain.LastWords(lines) // some lines may be empty
	if err != nil || len(words) == 0 {
		return ""
	}
	return "; its last output: " + strings.Join(words, " | ")
}

// removeAll removes the instances of a round, at the same time and even though
// ctx has ended.
func removeAll(ctx context.Context, parts []*participant) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeWithin)
	defer cancel()
	failures := make([]error, len(parts))
	var all sync.WaitGroup
	for i, p := range parts {
		all.Go(func() {
			if err := p.instance.Remove(bounded); err != nil {
				failures[i] = fmt.Errorf("remove %s: %w", p.instance.Name(), err)
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}
