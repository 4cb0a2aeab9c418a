package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/flags"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// drillVersion is what --version says.
const drillVersion = "stair-stepper drill: the plans and the command line of drill 0.9"

func (a *app) drillCommand() *cobra.Command {
	d := &drillFlags{}
	cmd := &cobra.Command{
		Use:   "drill --benchmark FILE",
		Short: "Runs a plan of the load tester drill against any service and measures the answers",
		Long: `Runs a plan of the load tester drill with drill's own options and prints what drill
prints, followed by statistics of our own.

` + console.GateSyntax + `

Exit codes: 0 done, even if requests failed; 1 an iteration broke, or the run was
slower than the report it was compared with; 2 a mistake in the command line or
the plan, and nothing was sent; 3 a gate tripped; 130 interrupted, with the
statistics up to that point.`,
		Example: `  go run ./orchestrator drill --benchmark benchmark.yml --stats
  go run ./orchestrator drill --benchmark benchmark.yml --stats --tags small,medium
  go run ./orchestrator drill -qsb plan.yml --duration 30s --fail-on 'p99>1s' --fail-on 'failed>0'`,
		Args:    noArgs,
		Version: drillVersion,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.LostValue(cmd.Flags(), a.args); err != nil {
				return err
			}
			return a.drill(cmd.Context(), d)
		},
	}
	cmd.SetVersionTemplate("{{.Version}}\n")
	cmd.Flags().SortFlags = false
	d.define(cmd.Flags())
	a.groupHelp(cmd, flags.Split(cmd.Flags(), "version", "Drill's own", "Ours"))
	return cmd
}

// drillFlags is what drill can be told: the flags of the load tester drill with
// its names and short forms, and our own behind them.
type drillFlags struct {
	benchmark               string
	input                   []byte // the plan itself, where it came from standard input
	stats, quiet            bool
	report, compare         string
	threshold               flags.Milliseconds
	relaxed, insecure       bool
	tags, skipTags          string
	listTags, listTasks     bool
	timeout                 flags.Seconds
	nanosec, verbose        bool
	iterations, concurrency flags.Count
	duration                flags.Period
	rate                    flags.Rate
	base                    string
	compat, cookies         bool
	failOn                  []string
	statsFormat, progress   flags.Choice
	seed                    uint64
	strict, noExec          bool
	noProxy, noDNSCache     bool

	gates []console.Gate // failOn, as check has read it
	flags *pflag.FlagSet
}

