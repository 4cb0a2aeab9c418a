package report

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// noteLeftOut says why variants were left out, those together that were for the
// same reason.
func (r *Report) noteLeftOut() {
	var reasons []string
	for _, row := range r.Rows {
		if row.LeftOut != "" && !slices.Contains(reasons, row.LeftOut) {
			reasons = append(reasons, row.LeftOut)
		}
	}
	for _, why := range reasons {
		r.gather(remark{code: CodeLeftOut, columns: []string{ColVariant}, before: "left out: ", after: ": " + prose(why, mostPart)}, func(row *Row) string {
			if row.LeftOut != why {
				return ""
			}
			return row.Name()
		})
	}
}

// noteNotRun says which variants were not run, or only in rounds that do not
// count.
func (r *Report) noteNotRun() {
	r.gather(remark{code: CodeNotMeasured, columns: []string{ColVariant}, before: "not run: "}, func(row *Row) string {
		if len(row.all)+row.void > 0 || row.LeftOut != "" {
			return ""
		}
		return row.Name()
	})
	r.gather(remark{
		code:    CodeNotMeasured,
		columns: []string{ColVariant},
		before:  "not measured, because none of its rounds counts: ",
	}, func(row *Row) string {
		if len(row.all) > 0 || row.void == 0 {
			return ""
		}
		return row.Name()
	})
}

// noteNotMeasured says of every empty cell why it is empty. Where the memory is
// withheld, that has been said.
func (r *Report) noteNotMeasured() {
	const noCounter = "no counter of live bytes was read in a complete batch"
	for _, empty := range []struct {
		columns []string
		why     string
		is      func(*Row) bool
	}{
		{[]string{ColPeak}, "no reading fell into a batch", func(row *Row) bool { return row.hasMemory() && row.Peak.N == 0 }},
		{[]string{ColSteady}, "no batch with readings was completed", func(row *Row) bool { return row.hasMemory() && row.Steady.N == 0 }},
		{[]string{ColIdle}, r.whyNoIdle(), func(row *Row) bool { return row.hasMemory() && row.Idle.N == 0 }},
		{[]string{ColOverhead, ColLive}, noCounter, func(row *Row) bool { return row.hasMemory() && row.Live.N == 0 && row.Overhead.N == 0 }},
		{[]string{ColLive}, noCounter, func(row *Row) bool { return row.hasMemory() && row.Live.N == 0 && row.Overhead.N > 0 }},
		{[]string{ColOverhead}, "no live bytes were counted", func(row *Row) bool { return row.Live.N > 0 && row.Overhead.N == 0 }},
		{[]string{ColCPU}, "no CPU time was read", func(row *Row) bool { return row.CPU.N == 0 }},
		{[]string{ColP99, ColP50}, "no request was timed in a usable batch", func(row *Row) bool { return row.P50.N == 0 }},
	} {
		var rows []*Row
		var names []string
		for _, row := range r.Rows {
			if len(row.all) > 0 && empty.is(row) {
				rows = append(rows, row)
				names = append(names, row.Name())
			}
		}
		if len(rows) > 0 {
			text := fmt.Sprintf("%s of %s not measured: %s", strings.Join(empty.columns, " and "), strings.Join(names, ", "), empty.why)
			r.note(CodeNotMeasured, text, empty.columns, rows...)
		}
	}
}

// hasMemory says that the row's memory figures are not withheld.
func (row *Row) hasMemory() bool { return row.Contradicted == nil }

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

// noteBaseline says why changes are missing.
func (r *Report) noteBaseline() {
	name := named(r.Exp.Design.Baseline)
	base := r.baseline()
	all := ""
	switch {
	case len(r.Rows) == 0 || r.Comparisons == 0 && base != nil:
		return
	case name == "":
		all = "no baseline was named, so no changes are given"
	case base == nil || len(base.all) == 0:
		all = fmt.Sprintf("the baseline %s was not measured, so no changes are given", name)
	case !base.hasMemory():
		all = fmt.Sprintf("the baseline %s has no memory figures, so no changes are given", name)
	}
	if all != "" {
		r.note(CodeNoBaseline, all, MemoryColumns())
		return
	}
	// One note for the columns in which the same rows have no change.
	missing := map[string][]string{} // names of rows, joined: columns
	rows := map[string][]*Row{}
	var order []string
	for i, column := range MemoryColumns() {
		var without []*Row
		var names []string
		for _, row := range r.Rows {
			if m := row.memory()[i]; row != base && m.N > 0 && m.Ratio.N == 0 {
				without = append(without, row)
				names = append(names, row.Name())
			}
		}
		key := strings.Join(names, ", ")
		if len(without) > 0 && !slices.Contains(order, key) {
			order = append(order, key)
		}
		missing[key], rows[key] = append(missing[key], column), without
	}
	for _, names := range order {
		r.note(CodeNoBaseline, fmt.Sprintf("no change is given for %s: no round has both it and the baseline %s measured after the same number of batches", names, name),
			missing[names], rows[names]...)
	}
}
