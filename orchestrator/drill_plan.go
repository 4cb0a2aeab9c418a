package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// planOptions is what the plan has to know.
func (d *drillFlags) planOptions() plan.Options {
	return plan.Options{
		Tags: plan.ParseTags(d.tags), TagsSet: d.given("tags"), SkipTags: plan.ParseTags(d.skipTags),
		Strict: d.strict, Env: environ(), Base: d.base, Seed: d.seed, Secrets: d.verbose, NoExec: d.noExec,
		Input: d.input,
	}
}

// standardInput are the names of the plan that is no file.
var standardInput = []string{"-", "/dev/stdin"}

// readInput reads the plan from standard input, if it is to come from there.
func (d *drillFlags) readInput(ctx context.Context) error {
	if !slices.Contains(standardInput, d.benchmark) {
		return nil
	}
	text, err := files.ReadStream(ctx, os.Stdin, plan.MostPlan)
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("the plan: %w", err)
		}
		return hint.Mistake(fmt.Sprintf("the plan: %v", err), hint.Of(err))
	}
	d.benchmark, d.input = standardInput[0], text // a plan's includes are beside it, and not in /dev
	return nil
}

// load reads the plan and lays the flags over it.
func (d *drillFlags) load() (*plan.Plan, error) {
	loaded, err := plan.Load(d.benchmark, d.planOptions())
	if err != nil {
		return nil, err
	}
	switch {
	case d.report != "":
		loaded = loaded.WithLoad(1, 1)
		loaded.Rate = 0
	case d.duration > 0 && d.iterations == 0:
		loaded = loaded.WithLoad(0, int(d.concurrency)).Endless()
	default:
		loaded = loaded.WithLoad(int(d.iterations), int(d.concurrency))
	}
	if d.rate > 0 {
		loaded.Rate = float64(d.rate)
	}
	if err := d.checkProxies(loaded); err != nil {
		return nil, err
	}
	return loaded, d.checkGates(loaded)
}

// checkProxies warns of variables that name proxies and are passed over, for then
// requests go another way than was meant.
func (d *drillFlags) checkProxies(loaded *plan.Plan) error {
	if d.noProxy {
		return nil
	}
	const advice = "set it to HOST:PORT or to http://, https://, socks5:// or socks5h://HOST:PORT, or give --no-proxy"
	var mistakes plan.Errors
	for _, text := range load.ProxyMistakes(environ(), loaded) {
		mistakes = append(mistakes, &plan.Mistake{Msg: text, Advice: advice})
		loaded.Warnings = append(loaded.Warnings, plan.Warning{Text: text})
	}
	if d.strict && len(mistakes) > 0 {
		return mistakes
	}
	return nil
}

// checkGates refuses gates that could never say anything about the plan.
func (d *drillFlags) checkGates(loaded *plan.Plan) error {
	names := map[string]bool{}
	for _, r := range loaded.Requests() {
		names[r.Name] = true
	}
	for _, g := range d.gates {
		if g.Item() != "" && !names[g.Item()] {
			return hint.Mistake(fmt.Sprintf("--fail-on %q: the plan has no request %q", g, g.Item()), "names stand there as in the plan, variables and all")
		}
		if g.OpenLoop() && loaded.Rate == 0 {
			return hint.Mistake(fmt.Sprintf("--fail-on %q: only an open loop counts that", g), "add --rate, or leave the gate out")
		}
	}
	return nil
}

// comparison reads what the run is to be compared with; nil if nothing is.
func (d *drillFlags) comparison(loaded *plan.Plan) (*console.Comparison, error) {
	if d.compare == "" {
		return nil, nil
	}
	const advice = "make a report of this plan with --report FILE"
	recorded, err := console.ReadReport(d.compare)
	if err != nil {
		return nil, &hint.Error{Mistake: true, Err: err, Advice: advice}
	}
	compared, err := console.NewComparison(loaded, recorded, float64(d.threshold))
	if err != nil {
		return nil, &hint.Error{Mistake: true, Err: fmt.Errorf("%s: %w", d.compare, err), Advice: advice}
	}
	return compared, nil
}

// checkReport finds before the run that a report has no place.
func (d *drillFlags) checkReport() error {
	if d.report == "" {
		return nil
	}
	folder := filepath.Dir(d.report)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return hint.Mistake(fmt.Sprintf("--report %s: there is no folder %s", d.report, folder), "make it first")
	}
	if err := files.CheckWrite(d.report); err != nil {
		return hint.Mistake(fmt.Sprintf("--report: %v", err), "name another file")
	}
	return nil
}

// keptFiles are those that a run has open beside its connections.
const keptFiles = 64

// fitFiles lowers the iterations in flight to the connections that the process
// may have open.
func fitFiles(loaded *plan.Plan) (*plan.Plan, []string) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur <= 2*keptFiles {
		return loaded, nil
	}
	most := int(min(limit.Cur-keptFiles, 1<<30))
	if loaded.Concurrency <= most {
		return loaded, nil
	}
	note := fmt.Sprintf("concurrency %d is lowered to %d: the process may have %d files open (ulimit -n)", loaded.Concurrency, most, limit.Cur)
	return loaded.WithLoad(0, most), []string{note}
}
