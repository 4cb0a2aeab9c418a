package console

import (
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
)

// Stats prints the statistics of a run: first those of drill, line for line,
// then what this project adds.
func (p *Printer) Stats(run Run) {
	r := run.Result
	p.print(func(b []byte) []byte {
		for _, g := range r.Groups {
			if g.Requests > 0 {
				b = p.group(append(b, '\n'), g)
			}
		}
		b = p.totals(append(b, '\n'), r)
		return p.additions(append(b, '\n'), run)
	})
}

// group writes drill's figures of the requests with one name.
func (p *Printer) group(b []byte, g load.Group) []byte {
	figure := func(label, value string) {
		b = p.label(p.name(b, g.Name), label)
		b = append(p.text(b, purple, value), '\n')
	}
	p.counts(&g.Counts, figure)
	p.times(&g.Counts, figure)
	return b
}

// totals writes drill's figures of all requests.
func (p *Printer) totals(b []byte, r *load.Result) []byte {
	figure := func(label, value string) {
		b = append(p.text(p.label(b, label), purple, value), '\n')
	}
	unit := func(label, value, unit string) {
		b = append(p.text(p.label(b, label), purple, value), ' ')
		b = append(p.text(b, purple, unit), '\n')
	}
	unit("Time taken for tests", strconv.FormatFloat(wall(r).Seconds(), 'f', 1, 64), "seconds")
	p.counts(&r.Counts, figure)
	unit("Requests per second", strconv.FormatFloat(rate(r.Requests, wall(r)), 'f', 2, 64), "[#/sec]")
	p.times(&r.Counts, figure)
	return b
}

func (p *Printer) counts(c *load.Counts, figure func(label, value string)) {
	figure("Total requests", strconv.Itoa(c.Requests))
	figure("Successful requests", strconv.Itoa(c.Requests-c.Failed))
	figure("Failed requests", strconv.Itoa(c.Failed))
}

func (p *Printer) times(c *load.Counts, figure func(label, value string)) {
	d := figuresOf(c.Attempts) // drill counts the failed ones too
	figure("Median time per request", p.time(d.Median))
	figure("Average time per request", p.time(d.Mean))
	figure("Sample standard deviation", p.time(d.StdDev))
	figure("99.0'th percentile", p.time(d.P99))
	figure("99.5'th percentile", p.time(d.P995))
	figure("99.9'th percentile", p.time(d.P999))
}

func wall(r *load.Result) time.Duration { return r.End.Sub(r.Start) }

// rate gives n in a second; 0 of no time.
func rate(n int, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}
