package page

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// data is what the script knows of the curves: seconds by each variant's clock,
// and MiB.
type data struct {
	Length   float64       `json:"length"`
	Top      float64       `json:"top"`
	Variants []variantData `json:"variants"`
}

type variantData struct {
	Name   string      `json:"name"`
	Line   []float64   `json:"line"` // time, median, least and greatest of each step
	Trials []trialData `json:"trials"`
}

type trialData struct {
	Round  int       `json:"round"`
	Points []float64 `json:"points"` // time and memory
}

// trials is the table of all trials.
type trials struct {
	Heads  []head
	Groups []trialGroup // a variant each
	Count  int
}

type trialGroup struct {
	named
	Rows []trialRow
}

// trialRow is one trial: its figures, and its memory over time in small.
type trialRow struct {
	ID     string
	Round  int
	Counts bool
	Spark  string // data of a path, in 100 × 20
	Cells  []string
	Remark string
}

// How many steps curves have in the page. A line has as many as are seen when it
// is zoomed; those of single trials are fewer the more trials there are.
const (
	lineSteps   = 400
	mostPoints  = 12_000 // of all threads
	mostThreads = 120    // steps of one
	leastSteps  = 12
	sparkWidth  = 100
	sparkHeight = 20
)

// allCurves gives the curves of the page, every single trial among them.
func allCurves(r *report.Report) *report.Curves {
	steps := max(leastSteps, min(mostThreads, mostPoints/max(1, len(r.Exp.Trials))))
	return r.Curves(lineStepsFor(len(r.Rows)), steps)
}

// newData gives what the script needs, and the table of all trials, whose curves
// are those of the script in small.
func newData(r *report.Report, curves *report.Curves) (data, trials) {
	all := r.Trials()
	d := data{Length: seconds(curves.Length), Top: mib(curves.Top), Variants: []variantData{}}
	threads := map[string][]report.Reading{}
	for i, c := range curves.Rows {
		v := variantData{Name: r.Rows[i].Name(), Line: []float64{}, Trials: []trialData{}}
		for _, p := range c.Line {
			v.Line = append(v.Line, seconds(p.At), mib(p.Mid), mib(p.Lo), mib(p.Hi))
		}
		for _, t := range c.Threads {
			threads[trialID(i, t.Round)] = t.Readings
			one := trialData{Round: t.Round, Points: []float64{}}
			for _, reading := range t.Readings {
				one.Points = append(one.Points, seconds(reading.At), mib(reading.Bytes))
			}
			v.Trials = append(v.Trials, one)
		}
		d.Variants = append(d.Variants, v)
	}
	to := trials{Count: len(all.Lines)}
	for _, c := range all.Columns {
		to.Heads = append(to.Heads, head{Key: c.Key, Unit: c.Unit})
	}
	for i, row := range r.Rows {
		g := trialGroup{named: named{i, row.Name()}}
		for _, line := range all.Lines {
			if line.Row != row {
				continue
			}
			id := trialID(i, line.Round)
			g.Rows = append(g.Rows, trialRow{
				ID: id, Round: line.Round, Counts: line.Counts, Cells: line.Cells[1:], Remark: line.Remark,
				Spark: spark(threads[id], curves.Length, curves.Top),
			})
		}
		if len(g.Rows) > 0 {
			to.Groups = append(to.Groups, g)
		}
	}
	return d, to
}

// lineStepsFor gives fewer steps to each line of many.
func lineStepsFor(variants int) int { return max(100, min(lineSteps, 3200/max(1, variants))) }

// trialID names a trial within the page.
func trialID(variant, round int) string { return fmt.Sprintf("t%d-%d", variant, round) }

// spark draws readings in small.
func spark(readings []report.Reading, length time.Duration, top float64) string {
	if len(readings) == 0 || length <= 0 || !(top > 0) {
		return ""
	}
	var b strings.Builder
	// A point in a column of pixels is the highest there.
	high, at := 0.0, -1
	put := func() {
		if at >= 0 {
			command := byte('L')
			if b.Len() == 0 {
				command = 'M'
			}
			fmt.Fprintf(&b, "%c%d %.1f", command, at, sparkHeight-1-(sparkHeight-2)*high/top)
		}
	}
	for _, reading := range readings {
		x := int(sparkWidth * reading.At.Seconds() / length.Seconds())
		if x != at {
			put()
			at, high = x, 0
		}
		high = max(high, reading.Bytes)
	}
	put()
	return b.String()
}

// seconds gives a time with a hundredth of a second.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*100) / 100 }

// mib gives an amount with a tenth of a MiB; small ones with a hundredth.
func mib(bytes float64) float64 {
	v := bytes / float64(bench.MiB)
	if v < 10 {
		return math.Round(v*100) / 100
	}
	return math.Round(v*10) / 10
}
