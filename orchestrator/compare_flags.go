package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/flags"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/gate"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/page"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/web"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// compareFlags is what compare can be told. The key lab of the benchmark file
// overrides the defaults, flags override both.
type compareFlags struct {
	design.Settings
	benchmark string
	tags      string
	skipTags  string
	noExec    bool
	variants  []string // --variant
	lists     []string // --variants
	engine    string
	strict    bool // a variant that cannot be measured ends the run
	quick     bool // --preset quick, by its former name
	drawn     bool // the seed, by chance

	// These concern one call.
	gate   gateFlags
	format string
	order  orderFlags
	out    string
	resume string
	readme string
	html   string
	serve  serveFlag
	keep   bool
	dryRun bool
	quiet  bool

	head   *plan.Plan               // the benchmark file's settings alone
	wanted []wanted                 // the variants that the benchmark file asks for
	onLine design.Given             // what the command line gives
	inFile map[string]plan.Position // what the benchmark file gives, used or not
}

// ofTheCall are the flags that the benchmark file cannot set: they concern one
// call, not the experiment.
var ofTheCall = []string{"benchmark", "dry-run", "quick", "quiet", "out", "readme", "html", "serve", "keep", "help", "format", "resume", "check", "anyway", "sort", "top"}

// define makes the flags, in the groups that the help shows.
func (c *compareFlags) define() []flags.Group {
	c.Settings = design.Defaults()

	what := flags.NewGroup("What is compared")
	what.StringArrayVar(&c.variants, "variant", nil, "compare this `variant`, such as jemalloc@sid or libc,MALLOC_ARENA_MAX=2; repeatable (default every Dockerfile.NAME)")
	what.StringArrayVar(&c.lists, "variants", nil, "compare those of this `list`, such as stock or tuned: variants/NAME.list, or a path; repeatable")
	what.StringVar(&c.Baseline, "baseline", c.Baseline, "compare the others with this `variant`")
	flags.Once(what.Lookup("baseline"))
	what.BoolVar(&c.strict, "strict", false, "end the run at a variant that cannot be built or proved, instead of going on without it")
	what.BoolVar(&c.Twin, "aa", false, "add a second, identical baseline: how much the two differ is measurement error")

	much := flags.NewGroup("How much and how long")
	much.StringVar(&c.Preset, "preset", c.Preset, "start from this `design`: "+words.Choice(design.PresetNames()))
	much.DurationVar(&c.For, "for", 0, "fill this `time` (40m) with rounds, and say what they can show")
	much.IntVar(&c.Rounds, "rounds", c.Rounds, "rounds in fresh containers (0: as many as intervals need, or as --for allows)")
	much.IntVar(&c.Batches, "batches", c.Batches, "runs of the plan per variant and round")
	much.DurationVar(&c.Pause, "pause", c.Pause, "idle time between batches")
	much.DurationVar(&c.Idle, "idle", c.Idle, "idle time after the last batch")
	much.IntVar(&c.AtOnce, "at-once", 0, "run so many `variants` of a round at the same time, the baseline among them (0: all, or in groups that fit the CPUs)")
	much.StringVar(&c.Mode, "mode", c.Mode, "`how` to load variants: together, or apart (latency and CPU are then their own)")
	much.BoolVar(&c.LoneIdle, "lone-idle", false, "start a round only when the previous one's final idles are over")
	much.Float64Var(&c.VoidAt, "void-at", c.VoidAt, "`percent` of the machine that others may take before a round is void (0: any)")
	much.Uint64Var(&c.Seed, "seed", 0, "seed of the starting order within rounds (0: drawn and printed)")

	load := flags.NewGroup("The load")
	load.StringVarP(&c.benchmark, "benchmark", "b", "benchmark.yml", "`file` with the plan and, under its key lab, settings")
	load.StringVar(&c.tags, "tags", "medium", "send only items with one of these `tags` (comma-separated; empty: all)")
	load.StringVar(&c.skipTags, "skip-tags", "", "leave out items with one of these `tags`")
	load.BoolVar(&c.noExec, "no-exec", false, "refuse a plan that runs commands (exec)")
	load.IntVar(&c.Iterations, "iterations", 0, "iterations of the plan per batch (0: what the plan says)")
	load.IntVar(&c.Concurrency, "concurrency", 0, "iterations in flight (0: what the plan says)")
	load.StringVar(&c.Transport, "transport", c.Transport, "`how` to reach the service: unix (its socket) or tcp (its published port)")
	load.DurationVar(&c.Sleep, "sleep", c.Sleep, "sleep in the handler while all of a request's memory is alive")
	load.IntVar(&c.Workers, "workers", c.Workers, "OS threads of the service that do the C-heap work")
	load.StringVar(&c.Threads, "threads", c.Threads, "`how` workers share a request: hop (any may free its memory) or stick (one does it all)")

	where := flags.NewGroup("Where it runs")
	where.StringVar(&c.engine, "engine", engineNames[0], "run variants with this `engine`: docker, process (no containers), or auto (docker where it can be used, else process)")
	where.StringVar(&c.Memory, "memory", "", "memory `limit` per container, such as 512MiB (default none)")
	where.BoolVar(&c.keep, "keep", false, "keep the last round's containers running")

	out := flags.NewGroup("What comes out")
	out.StringVar(&c.format, "format", formatNames()[0], "print the report in this `format`: "+words.Choice(formatNames()))
	c.order.define(out.FlagSet)
	out.StringVar(&c.out, "out", "", "save everything measured in this `folder` (default results/TIME)")
	out.StringVar(&c.resume, "resume", "", "continue the interrupted run in this `folder` after its last complete round")
	out.StringVar(&c.readme, "readme", "", "put picture and table into this Markdown `file` too, between two markers; the picture beside it")
	out.StringVar(&c.html, "html", "", "write the report as a page into this `file` too")
	c.serve.define(out.FlagSet, "show the run as a page while it goes on, at this `address` (127.0.0.1:8077, or a free port)")
	out.BoolVar(&c.dryRun, "dry-run", false, "print what would be done, and do nothing")
	out.BoolVarP(&c.quiet, "quiet", "q", false, "no progress, only warnings and errors")
	out.BoolVar(&c.quick, "quick", false, "the same as --preset quick")
	out.Lookup("quick").Hidden = true

	against := flags.NewGroup("Held against an earlier result")
	against.StringVar(&c.gate.old, "check", "", "hold the result against a saved `one`: exit code 3 if fresh rounds confirm that it is worse, 4 if it cannot be told")
	against.StringSliceVar(&c.gate.allow, "allow", nil, "how much more is fine, such as `peak=+5%`; repeatable. Figures: "+strings.Join(gate.Figures(), ", ")+fmt.Sprintf(" (default %g%% for peak, steady and idle, and others are not looked at)", 100*gate.Default))
	against.BoolVar(&c.gate.anyway, "anyway", false, "with --check: also if the work or the machine is another")

	return []flags.Group{what, much, load, where, out, against}
}

