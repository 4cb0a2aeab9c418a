package report

import (
	"slices"
	"strings"
)

// Note is something that weakens a result or has to be known to read it. It
// stands as a footnote at the figures that it weakens, in every format.
type Note struct {
	Code string // stable, for programs
	Text string // for people, without the code
}

// The codes of the notes that a report finds by itself. Warnings that were
// recorded during the experiment bring their own.
const (
	CodeControl        = "aa-failed"        // two identical baselines differ: nothing is to be trusted
	CodeContradicted   = "contradicted"     // more bytes were live than resident: no memory figure is given
	CodeUncounted      = "uncounted-memory" // the kernel's own account of the memory is another
	CodeLocal          = "local-processes"  // without containers, and nobody asked for that
	CodeVoid           = "void-round"       // a round counts in no figure
	CodeBusyMachine    = "busy-machine"     // other processes took more than 10 % of the machine
	CodeStolen         = "stolen-cpu"       // the hypervisor took more than 2 % of the machine
	CodeJumped         = "clock-jumped"     // the clock on the wall was set
	CodeSlept          = "slept"            // the machine was suspended
	CodeTrialFailed    = "trial-failed"     // a container died or a trial ended early
	CodeStarved        = "cpu-starved"      // a variant waited for a CPU for more than 10 % of its time
	CodeBallast        = "ballast"          // a service was told to hold more memory than it needs
	CodeUnequalWork    = "unequal-work"     // the variants did not give the same answers
	CodeFailedRequests = "failed-requests"  // answers outside 200-299, or none
	CodeNoSteadyState  = "no-steady-state"  // the RSS still moved at the end of a batch
	CodeShortIdle      = "short-idle"       // an idle too short for most allocators to give memory back
	CodeTooFewRounds   = "too-few-rounds"   // no intervals
	CodeQuick          = "quick"            // the preset for a first look
	CodeInterrupted    = "interrupted"      // the design was not carried out
	CodeNoBaseline     = "no-baseline"      // no change can be given
	CodeNotMeasured    = "not-measured"     // why a cell is empty
	CodeLeftOut        = "left-out"         // a variant could not be made or proved, and why
	CodeInstrument     = "instrument-error" // two instruments disagree, or one may be far off
	CodeMissed         = "missed-samples"   // more than 1 % of the readings came too late
	CodeSampler        = "sampler-busy"     // the readings cost more than 1 % of a core
	CodeSwap           = "swap"             // memory went to swap, where RSS does not count it
	CodeGoShare        = "go-share"         // Go's part of the RSS is no longer small
	CodeNewer          = "newer"            // the file has fields that this version does not know
	CodeUnread         = "knob-unread"      // recorded: a knob of the variant cannot be read back
	CodeTHP            = "thp-always"       // the kernel backs the heap with huge pages unasked
)

// Keys of the columns, which are their heads as well.
const (
	ColVariant  = "variant"
	ColPeak     = "peak RSS"
	ColSteady   = "steady RSS"
	ColIdle     = "idle RSS"
	ColOverhead = "overhead"
	ColCPU      = "CPU/req"
	ColP99      = "p99"
	ColP50      = "p50"
	ColLive     = "live"
	ColFailed   = "failed"
)

// MemoryColumns are those whose figures are compared with the baseline.
func MemoryColumns() []string { return []string{ColPeak, ColSteady, ColIdle} }

// CostColumns are those that a busy machine inflates.
func CostColumns() []string { return []string{ColCPU, ColP99, ColP50} }

// note adds a footnote and marks the cells of columns in rows with it; a mark
// that every row would carry, or every row that was run, goes to the column's
// head, and so does one without rows. There is no footnote without a mark.
func (r *Report) note(code, text string, columns []string, rows ...*Row) *Note {
	n := &Note{Code: code, Text: prose(text, mostNote)}
	r.Notes = append(r.Notes, n)
	for _, column := range columns {
		if len(rows) == 0 || len(rows) > 1 && r.everyRow(rows) {
			r.headNotes[column] = append(r.headNotes[column], n)
			continue
		}
		for _, row := range rows {
			row.notes[column] = append(row.notes[column], n)
		}
	}
	return n
}

// everyRow says that no other row has figures.
func (r *Report) everyRow(rows []*Row) bool {
	if len(rows) == len(r.Rows) {
		return true
	}
	for _, row := range r.Rows {
		if len(row.all) > 0 != slices.Contains(rows, row) {
			return false
		}
	}
	return true
}

// remark is a note about all rows that have something to say to it: what they
// say, joined, stands between before and after.
type remark struct {
	code          string
	columns       []string
	before, after string
}

// gather adds a note about all rows for which say gives a text, such as
// "libc 12 %"; nil if there is none.
func (r *Report) gather(about remark, say func(*Row) string) *Note {
	var rows []*Row
	var texts []string
	for _, row := range r.Rows {
		if text := say(row); text != "" {
			rows = append(rows, row)
			texts = append(texts, text)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return r.note(about.code, about.before+strings.Join(texts, ", ")+about.after, about.columns, rows...)
}

// NotesOf lists what weakens a row, in reading order: its own notes and those that
// hold for whole columns.
func (r *Report) NotesOf(row *Row) []*Note {
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
	return slices.DeleteFunc(slices.Clone(r.Notes), func(n *Note) bool { return others[n] })
}
