package console

import (
	"fmt"
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
)

// Verdict is what a gate found.
type Verdict struct {
	Gate    Gate
	Tripped bool
	Figure  string // what was measured, with its unit
}

// String says what was found, and against what.
func (v Verdict) String() string { return fmt.Sprintf("%s: it is %s", v.Gate, v.Figure) }

// Judge holds a result against a gate. A time that nothing was measured of
// trips the gate: it cannot be said to be kept.
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
		return g.count(counts.Requests, 0)
	case "failed":
		return g.count(counts.Failed, counts.Requests)
	case "broken":
		return g.count(r.Broken, r.Iterations)
	case "late":
		return g.count(r.Late, r.Iterations+r.Dropped)
	case "dropped":
		return g.count(r.Dropped, r.Iterations+r.Dropped)
	case "rps":
		perSecond := rate(counts.Requests, wall(r))
		return g.verdict(perSecond, strconv.FormatFloat(perSecond, 'f', 2, 64)+"/s")
	}
	h := counts.Latency
	if g.first {
		h = counts.FirstByte
	}
	if h.N() == 0 {
		return Verdict{Gate: g, Tripped: true, Figure: "unknown, for there was no request to measure"}
	}
	value := g.time(h)
	return g.verdict(float64(value), digits(value))
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

// count judges n, or where the gate asks for it n in percent of all.
func (g Gate) count(n, all int) Verdict {
	if !g.shared {
		return g.verdict(float64(n), strconv.Itoa(n))
	}
	percent := 0.0
	if all > 0 {
		percent = 100 * float64(n) / float64(all)
	}
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
