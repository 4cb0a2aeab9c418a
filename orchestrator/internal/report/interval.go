package report

import (
	"fmt"
	"math"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// comparisons counts the changes that a column gives. What was left out before
// anything was measured takes nothing from the confidence of the rest.
func (r *Report) comparisons() int {
	if r.baseline() == nil {
		return 0
	}
	n := 0
	for _, row := range r.Rows {
		if !row.Baseline && !row.absent() {
			n++
		}
	}
	return n
}

// absent says that the variant was left out, and never ran.
func (row *Row) absent() bool { return row.LeftOut != "" && len(row.all)+row.void == 0 }

// compare takes the ratios to the baseline, round by round. Trials that did not
// come to their end count only where the run was interrupted before any did.
func (r *Report) compare(row, base *Row) {
	for _, figure := range []struct {
		to *stat.Ratio
		of func(*trial) float64
	}{{&row.Peak.Ratio, peakOf}, {&row.Steady.Ratio, steadyOf}, {&row.Idle.Ratio, idleOf}, {&row.CPURatio, cpuOf}} {
		mine, theirs := pairs(row, base, figure.of, false)
		if len(mine) == 0 && r.Exp.Interrupted {
			mine, theirs = pairs(row, base, figure.of, true)
		}
		*figure.to = stat.PairedRatio(mine, theirs, r.Comparisons)
	}
}

// pairs gives a figure of both variants in every round that both carried out to
// the end, or with partial at least to the same batch.
func pairs(row, base *Row, of func(*trial) float64, partial bool) (mine, theirs []float64) {
	for _, t := range row.all {
		for _, b := range base.all {
			if t.Round == b.Round && alike(t, b) && (partial || t.Error == "" && b.Error == "") {
				mine = append(mine, of(t))
				theirs = append(theirs, of(b))
			}
		}
	}
	return mine, theirs
}

// alike says whether two trials of a round did the same work. A peak of two
// batches beside one of three would flatter the first.
func alike(a, b *trial) bool { return a.complete > 0 && a.complete == b.complete }

// tooFew says whether the run has too few rounds for intervals: n, the most that
// any variant carried out, and how many are needed.
func (r *Report) tooFew() (n, needed int, few bool) {
	for _, row := range r.all() {
		if r.Exp.Design.Groups == nil || !row.Baseline { // which has a trial in every group
			n = max(n, row.Trials)
		}
	}
	needed = stat.MinRounds(r.Comparisons)
	return n, needed, n > 0 && n < needed
}

// noteTooFew says why there are no intervals: because the run has too few
// rounds, or because a variant or the baseline lost some of them.
func (r *Report) noteTooFew() {
	n, needed, few := r.tooFew()
	whose := "an interval needs"
	if r.Comparisons > 1 {
		whose = fmt.Sprintf("intervals over %d comparisons need", r.Comparisons)
	}
	if few {
		text := fmt.Sprintf("n = %s: indicative. %s the %d that %s", words.Plural(n, "round", "rounds"), words.Plural(needed-n, "more makes", "more make"), needed, whose)
		if d := r.roundLength(); d > 0 {
			text += fmt.Sprintf("; --rounds %d takes about %s", needed, about(time.Duration(needed)*d))
		}
		r.note(CodeTooFewRounds, text, MemoryColumns())
		return
	}
	r.gather(remark{
		code:    CodeTooFewRounds,
		columns: MemoryColumns(),
		before:  "too few rounds were run beside the baseline, so the change is indicative: ",
		after:   fmt.Sprintf(" of the %d that %s", needed, whose),
	}, func(row *Row) string {
		least := 0
		for _, m := range row.memory() {
			if n := m.Ratio.N; n > 0 && !m.Ratio.Interval && (least == 0 || n < least) {
				least = n
			}
		}
		if least == 0 {
			return ""
		}
		return fmt.Sprintf("%s %d", row.Name(), least)
	})
}

// hasIntervals says whether any change has one.
func (r *Report) hasIntervals() bool {
	for _, row := range r.all() {
		for _, m := range row.memory() {
			if m.Ratio.Interval {
				return true
			}
		}
	}
	return false
}

// memory lists the figures that are compared, in the order of memoryColumns.
func (row *Row) memory() []Memory { return []Memory{row.Peak, row.Steady, row.Idle} }

// Change is how a ratio to the baseline is written. From is the lower bound of
// its interval and empty where there is none: "−43" and "−26 %", or "" and
// "−39 %", "~" or None.
type Change struct{ From, To string }

// dots stand between the bounds of an interval.
const dots = " … "

// String joins the bounds: "−43 … −26 %".
func (c Change) String() string {
	if c.From == "" {
		return c.To
	}
	return c.From + dots + c.To
}

// changeOf gives the interval of a change; "~" where it includes no change at
// all, and the change alone where the rounds are too few for an interval.
func changeOf(r stat.Ratio) Change {
	switch {
	case r.N == 0:
		return Change{"", None}
	case r.Verdict() == stat.NotShown:
		return Change{"", "~"}
	case r.Verdict() == stat.Shown:
		return bounds(r)
	}
	return Change{"", percentChange(r.Center)}
}

// bounds gives the interval of a ratio, whatever it includes.
func bounds(r stat.Ratio) Change { return Change{bound(r.Lo), bound(r.Hi) + " %"} }

// bound writes one end of an interval as a change in per cent. Nothing that
// differs from no change rounds to it, or the interval would seem to include it.
func bound(ratio float64) string {
	percent := (ratio - 1) * 100
	decimals := 0
	switch size := math.Abs(percent); {
	case percent <= -99.5:
		percent, decimals = max(percent, -99.9), 1
	case size > 0 && size < 0.05:
		percent, decimals = math.Copysign(max(size, 0.01), percent), 2
	case size > 0 && size < 0.5:
		decimals = 1
	}
	text := number(percent, decimals)
	if percent > 0 {
		text = "+" + text
	}
	return text
}

// amount writes the interval of an amount in bytes, and that of its change where
// the table has only "~": "437 … 621 MiB (−9 … +4 %)".
func amount(m Memory) string {
	s := MemoryScale([]float64{m.Lo, m.Hi})
	text := s.Format(m.Lo) + dots + s.Format(m.Hi) + " " + s.Unit
	if m.Ratio.Verdict() == stat.NotShown {
		text += fmt.Sprintf(" (%s)", bounds(m.Ratio))
	}
	return text
}
