package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// instruments says how good the readings were, over a set of trials.
type instruments struct {
	taken, missed int
	busy          float64     // share of a core, the trials of a round together; the worst round
	error         bench.Bytes // largest difference between RssAnon and the page walk at a phase edge
	errorShare    float64     // the same in shares of the page walk's reading
	bound         bench.Bytes // of the high-water mark; the largest
	swap          bench.Bytes // most that was in swap
}

// measure reads the instruments of trials.
func measure(trials []*trial) instruments {
	var m instruments
	busy, length := map[int]time.Duration{}, map[int]time.Duration{}
	for _, t := range trials {
		m.taken += t.Sampler.Taken
		m.missed += t.Sampler.Missed
		m.bound = max(m.bound, t.Sampler.HWMBound)
		busy[t.Round] += t.Sampler.Busy
		length[t.Round] = max(length[t.Round], t.length())
		for _, e := range t.Edges {
			m.swap = max(m.swap, e.Swap)
			d := e.Anon - e.Anonymous
			if d < 0 {
				d = -d
			}
			if e.Anonymous > 0 && d > m.error {
				m.error, m.errorShare = d, float64(d)/float64(e.Anonymous)
			}
		}
	}
	for round, b := range busy {
		if length[round] > 0 {
			m.busy = max(m.busy, b.Seconds()/length[round].Seconds())
		}
	}
	return m
}

// missedShare is the share of the readings that came too late.
func (m instruments) missedShare() float64 {
	if m.missed == 0 {
		return 0
	}
	return float64(m.missed) / float64(m.missed+m.taken)
}

// trials lists the trials of all rows.
func (r *Report) trials() []*trial {
	var all []*trial
	for _, row := range r.Rows {
		all = append(all, row.all...)
	}
	return all
}

func (r *Report) noteInstruments() {
	r.gather(CodeInstrument, colVariant, "the readings of RssAnon differ from a page walk at the edge of a phase: ", "", func(row *Row) string {
		m := measure(row.all)
		if m.error <= errorFloor || m.errorShare <= errorLimit {
			return ""
		}
		return fmt.Sprintf("%s by %s (%s)", row.Variant, mebibytes(float64(m.error)), share(m.errorShare))
	})
	r.gather(CodeInstrument, colPeak, "the peak is the kernel's high-water mark, which may be off by ", "", func(row *Row) string {
		bound := float64(measure(row.all).bound)
		if row.Peak.N == 0 || row.PeakSource != sourceHighWater || bound <= errorLimit*row.Peak.Center {
			return ""
		}
		return fmt.Sprintf("%s for %s", mebibytes(bound), row.Variant)
	})
	r.gather(CodeMissed, colVariant, "readings that came too late and are missing: ", "", func(row *Row) string {
		if m := measure(row.all); m.missedShare() > missedLimit {
			return row.Variant + " " + share(m.missedShare())
		}
		return ""
	})
	if m := measure(r.trials()); m.busy > busyLimit {
		r.note(CodeSampler, "taking the readings cost "+share(m.busy)+" of a core", nil)
	}
}

func (r *Report) noteSwap() {
	r.gather(CodeSwap, colVariant, "memory was swapped out, where RSS does not count it: ", "", func(row *Row) string {
		if m := measure(row.all); m.swap > 0 {
			return row.Variant + " " + mebibytes(float64(m.swap))
		}
		return ""
	})
}

// noteDesign tells what the design itself does not allow to say.
func (r *Report) noteDesign() {
	if r.Exp.Interrupted {
		r.note(CodeInterrupted, "interrupted: the design was not carried out to its end", nil)
	}
	if r.Exp.Design.Quick {
		r.note(CodeQuick, "quick preset: few and short batches, indicative only", nil)
	}
	n := 0
	for _, row := range r.Rows {
		if row.Trials > 0 && (n == 0 || row.Trials < n) {
			n = row.Trials
		}
	}
	if needed := stat.MinRounds(1); n > 0 && n < needed {
		text := fmt.Sprintf("n = %s: indicative. %d more make the %d that a 95 %% interval needs", plural(n, "round", "rounds"), needed-n, needed)
		if d := r.roundLength(); d > 0 {
			text += fmt.Sprintf("; --rounds %d takes about %s", needed, about(time.Duration(needed)*d))
		}
		r.note(CodeTooFewRounds, text, nil)
	}
	if r.Exp.Environment.THP == "always" {
		r.note(CodeTHP, "transparent huge pages are set to always: the kernel may keep 2 MiB resident for a small block, and less returns", nil)
	}
}

// roundLength is how long a round takes, the mean over the rounds: as long as
// its longest trial.
func (r *Report) roundLength() time.Duration {
	longest := map[int]time.Duration{}
	for _, t := range r.trials() {
		if t.Error == "" { // one that ended early says too little
			longest[t.Round] = max(longest[t.Round], t.length())
		}
	}
	if len(longest) == 0 {
		return 0
	}
	var total time.Duration // whole numbers: the order of a map must not show
	for _, d := range longest {
		total += d
	}
	return (total / time.Duration(len(longest))).Round(time.Second)
}

// noteRecorded adds the warnings that were recorded while the experiment ran,
// each text once. A code that the report finds by itself is left to it: it has
// seen all the data.
func (r *Report) noteRecorded() {
	known := map[string]bool{}
	for _, n := range r.Notes {
		known[n.Code] = true
	}
	type key struct{ code, text string }
	var order []key
	rows := map[key][]*Row{}
	for _, row := range r.Rows {
		for _, t := range row.all {
			for _, w := range t.Warnings {
				k := key{w.Code, w.Text}
				if rows[k] == nil {
					order = append(order, k)
				}
				if !slices.Contains(rows[k], row) {
					rows[k] = append(rows[k], row)
				}
			}
		}
	}
	for _, k := range order {
		if known[k.code] {
			continue
		}
		text := k.text
		if len(rows[k]) < len(r.Rows) {
			var names []string
			for _, row := range rows[k] {
				names = append(names, row.Variant)
			}
			text = strings.Join(names, ", ") + ": " + text
		}
		r.note(k.code, text, []string{colVariant}, rows[k]...)
	}
	seen := map[key]bool{}
	for _, w := range r.Exp.Warnings {
		if k := (key{w.Code, w.Text}); !known[w.Code] && !seen[k] && rows[k] == nil {
			seen[k] = true
			r.note(w.Code, w.Text, nil)
		}
	}
}
