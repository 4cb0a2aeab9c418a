package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// JSON writes the whole experiment with a summary, as it is saved; package store
// reads it back. Lists are never null. An object or list that is short stays on
// one line, and longer lists of numbers fill their lines. No more than a trial of
// it is held at a time. Errors are those of w, and of times that RFC 3339 does
// not know, before anything is written.
func JSON(w io.Writer, exp *bench.Experiment) error { return Summarize(exp).JSON(w) }

// JSON is the function JSON of a report that is made: its summary has the rows of
// the report, and what was measured is all there.
func (r *Report) JSON(w io.Writer) error {
	exp := r.Exp
	for i := range exp.Trials {
		if _, err := exp.Trials[i].Started.MarshalJSON(); err != nil {
			return fmt.Errorf("write the experiment as JSON: %w", err)
		}
	}
	top := head{Experiment: filled(exp), Verdict: answer(r.Verdict()), Control: r.Control.json(), Arranged: r.Arranged(), Summary: []summary{}}
	for _, row := range r.Rows {
		top.Summary = append(top.Summary, r.summary(row))
	}
	to := jsonWriter{w: bufio.NewWriterSize(w, 64<<10)}
	to.value(top)
	to.reopen()
	to.token(`,"trials":[`)
	for i := range exp.Trials {
		if i > 0 {
			to.token(",")
		}
		to.value(filledTrial(exp.Trials[i]))
	}
	to.token(`],"warnings":`)
	to.value(list(exp.Warnings))
	to.token("}\n")
	return to.flush()
}

// jsonWriter writes JSON in pieces. Its first error stays, and nothing is written
// after it.
type jsonWriter struct {
	w      *bufio.Writer
	in     indenter
	piece  bytes.Buffer // compact, and not yet written
	lines  []byte
	failed error
}

// value adds a value, and writes what was added before it.
func (j *jsonWriter) value(v any) {
	j.write()
	if j.failed != nil {
		return
	}
	encoder := json.NewEncoder(&j.piece)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		j.failed = fmt.Errorf("write the experiment as JSON: %w", err)
		return
	}
	j.piece.Truncate(j.piece.Len() - 1) // the line end
}

// reopen takes back the end of an object that was added last.
func (j *jsonWriter) reopen() { j.piece.Truncate(max(j.piece.Len()-1, 0)) }

// token adds what stands between values.
func (j *jsonWriter) token(text string) { j.piece.WriteString(text) }

// write writes what was added.
func (j *jsonWriter) write() {
	if j.failed == nil {
		j.lines = j.in.append(j.lines[:0], j.piece.Bytes())
		_, j.failed = j.w.Write(plain.JSON(j.lines))
	}
	j.piece.Reset()
}

// flush writes the rest and gives the first error.
func (j *jsonWriter) flush() error {
	j.write()
	if j.failed != nil {
		return j.failed
	}
	return j.w.Flush()
}

// filled gives a copy of exp, without its trials, in which no list or map is
// nil, so that JSON has [] and {} where a program expects to loop.
func filled(exp *bench.Experiment) *bench.Experiment {
	e := *exp
	e.Schema, e.Trials, e.Warnings = bench.Schema, nil, nil
	e.Design.Variants = list(e.Design.Variants)
	e.Plan.Tags, e.Plan.SkipTags = list(e.Plan.Tags), list(e.Plan.SkipTags)
	e.Plan.Items = slices.Clone(list(e.Plan.Items))
	for i := range e.Plan.Items {
		e.Plan.Items[i].Tags = list(e.Plan.Items[i].Tags)
	}
	return &e
}

// filledTrial is filled for a trial.
func filledTrial(t bench.Trial) *bench.Trial {
	t.Proof.Libraries, t.Proof.Knobs = list(t.Proof.Libraries), dict(t.Proof.Knobs)
	t.Phases, t.Gauges, t.Edges = list(t.Phases), list(t.Gauges), list(t.Edges)
	t.Warnings = list(t.Warnings)
	t.Batches = slices.Clone(list(t.Batches))
	for j := range t.Batches {
		b := &t.Batches[j]
		b.Errors, b.Statuses, b.Answers = dict(b.Errors), dict(b.Statuses), dict(b.Answers)
	}
	return &t
}

// list gives an empty list for none.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// dict gives an empty map for none.
func dict[V any](values map[string]V) map[string]V {
	if values == nil {
		return map[string]V{}
	}
	return values
}
