// Package lab carries out an experiment: it has the images made, runs the
// rounds of the schedule, proves what each variant runs, sends the load,
// records memory, and cleans up. It decides nothing about what the figures
// mean: that is package report's.
package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// Config is what a run needs.
type Config struct {
	Engine  engine.Engine
	Plan    *plan.Plan
	Design  bench.Design
	RunID   string
	Command string   // the command line, for the record
	Keep    bool     // leave the instances of the last round running
	Env     vars.Env // for variables of the plan that nothing else stands for
	Observe Observer
	// Checkpoint is given the experiment after every batch and at the end, so
	// that nothing measured is lost. It must not keep what it is given. Its
	// failure ends the run: a disk that is full now will be full at the end.
	Checkpoint func(*bench.Experiment) error

	patience       time.Duration // for a service's answers; 0: answerWithin
	requestTimeout time.Duration // 0: the constant of that name
	gaugeEvery     time.Duration // 0: the constant of that name

	machine meter.FS // where the machine's own figures are read; empty: Host
}

// Run carries out the design and gives what was measured, complete or not: the
// Experiment is nil only when nothing was started. Whatever Run started is gone
// when it returns, unless Keep asks for it.
func Run(ctx context.Context, conf Config) (*bench.Experiment, error) {
	if conf.Observe == nil {
		conf.Observe = Nobody{}
	}
	info, err := conf.Engine.Info(ctx)
	if err != nil {
		return nil, err
	}
	conf.Observe.Engine(info)
	if info.Remote {
		return nil, engine.ForeignProc(info.Name + " runs its containers on another machine")
	}
	exp, err := newExperiment(conf, info)
	if err != nil {
		return nil, err
	}
	swept, err := conf.Engine.Sweep(ctx)
	if err != nil {
		return nil, fmt.Errorf("sweep what earlier runs left: %w", err)
	}
	for _, line := range swept.Removed {
		conf.Observe.Note("removed, left by a run that is dead: " + line)
	}
	for _, line := range swept.Left {
		conf.Observe.Note("left alone: " + line)
	}
	images, err := prepare(ctx, conf)
	if err != nil {
		return nil, err
	}
	promises := map[string]string{}
	for _, image := range images {
		name := image.Variant
		if name == conf.Design.Twin {
			name = conf.Design.Baseline
		}
		if promises[image.Variant], err = promised(name, image); err != nil {
			return nil, err
		}
	}

	r := &run{conf: conf, exp: exp, promises: promises, images: images}
	r.machine = &meter.Machine{FS: conf.machine, Variants: r.used, Children: !info.Children}
	err = r.rounds(ctx)
	exp.Ended = time.Now()
	exp.Interrupted = err != nil
	return exp, errors.Join(err, r.checkpoint())
}

// prepare has the images made. The baseline's twin runs the baseline's own.
func prepare(ctx context.Context, conf Config) ([]engine.Image, error) {
	d := conf.Design
	variants := slices.DeleteFunc(slices.Clone(d.Variants), func(v bench.Variant) bool { return v.Name == d.Twin })
	images, err := conf.Engine.Prepare(ctx, variants, conf.Observe.Preparing)
	if err != nil || d.Twin == "" {
		return images, err
	}
	i := slices.IndexFunc(images, func(image engine.Image) bool { return image.Variant == d.Baseline })
	if i < 0 {
		return nil, fmt.Errorf("the twin %s has no baseline: nothing is called %q", d.Twin, d.Baseline)
	}
	twin := images[i]
	twin.Variant = d.Twin
	return append(images, twin), nil
}

// run is an experiment under way.
type run struct {
	conf     Config
	images   []engine.Image
	promises map[string]string // allocator by variant

	machine *meter.Machine
	tails   sync.WaitGroup          // trials, those whose round is over included
	stop    context.CancelCauseFunc // ends all trials

	mu       sync.Mutex // guards what follows, and Checkpoint
	exp      *bench.Experiment
	failures []error // what the run ends with

	// Not mu: who reads the machine must not wait for somebody who saves.
	watching sync.Mutex        // guards what follows
	watched  []*meter.Recorder // of the trials that run
	gone     time.Duration     // CPU time of the variants that have ended
}

