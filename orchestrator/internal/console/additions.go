package console

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// additions writes what drill does not know: latencies of what was answered, to
// three digits, bytes, statuses, classes of failures, broken iterations, and how
// the load was made.
func (p *Printer) additions(b []byte, run Run) []byte {
	r := run.Result
	b = p.latencies(b, r)
	figure := func(label, format string, args ...any) {
		b = append(p.text(p.label(b, label), purple, fmt.Sprintf(format, args...)), '\n')
	}
	if answered := r.Latency.N(); answered < r.Requests {
		figure("Answered", "%d of %d: the table above covers these alone", answered, r.Requests)
	}
	figure("Bytes sent", "%s", volume(r.SentBytes, wall(r)))
	figure("Bytes received", "%s", volume(r.ReceivedBytes, wall(r)))
	figure("Statuses", "%s", tallied(r.Statuses))
	if len(r.Errors) > 0 {
		figure("Failures", "%s", tallied(r.Errors))
	}
	if n := r.Lookups; n.N > 0 {
		figure("Host look-ups", "%d, %d of them failed; %s at most, not part of any latency", n.N, n.Failed, digits(n.Longest))
	}
	figure("Iterations", "%d, %d of them broken", r.Iterations, r.Broken)
	for _, m := range r.Mistakes {
		figure("Broken", "%s", mistake(m))
	}
	if r.Rate > 0 {
		figure("Load", "open loop, %s; latency counts from the intended start", perSecond(r.Rate))
		figure("Starts", "%d late, %d dropped", r.Late, r.Dropped)
	} else {
		figure("Load", "closed loop: an iteration starts when another ends; %s", run.Setup.rampup())
	}
	if run.Plan.Skipped > 0 {
		figure("Skipped rows", "%d in the files of loops: they cannot be used", run.Plan.Skipped)
	}
	if run.Plan.Seed != 0 {
		figure("Shuffled", "--seed %d gives the same order again", run.Plan.Seed)
	}
	if r.Interrupted {
		figure("Interrupted", "these are the figures up to that point")
	}
	return b
}

// mostMistake leaves place for the name and the number in a line.
const mostMistake = plain.LineWidth - 2*plain.NameWidth

// mistake says what broke iterations, and how many.
func mistake(m load.Mistake) string {
	if m.Item == "" {
		return fmt.Sprintf("%s × %d", plain.Cut(m.Text, mostMistake), m.N)
	}
	return fmt.Sprintf("%s: %s × %d", plain.Name(m.Item), plain.Cut(m.Text, mostMistake), m.N)
}

// rampup says by which rule iterations are spread at the beginning.
func (s Setup) rampup() string {
	if s.CompatRampup {
		return "ramp-up in whole seconds per iteration, as in drill"
	}
	return "ramp-up in fractions of a second"
}

// columns are the figures of a row of latencies.
var columns = []struct {
	title string
	of    func(c *load.Counts) *load.Histogram
	value func(h *load.Histogram) time.Duration
}{
	{"min", toEnd, (*load.Histogram).Min},
	{"p50", toEnd, quantile(0.5)},
	{"p90", toEnd, quantile(0.9)},
	{"p95", toEnd, quantile(0.95)},
	{"p99", toEnd, quantile(0.99)},
	{"max", toEnd, (*load.Histogram).Max},
	{"first byte p50", toFirstByte, quantile(0.5)},
	{"p99", toFirstByte, quantile(0.99)},
}

func toEnd(c *load.Counts) *load.Histogram       { return c.Latency }
func toFirstByte(c *load.Counts) *load.Histogram { return c.FirstByte }

func quantile(q float64) func(h *load.Histogram) time.Duration {
	return func(h *load.Histogram) time.Duration { return h.Quantile(q) }
}

// cellWidth holds "1234 ms" and a blank on either side.
const cellWidth = 9

// latencies writes a small table: a row for each name, and one of all.
func (p *Printer) latencies(b []byte, r *load.Result) []byte {
	width := nameWidth
	for _, g := range r.Groups {
		width = max(width, utf8.RuneCountInString(plain.Name(g.Name)))
	}
	b = p.padded(b, yellow, "Latency", width)
	for _, c := range columns {
		b = append(p.text(b, yellow, right(c.title, cellWidth)), ' ')
	}
	b = append(b[:len(b)-1], '\n')
	row := func(c colour, name string, counts *load.Counts) {
		b = p.padded(b, c, name, width)
		for _, column := range columns {
			value := "–"
			if h := column.of(counts); h.N() > 0 {
				value = digits(column.value(h))
			}
			b = append(p.text(b, purple, right(value, max(cellWidth, utf8.RuneCountInString(column.title)))), ' ')
		}
		b = append(b[:len(b)-1], '\n')
	}
	for i := range r.Groups {
		if r.Groups[i].Requests > 0 {
			row(green, plain.Name(r.Groups[i].Name), &r.Groups[i].Counts)
		}
	}
	row(yellow, "all requests", &r.Counts)
	return b
}

// right puts blanks in front of a text.
func right(text string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text))) + text
}

// digits writes a duration with three digits, or all that a microsecond has.
func digits(d time.Duration) string {
	unit, size := "µs", time.Microsecond
	switch {
	// From where rounding would show a thousand of the smaller unit.
	case d >= 999500*time.Microsecond:
		unit, size = "s", time.Second
	case d >= 999500*time.Nanosecond:
		unit, size = "ms", time.Millisecond
	}
	value := float64(d) / float64(size)
	decimals := 0
	if unit != "µs" && value > 0 {
		decimals = max(0, 2-int(math.Floor(math.Log10(value)+1e-9)))
		if rounded := math.Pow(10, 3-float64(decimals)); value >= rounded-math.Pow(10, -float64(decimals))/2 {
			decimals = max(0, decimals-1) // 9.996 is 10.0
		}
	}
	return strconv.FormatFloat(value, 'f', decimals, 64) + " " + unit
}

// volume writes an amount of data, and how much of it a second.
func volume(n bench.Bytes, took time.Duration) string {
	return fmt.Sprintf("%s (%s/s)", decimalBytes(float64(n)), decimalBytes(rate(int(n), took)))
}

// decimalBytes writes an amount in the units of networks.
func decimalBytes(n float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for ; n >= 999.5 && i < len(units)-1; i++ {
		n /= 1000
	}
	decimals := 0
	if i > 0 {
		decimals = max(0, 2-int(math.Floor(math.Log10(n))))
	}
	return strconv.FormatFloat(n, 'f', decimals, 64) + " " + units[i]
}

// tallied lists counts, the largest first.
func tallied(counts map[string]int) string {
	if len(counts) == 0 {
		return "none"
	}
	keys := slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	})
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = fmt.Sprintf("%s × %d", plain.Name(key), counts[key])
	}
	return strings.Join(parts, ", ")
}
