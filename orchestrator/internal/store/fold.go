package store

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// The codes of warnings about the records themselves.
const (
	CodeMoved   = "moved"          // a run went on where the machine was another one
	CodeDamaged = "damaged-record" // lines of the stream could not be read
	CodeNewer   = "newer"          // a newer version wrote what this one does not know
)

// mostMemory bounds what a fold may take, in bytes, as far as records of a
// hostile stream may blow it up: an empty batch has 14 letters and takes 400.
const mostMemory = 1 << 29

// Fold makes the experiment of its records, whole or not: a stream that ends in
// the middle is an experiment that was interrupted. What it passes over, damaged
// lines and what is newer, becomes a warning. The error says that there is no
// experiment in it: no header, or nothing that could be read.
func Fold(records iter.Seq2[Record, error]) (*bench.Experiment, error) {
	f := NewFolding()
	for r, err := range records {
		if stop := f.take(r, err); stop != nil {
			return nil, stop
		}
	}
	return f.Experiment()
}

// Folding is a fold that goes on, such as that of a page which shows a run.
type Folding struct {
	header  *Header // the first: it knows when and by whom it was begun
	design  bench.Design
	trials  map[Of]*trial
	judged  []Judged
	end     *End
	general []general
	count   int  // records
	taken   int  // bytes, about
	cut     bool // the last line was damaged
	damaged trouble
	newer   trouble
}

// general is a warning that concerns the experiment.
type general struct {
	bench.Warning
	after int // rounds judged before it
}

// trouble counts what could not be taken over.
type trouble struct {
	count int
	first string
}

func (t *trouble) add(err error) {
	if t.count++; t.count == 1 {
		t.first = err.Error()
	}
}

// trial is one trial so far.
type trial struct {
	bench.Trial
	begun bool
	open  *bench.Phase // the phase that has not ended
	last  time.Duration
	ended *Ended
}

// NewFolding begins a fold.
func NewFolding() *Folding { return &Folding{trials: map[Of]*trial{}} }

// take adds a record, or what stood in its place.
func (f *Folding) take(r Record, err error) error {
	var newer *NewerError
	switch {
	case err == nil:
	case errors.As(err, &newer):
		f.newer.add(newer)
	default:
		// What was read before it stands, and what comes behind it, too.
		f.damaged.add(err)
		f.cut = true
		return nil
	}
	f.count++
	f.Add(r)
	f.cut = false
	if f.taken > mostMemory {
		return fmt.Errorf("record %d: the records up to here take more than %d MiB of memory", f.count, mostMemory>>20)
	}
	return nil
}

// Add adds a record.
func (f *Folding) Add(r Record) {
	const most = 600 // bytes that a record takes beside its texts
	f.taken += most
	switch what := r.What.(type) {
	case Header:
		f.addHeader(what)
	case Judged:
		f.judged = append(f.judged, what)
	case Resumed:
		f.resume(what.After)
	case End:
		f.end = &what
	case bench.Sample:
		f.taken -= most // they are held compactly
		f.taken += 16
		t := f.of(r.Of)
		t.Samples.Append(what)
		t.last = max(t.last, what.At)
	case bench.Warning:
		if r.Of == (Of{}) {
			f.general = append(f.general, general{what, len(f.judged)})
		} else if t := f.of(r.Of); !slices.Contains(t.Warnings, what) {
			t.Warnings = append(t.Warnings, what)
		}
	case Trial, bench.Proof, bench.Phase, bench.Gauge, bench.Edge, bench.Batch, Ended:
		f.of(r.Of).add(what)
	}
}

// of gives a trial, new if nothing was known of it.
func (f *Folding) of(id Of) *trial {
	t := f.trials[id]
	if t == nil {
		t = &trial{Trial: bench.Trial{Variant: id.Variant, Round: id.Round}}
		f.trials[id] = t
	}
	return t
}

func (f *Folding) addHeader(h Header) {
	f.taken += 600 * (len(h.Plan.Items) + len(h.Design.Variants))
	f.design = h.Design
	if f.header == nil {
		f.header = &h
	}
	f.end = nil // somebody goes on
}

