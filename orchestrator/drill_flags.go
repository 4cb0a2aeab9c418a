package main

import (
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/flags"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// drillFlags is what drill can be told: the flags of the load tester drill with
// its names and short forms, and our own behind them.
type drillFlags struct {
	benchmark   string
	input       []byte // the plan itself, where it came from standard input
	stats       bool
	report      string
	compare     string
	threshold   flags.Milliseconds
	relaxed     bool
	insecure    bool
	tags        string
	skipTags    string
	listTags    bool
	listTasks   bool
	quiet       bool
	timeout     flags.Seconds
	nanosec     bool
	verbose     bool
	iterations  flags.Count
	concurrency flags.Count
	duration    flags.Period
	rate        flags.Rate
	base        string
	compat      bool
	cookies     bool
	failOn      []string
	statsFormat string
	progress    string
	seed        uint64
	strict      bool
	noProxy     bool
	noDNSCache  bool
	noExec      bool

	gates []console.Gate // failOn, as check has read it
	given func(flag string) bool
}

const (
	formatText = "text"
	formatJSON = "json"

	progressAuto  = "auto"
	progressPlain = "plain"
	progressNone  = "none"
)

func (d *drillFlags) define(f *pflag.FlagSet) {
	d.timeout = flags.Seconds(load.DefaultTimeout)
	f.StringVarP(&d.benchmark, "benchmark", "b", "", "the plan `file`, or - for standard input; required")
	f.BoolVarP(&d.stats, "stats", "s", false, "print statistics after the run")
	f.StringVarP(&d.report, "report", "r", "", "run one iteration and write its durations to a `file`")
	f.StringVarP(&d.compare, "compare", "c", "", "after the run compare it with a report `file`; exit code 1 where it was slower")
	f.VarP(&d.threshold, "threshold", "t", "with --compare: how much slower is not slower yet, in `milliseconds`")
	f.BoolVar(&d.relaxed, "relaxed-interpolations", false, "fill in nothing for unknown variables, with a warning, rather than break the iteration")
	f.BoolVar(&d.insecure, "no-check-certificate", false, "accept any TLS certificate, and old versions and ciphers")
	f.StringVar(&d.tags, "tags", "", "run only the items with one of these `tags` (comma-separated)")
	f.StringVar(&d.skipTags, "skip-tags", "", "leave out the items with one of these `tags`")
	f.BoolVar(&d.listTags, "list-tags", false, "print the plan's tags, and do nothing")
	f.BoolVar(&d.listTasks, "list-tasks", false, "print the items that would run, and do nothing")
	f.BoolVarP(&d.quiet, "quiet", "q", false, "no line for each item")
	f.VarP(&d.timeout, "timeout", "o", "the time for a whole request, in whole `seconds`")
	f.BoolVarP(&d.nanosec, "nanosec", "n", false, "print times in nanoseconds")
	f.BoolVarP(&d.verbose, "verbose", "v", false, "print requests and answers whole, secrets too")
	f.BoolP("version", "V", false, "print the version")

	f.Var(&d.iterations, "iterations", "iterations of the plan, rather than what it says")
	f.Var(&d.concurrency, "concurrency", "iterations in flight, rather than what the plan says")
	f.Var(&d.duration, "duration", "start nothing after this `time` (30s, 5m); without --iterations it alone ends the run")
	f.Var(&d.rate, "rate", "an open loop: start iterations at this `rate` (40/s, 600/m), whatever the answers do")
	f.StringVar(&d.base, "base-url", "", "the plan's base `url`: http://HOST:PORT, https://HOST or unix:/path/of/socket")
	f.BoolVar(&d.compat, "compat-rampup", false, "ramp up in whole seconds an iteration, as drill does, which is mostly not at all")
	f.BoolVar(&d.cookies, "compat-cookies", false, "of a chain of redirects keep the last answer's cookies alone, as drill does")
	f.StringArrayVar(&d.failOn, "fail-on", nil, "exit code 3 if this `gate` trips, such as 'p99>250ms'; repeatable")
	f.StringVar(&d.statsFormat, "stats-format", formatText, "`format`: text, or json, with one object on standard output, all else on standard error")
	f.StringVar(&d.progress, "progress", progressAuto, "`how` to show progress on standard error: auto, plain (a line every ten seconds) or none")
	f.Uint64Var(&d.seed, "seed", 0, "`number` behind the order of loops with shuffle (0: another one each time)")
	f.BoolVar(&d.strict, "strict", false, "warnings about the plan are mistakes")
	f.BoolVar(&d.noProxy, "no-proxy", false, "leave HTTP_PROXY and the like alone")
	f.BoolVar(&d.noDNSCache, "no-dns-cache", false, "look a host up for each connection, within the latency, rather than once and every 30 s beside it")
	f.BoolVar(&d.noExec, "no-exec", false, "refuse a plan that runs commands (exec)")

	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "fail-on" {
			flags.Once(flag)
		}
	})
	d.given = f.Changed
}

// check refuses what cannot be meant, before anything is read.
func (d *drillFlags) check() error {
	if !d.given("benchmark") {
		return hint.Mistake("--benchmark is missing", "name the plan: --benchmark benchmark.yml")
	}
	for _, pair := range [][2]string{
		{"stats", "compare"},
		{"report", "compare"},
		{"report", "threshold"},
		{"list-tags", "tags"},
		{"list-tags", "skip-tags"},
		{"report", "iterations"},
		{"report", "concurrency"},
		{"report", "duration"},
		{"report", "rate"},
	} {
		if d.given(pair[0]) && d.given(pair[1]) {
			return hint.Mistake(fmt.Sprintf("--%s and --%s do not go together", pair[0], pair[1]), "leave one of them out")
		}
	}
	if d.given("compare") && !d.given("threshold") {
		return hint.Mistake("--compare needs --threshold", "say how many milliseconds slower is too slow: --threshold 50")
	}
	if d.given("compare") && d.statsFormat == formatJSON {
		return hint.Mistake("--stats-format json and --compare do not go together", "leave one of them out")
	}
	if !slices.Contains([]string{formatText, formatJSON}, d.statsFormat) {
		return hint.Mistake(fmt.Sprintf("--stats-format is %q", d.statsFormat), "it must be text or json")
	}
	if !slices.Contains([]string{progressAuto, progressPlain, progressNone}, d.progress) {
		return hint.Mistake(fmt.Sprintf("--progress is %q", d.progress), "it must be auto, plain or none")
	}
	for _, text := range d.failOn {
		gate, err := console.ParseGate(text)
		if err != nil {
			return &hint.Error{Mistake: true, Err: fmt.Errorf("--fail-on: %w", err), Advice: hint.Of(err)}
		}
		d.gates = append(d.gates, gate)
	}
	return nil
}

// shownTags gives the tags of a flag for people: nil if it was not given.
func (d *drillFlags) shownTags(flag, list string) []string {
	if !d.given(flag) {
		return nil
	}
	if list == "" {
		return []string{""} // as drill has it: a tag without a name
	}
	return plan.ParseTags(list)
}