func (d *drillFlags) define(f *pflag.FlagSet) {
	d.timeout = flags.Seconds(load.DefaultTimeout)
	d.statsFormat = flags.NewChoice("text", formatJSON)
	d.progress = flags.NewChoice(console.ProgressModes()...)
	f.StringVarP(&d.benchmark, "benchmark", "b", "", "`file` with the plan, or - for standard input; required")
	f.BoolVarP(&d.stats, "stats", "s", false, "print statistics after the run")
	f.StringVarP(&d.report, "report", "r", "", "run one iteration and write how long each request took to a `file`")
	f.StringVarP(&d.compare, "compare", "c", "", "compare the run with the report in a `file`; exit code 1 if any request was slower")
	f.VarP(&d.threshold, "threshold", "t", "with --compare: how many `milliseconds` slower is still fine")
	f.BoolVar(&d.relaxed, "relaxed-interpolations", false, "replace unknown variables with nothing and a warning, instead of breaking the iteration")
	f.BoolVar(&d.insecure, "no-check-certificate", false, "accept any TLS certificate, and outdated TLS versions and ciphers")
	f.StringVar(&d.tags, "tags", "", "run only items with one of these `tags` (comma-separated)")
	f.StringVar(&d.skipTags, "skip-tags", "", "skip items with one of these `tags` (comma-separated)")
	f.BoolVar(&d.listTags, "list-tags", false, "print the tags in the plan, and send nothing")
	f.BoolVar(&d.listTasks, "list-tasks", false, "print the items that would run, and send nothing")
	f.BoolVarP(&d.quiet, "quiet", "q", false, "print no line per item")
	f.VarP(&d.timeout, "timeout", "o", "timeout per request, redirects included, in whole `seconds`")
	f.BoolVarP(&d.nanosec, "nanosec", "n", false, "print times in nanoseconds")
	f.BoolVarP(&d.verbose, "verbose", "v", false, "print requests and answers in full, secrets included")
	f.BoolP("version", "V", false, "print the version")

	f.Var(&d.iterations, "iterations", "`number` of iterations, instead of the plan's")
	f.Var(&d.concurrency, "concurrency", "`number` of iterations in flight, instead of the plan's")
	f.Var(&d.duration, "duration", "start no iteration after this `time` (30s, 5m); without --iterations, nothing else ends the run")
	f.Var(&d.rate, "rate", "open loop: start iterations at this `rate` (40/s, 600/m), however slow the answers are")
	f.StringVar(&d.base, "base-url", "", "base `url`, instead of the plan's: http://HOST:PORT, https://HOST or unix:/path/of/socket")
	f.BoolVar(&d.compat, "compat-rampup", false, "ramp up in whole seconds per iteration, as drill does (which is mostly not at all)")
	f.BoolVar(&d.cookies, "compat-cookies", false, "after a chain of redirects, keep only the last answer's cookies, as drill does")
	f.StringArrayVar(&d.failOn, "fail-on", nil, "exit with code 3 if this `gate` trips, such as 'p99>250ms'; repeatable")
	f.Var(&d.statsFormat, "stats-format", "`format` of the statistics: text or json (one object on standard output, everything else on standard error)")
	f.Var(&d.progress, "progress", "`how` to show progress on standard error: auto, plain (a line every ten seconds) or none")
	f.Uint64Var(&d.seed, "seed", 0, "`number` that fixes the order of shuffled loops (0: a new order each time)")
	f.BoolVar(&d.strict, "strict", false, "treat warnings about the plan as mistakes")
	f.BoolVar(&d.noProxy, "no-proxy", false, "ignore HTTP_PROXY and its relatives")
	f.BoolVar(&d.noDNSCache, "no-dns-cache", false, "look up the host for each connection, within the latency, instead of once and every 30 s in the background")
	f.BoolVar(&d.noExec, "no-exec", false, "refuse a plan that runs commands (exec)")

	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "fail-on" {
			flags.Once(flag)
		}
	})
	d.flags = f
}

// check refuses what cannot be meant, before anything is read.
func (d *drillFlags) check() (err error) {
	f := d.flags
	if !f.Changed("benchmark") {
		return hint.Mistake("--benchmark is missing", "name the plan, such as --benchmark benchmark.yml")
	}
	if err := flags.Apart(f, [][2]string{
		{"stats", "compare"},
		{"report", "compare"},
		{"report", "threshold"},
		{"list-tags", "tags"},
		{"list-tags", "skip-tags"},
		{"report", "iterations"},
		{"report", "concurrency"},
		{"report", "duration"},
		{"report", "rate"},
	}...); err != nil {
		return err
	}
	switch {
	case f.Changed("compare") && !f.Changed("threshold"):
		return hint.Mistake("--compare needs --threshold", "say how many milliseconds slower is still fine, such as --threshold 50")
	case f.Changed("compare") && d.json():
		return hint.Mistake("--stats-format json and --compare do not go together", "leave one of them out")
	}
	if d.gates, err = console.ParseGates(d.failOn); err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	return nil
}

// formatJSON is the format of --stats-format with which standard output is for one
// JSON object alone.
const formatJSON = "json"

// json says whether standard output is for JSON alone.
func (d *drillFlags) json() bool { return d.statsFormat.String() == formatJSON }

// planOptions is what the plan has to know.
func (d *drillFlags) planOptions() plan.Options {
	return plan.Options{
		Tags: plan.ParseTags(d.tags), TagsSet: d.flags.Changed("tags"), SkipTags: plan.ParseTags(d.skipTags),
		Strict: d.strict, Env: environ(), Base: d.base, Seed: d.seed, Secrets: d.verbose, NoExec: d.noExec,
		Input: d.input,
	}
}

// load reads the plan and lays the flags over it.
func (d *drillFlags) load() (*plan.Plan, error) {
	loaded, err := plan.Load(d.benchmark, d.planOptions())
	if err != nil {
		return nil, err
	}
	loaded = loaded.Changed(plan.Change{
		Once: d.report != "", Endless: d.duration > 0, Rate: float64(d.rate),
		Iterations: int(d.iterations), Concurrency: int(d.concurrency),
	})
	if !d.noProxy {
		if err := load.CheckProxies(environ(), loaded, d.strict); err != nil {
			return nil, err
		}
	}
	return loaded, nil
}