// job is what a call of compare is to do.
type job struct {
	*compareFlags
	plan   *plan.Plan
	design bench.Design
	known  design.Experience
	told   []string // warnings about what was read
	from   *resumed // what it goes on from; nil: nothing
	check  *against // what the result is held against; nil: nothing
	taken  *taken   // the engine, once it is open; fresh rounds take it again
	saved  *store.Folder
	site   *web.Site // the page that shows it; nil: none
	args   []string  // with which it can be made again; nil: those of this call

	garbage int // when it is collected, in per cent, before memory was to be spared; 0: it never was
}

// takes says which engine the job is to be done with: one that goes on, or has been
// begun, keeps its own.
func (j *job) takes() takes {
	limit := j.design.MemoryLimit
	switch {
	case j.taken != nil:
		return j.taken.pinned(limit)
	case j.from != nil && j.engine == engineAuto:
		where := j.from.earlier.Header.Environment
		return takes{engine: where.Engine, instead: where.Instead, memory: limit}
	}
	return takes{engine: j.engine, memory: limit}
}

// prepare finds out what is to be done. It starts nothing.
func (c *compareFlags) prepare(flags *pflag.FlagSet, from *resumed) (*job, error) {
	loaded, err := c.complete(flags)
	if err != nil {
		return nil, err
	}
	found, err := variant.Find(".", c.Baseline)
	if err != nil {
		return nil, err
	}
	chosen, err := c.choose(found)
	if err != nil {
		return nil, err
	}
	j := &job{compareFlags: c, plan: loaded, from: from, told: chosen.Notes}
	if j.design, j.known, err = c.decide(chosen.Variants, lab.Describe(loaded), from); err != nil {
		return nil, err
	}
	for _, w := range loaded.Warnings {
		j.told = append(j.told, w.String())
	}
	for _, f := range found.Skipped {
		j.told = append(j.told, f.String())
	}
	return j, nil
}

// complete reads the benchmark file's settings and the plan, lays the flags
// over them, and checks everything that can be checked before anything starts.
func (c *compareFlags) complete(f *pflag.FlagSet) (*plan.Plan, error) {
	c.onLine = design.Given{}
	f.Visit(func(flag *pflag.Flag) { c.onLine[flag.Name] = true })
	if c.quick {
		if c.onLine["preset"] && c.Preset != design.Quick {
			return nil, hint.Mistake(fmt.Sprintf("--quick and --preset %s are two presets", c.Preset), "leave one of them out")
		}
		c.Preset, c.onLine["preset"] = design.Quick, true
	}
	if err := c.readFile(f); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, c.placed(err)
	}
	loaded, err := plan.Load(c.benchmark, plan.Options{Tags: plan.ParseTags(c.tags), SkipTags: plan.ParseTags(c.skipTags), Env: environ(), NoExec: c.noExec})
	if err != nil {
		if errors.Is(err, plan.ErrNoneSelected) && !c.given("tags") {
			return nil, &hint.Error{Mistake: true, Err: err, Advice: fmt.Sprintf(`%s is the default of --tags; --tags "" sends all items`, c.tags)}
		}
		return nil, err
	}
	if c.Settings, err = c.WithPreset(c.beside("preset"), lab.Describe(loaded)); err != nil {
		return nil, c.placed(err)
	}
	if c.Seed == 0 {
		c.Seed, c.drawn = rand.Uint64N(1<<32), true
	}
	return loaded.WithLoad(c.Iterations, c.Concurrency), nil
}

