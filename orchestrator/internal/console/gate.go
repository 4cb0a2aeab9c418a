package console

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Gate is a condition under which a run counts as failed, such as p99>250ms.
type Gate struct {
	text   string // as written
	metric string // a key of metrics, or empty for a quantile
	share  float64
	first  bool   // a quantile: of the time to the first byte
	item   string // of the requests with this name alone; empty: of all
	op     string
	limit  float64 // in nanoseconds where the figure is a time
	shared bool    // limit is in percent of all there are
}

// String gives the gate as it was written.
func (g Gate) String() string { return g.text }

// openLoop says that the gate is about figures that only an open loop has.
func (g Gate) openLoop() bool { return g.metric == "late" || g.metric == "dropped" }

// GateError is a gate that cannot be read, or that could never say anything.
type GateError struct {
	Gate   string
	Column int // from 1, in characters; 0: the gate as a whole
	Msg    string
	Advice string
}

// Error gives the gate, the place in it and what is wrong there.
func (e *GateError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("gate %q: %s", e.Gate, e.Msg)
	}
	return fmt.Sprintf("gate %q, column %d: %s", e.Gate, e.Column, e.Msg)
}

// Hint says what to write instead.
func (e *GateError) Hint() string { return e.Advice }

// IsMistake says that the mistake is in what was asked for.
func (e *GateError) IsMistake() bool { return true }

// GateSyntax describes gates for the help of a command.
const GateSyntax = `A gate is FIGURE OPERATOR LIMIT. It trips if that is true at the end of the run,
or if the figure cannot be known:
  p50 p90 p95 p99 p99.9 (any percentile), min, mean, median, max, stddev
                                 latency to the last byte        p99>250ms
  ttfb.p99, ttfb.max, ...        time to the first byte          ttfb.p99>=80ms
  requests, failed, rps          counts, requests per second     failed>1%  rps<100
  broken, late, dropped          iterations                      broken>0   late>0.5%
A name in braces limits the figure to the requests with that name: p99{checkout}>1s.
Latencies are those of the requests that were answered, whatever the status; a gate
on failed covers the rest. A percentile needs enough answers for one to lie beyond
it: p50 needs 2, p99 100, p99.9 1000.
Operators are > >= < <= == !=. Times need a unit (us, ms, s, m); failed, broken,
late and dropped may be percentages.`

// kind is what a figure counts, and so what its limit looks like.
type kind int

const (
	aTime kind = iota
	aCount
	aShare // a count that may also be given in percent
	aRate
)

// metric is a figure that a gate can be about.
type metric struct {
	kind   kind
	scoped bool // it can be given of the requests with one name
}

var metrics = map[string]metric{
	"min": {aTime, true}, "mean": {aTime, true}, "median": {aTime, true}, "max": {aTime, true}, "stddev": {aTime, true},
	"requests": {aCount, true}, "failed": {aShare, true}, "rps": {aRate, true},
	"broken": {aShare, false}, "late": {aShare, false}, "dropped": {aShare, false},
}

// operators, those of two characters before their beginnings.
var operators = []string{">=", "<=", "==", "!=", ">", "<"}

// ParseGates reads gates, up to the first that cannot be read. The error is a
// *GateError.
func ParseGates(texts []string) ([]Gate, error) {
	var gates []Gate
	for _, text := range texts {
		g, err := parseGate(text)
		if err != nil {
			return nil, err
		}
		gates = append(gates, g)
	}
	return gates, nil
}

// checkGates refuses gates that could never say anything about a run of the
// plan. The error is a *GateError.
func checkGates(gates []Gate, loaded *plan.Plan) error {
	names := map[string]bool{}
	for _, r := range loaded.Requests() {
		names[r.Name] = true
	}
	for _, g := range gates {
		switch {
		case g.item != "" && !names[g.item]:
			return &GateError{Gate: g.text, Msg: fmt.Sprintf("the plan has no request %q", g.item), Advice: "write its name as the plan does, variables and all"}
		case g.openLoop() && loaded.Rate == 0:
			return &GateError{Gate: g.text, Msg: "only an open loop counts that", Advice: "add --rate, or leave the gate out"}
		}
	}
	return nil
}

