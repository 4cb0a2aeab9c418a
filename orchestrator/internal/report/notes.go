package report

import (
	"slices"
	"strings"
)

// Note is something that weakens a result or has to be known to read it. It
// shows as a footnote in every format.
type Note struct {
	Number int    // from 1, in reading order
	Code   string // stable, for programs
	Text   string // for people, without the code
}

// The codes of the notes that a report finds by itself. Warnings that were
// recorded during the experiment bring their own.
const (
	CodeTrialFailed    = "trial-failed"     // a container died or a trial ended early
	CodeStarved        = "cpu-starved"      // a variant waited for a CPU for more than 10 % of its time
	CodeUnequalWork    = "unequal-work"     // the variants did not give the same answers
	CodeFailedRequests = "failed-requests"  // answers outside 200-299, or none
	CodeNoSteadyState  = "no-steady-state"  // the RSS still moved at the end of a batch
	CodeShortIdle      = "short-idle"       // an idle too short for most allocators to give memory back
	CodeTooFewRounds   = "too-few-rounds"   // no intervals
	CodeQuick          = "quick"            // the preset for a first look
	CodeInterrupted    = "interrupted"      // the design was not carried out
	CodeNoBaseline     = "no-baseline"      // no change can be given
	CodeNotMeasured    = "not-measured"     // why a cell is empty
	CodeInstrument     = "instrument-error" // two instruments disagree, or one may be far off
	CodeMissed         = "missed-samples"   // more than 1 % of the readings came too late
	CodeSampler        = "sampler-busy"     // the readings cost more than 1 % of a core
	CodeSwap           = "swap"             // memory went to swap, where RSS does not count it
	CodeGoShare        = "go-share"         // Go's part of the RSS is no longer small
	CodeTHP            = "thp-always"       // the kernel backs the heap with huge pages unasked
)

// Keys of the columns.
const (
	colVariant  = "variant"
	colPeak     = "peak RSS"
	colSteady   = "steady RSS"
	colIdle     = "idle RSS"
	colLive     = "live"
	colOverhead = "overhead"
	colCPU      = "CPU/req"
	colP50      = "p50"
	colP99      = "p99"
	colFailed   = "failed"
)

// columnKeys is the order in which the table is read.
var columnKeys = []string{
	colVariant, colPeak, colSteady, colIdle, colLive, colOverhead, colCPU, colP50, colP99, colFailed,
}

// note adds a footnote and marks the cells of columns in rows with it; a mark
// that every row would carry goes to the column's head. Without rows the note
// holds for the whole table and is not anchored.
func (r *Report) note(code, text string, columns []string, rows ...*Row) {
	n := &Note{Code: code, Text: text}
	r.Notes = append(r.Notes, n)
	for _, column := range columns {
		if len(rows) > 1 && len(rows) == len(r.Rows) {
			r.headNotes[column] = append(r.headNotes[column], n)
			continue
		}
		for _, row := range rows {
			row.notes[column] = append(row.notes[column], n)
		}
	}
}

// number gives the notes their numbers in reading order: heads, then row by row
// from left to right, then those without an anchor.
func (r *Report) number() {
	var ordered []*Note
	take := func(notes []*Note) {
		for _, n := range notes {
			if n.Number == 0 {
				ordered = append(ordered, n)
				n.Number = len(ordered)
			}
		}
	}
	for _, key := range columnKeys {
		take(r.headNotes[key])
	}
	for _, row := range r.Rows {
		for _, key := range columnKeys {
			take(row.notes[key])
		}
	}
	take(r.Notes)
	r.Notes = ordered
}

// of lists what weakens a row, by number: its own notes and those that hold for
// a whole column or the whole table.
func (r *Report) of(row *Row) []*Note {
	others := map[*Note]bool{}
	for _, other := range r.Rows {
		for _, notes := range other.notes {
			for _, n := range notes {
				others[n] = true
			}
		}
	}
	for _, notes := range row.notes {
		for _, n := range notes {
			delete(others, n)
		}
	}
	var notes []*Note
	for _, n := range r.Notes {
		if !others[n] {
			notes = append(notes, n)
		}
	}
	return notes
}

// superscripts are the digits of marks.
var superscripts = []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")

// superscript writes n, not negative, with raised digits.
func superscript(n int) string {
	if n >= 10 {
		return superscript(n/10) + superscript(n%10)
	}
	return string(superscripts[n])
}

// marks writes the numbers of notes, such as "¹ ³".
func marks(notes []*Note) string {
	numbers := make([]int, len(notes))
	for i, n := range notes {
		numbers[i] = n.Number
	}
	slices.Sort(numbers)
	parts := make([]string, len(numbers))
	for i, n := range numbers {
		parts[i] = superscript(n)
	}
	return strings.Join(parts, " ")
}
