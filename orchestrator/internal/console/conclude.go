package console

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Run is a run of a plan that has come to its end.
type Run struct {
	Plan     *plan.Plan
	Setup    Setup
	Result   *load.Result
	Verdicts []Verdict // of the gates, in the order they were given
}

// Ask is what is wanted of a run at its end.
type Ask struct {
	Stats      bool      // print the statistics
	JSON       io.Writer // where the run goes as a JSON object, instead of the statistics; nil: nowhere
	Gates      []Gate    // what the result is held against
	ReportFile string    // where a report goes; empty: nowhere
	Compare    string    // the file of an earlier report to compare with; empty: none
	Threshold  float64   // how much slower than that a request may be, in milliseconds

	recorder *recorder   // nil without ReportFile
	compared *comparison // nil without Compare
}

// Prepare holds what is wanted against the plan before anything is sent, and reads
// the report to compare with. The error is a mistake in what was asked for.
func (a *Ask) Prepare(loaded *plan.Plan) (err error) {
	if err := checkGates(a.Gates, loaded); err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	if a.Compare != "" {
		if a.compared, err = compareWith(a.Compare, loaded, a.Threshold); err != nil {
			return err
		}
	}
	if a.ReportFile != "" {
		if err := checkReport(a.ReportFile); err != nil {
			return err
		}
		a.recorder = &recorder{}
	}
	return nil
}

// Renamed says which requests have another name in the report to compare with.
func (a *Ask) Renamed() []string {
	if a.compared == nil {
		return nil
	}
	return a.compared.renamed()
}

// Observer is told of a run whose items p prints, for what is wanted at its end.
// It is nil where nothing is wanted.
func (a *Ask) Observer(p *Printer) load.Observer {
	observers := []load.Observer{p.Lines()}
	if a.recorder != nil {
		observers = append(observers, a.recorder)
	}
	if a.compared != nil {
		observers = append(observers, a.compared)
	}
	return observe(observers...)
}

// Outcome is what a run came to.
type Outcome struct {
	Lines       []string // what to say on standard error, in this order
	Failed      bool     // an iteration broke, or was slower than the compared report allows
	Tripped     bool     // a gate tripped
	Interrupted bool
}

// Conclude prints, writes and judges what came of a run, in drill's order, and
// closes the Printer. What is asked for must have been prepared. The error is of
// something that could not be written: then there is no Outcome.
func (p *Printer) Conclude(run Run, ask *Ask) (Outcome, error) {
	r := run.Result
	for _, g := range ask.Gates {
		run.Verdicts = append(run.Verdicts, g.Judge(r))
	}
	var failed error
	// A report of a part of the iteration would be a wrong one.
	if ask.recorder != nil && !r.Interrupted && r.Broken == 0 {
		failed = writeReport(ask.ReportFile, ask.recorder.Entries())
	}
	switch {
	case ask.JSON != nil:
		failed = errors.Join(failed, p.Close(), writeJSON(ask.JSON, run))
	case ask.Stats:
		p.Stats(run)
	}
	slower := 0
	if ask.compared != nil {
		slower = p.Compared(ask.compared)
	}
	if err := errors.Join(failed, p.Close()); err != nil {
		return Outcome{}, err
	}
	o := Outcome{
		Lines:  slices.Concat(limitLines(r), hintLines(r), brokenLines(r)),
		Failed: r.Broken > 0 || slower > 0, Interrupted: r.Interrupted,
	}
	for _, v := range run.Verdicts {
		if v.Tripped {
			o.Tripped = true
			o.Lines = append(o.Lines, "gate tripped: "+v.String())
		}
	}
	if ask.recorder != nil && r.Broken > 0 {
		o.Lines = append(o.Lines, fmt.Sprintf("no report is written to %s", ask.ReportFile))
	}
	if r.Interrupted {
		o.Lines = append(o.Lines, interruptedLine(r, run.Plan))
	}
	return o, nil
}
