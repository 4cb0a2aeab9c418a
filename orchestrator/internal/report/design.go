package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// noteDesign tells what the design itself does not allow to say.
func (r *Report) noteDesign() {
	if r.Exp.Interrupted {
		r.note(CodeInterrupted, "interrupted: the design was not completed", []string{ColVariant})
	}
	if r.Exp.Design.Quick {
		r.note(CodeQuick, "quick preset: few and short batches, indicative only", MemoryColumns())
	}
	r.noteTooFew()
	r.noteNewer()
	if r.Exp.Environment.THP == "always" {
		r.note(CodeTHP, "transparent huge pages are always on: the kernel may keep 2 MiB resident for a small block, and less is given back", MemoryColumns())
	}
}

// mostUnknown is how many unknown fields are named; a file holds all.
const mostUnknown = 3

// noteNewer says that a file knows more than is told of it.
func (r *Report) noteNewer() {
	var names []string
	for _, path := range slices.Sorted(maps.Keys(r.Exp.Unknown)) {
		if len(names) == mostUnknown {
			names = append(names, fmt.Sprintf("%d more", len(r.Exp.Unknown)-mostUnknown))
			break
		}
		names = append(names, named(path))
	}
	if len(names) > 0 {
		r.note(CodeNewer, "the file is from a newer version, and no figure uses what it has there: "+words.Series(names), []string{ColVariant})
	}
}

// roundLength is how long a round takes: the time from the first start to the
// last end, over the rounds in between. Trials that ended early say too little.
func (r *Report) roundLength() time.Duration {
	var first, last time.Time
	rounds := map[int]bool{}
	for _, t := range r.trials() {
		if t.Error != "" {
			continue
		}
		rounds[cmp.Or(t.Turn, t.Round)] = true
		if first.IsZero() || t.Started.Before(first) {
			first = t.Started
		}
		if end := t.Started.Add(t.length()); end.After(last) {
			last = end
		}
	}
	if len(rounds) == 0 {
		return 0
	}
	return (last.Sub(first) / time.Duration(len(rounds))).Round(time.Second)
}

// weakens says which columns a recorded warning is about; one that is not listed
// stands at the variant.
var weakens = map[string][]string{
	"no-high-water":     {ColPeak},
	"no-cgroup-peak":    {ColPeak},
	"no-page-walk":      {ColPeak, ColSteady, ColIdle},
	"no-cgroup":         {ColPeak, ColSteady, ColIdle},
	"shared-huge-pages": {ColPeak, ColSteady, ColIdle},
	"out-of-time":       {ColPeak, ColSteady, ColIdle},
	"late-starts":       {ColP99, ColP50},
}

// weakened gives the columns that a recorded warning is about.
func weakened(code string) []string {
	if columns := weakens[code]; columns != nil {
		return columns
	}
	return []string{ColVariant}
}

// noteRecorded adds the warnings that were recorded while the experiment ran,
// each text once. A code that the report finds by itself is left to it: it has
// seen all the data.
func (r *Report) noteRecorded() {
	known := map[string]bool{}
	for _, n := range r.Notes {
		known[n.Code] = true
	}
	delete(known, CodeNewer) // what was passed over when the data came in is another matter
	var order []bench.Warning
	rows := map[bench.Warning][]*Row{}
	for _, row := range r.all() {
		for _, t := range row.all {
			for _, w := range t.Warnings {
				if rows[w] == nil {
					order = append(order, w)
				}
				if !slices.Contains(rows[w], row) {
					rows[w] = append(rows[w], row)
				}
			}
		}
	}
	r.noteTrials(order, rows, known)
	seen := map[bench.Warning]bool{}
	for _, w := range r.Exp.Warnings {
		if !known[w.Code] && !seen[w] && rows[w] == nil {
			seen[w] = true
			r.note(w.Code, w.Text, weakened(w.Code))
		}
	}
}

// noteTrials adds the warnings of trials, one note for each code: many variants
// may have the same to say, each in its own words.
func (r *Report) noteTrials(order []bench.Warning, rows map[bench.Warning][]*Row, known map[string]bool) {
	var codes []string
	texts, marked := map[string][]string{}, map[string][]*Row{}
	for _, w := range order {
		if known[w.Code] || !slices.ContainsFunc(r.Rows, func(row *Row) bool { return slices.Contains(rows[w], row) }) {
			continue
		}
		if texts[w.Code] == nil {
			codes = append(codes, w.Code)
		}
		text := w.Text
		if len(rows[w]) < len(r.all()) {
			var names []string
			for _, row := range rows[w] {
				if slices.Contains(r.Rows, row) {
					names = append(names, row.Name())
				}
			}
			text = strings.Join(names, ", ") + ": " + text
		}
		texts[w.Code] = append(texts[w.Code], text)
		for _, row := range rows[w] {
			if slices.Contains(r.Rows, row) && !slices.Contains(marked[w.Code], row) {
				marked[w.Code] = append(marked[w.Code], row)
			}
		}
	}
	for _, code := range codes {
		r.note(code, strings.Join(texts[code], "; "), weakened(code), marked[code]...)
	}
}
