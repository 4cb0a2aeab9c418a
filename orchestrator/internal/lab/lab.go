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
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// Config is what a lab is opened with.
type Config struct {
	Engine   engine.Engine
	Variants []bench.Variant // all that its runs compare
	Records  store.Sink      // everything that happens goes there
	Env      vars.Env        // for variables of a plan that nothing else stands for
	Strict   bool            // a variant that cannot be measured ends the run; otherwise it is left out

	machine stopwatch // nil: this machine
	// origin says what a process of an instance was started from; nil: this machine does.
	origin func(engine.Instance) func(bench.Process) (meter.Origin, error)
}

// Lab has an engine and the images of variants, ready to run experiments.
type Lab struct {
	conf     Config
	info     engine.Info
	env      bench.Environment
	images   []engine.Image
	promises map[string]string // allocator by variant
	out      []LeftOut         // what could not be made
}

// Open asks the engine who it is, removes what dead runs left, and has the images
// of the variants made. Nothing is left running.
func Open(ctx context.Context, conf Config) (*Lab, error) {
	l := &Lab{conf: conf, promises: map[string]string{}}
	var err error
	if l.info, err = conf.Engine.Info(ctx); err != nil {
		return nil, err
	}
	l.put(store.Of{}, store.Engine{Text: l.info.String(), Storage: l.info.Storage})
	if l.info.Remote {
		return nil, engine.ForeignProc(l.info.Name + " runs its containers on another machine")
	}
	if l.env, err = environment(l.info); err != nil {
		return nil, err
	}
	swept, err := conf.Engine.Sweep(ctx)
	if err != nil {
		return nil, fmt.Errorf("sweep what earlier runs left: %w", err)
	}
	for _, line := range swept.Removed {
		l.note("removed, left by a dead run: " + line)
	}
	for _, line := range swept.Left {
		l.note("left alone: " + line)
	}
	made, err := conf.Engine.Prepare(ctx, conf.Variants, l.step)
	if err != nil {
		return nil, err
	}
	if err := l.take(made); err != nil {
		return nil, err
	}
	return l, nil
}

// take takes over what was made, and leaves out what was not.
func (l *Lab) take(made []engine.Made) error {
	var failed error
	for _, m := range made {
		err := m.Err
		if err == nil {
			l.promises[m.Variant], err = variant.Promise(m.Variant, m.Allocator)
		}
		if err == nil {
			l.images = append(l.images, m.Image)
			continue
		}
		failed = errors.Join(failed, err)
		l.out = append(l.out, LeftOut{m.Variant, err})
	}
	if l.conf.Strict || len(l.images) == 0 {
		return failed
	}
	for _, out := range l.out {
		l.put(store.Of{}, store.Step{Variant: out.Variant, Kind: store.StepFailed, Text: told(out.Err)})
	}
	return nil
}

// environment describes where the runs take place.
func environment(info engine.Info) (bench.Environment, error) {
	env, err := meter.Environment(meter.Host)
	if err != nil {
		return env, fmt.Errorf("describe this machine: %w", err)
	}
	env.Engine, env.EngineV, env.Context, env.Storage, env.Instead = info.Name, info.Version, info.Context, info.Storage, info.Instead
	if info.CgroupV != 0 {
		env.CgroupV = info.CgroupV
	}
	env.GoVersion = runtime.Version()
	return env, nil
}

// put records what happened.
func (l *Lab) put(of store.Of, what any) { l.conf.Records.Put(store.Record{Of: of, What: what}) }

func (l *Lab) note(text string) { l.put(store.Of{}, store.Note{Text: text}) }

// events names the steps of an engine in records.
var events = map[engine.Event]string{
	engine.Building: store.StepBuilding, engine.Log: store.StepLog, engine.Built: store.StepBuilt, engine.Reused: store.StepReused,
}

func (l *Lab) step(p engine.Progress) {
	l.put(store.Of{}, store.Step{Variant: p.Variant, Kind: events[p.Event], Text: p.Text, Took: p.Took})
}

// Job is one experiment.
type Job struct {
	Plan    *plan.Plan
	Design  bench.Design // its variants are among the lab's, but for the twin, which is the baseline's image
	RunID   string
	Command string   // the command line, for people
	Args    []string // the same, to go on with
	Keep    bool     // leave the instances of the last round running
	// Earlier is what an interrupted run of the same design has done; nil: none.
	Earlier *store.Earlier
}

// Header describes a job: what is to be done, where, and with what.
func (l *Lab) Header(job Job) store.Header {
	h := store.Header{
		Schema: store.Schema, RunID: job.RunID, Command: job.Command, Args: job.Args, Started: time.Now(),
		Design: job.Design, Environment: l.env, Plan: Describe(job.Plan), Images: []store.Image{},
	}
	for _, v := range job.Design.Variants {
		image := l.image(job.Design, v.Name)
		h.Images = append(h.Images, store.Image{Variant: v.Name, Name: image.Name, ID: image.ID, Hash: image.Hash})
	}
	return h
}

// image gives what a variant of a design is run from. The baseline's twin runs
// the baseline's own.
func (l *Lab) image(d bench.Design, variant string) engine.Image {
	from := variant
	if variant == d.Twin {
		from = d.Baseline
	}
	for _, image := range l.images {
		if image.Variant == from {
			image.Variant = variant
			return image
		}
	}
	return engine.Image{Variant: variant}
}

// promise gives the allocator that a variant of a design must run.
func (l *Lab) promise(d bench.Design, variant string) string {
	if variant == d.Twin {
		variant = d.Baseline
	}
	return l.promises[variant]
}

// Variants lists those that a lab has to be opened with for a design.
func Variants(d bench.Design) []bench.Variant {
	return slices.DeleteFunc(slices.Clone(d.Variants), func(v bench.Variant) bool { return v.Name == d.Twin })
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