// resume drops what belongs to rounds that are done again.
func (f *Folding) resume(after int) {
	for id := range f.trials {
		if id.Round > after {
			delete(f.trials, id)
		}
	}
	kept := 0
	for kept < len(f.judged) && f.judged[kept].Round <= after {
		kept++
	}
	f.judged = f.judged[:kept]
	f.general = slices.DeleteFunc(f.general, func(g general) bool { return g.after > kept })
	f.end = nil
	if f.cut {
		// What a kill or a full disk cut short is of a round that is done again.
		f.damaged.count--
	}
}

// add puts a record of the trial where it belongs.
func (t *trial) add(what any) {
	switch what := what.(type) {
	case Trial:
		t.begun = true
		t.Started, t.Image, t.ImageID = what.Started, what.Image, what.ImageID
		t.Container, t.Address, t.Repeats = what.Container, what.Address, what.Repeats
	case bench.Proof:
		t.Proof = what
	case bench.Phase:
		t.open = nil
		if what.End == 0 {
			t.open = &what
		} else {
			t.Phases = append(t.Phases, what)
		}
		t.last = max(t.last, what.Start, what.End)
	case bench.Gauge:
		t.Gauges = append(t.Gauges, what)
		t.last = max(t.last, what.At)
	case bench.Edge:
		t.Edges = append(t.Edges, what)
		t.last = max(t.last, what.At)
	case bench.Batch:
		t.Batches = append(t.Batches, what)
		t.last = max(t.last, what.End)
	case Ended:
		t.ended = &what
		t.Error, t.Sampler = what.Error, what.Sampler
	}
}

// Experiment gives what the records so far make. It shares no memory with what
// is added later but that of lists, which are never changed in place.
func (f *Folding) Experiment() (*bench.Experiment, error) {
	if f.header == nil {
		if f.damaged.count > 0 {
			return nil, fmt.Errorf("there is no header among the records: %s", f.damaged.first)
		}
		return nil, hint.With(errors.New("there is no header among the records"), "a results folder has them in "+streamFile)
	}
	h := f.header
	exp := &bench.Experiment{
		Schema: bench.Schema, RunID: h.RunID, Command: h.Command, Started: h.Started,
		Design: f.design, Environment: h.Environment, Plan: h.Plan,
		Trials: []bench.Trial{}, Warnings: []bench.Warning{},
		Interrupted: true, Ended: h.Started,
	}
	for _, g := range f.general {
		exp.Warnings = append(exp.Warnings, g.Warning)
	}
	f.warn(exp)
	void := map[int]string{}
	for _, j := range f.judged {
		void[j.Round] = j.Void
	}
	for _, t := range f.trials {
		if !t.begun && t.last == 0 && t.ended == nil {
			continue
		}
		whole := t.finish()
		whole.Void = void[t.Round]
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
	if n := f.newer.count; n > 0 {
		exp.Warnings = append(exp.Warnings, bench.Warning{
			Code: CodeNewer, Text: fmt.Sprintf("%s of the saved run hold something that this version does not know; it is ignored (%s)", words.Plural(n, "record", "records"), f.newer.first),
		})
	}
}

// finish gives a trial as it is now. Of one without an end nobody knows more
// than that.
func (t *trial) finish() bench.Trial {
	whole := t.Trial
	if t.open != nil && t.ended == nil {
		cut := *t.open
		cut.End = max(t.last, cut.Start)
		whole.Phases = append(slices.Clip(whole.Phases), cut)
	}
	if t.ended == nil {
		whole.Error = "was not over when its records end"
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
		if a.Round != b.Round {
			return a.Round - b.Round
		}
		if by := position[a.Variant] - position[b.Variant]; by != 0 {
			return by
		}
		return strings.Compare(a.Variant, b.Variant)
	})
}

// Done lists the rounds that are whole, from the first on: they have been judged,
// and every trial has come to an end of its own. A run that goes on has them
// behind it.
func (f *Folding) Done() []Judged {
	judged := slices.Clone(f.judged)
	slices.SortStableFunc(judged, func(a, b Judged) int { return a.Round - b.Round })
	for i, j := range judged {
		if j.Round != i+1 || !f.whole(j.Round) {
			return judged[:i]
		}
	}
	return judged
}

// whole says whether every trial of a round has come to an end of its own.
func (f *Folding) whole(round int) bool {
	for _, v := range f.design.Variants {
		t := f.trials[Of{v.Name, round}]
		if t == nil || t.ended == nil || t.ended.Cut {
			return false
		}
	}
	return true
}
