package console

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Verdict is what a gate found.
type Verdict struct {
	Gate    Gate
	Tripped bool
	Figure  string // what was measured, with its unit
}

// String says what was found, and against what.
func (v Verdict) String() string { return fmt.Sprintf("%s: it is %s", v.Gate, v.Figure) }

// Judge holds a result against a gate. A figure that the run is too short to
// give, such as the share of none, trips the gate: it cannot be said to be kept.
func (g Gate) Judge(r *load.Result) Verdict {
	counts := &r.Counts
	if g.item != "" {
		counts = &load.Counts{Latency: &load.Histogram{}, FirstByte: &load.Histogram{}}
		for i := range r.Groups {
			if r.Groups[i].Name == g.item {
				counts = &r.Groups[i].Counts
			}
		}
	}
	switch g.metric {
	case "requests":
		return g.count(counts.Requests, 0, "")
	case "failed":
		return g.count(counts.Failed, counts.Requests, "request")
	case "broken":
		return g.count(r.Broken, r.Iterations, "iteration")
	case "late":
		return g.count(r.Late, r.Iterations+r.Dropped, "iteration")
	case "dropped":
		return g.count(r.Dropped, r.Iterations+r.Dropped, "iteration")
	case "rps":
		if wall(r) <= 0 {
			return g.unknown("the run took no time")
		}
		perSecond := rate(counts.Requests, wall(r))
		return g.verdict(perSecond, strconv.FormatFloat(perSecond, 'f', 2, 64)+"/s")
	}
	h := counts.Latency
	if g.first {
		h = counts.FirstByte
	}
	switch need := g.needs(); {
	case counts.Requests == 0:
		return g.unknown("there was no request to measure")
	case h.N() == 0:
		return g.unknown(fmt.Sprintf("none of %s was answered", words.Plural(counts.Requests, "request", "requests")))
	case h.N() < need:
		return g.unknown(fmt.Sprintf("it needs %d answered requests, and there were %d", need, h.N()))
	}
	value := g.time(h)
	return g.verdict(float64(value), digits(value))
}

// needs gives the number of answers that the figure of a gate on times takes: for
// a percentile as many as there must be for one of them to lie beyond it. With
// fewer it is the longest time, or the shortest, by another name. A deviation
// takes two.
func (g Gate) needs() int {
	share := g.share
	switch g.metric {
	case "min", "mean", "max":
		return 1
	case "stddev":
		return 2
	case "median":
		share = 0.5
	}
	if share >= 1 {
		return 1 // that is the longest time by its own rights
	}
	n := 1 / min(share, 1-share)
	return int(math.Ceil(n - 1e-9*n)) // 1-0.9 is a little less than 0.1
}

// unknown trips a gate, for a reason.
func (g Gate) unknown(why string) Verdict {
	return Verdict{Gate: g, Tripped: true, Figure: "unknown: " + why}
}

// time gives the figure of a gate on times.
func (g Gate) time(h *load.Histogram) time.Duration {
	switch g.metric {
	case "min":
		return h.Min()
	case "mean":
		return h.Mean()
	case "median":
		return h.Quantile(0.5)
	case "max":
		return h.Max()
	case "stddev":
		return h.StdDev()
	}
	return h.Quantile(g.share)
}

// count judges n, or where the gate asks for it n in percent of all things of a
// kind.
func (g Gate) count(n, all int, thing string) Verdict {
	switch {
	case !g.shared:
		return g.verdict(float64(n), strconv.Itoa(n))
	case all == 0:
		return g.unknown(fmt.Sprintf("there was no %s to be a share of", thing))
	}
	percent := 100 * float64(n) / float64(all)
	return g.verdict(percent, fmt.Sprintf("%s%% (%d of %d)", strconv.FormatFloat(percent, 'f', 2, 64), n, all))
}

func (g Gate) verdict(value float64, figure string) Verdict {
	return Verdict{Gate: g, Tripped: g.compare(value), Figure: figure}
}

func (g Gate) compare(value float64) bool {
	switch g.op {
	case ">":
		return value > g.limit
	case ">=":
		return value >= g.limit
	case "<":
		return value < g.limit
	case "<=":
		return value <= g.limit
	case "==":
		return value == g.limit
	default: // "!="
		return value != g.limit
	}
}