func (r *run) image(variant string) engine.Image {
	i := slices.IndexFunc(r.images, func(image engine.Image) bool { return image.Variant == variant })
	return r.images[i]
}

// record puts a trial, finished or not, into the experiment and saves it.
func (r *run) record(t bench.Trial) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	same := func(old bench.Trial) bool { return old.Variant == t.Variant && old.Round == t.Round }
	if i := slices.IndexFunc(r.exp.Trials, same); i >= 0 {
		r.exp.Trials[i] = t
	} else {
		r.exp.Trials = append(r.exp.Trials, t)
	}
	// In the order of the design, whatever order the trials come in.
	slices.SortStableFunc(r.exp.Trials, func(a, b bench.Trial) int {
		if a.Round != b.Round {
			return a.Round - b.Round
		}
		return r.position(a.Variant) - r.position(b.Variant)
	})
	return r.save()
}

func (r *run) position(variant string) int {
	return slices.IndexFunc(r.conf.Design.Variants, func(v bench.Variant) bool { return v.Name == variant })
}

func (r *run) checkpoint() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.save()
}

func (r *run) save() error {
	if r.conf.Checkpoint == nil {
		return nil
	}
	if err := r.conf.Checkpoint(r.exp); err != nil {
		return &SaveError{err}
	}
	return nil
}

// SaveError is a failure of Config.Checkpoint.
type SaveError struct{ Err error }

func (e *SaveError) Error() string { return "save what was measured: " + e.Err.Error() }
func (e *SaveError) Unwrap() error { return e.Err }

// newExperiment describes what is to be done, and where.
func newExperiment(conf Config, info engine.Info) (*bench.Experiment, error) {
	env, err := meter.Environment(meter.Host)
	if err != nil {
		return nil, fmt.Errorf("describe this machine: %w", err)
	}
	env.Engine, env.EngineV, env.Context, env.Storage = info.Name, info.Version, info.Context, info.Storage
	if info.CgroupV != 0 {
		env.CgroupV = info.CgroupV
	}
	env.GoVersion = runtime.Version()
	return &bench.Experiment{
		Schema:      bench.Schema,
		RunID:       conf.RunID,
		Command:     conf.Command,
		Started:     time.Now(),
		Design:      conf.Design,
		Environment: env,
		Plan:        Describe(conf.Plan),
		Trials:      []bench.Trial{},
		Warnings:    planWarnings(conf.Plan),
	}, nil
}

// Describe records a plan.
func Describe(p *plan.Plan) bench.Plan {
	b := bench.Plan{
		File:        p.File,
		SHA256:      p.SHA256(),
		Tags:        append([]string{}, p.Tags...),
		SkipTags:    append([]string{}, p.SkipTags...),
		Concurrency: p.Concurrency,
		Iterations:  p.Iterations,
		RampupS:     p.Rampup.Seconds(),
		ArrivalRate: p.Rate,
	}
	for _, r := range p.Requests() {
		b.Items = append(b.Items, bench.PlanItem{
			Name:   r.Name,
			Method: r.Method,
			URL:    cmp.Or(r.Address, r.URL.String()),
			// Where variables change the body, its size as written.
			BodyBytes: bench.Bytes(max(len(r.Body.Bytes), len(r.Body.Text.String()))),
			Tags:      append([]string{}, r.Tags...),
			Times:     times(r),
		})
	}
	return b
}

// times is how often an iteration sends a request, 0 where that is once.
func times(r *plan.Request) int {
	if r.Loop == nil {
		return 0
	}
	return r.Loop.Len()
}

func planWarnings(p *plan.Plan) []bench.Warning {
	warnings := []bench.Warning{}
	for _, w := range p.Warnings {
		warnings = append(warnings, bench.Warning{Code: "plan", Text: w.String()})
	}
	return warnings
}
