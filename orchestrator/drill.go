package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/flags"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// drillVersion is what --version says.
const drillVersion = "stair-stepper drill: the plans and the command line of drill 0.9"

func (a *app) drillCommand() *cobra.Command {
	d := &drillFlags{}
	cmd := &cobra.Command{
		Use:   "drill --benchmark FILE",
		Short: "Sends a plan to any service, as the load tester drill does, and measures the answers",
		Long: `Runs a plan of the load tester drill with drill's own options, and prints what
drill prints. What comes after drill's statistics is ours.

` + console.GateSyntax + `

Exit codes: 0 done, failed requests or not; 1 an iteration broke, or the run was
slower than the report it was compared with; 2 a mistake in the command line or
the plan, and nothing was sent; 3 a gate tripped; 130 interrupted, with the
statistics up to then.`,
		Example: `  go run ./orchestrator drill --benchmark benchmark.yml --stats
  go run ./orchestrator drill --benchmark benchmark.yml --stats --tags small,medium
  go run ./orchestrator drill -qsb benchmark.yml --duration 30s --fail-on 'p99>250ms' --fail-on 'failed>0'`,
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
	return cmd
}

func (a *app) drill(ctx context.Context, d *drillFlags) error {
	if err := d.check(); err != nil {
		return err
	}
	if err := d.readInput(ctx); err != nil {
		return err
	}
	if d.listTags || d.listTasks {
		return a.listPlan(d)
	}
	loaded, err := d.load()
	if err != nil {
		return err
	}
	compared, err := d.comparison(loaded)
	if err != nil {
		return err
	}
	if err := d.checkReport(); err != nil {
		return err
	}
	live := console.NewLive(a.stderr)
	loaded, notes := fitFiles(loaded)
	for _, w := range loaded.Warnings {
		live.Line(plain.Text("warning: " + w.String()))
	}
	if compared != nil {
		notes = append(notes, compared.Renamed()...)
	}
	for _, note := range notes {
		live.Line(plain.Text("warning: " + note))
	}
	return a.runPlan(ctx, d, loaded, compared, live)
}

// runPlan runs the plan and prints what came of it.
func (a *app) runPlan(ctx context.Context, d *drillFlags, loaded *plan.Plan, compared *console.Comparison, live *console.Live) error {
	setup := d.setup(loaded)
	p := a.printer(d)
	p.Banner(loaded, setup)

	var recorder *console.Recorder
	lines := p.Lines()
	observers := []load.Observer{lines}
	if d.report != "" {
		recorder = &console.Recorder{}
		observers = append(observers, recorder)
	}
	if compared != nil {
		observers = append(observers, compared)
	}
	progress := &load.Progress{}
	if width, ok := a.liveWidth(d, lines != nil); ok {
		live.Start(progress, console.Goal{Requests: loaded.Iterations * loaded.PerIteration(), Duration: setup.Duration}, width)
	}
	result, err := load.Run(ctx, loaded, load.Target{}, load.Options{
		Timeout: setup.Timeout, Duration: setup.Duration, CompatRampup: d.compat, CompatCookies: d.cookies,
		Relaxed: d.relaxed, Unknown: func(name string) { live.Line(p.UnknownVariable(name)) },
		Insecure: d.insecure, Env: environ(), NoProxy: d.noProxy, NoDNSCache: d.noDNSCache,
		Observer: console.Observe(observers...), Verbose: d.verbose, Progress: progress,
	})
	live.Stop()
	if err != nil {
		return errors.Join(err, p.Close())
	}
	return a.concludeDrill(d, loaded, setup, &result, outcome{p, compared, recorder})
}

// outcome is what a run has left beside its result.
type outcome struct {
	printer  *console.Printer
	compared *console.Comparison // nil without --compare
	recorder *console.Recorder   // nil without --report
}

// concludeDrill prints, writes and judges, in drill's order.
func (a *app) concludeDrill(d *drillFlags, loaded *plan.Plan, setup console.Setup, r *load.Result, o outcome) error {
	var verdicts []console.Verdict
	for _, g := range d.gates {
		verdicts = append(verdicts, g.Judge(r))
	}
	var failed error
	// A report of a part of the iteration would be a wrong one.
	if o.recorder != nil && !r.Interrupted && r.Broken == 0 {
		failed = console.WriteReport(d.report, o.recorder.Entries())
	}
	slower := 0
	switch {
	case d.statsFormat == formatJSON:
		failed = errors.Join(failed, o.printer.Close(), console.WriteJSON(a.stdout, loaded, setup, r, verdicts))
	case d.stats:
		o.printer.Stats(loaded, setup, r)
	}
	if o.compared != nil {
		slower = o.printer.Compared(o.compared)
	}
	if err := errors.Join(failed, o.printer.Close()); err != nil {
		return err
	}
	code := exitDone
	if r.Broken > 0 || slower > 0 {
		code = exitFailed
	}
	for _, line := range slices.Concat(console.LimitLines(r), console.HintLines(r), console.BrokenLines(r)) {
		a.say("%s", line)
	}
	for _, v := range verdicts {
		if v.Tripped {
			a.say("gate tripped: %s", v)
			code = exitGate
		}
	}
	if o.recorder != nil && r.Broken > 0 {
		a.say("no report is written to %s", d.report)
	}
	if r.Interrupted {
		a.say("%s", console.InterruptedLine(r, loaded))
		code = exitInterrupted
	}
	if code == exitDone {
		return nil
	}
	return &exitError{code}
}

// setup is what the console says of the run beside the plan.
func (d *drillFlags) setup(loaded *plan.Plan) console.Setup {
	s := console.Setup{
		Report: d.report != "", Duration: time.Duration(d.duration), Timeout: max(time.Duration(d.timeout), 1),
		CompatRampup: d.compat, CompatCookies: d.cookies, Relaxed: d.relaxed,
	}
	if d.noProxy {
		return s
	}
	env := environ()
	proxies := []string{load.ProxyFor(env, loaded.Origin)}
	for _, r := range loaded.Requests() {
		if p := load.ProxyFor(env, r.Parsed); !slices.Contains(proxies, p) {
			proxies = append(proxies, p)
		}
	}
	proxies = slices.DeleteFunc(proxies, func(p string) bool { return p == "" })
	s.Proxy = strings.Join(proxies, ", ")
	return s
}

// printer prints to standard output, unless that is for JSON alone.
func (a *app) printer(d *drillFlags) *console.Printer {
	out := a.stdout
	if d.statsFormat == formatJSON {
		out = a.stderr
	}
	return console.New(out, console.Format{
		Colour: console.Colour(environ(), console.IsTerminal(out)),
		Quiet:  d.quiet, Verbose: d.verbose, Nanosec: d.nanosec,
	})
}

// liveWidth says whether to show how far the run is, and in what width: 0 means
// plain lines. On a terminal that is full of the items' lines there is no place.
func (a *app) liveWidth(d *drillFlags, lines bool) (width int, show bool) {
	flooded := lines && (d.statsFormat == formatJSON || console.IsTerminal(a.stdout))
	switch {
	case d.progress == progressNone:
		return 0, false
	case d.progress == progressPlain || !console.IsTerminal(a.stderr):
		return 0, true
	}
	return cmp.Or(console.Width(a.stderr), 80), !flooded // some terminals do not tell their width
}

// listPlan prints what there is in a plan.
func (a *app) listPlan(d *drillFlags) error {
	listing, err := plan.List(d.benchmark, d.planOptions())
	if err != nil {
		return err
	}
	p := a.printer(d)
	empty := len(listing.Tasks) == 0 && (d.listTasks && !d.listTags || len(listing.Tags) == 0)
	switch {
	case !d.listTags:
		p.Tasks(listing.Tasks, d.shownTags("tags", d.tags), d.shownTags("skip-tags", d.skipTags))
	case empty:
		p.NoItems()
	default:
		p.Tags(listing.Tags)
	}
	if err := p.Close(); err != nil {
		return err
	}
	if empty {
		return &exitError{exitFailed}
	}
	return nil
}
