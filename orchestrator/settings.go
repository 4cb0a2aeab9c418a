package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/flags"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// settings is what compare can be told. The key lab of the benchmark file
// overrides the defaults, flags override both.
type settings struct {
	benchmark   string
	tags        string
	skipTags    string
	noExec      bool
	variants    []string
	baseline    string
	batches     int
	pause       time.Duration
	idle        time.Duration
	rounds      int
	sleep       time.Duration
	workers     int
	threads     string
	iterations  int
	concurrency int
	transport   string
	memory      string
	memoryLimit bench.Bytes // memory, as check has read it
	seed        uint64
	preset      string
	within      time.Duration // --for
	mode        string
	twin        bool // --aa
	loneIdle    bool
	voidAt      float64 // per cent
	format      string
	out         string
	resume      string
	readme      string
	engine      string
	keep        bool
	dryRun      bool

	given         map[string]bool // flags of the command line
	tagsByDefault bool            // neither a flag nor the file names tags
	quick         bool
	quiet         bool
}

// notInFile are the flags that the benchmark file cannot set: they concern one
// call, not the experiment.
var notInFile = []string{"benchmark", "dry-run", "quick", "quiet", "out", "readme", "keep", "help", "format", "for", "resume"}

func (s *settings) define(f *pflag.FlagSet) {
	f.StringVarP(&s.benchmark, "benchmark", "b", "benchmark.yml", "benchmark `file` with the plan and the lab's settings")
	f.StringVar(&s.tags, "tags", "medium", "run only the plan's items with one of these `tags` (comma-separated; empty: all items)")
	f.StringVar(&s.skipTags, "skip-tags", "", "leave out the plan's items with one of these `tags`")
	f.BoolVar(&s.noExec, "no-exec", false, "refuse a plan that runs commands (exec)")
	f.StringArrayVar(&s.variants, "variant", nil, "compare only the variant of this `name`; repeatable (default every Dockerfile.*)")
	f.StringVar(&s.baseline, "baseline", "libc", "`variant` that the others are compared with")
	flags.Once(f.Lookup("baseline"))
	f.StringVar(&s.preset, "preset", presets[0].name, "`name` of a design: "+strings.Join(presetNames(), ", "))
	f.DurationVar(&s.within, "for", 0, "fit rounds and batches into this `time`, such as 40m, and say what they can show")
	f.IntVar(&s.rounds, "rounds", 0, "repetitions of it all in fresh containers (0: as many as intervals need, 7 for three variants)")
	f.IntVar(&s.batches, "batches", 2, "executions of the plan against each variant")
	f.DurationVar(&s.pause, "pause", 5*time.Second, "idle time between batches")
	f.DurationVar(&s.idle, "idle", 30*time.Second, "idle time after the last batch")
	f.StringVar(&s.mode, "mode", bench.Together, "together: all variants are loaded at the same time; apart: one after the other, so that latency and CPU are their own")
	f.BoolVar(&s.twin, "aa", false, "add an identical second baseline: a difference between the two is an error of the measurement")
	f.DurationVar(&s.sleep, "sleep", 450*time.Millisecond, "sleep in the handler with all memory alive")
	f.IntVar(&s.workers, "workers", 10, "OS threads of the service that do the C-heap work")
	f.StringVar(&s.threads, "threads", bench.Hop, "hop: any worker may free a request's memory; stick: a request stays on one worker")
	f.IntVar(&s.iterations, "iterations", 0, "iterations of the plan a batch (0: as the plan says)")
	f.IntVar(&s.concurrency, "concurrency", 0, "iterations in flight (0: as the plan says)")
	f.StringVar(&s.transport, "transport", bench.Unix, "unix: the load takes the service's socket; tcp: its published port")
	f.StringVar(&s.memory, "memory", "", "memory `limit` of each container, such as 512MiB (default none)")
	f.Uint64Var(&s.seed, "seed", 0, "seed of the order in which a round starts its variants (0: drawn and printed)")
	f.Float64Var(&s.voidAt, "void-at", 25, "a round does not count, and is repeated once, if other processes take more than this share of the machine (`per cent`; 0: it always counts)")
	f.BoolVar(&s.loneIdle, "lone-idle", false, "begin a round only when the final idles of the one before are over")
	f.StringVar(&s.format, "format", "text", "of the report: text, markdown, csv or json")
	f.StringVar(&s.out, "out", "", "`folder` for everything measured (default results/TIME)")
	f.StringVar(&s.resume, "resume", "", "go on with the interrupted run of this results `folder`, after its last whole round")
	f.StringVar(&s.readme, "readme", "", "put the table into this Markdown `file`, between two markers")
	f.StringVar(&s.engine, "engine", "docker", "docker, or process: local processes instead of containers")
	f.BoolVar(&s.keep, "keep", false, "leave the containers running at the end")
	f.BoolVar(&s.dryRun, "dry-run", false, "print what would be done, and do nothing")
	f.BoolVar(&s.quick, "quick", false, "short for --preset quick")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "no progress, only warnings and errors")
}

