package report

import (
	"fmt"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
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
		m.swap = max(m.swap, t.swap)
		for _, e := range t.Edges {
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
	r.gather(remark{
		code:    CodeInstrument,
		columns: MemoryColumns(),
		before:  "RssAnon differs from a page walk at the edge of a phase: ",
	}, func(row *Row) string {
		m := measure(row.all)
		if !row.hasMemory() || m.error <= errorFloor || m.errorShare <= errorLimit {
			return ""
		}
		return fmt.Sprintf("%s by %s (%s)", row.Name(), mebibytes(float64(m.error)), share(m.errorShare))
	})
	r.gather(remark{
		code:    CodeInstrument,
		columns: []string{ColPeak},
		before:  "the peak is the kernel's high-water mark, which may be off: ",
	}, func(row *Row) string {
		bound := float64(measure(row.all).bound)
		if row.Peak.N == 0 || row.PeakSource != sourceHighWater || bound <= errorLimit*row.Peak.Center {
			return ""
		}
		return fmt.Sprintf("%s by %s", row.Name(), mebibytes(bound))
	})
	r.gather(remark{code: CodeMissed, columns: MemoryColumns(), before: "readings that came too late and are missing: "}, func(row *Row) string {
		if m := measure(row.all); row.hasMemory() && m.missedShare() > missedLimit {
			return row.Name() + " " + share(m.missedShare())
		}
		return ""
	})
	if m := measure(r.trials()); m.busy > busyLimit {
		r.note(CodeSampler, "taking the readings cost "+share(m.busy)+" of a core", CostColumns())
	}
}

func (r *Report) noteSwap() {
	r.gather(remark{code: CodeSwap, columns: MemoryColumns(), before: "swapped out, so RSS does not count it: "}, func(row *Row) string {
		if m := measure(row.all); row.hasMemory() && m.swap > 0 {
			return row.Name() + " " + mebibytes(float64(m.swap))
		}
		return ""
	})
}
