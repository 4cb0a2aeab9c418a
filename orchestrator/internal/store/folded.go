package store

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Experiment gives what the records so far make, at a cost that depends on the
// number of trials and not on what they hold. It stays as it is while records
// are added, and nothing that is appended to its lists comes into the fold; what
// stands in them must not be changed, and its Samples not be appended to.
func (f *Folding) Experiment() (*bench.Experiment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.experiment(func(*trial) bool { return true })
}

// SoFar is Experiment for those who look at a run that goes on: trials that have
// not ended are left out, and that the run has not ended is no interruption.
func (f *Folding) SoFar() (*bench.Experiment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	exp, err := f.experiment(func(t *trial) bool { return t.ended != nil })
	if err == nil && f.end == nil {
		exp.Interrupted = false
	}
	return exp, err
}

func (f *Folding) experiment(which func(*trial) bool) (*bench.Experiment, error) {
	h := f.header
	switch {
	case h == nil && f.damaged.count > 0:
		return nil, fmt.Errorf("there is no header among the records: %s", f.damaged.first)
	case h == nil:
		return nil, hint.With(errors.New("there is no header among the records"), "a results folder has them in "+streamFile)
	case h.Schema != Schema:
		return nil, fmt.Errorf("the records are of schema %q; this version reads %q", plain.Cut(h.Schema, 100), Schema)
	}
	exp := &bench.Experiment{
		Schema: bench.Schema, RunID: h.RunID, Command: h.Command, Started: h.Started,
		Design: f.design, Environment: f.begun, Plan: h.Plan,
		Trials: make([]bench.Trial, 0, len(f.trials)), Warnings: []bench.Warning{},
		Interrupted: true, Ended: h.Started,
	}
	for _, g := range f.general {
		exp.Warnings = append(exp.Warnings, g.Warning)
	}
	for _, g := range f.leftOut {
		exp.LeftOut = append(exp.LeftOut, g.LeftOut)
	}
	f.warn(exp)
	for _, t := range f.trials {
		if !t.begun && t.last == 0 && t.ended == nil || !which(t) {
			continue
		}
		whole := t.finish()
		whole.Void = f.judged[t.Round].Void
		exp.Trials = append(exp.Trials, whole)
		if over := t.Started.Add(t.last); !t.Started.IsZero() && over.After(exp.Ended) {
			exp.Ended = over
		}
	}
	if f.end != nil {
		exp.Ended, exp.Interrupted = f.end.At, f.end.Interrupted
	}
	sortTrials(exp)
	return exp, nil
}

// warn adds what was passed over.
func (f *Folding) warn(exp *bench.Experiment) {
	if n := f.damaged.count; n > 0 {
		exp.Warnings = append(exp.Warnings, bench.Warning{
			Code: CodeDamaged, Text: fmt.Sprintf("%s of the saved run could not be read (%s)", words.Plural(n, "record", "records"), f.damaged.first),
		})
	}
	newer := f.newer
	newer.values = maps.Clone(newer.values)
	newer.into(exp, "record", "records")
}

// finish gives a trial as it is now. Of one without an end nobody knows more
// than that.
func (t *trial) finish() bench.Trial {
	whole := t.Trial
	// Whoever appends to these lists must not write where the fold goes on.
	whole.Phases, whole.Batches, whole.Gauges = slices.Clip(t.Phases), slices.Clip(t.Batches), slices.Clip(t.Gauges)
	whole.Edges, whole.Warnings = slices.Clip(t.Edges), slices.Clip(t.Warnings)
	if t.open != nil && t.ended == nil {
		cut := *t.open
		cut.End = max(t.last, cut.Start)
		whole.Phases = append(whole.Phases, cut)
	}
	if t.ended == nil {
		whole.Error = "had not finished when its records stop"
	}
	return whole
}

// sortTrials puts the trials in the order of the design, whatever order they
// came in.
func sortTrials(exp *bench.Experiment) {
	position := map[string]int{}
	for i, v := range exp.Design.Variants {
		position[v.Name] = i + 1
	}
	slices.SortFunc(exp.Trials, func(a, b bench.Trial) int {
		return cmp.Or(
			cmp.Compare(a.Round, b.Round),
			cmp.Compare(position[a.Variant], position[b.Variant]),
			cmp.Compare(a.Variant, b.Variant),
		)
	})
}

// Done lists the rounds that are whole, from the first on: they have been judged,
// and every trial has come to an end of its own. A run that goes on has them
// behind it.
func (f *Folding) Done() []Judged {
	f.mu.Lock()
	defer f.mu.Unlock()
	var done []Judged
	for _, v := range f.done() {
		done = append(done, v.Judged)
	}
	return done
}

func (f *Folding) done() []verdict {
	var done []verdict
	for {
		v, ok := f.judged[len(done)+1]
		if !ok || !f.whole(v.Round) {
			return done
		}
		done = append(done, v)
	}
}

// whole says whether every trial of a round has come to an end of its own.
func (f *Folding) whole(round int) bool {
	order := f.orders[round]
	if len(order) == 0 { // its record is lost
		for _, v := range f.design.Variants {
			order = append(order, v.Name)
		}
	}
	for _, name := range order {
		t := f.trials[Of{name, round}]
		if t == nil && slices.ContainsFunc(f.leftOut, func(g Gone) bool { return g.Variant == name }) {
			continue
		}
		if t == nil || !t.begun || t.ended == nil || t.ended.Cut {
			return false
		}
	}
	return true
}