// parseGate reads a gate. The error is a *GateError.
func parseGate(text string) (Gate, error) {
	g := Gate{text: text}
	fail := func(at int, advice, format string, args ...any) (Gate, error) {
		return Gate{}, &GateError{
			Gate: text, Column: len([]rune(text[:at])) + 1,
			Msg: fmt.Sprintf(format, args...), Advice: advice,
		}
	}
	// The name of an item may hold anything, operators too.
	head, item, rest := text, "", ""
	opened := strings.IndexByte(text, '{')
	if at := strings.IndexAny(text, "<>=!"); at >= 0 && (opened < 0 || at < opened) {
		head, rest = text[:at], text[at:]
	} else if opened >= 0 {
		closed := strings.LastIndexByte(text, '}')
		if closed < opened {
			return fail(opened, "close it: p99{name}>250ms", "the brace is not closed")
		}
		head, item, rest = text[:opened], text[opened+1:closed], text[closed+1:]
		if item == "" {
			return fail(opened+1, "leave the braces out for all requests", "the braces are empty")
		}
	}
	g.item = item
	what, err := g.figure(strings.TrimSpace(head))
	if err != nil {
		return fail(len(head)-len(strings.TrimLeft(head, " ")), "figures are "+figureNames(), "%v", err)
	}
	if item != "" && !what.scoped {
		return fail(opened, "leave the braces out", "%s counts iterations, so it cannot be limited to one name", g.metric)
	}
	at := len(text) - len(strings.TrimLeft(rest, " "))
	rest = text[at:]
	i := slices.IndexFunc(operators, func(op string) bool { return strings.HasPrefix(rest, op) })
	if i < 0 {
		return fail(at, "operators are > >= < <= == !=", "an operator is missing here")
	}
	g.op = operators[i]
	rest = strings.TrimLeft(rest[len(g.op):], " ")
	if err := g.readLimit(what.kind, strings.TrimRight(rest, " ")); err != nil {
		return fail(len(text)-len(rest), limitHint(what.kind), "%v", err)
	}
	return g, nil
}

// figure reads what the gate is about.
func (g *Gate) figure(name string) (metric, error) {
	rest, first := strings.CutPrefix(name, "ttfb.")
	g.first = first
	if digits, ok := strings.CutPrefix(rest, "p"); ok && digits != "" && strings.Trim(digits, "0123456789.") == "" {
		percent, err := strconv.ParseFloat(digits, 64)
		if err != nil || percent <= 0 || percent > 100 {
			return metric{}, fmt.Errorf("%q is not a percentile above 0 and up to 100", name)
		}
		g.share = percent / 100
		return metric{aTime, true}, nil
	}
	what, ok := metrics[rest]
	switch {
	case name == "":
		return metric{}, errors.New("the figure is missing")
	case !ok:
		return metric{}, fmt.Errorf("unknown figure %q", name)
	case first && what.kind != aTime:
		return metric{}, fmt.Errorf("%s is not a time, so it has no first byte", rest)
	}
	g.metric = rest
	return what, nil
}

func figureNames() string {
	names := []string{"p50 to p99.99", "ttfb.p99"}
	for name := range metrics {
		names = append(names, name)
	}
	slices.Sort(names[2:])
	return strings.Join(names, ", ")
}

// readLimit reads what the figure is held against.
func (g *Gate) readLimit(k kind, text string) error {
	if text == "" {
		return errors.New("the limit is missing")
	}
	if k == aTime {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a time", text)
		}
		g.limit = float64(d)
		return nil
	}
	digits, percent := strings.CutSuffix(text, "%")
	if percent && k != aShare {
		return fmt.Errorf("%q: this figure cannot be a percentage", text)
	}
	digits = strings.TrimSpace(digits)
	limit, err := strconv.ParseFloat(digits, 64)
	// ParseFloat also takes infinities and hexadecimal digits.
	if err != nil || limit < 0 || strings.Trim(digits, "0123456789.eE+-") != "" {
		return fmt.Errorf("%q is not a number of 0 or more", text)
	}
	g.limit, g.shared = limit, percent
	return nil
}

func limitHint(k kind) string {
	switch k {
	case aTime:
		return "give a number with a unit: 250ms, 1.5s, 800us"
	case aShare:
		return "give a count such as 0, or a share such as 1%"
	}
	return "give a number such as 100"
}
