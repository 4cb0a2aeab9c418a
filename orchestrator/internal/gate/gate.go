// Package gate holds a new result against an old one of the same work and says
// whether anything got worse: pure functions over two reports, for an exit code.
//
// # When a figure is worse
//
// A figure of a variant is worse if the whole interval of its change lies beyond
// what is allowed: the Hodges-Lehmann shift of the logs of all rounds of the new
// result against all rounds of the old one, with its exact 95 % interval
// (stat.UnpairedRatio). Memory must have grown by at least 1 MiB as well, the
// unit in which it is shown. Each interval stands for itself: that many figures
// are looked at is made up for by asking twice. What is worse counts only if it is
// so again, the same figure of the same variant, in fresh rounds (Confirm).
//
// It cannot be told where a figure has no interval, or where a variant has no
// figure that is sharp: all of its intervals reach beyond what is allowed and are
// so wide, plus or minus a fifth and more, that an increase which matters could
// hide. One sharp figure is enough, for what a service takes more of shows in all
// of them. Nor can anything be told of results that are not valid: in which a
// variant died, more bytes were live than resident, identical baselines differ, or
// the work was not the same.
//
// # What it does not see
//
// The figures are absolute, for what makes a service greedier makes it so under
// every allocator: changes against the baseline would not show it. So whatever
// else differs between the two runs, the machine's state above all, is taken for
// a change of the service. Fresh rounds a few minutes later share that state; what
// is allowed has to cover it. See the simulation in the tests for how often.
package gate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Default is how much more of a figure is fine where nothing else is said: 0.1 is
// 10 %. With it, simulated gates passed unchanged code 499 times of 500, also where
// runs drift apart by 3 %, and caught 20 % more as often; with half of it, one
// unchanged run in fifty was called worse (see the tests).
const Default = 0.10

// most is the largest increase that can be allowed.
const most = 100.0

// Allowed is by how much a figure may exceed what it was: 0.1 is 10 %.
type Allowed struct {
	Figure string // a name that Parse knows
	More   float64
}

// figure is something that can be gated.
type figure struct {
	name   string
	column string // of the report
	usual  bool   // gated unless something else is said
}

// figures lists what can be gated, in the order of the report's columns.
func figures() []figure {
	return []figure{
		{"peak", report.ColPeak, true},
		{"steady", report.ColSteady, true},
		{"idle", report.ColIdle, true},
		{"overhead", report.ColOverhead, false},
		{"cpu", report.ColCPU, false},
		{"p99", report.ColP99, false},
		{"p50", report.ColP50, false},
		{"live", report.ColLive, false},
	}
}

// Figures names what can be gated.
func Figures() []string {
	var names []string
	for _, f := range figures() {
		names = append(names, f.name)
	}
	return names
}

// Parse lays texts such as "peak=+5%" over what is allowed by default, which is
// Default of each memory figure. A figure that is named is gated; of several
// texts about one the last counts. The order is that of Figures. The error is a
// mistake in what was asked for.
func Parse(texts []string) ([]Allowed, error) {
	more := map[string]float64{}
	for _, f := range figures() {
		if f.usual {
			more[f.name] = Default
		}
	}
	for _, text := range texts {
		name, value, _ := strings.Cut(text, "=")
		name = strings.TrimSpace(name)
		if !slices.Contains(Figures(), name) {
			return nil, hint.Mistake(fmt.Sprintf("%q: unknown figure %q", text, name), "figures are "+strings.Join(Figures(), ", "))
		}
		percent, ok := strings.CutSuffix(strings.TrimSpace(value), "%")
		share, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if !ok || err != nil || !(share >= 0) || share > 100*most || strings.Trim(percent, "+0123456789. ") != "" {
			return nil, hint.Mistake(fmt.Sprintf("%q does not say how much more is fine", text), "give an increase in per cent, such as "+name+"=+5%")
		}
		more[name] = share / 100
	}
	var all []Allowed
	for _, f := range figures() {
		if share, ok := more[f.name]; ok {
			all = append(all, Allowed{f.name, share})
		}
	}
	return all, nil
}

// Text lists what is allowed: "peak +10 %, steady +10 %, idle +5 %".
func Text(all []Allowed) string {
	var parts []string
	for _, a := range all {
		parts = append(parts, a.Figure+" "+percent(a.More))
	}
	return strings.Join(parts, ", ")
}

// percent writes an increase: "+10 %".
func percent(more float64) string {
	return "+" + strconv.FormatFloat(math.Round(1e4*more)/100, 'f', -1, 64) + " %"
}

// Enough says whether so many rounds of an old and a new result allow an interval:
// with fewer nothing can be told.
func Enough(was, now int) bool { return stat.Enough(now, was, 1) }

// Least is the number of rounds that is Enough where both results have as many.
func Least() int { return stat.MinEach(1) }

// rounds counts rounds for people.
func rounds(n int) string { return words.Plural(n, "round", "rounds") }
