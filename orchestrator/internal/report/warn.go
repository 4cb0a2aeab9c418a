package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// The limits beyond which a figure carries a note.
const (
	starvedLimit = 0.10             // wait share
	idleLimit    = 30 * time.Second // shortest idle that lets slow allocators act
	errorLimit   = 0.01             // of a reading
	errorFloor   = bench.MiB        // and at least this: the table is in whole MiB
	missedLimit  = 0.01             // of the readings
	busyLimit    = 0.01             // of a core
	goLimit      = 15e6             // bytes
)

// annotate finds everything that weakens the figures and numbers it.
func (r *Report) annotate() {
	r.noteFailedTrials()
	r.noteUnequalWork()
	r.noteStarved()
	r.noteBaseline()
	r.noteUnsteady()
	r.noteShortIdle()
	r.noteNotMeasured()
	r.noteGoShare()
	r.noteFailedRequests()
	r.noteInstruments()
	r.noteSwap()
	r.noteDesign()
	r.noteRecorded()
	r.number()
}

// gather adds one note about all rows for which say gives a text, such as
// "libc 12 %": the texts, joined, between before and after.
func (r *Report) gather(code, column, before, after string, say func(*Row) string) {
	var rows []*Row
	var texts []string
	for _, row := range r.Rows {
		if text := say(row); text != "" {
			rows = append(rows, row)
			texts = append(texts, text)
		}
	}
	if len(rows) > 0 {
		r.note(code, before+strings.Join(texts, ", ")+after, []string{column}, rows...)
	}
}

// mostWords is how much of the last words of a trial is printed, in runes; a
// file holds all.
const mostWords = 300

// noteFailedTrials says which trials ended early. Their errors are written to
// follow the variant's name: "died in batch 2: killed for memory".
func (r *Report) noteFailedTrials() {
	for _, row := range r.Rows {
		var texts []string
		for _, t := range row.all {
			if t.Error == "" {
				continue
			}
			text := t.Error
			if runes := []rune(text); len(runes) > mostWords {
				text = string(runes[:mostWords]) + "…"
			}
			if r.Exp.Design.Rounds > 1 {
				text = fmt.Sprintf("in round %d %s", t.Round, text)
			}
			texts = append(texts, text)
		}
		if len(texts) == 0 {
			continue
		}
		after := "; its figures are those measured until then"
		if len(texts) < len(row.all) {
			after = fmt.Sprintf("; its figures are those of the other %s", plural(row.Trials, "round", "rounds"))
		}
		r.note(CodeTrialFailed, row.Variant+" "+strings.Join(texts, "; ")+after, []string{colVariant}, row)
	}
}

// noteUnequalWork compares the answers of every complete batch with those of
// the first one of the baseline, or of the first row.
func (r *Report) noteUnequalWork() {
	var want map[string]int
	rows := r.Rows
	if base := r.baseline(); base != nil {
		rows = append([]*Row{base}, rows...)
	}
	for _, row := range rows {
		for _, t := range row.all {
			for _, b := range t.Batches {
				if want == nil && !b.Interrupted && len(b.Answers) > 0 {
					want = b.Answers
				}
			}
		}
	}
	r.gather(CodeUnequalWork, colVariant, "the variants did not do the same work, by the answers that they gave: ", "", func(row *Row) string {
		for _, t := range row.all {
			for _, b := range t.Batches {
				if b.Interrupted || maps.Equal(b.Answers, want) {
					continue
				}
				return fmt.Sprintf("%s, batch %d: %s", row.Variant, b.Number, firstDifference(b.Answers, want))
			}
		}
		return ""
	})
}

// firstDifference names the first answer, in the order of names, whose number
// differs.
func firstDifference(got, want map[string]int) string {
	all := maps.Clone(want)
	if all == nil {
		all = map[string]int{}
	}
	maps.Copy(all, got)
	for _, answer := range slices.Sorted(maps.Keys(all)) {
		if got[answer] != want[answer] {
			return fmt.Sprintf("%s × %q instead of %s", count(got[answer]), answer, count(want[answer]))
		}
	}
	return "no answers"
}

func (r *Report) noteStarved() {
	after := " of the time that its requests took: such latency is not the variant's own"
	if len(r.Rows) > 1 {
		after += ", and the CPU and latency figures of all that ran beside it are inflated"
	}
	r.gather(CodeStarved, colVariant, "ready to run but without a CPU: ", after, func(row *Row) string {
		if row.WaitShare.N == 0 || row.WaitShare.Center <= starvedLimit {
			return ""
		}
		return row.Variant + " " + share(row.WaitShare.Center)
	})
}

func (r *Report) noteBaseline() {
	name := r.Exp.Design.Baseline
	base := r.baseline()
	switch {
	case len(r.Rows) == 0 || len(r.Rows) == 1 && base != nil:
		return
	case name == "":
		r.note(CodeNoBaseline, "no baseline was named, so no changes are given", nil)
		return
	case base == nil || len(base.all) == 0:
		r.note(CodeNoBaseline, fmt.Sprintf("the baseline %s was not measured, so no changes are given", name), nil)
		return
	}
	r.gather(CodeNoBaseline, colVariant, "no change is given for ",
		fmt.Sprintf(": in no round did it and the baseline %s both complete the same number of batches", name),
		func(row *Row) string {
			if row == base || row.Peak.N == 0 || row.Peak.Ratio.N > 0 {
				return ""
			}
			return row.Variant
		})
}