// complete reads the benchmark file's settings and the plan, lays the flags
// over them, and checks everything that can be checked before anything starts.
func (s *settings) complete(cmd *cobra.Command) (*plan.Plan, error) {
	flags := cmd.Flags()
	given := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })

	head, err := plan.LoadLab(s.benchmark)
	if err != nil {
		return nil, err
	}
	s.given = given
	if s.quick && !given["preset"] {
		s.preset = "quick"
		given["preset"] = true
	}
	inFile, err := s.fromFile(head, flags, given)
	if err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	loaded, err := plan.Load(s.benchmark, plan.Options{Tags: plan.ParseTags(s.tags), SkipTags: plan.ParseTags(s.skipTags), Env: environ(), NoExec: s.noExec})
	if err != nil {
		if s.tagsByDefault && errors.Is(err, plan.ErrNoneSelected) {
			return nil, &hint.Error{Mistake: true, Err: err, Advice: fmt.Sprintf(`%s is the default of --tags; --tags "" sends all items`, s.tags)}
		}
		return nil, err
	}
	settled := given
	if !given["preset"] { // the file chose it, and knows its own mind
		settled = inFile
		maps.Copy(settled, given)
	}
	s.applyPreset(settled, loaded)
	if s.concurrency > 0 && s.iterations == 0 && s.concurrency > loaded.Iterations {
		return nil, hint.Mistake(fmt.Sprintf("--concurrency %d is more than the %d iterations of the plan", s.concurrency, loaded.Iterations), "set --iterations too")
	}
	return loaded.WithLoad(s.iterations, s.concurrency), nil
}

// fromFile applies the key lab to the flags that were not given, and says which
// settings the file has.
func (s *settings) fromFile(head *plan.Plan, flags *pflag.FlagSet, given map[string]bool) (inFile map[string]bool, err error) {
	inFile = map[string]bool{}
	s.tagsByDefault = !given["tags"]
	for _, setting := range head.Lab {
		if setting.Key == "tags" {
			s.tagsByDefault = false
		}
		f := flags.Lookup(setting.Key)
		if setting.Key == "variants" {
			f = flags.Lookup("variant")
		}
		if f == nil || slices.Contains(notInFile, f.Name) {
			var known []string
			flags.VisitAll(func(f *pflag.Flag) {
				if !slices.Contains(notInFile, f.Name) {
					known = append(known, f.Name)
				}
			})
			return nil, head.ErrorAt(setting.Pos, fmt.Sprintf("unknown setting %q", setting.Key), "settings are "+strings.Join(known, ", "))
		}
		inFile[f.Name] = true
		if given[f.Name] {
			continue
		}
		values := []string{strings.Join(setting.Values, ",")}
		if f.Name == "variant" {
			values = setting.Values
		}
		for _, value := range values {
			if err := f.Value.Set(value); err != nil {
				return nil, head.ErrorAt(setting.Pos, fmt.Sprintf("setting %q: %v", setting.Key, err), "it means what the flag --"+f.Name+" means: "+f.Usage)
			}
		}
	}
	return inFile, nil
}

