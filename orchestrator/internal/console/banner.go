package console

import (
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Setup is what was asked for beside the plan itself.
type Setup struct {
	Report        bool          // one iteration, for a report
	Duration      time.Duration // 0: no limit
	Timeout       time.Duration
	Proxy         string // what requests go through, without user and password; empty: nothing
	CompatRampup  bool
	CompatCookies bool
	Relaxed       bool
}

// Banner prints what is about to be run, behind what drill says of numbers that
// it cannot use.
func (p *Printer) Banner(loaded *plan.Plan, s Setup) {
	p.print(func(b []byte) []byte {
		for _, r := range loaded.Refused {
			b = append(b, "Invalid "...)
			if r.Negative {
				b = append(b, "negative "...)
			}
			b = append(append(b, plain.Name(r.Key)...), " value!\n"...)
		}
		if s.Report {
			b = append(p.text(b, yellow, "Report mode"), ": "...)
			b = append(p.text(b, purple, "on"), ". Ignoring "...)
			b = append(p.text(b, yellow, "concurrency"), " and "...)
			b = append(p.text(b, yellow, "iterations"), " properties...\n"...)
		} else {
			b = p.property(b, "Concurrency", strconv.Itoa(loaded.Concurrency))
			b = p.property(b, "Iterations", iterations(loaded))
			b = p.property(b, "Rampup", seconds(loaded.Rampup))
		}
		b = p.property(b, "Base URL", p.shownBase(loaded))
		if s.Duration > 0 {
			b = p.property(b, "Duration", s.Duration.String())
		}
		if loaded.Rate > 0 {
			b = p.property(b, "Rate", perSecond(loaded.Rate))
		}
		if s.Proxy != "" {
			// Surprising beside a service on the same machine, so it is said.
			b = p.property(b, "Proxy", s.Proxy)
		}
		return append(b, '\n')
	})
}

func (p *Printer) property(b []byte, name, value string) []byte {
	b = append(p.text(b, yellow, name), ' ')
	return append(p.text(b, purple, value), '\n')
}

func iterations(loaded *plan.Plan) string {
	if loaded.Iterations == 0 {
		return "unlimited"
	}
	return strconv.Itoa(loaded.Iterations)
}

// shownBase keeps a password in a base from logs.
func (p *Printer) shownBase(loaded *plan.Plan) string {
	if p.Verbose {
		return loaded.Base
	}
	return loaded.ShownBase()
}

// seconds writes a duration as a plain number of seconds.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

func perSecond(rate float64) string { return strconv.FormatFloat(rate, 'f', -1, 64) + "/s" }