func (a *app) drill(ctx context.Context, d *drillFlags) (err error) {
	if err := d.check(); err != nil {
		return err
	}
	if d.benchmark, d.input, err = plan.ReadInput(ctx, d.benchmark, os.Stdin); err != nil {
		return err
	}
	if d.listTags || d.listTasks {
		return a.listPlan(d)
	}
	loaded, err := d.load()
	if err != nil {
		return err
	}
	ask := &console.Ask{Stats: d.stats, Gates: d.gates, ReportFile: d.report, Compare: d.compare, Threshold: float64(d.threshold)}
	if d.json() {
		ask.JSON = a.stdout
	}
	if err := ask.Prepare(loaded); err != nil {
		return err
	}
	return a.runPlan(ctx, d, loaded, ask)
}

// runPlan runs the plan and prints what came of it.
func (a *app) runPlan(ctx context.Context, d *drillFlags, loaded *plan.Plan, ask *console.Ask) error {
	live := console.NewLive(a.stderr)
	loaded, lowered := load.FitFiles(loaded)
	for _, w := range loaded.Warnings {
		live.Warn(w.String())
	}
	live.Warn(slices.Concat(lowered, ask.Renamed())...)
	setup := console.Setup{
		Report: d.report != "", Duration: time.Duration(d.duration), Timeout: max(time.Duration(d.timeout), 1),
		CompatRampup: d.compat, CompatCookies: d.cookies, Relaxed: d.relaxed,
	}
	if !d.noProxy {
		setup.Proxy = load.Proxies(environ(), loaded)
	}
	p := a.printer(d)
	p.Banner(loaded, setup)
	progress := &load.Progress{}
	flooded := p.Lines() != nil && (d.json() || console.IsTerminal(a.stdout))
	if width, show := console.ProgressMode(d.progress.String()).Width(a.stderr, flooded); show {
		live.Start(progress, console.Goal{Requests: loaded.Iterations * loaded.PerIteration(), Duration: setup.Duration}, width)
	}
	result, err := load.Run(ctx, loaded, load.Target{}, load.Options{
		Timeout: setup.Timeout, Duration: setup.Duration, CompatRampup: d.compat, CompatCookies: d.cookies,
		Relaxed: d.relaxed, Unknown: func(name string) { live.Line(p.UnknownVariable(name)) },
		Insecure: d.insecure, Env: environ(), NoProxy: d.noProxy, NoDNSCache: d.noDNSCache,
		Observer: ask.Observer(p), Verbose: d.verbose, Progress: progress,
	})
	live.Stop()
	if err != nil {
		return errors.Join(err, p.Close())
	}
	outcome, err := p.Conclude(console.Run{Plan: loaded, Setup: setup, Result: &result}, ask)
	if err != nil {
		return err
	}
	for _, line := range outcome.Lines {
		a.say("%s", line)
	}
	switch {
	case outcome.Interrupted:
		return &exitError{exitInterrupted}
	case outcome.Tripped:
		return &exitError{exitGate}
	case outcome.Failed:
		return &exitError{exitFailed}
	}
	return nil
}

// printer prints to standard output, unless that is for JSON alone.
func (a *app) printer(d *drillFlags) *console.Printer {
	out := a.stdout
	if d.json() {
		out = a.stderr
	}
	return console.New(out, console.Format{
		Colour: console.Colour(environ(), console.IsTerminal(out)),
		Quiet:  d.quiet, Verbose: d.verbose, Nanosec: d.nanosec,
	})
}

// listPlan prints what there is in a plan.
func (a *app) listPlan(d *drillFlags) error {
	listing, err := plan.List(d.benchmark, d.planOptions())
	if err != nil {
		return err
	}
	p := a.printer(d)
	var found bool
	if d.listTags {
		found = p.Tags(listing)
	} else {
		found = p.Tasks(listing.Tasks, plan.ShownTags(d.tags, d.flags.Changed("tags")), plan.ShownTags(d.skipTags, d.flags.Changed("skip-tags")))
	}
	if err := p.Close(); err != nil {
		return err
	}
	if !found {
		return &exitError{exitFailed}
	}
	return nil
}