// readFile takes the settings of the benchmark file that no flag gives.
func (c *compareFlags) readFile(f *pflag.FlagSet) (err error) {
	if c.head, err = plan.LoadLab(c.benchmark); err != nil {
		return err
	}
	c.inFile = map[string]plan.Position{}
	for _, setting := range c.head.Lab {
		name := setting.Key
		if c.readVariants(setting) {
			continue
		}
		flag := f.Lookup(name)
		if flag == nil || slices.Contains(ofTheCall, name) {
			return c.head.ErrorAt(setting.Pos, fmt.Sprintf("unknown setting %q", setting.Key), "settings are "+strings.Join(settingNames(f), ", "))
		}
		c.inFile[name] = setting.Pos
		if c.onLine[name] {
			continue
		}
		if err := flag.Value.Set(strings.Join(setting.Values, ",")); err != nil {
			_, usage := pflag.UnquoteUsage(flag)
			return c.head.ErrorAt(setting.Pos, fmt.Sprintf("setting %q: %v", setting.Key, err), "it means what the flag --"+name+" means: "+usage)
		}
	}
	return nil
}

// settingNames lists what a benchmark file can set.
func settingNames(f *pflag.FlagSet) []string {
	var names []string
	f.VisitAll(func(flag *pflag.Flag) {
		if !slices.Contains(ofTheCall, flag.Name) {
			names = append(names, flag.Name)
		}
	})
	return names
}

// check holds the values against their ranges.
func (c *compareFlags) check() error {
	given := maps.Clone(c.onLine)
	for name := range c.inFile {
		given[name] = true
	}
	if err := c.Check(given); err != nil {
		return err
	}
	if err := design.OneOf("engine", c.engine, engineNames); err != nil {
		return err
	}
	if err := design.OneOf("format", c.format, formatNames()); err != nil {
		return err
	}
	if err := c.order.check(); err != nil {
		return err
	}
	if err := c.gate.check(c); err != nil {
		return err
	}
	if c.readme != "" {
		if info, err := os.Stat(c.readme); err != nil || !info.Mode().IsRegular() {
			return hint.Mistake(fmt.Sprintf("--readme %s is not a regular file", c.readme), "name an existing Markdown file")
		}
	}
	if c.html != "" {
		if err := page.CheckSave(c.html); err != nil {
			return &hint.Error{Mistake: true, Err: fmt.Errorf("--html: %w", err), Advice: hint.Of(err)}
		}
	}
	return nil
}

// decide says what is to be done with these variants, and from what experience.
// Only to fill a time it looks for earlier results.
func (c *compareFlags) decide(variants []bench.Variant, p bench.Plan, from *resumed) (bench.Design, design.Experience, error) {
	known := design.Assumed()
	d, err := c.Design(variants)
	if err == nil {
		d = design.Grouped(d, runtime.NumCPU(), nil)
	}
	if err == nil && from != nil {
		return from.asBegun(d, c), known, nil
	}
	if err == nil && c.For > 0 {
		known = design.Learn(store.Past("results"), d, p)
		beside := c.beside("for")
		d, err = design.Fit(d, p, known, design.Held{Rounds: beside["rounds"] && c.Rounds > 0, Batches: beside["batches"]})
	}
	return d, known, c.placed(err)
}

// given says whether a flag or the benchmark file gives a setting.
func (c *compareFlags) given(name string) bool {
	_, inFile := c.inFile[name]
	return inFile || c.onLine[name]
}

// beside gives the settings that hold against one that decides about others, such
// as a preset: those of flags, and those of the file unless it was a flag that
// decided. Who writes both into the file means both.
func (c *compareFlags) beside(decider string) design.Given {
	given := maps.Clone(c.onLine)
	if !c.onLine[decider] {
		for name := range c.inFile {
			given[name] = true
		}
	}
	return given
}

// placed gives a mistake in a setting of the benchmark file its place there.
func (c *compareFlags) placed(err error) error {
	var m *design.Mistake
	if !errors.As(err, &m) || c.onLine[m.Setting] {
		return err
	}
	if pos, ok := c.inFile[m.Setting]; ok {
		return c.head.ErrorAt(pos, fmt.Sprintf("setting %q %s", m.Setting, m.Problem), m.Advice)
	}
	return err
}