// check holds the values against their ranges.
func (s *settings) check() error {
	for _, n := range []struct {
		flag       string
		value, min int
		max        int
	}{
		{"batches", s.batches, 1, 1000},
		{"rounds", s.rounds, 0, 1000},
		{"workers", s.workers, 1, 1024},
		{"iterations", s.iterations, 0, 1 << 30},
		{"concurrency", s.concurrency, 0, 1 << 16},
	} {
		if n.value < n.min || n.value > n.max {
			return hint.Mistake(fmt.Sprintf("--%s is %d", n.flag, n.value), fmt.Sprintf("it must be from %d to %d", n.min, n.max))
		}
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"pause", s.pause}, {"idle", s.idle}, {"sleep", s.sleep}} {
		if d.value < 0 || d.value > 24*time.Hour {
			return hint.Mistake(fmt.Sprintf("--%s is %v", d.flag, d.value), "it must be from 0s to 24h")
		}
	}
	if s.within < 0 || s.given["for"] && s.within == 0 {
		return hint.Mistake(fmt.Sprintf("--for is %v", s.within), "give a time such as 40m")
	}
	if !(s.voidAt >= 0 && s.voidAt <= 100) {
		return hint.Mistake(fmt.Sprintf("--void-at is %v", s.voidAt), "it must be from 0 to 100 per cent")
	}
	if s.quick && s.preset != "quick" {
		return hint.Mistake(fmt.Sprintf("--quick and --preset %s are two designs", s.preset), "choose one of them")
	}
	if s.sleep%time.Millisecond != 0 {
		return hint.Mistake(fmt.Sprintf("--sleep is %v", s.sleep), "the service counts whole milliseconds")
	}
	for _, choice := range []struct {
		flag, value string
		of          []string
	}{
		{"threads", s.threads, []string{bench.Hop, bench.Stick}},
		{"preset", s.preset, presetNames()},
		{"mode", s.mode, []string{bench.Together, bench.Apart}},
		{"transport", s.transport, []string{bench.Unix, bench.TCP}},
		{"format", s.format, formatNames()},
		{"engine", s.engine, engineNames},
	} {
		if !slices.Contains(choice.of, choice.value) {
			return hint.Mistake(fmt.Sprintf("--%s is %q", choice.flag, choice.value), "it must be one of "+strings.Join(choice.of, ", "))
		}
	}
	if s.memory != "" {
		limit, err := bench.ParseBytes(s.memory)
		if err != nil {
			return hint.Mistake("--memory: "+err.Error(), "give a number with a unit: 512MiB, 2g")
		}
		if limit != 0 && limit < 8*bench.MiB {
			return hint.Mistake(fmt.Sprintf("--memory %s is too little for any container", s.memory), "give 8MiB or more; 0 means no limit")
		}
		s.memoryLimit = limit
	}
	if s.readme != "" {
		if info, err := os.Stat(s.readme); err != nil || !info.Mode().IsRegular() {
			return hint.Mistake(fmt.Sprintf("--readme %s is no file that can be read", s.readme), "name an existing Markdown file")
		}
	}
	return nil
}

// design turns the settings into what is to be done with these variants.
func (s *settings) design(variants []bench.Variant) (bench.Design, error) {
	d := bench.Design{
		Variants: variants, Baseline: s.baseline, Rounds: s.rounds, Batches: s.batches,
		Pause: s.pause, Idle: s.idle, Sleep: s.sleep, Workers: s.workers, Threads: s.threads,
		Transport: s.transport, MemoryLimit: s.memoryLimit, SampleEvery: 50 * time.Millisecond,
		Seed: s.seed, Preset: s.preset, Quick: s.preset == "quick",
		Mode: s.mode, LoneIdle: s.loneIdle, Until: s.within, VoidAt: s.voidAt / 100,
	}
	if d.Seed == 0 {
		d.Seed = rand.Uint64N(1 << 32)
	}
	if s.twin {
		if err := addTwin(&d); err != nil {
			return d, err
		}
	}
	if d.Rounds == 0 {
		d.Rounds = stat.MinRounds(comparisons(d))
	}
	return d, nil
}

// addTwin adds the baseline a second time, under another name.
func addTwin(d *bench.Design) error {
	if len(d.Variants) < 2 {
		return hint.Mistake("--aa with one variant: there is nothing whose difference it could vouch for", "leave --aa out, or add a --variant")
	}
	i := slices.IndexFunc(d.Variants, func(v bench.Variant) bool { return v.Name == d.Baseline })
	twin := d.Variants[i]
	twin.Name = d.Baseline + "-twin"
	if slices.ContainsFunc(d.Variants, func(v bench.Variant) bool { return v.Name == twin.Name }) {
		return hint.Mistake(fmt.Sprintf("--aa would call the second baseline %s, and there is a variant of that name", twin.Name), "rename Dockerfile."+twin.Name)
	}
	d.Twin = twin.Name
	d.Variants = slices.Insert(slices.Clone(d.Variants), i+1, twin)
	return nil
}