func (r *Report) noteUnsteady() {
	r.gather(CodeNoSteadyState, colSteady, "no steady state: ",
		" from the last change of level to the end of the last batch; a median over that is given all the same",
		func(row *Row) string {
			if row.Steady.N == 0 || row.IsSteady {
				return ""
			}
			worst := 0.0
			for _, t := range row.trials {
				if math.Abs(t.drift) > math.Abs(worst) {
					worst = t.drift
				}
			}
			verb := "rose"
			if worst < 0 {
				verb = "fell"
			}
			return fmt.Sprintf("%s still %s by %s", row.Variant, verb, share(math.Abs(worst)))
		})
}

func (r *Report) noteShortIdle() {
	var shortest time.Duration
	var rows []*Row
	for _, row := range r.Rows {
		for _, t := range row.trials {
			if row.Idle.N > 0 && t.idleLength > 0 && t.idleLength < idleLimit && !slices.Contains(rows, row) {
				rows = append(rows, row)
			}
			if t.idleLength > 0 && (shortest == 0 || t.idleLength < shortest) {
				shortest = t.idleLength
			}
		}
	}
	if len(rows) > 0 {
		r.note(CodeShortIdle, fmt.Sprintf("the final idle took %s: allocators that give memory back after 10 s or more show too little of it below %s",
			short(shortest.Round(100*time.Millisecond)), short(idleLimit)), []string{colIdle}, rows...)
	}
}

// noteNotMeasured says of every empty cell why it is empty.
// whyNoIdle says why no idle RSS can be given.
func (r *Report) whyNoIdle() string {
	switch d := r.Exp.Design.Idle; {
	case d == 0:
		return "no final idle was asked for"
	case d < time.Second:
		return "the final idle was not reached, or too short for a reading"
	}
	return "the final idle was not reached"
}

func (r *Report) noteNotMeasured() {
	r.gather(CodeNotMeasured, colVariant, "not run: ", "", func(row *Row) string {
		if len(row.all) > 0 {
			return ""
		}
		return row.Variant
	})
	for _, empty := range []struct {
		columns []string
		why     string
		is      func(*Row) bool
	}{
		{[]string{colPeak}, "no reading fell into a batch", func(row *Row) bool { return row.Peak.N == 0 }},
		{[]string{colSteady}, "no batch came to its end with readings", func(row *Row) bool { return row.Steady.N == 0 }},
		{[]string{colIdle}, r.whyNoIdle(), func(row *Row) bool { return row.Idle.N == 0 }},
		{[]string{colLive, colOverhead}, "no counter of live bytes was read in a complete batch", func(row *Row) bool {
			return row.Live.N == 0 && row.Overhead.N == 0
		}},
		{[]string{colLive}, "no counter of live bytes was read in a complete batch", func(row *Row) bool {
			return row.Live.N == 0 && row.Overhead.N > 0
		}},
		{[]string{colOverhead}, "no live bytes were counted", func(row *Row) bool { return row.Live.N > 0 && row.Overhead.N == 0 }},
		{[]string{colCPU}, "no CPU time was read", func(row *Row) bool { return row.CPU.N == 0 }},
		{[]string{colP50, colP99}, "no request was timed in a sound batch", func(row *Row) bool { return row.P50.N == 0 }},
	} {
		var rows []*Row
		var names []string
		for _, row := range r.Rows {
			if len(row.all) > 0 && empty.is(row) {
				rows = append(rows, row)
				names = append(names, row.Variant)
			}
		}
		if len(rows) > 0 {
			text := fmt.Sprintf("%s of %s not measured: %s", strings.Join(empty.columns, " and "), strings.Join(names, ", "), empty.why)
			r.note(CodeNotMeasured, text, empty.columns, rows...)
		}
	}
}

func (r *Report) noteGoShare() {
	r.gather(CodeGoShare, colOverhead, "Go's own share of the RSS is not small: ",
		fmt.Sprintf(" (the overhead leaves it out; the aim is at most %s)", mebibytes(goLimit)), func(row *Row) string {
			if row.GoShare.N == 0 || row.GoShare.Center <= goLimit {
				return ""
			}
			return row.Variant + " " + mebibytes(row.GoShare.Center)
		})
}

func (r *Report) noteFailedRequests() {
	r.gather(CodeFailedRequests, colFailed, "failed requests: ", "", func(row *Row) string {
		if row.Failed == 0 {
			return ""
		}
		var classes []string
		for _, class := range slices.Sorted(maps.Keys(row.Errors)) {
			classes = append(classes, fmt.Sprintf("%s %s", class, count(row.Errors[class])))
		}
		text := fmt.Sprintf("%s %s of %s", row.Variant, count(row.Failed), count(row.Requests))
		if len(classes) > 0 {
			text += " (" + strings.Join(classes, "; ") + ")"
		}
		return text
	})
}
