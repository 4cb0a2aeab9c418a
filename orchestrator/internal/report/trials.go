package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Keys of the columns of Trials, beside those of Table.
const (
	ColRound   = "round"
	ColBatches = "peak of each batch"
	ColPeakOf  = "peak"
	ColSteadys = "steady"
	ColIdles   = "idle"
)

// Trials are all trials of an experiment as words, whether they count or not.
type Trials struct {
	Columns []TrialColumn
	Lines   []TrialLine // variant by variant in the order of the report, within one in that in which they were run
}

// TrialColumn is one figure of all trials, in one unit.
type TrialColumn struct{ Key, Unit string }

// TrialLine is one trial.
type TrialLine struct {
	Row    *Row
	Round  int
	Counts bool     // the variant's figures rest on it
	Cells  []string // one per column; None if not measured
	Remark string   // why it does not count or how it ended; "" if there is nothing to say
}

// mostSteps is how many batches of a trial are told one by one.
const mostSteps = 12

// Trials lays out every trial, each column in one scale.
func (r *Report) Trials() Trials {
	var all []*trial
	var to Trials
	with := new(scratch)
	for _, row := range r.Rows {
		known := row.all
		for i := range r.Exp.Trials {
			t := &r.Exp.Trials[i]
			if t.Variant != row.Variant {
				continue
			}
			line := TrialLine{Row: row, Round: t.Round}
			var m *trial
			if r.void[t.Round] == "" && len(known) > 0 {
				m, known = known[0], known[1:] // in the same order
				line.Counts = slices.Contains(row.trials, m)
			} else {
				m = newTrial(t, with)
				if row.Contradicted != nil {
					m.withhold()
				}
			}
			m = m.believable()
			line.Remark = r.remarkOn(m, line.Counts)
			all, to.Lines = append(all, m), append(to.Lines, line)
		}
	}
	column := func(key string, fit func([]float64) Scale, figure func(*trial) float64) {
		var values []float64
		for _, m := range all {
			values = append(values, figure(m))
		}
		s := fit(values)
		to.Columns = append(to.Columns, TrialColumn{key, s.Unit})
		for i, v := range values {
			to.Lines[i].Cells = append(to.Lines[i].Cells, s.Format(v))
		}
	}
	plain := func([]float64) Scale { return Scale{"", 1, 0} }
	column(ColRound, plain, func(t *trial) float64 { return float64(t.Round) })
	column(ColPeakOf, MemoryScale, peakOf)
	to.steps(all)
	column(ColSteadys, MemoryScale, steadyOf)
	column(ColIdles, MemoryScale, idleOf)
	column(ColOverhead, timesScale, func(t *trial) float64 { return t.overhead })
	column(ColCPU, TimeScale, func(t *trial) float64 { return t.cpu * 1e9 })
	column(ColP50, TimeScale, func(t *trial) float64 { return t.latency[0] })
	column(ColP99, TimeScale, func(t *trial) float64 { return t.latency[2] })
	to.Columns = append(to.Columns, TrialColumn{Key: ColFailed})
	for i, m := range all {
		to.Lines[i].Cells = append(to.Lines[i].Cells, m.failures())
	}
	return to
}

// steps adds the peak of each batch: "537 → 541".
func (to *Trials) steps(all []*trial) {
	var values []float64
	for _, m := range all {
		values = append(values, m.batchPeaks...)
	}
	s := MemoryScale(values)
	to.Columns = append(to.Columns, TrialColumn{ColBatches, s.Unit})
	for i, m := range all {
		var texts []string
		for j, v := range m.batchPeaks {
			if j == mostSteps {
				texts = append(texts, fmt.Sprintf("and %d more", len(m.batchPeaks)-mostSteps))
				break
			}
			texts = append(texts, s.Format(v))
		}
		text := strings.Join(texts, " → ")
		if strings.Trim(text, None+" →") == "" {
			text = None
		}
		to.Lines[i].Cells = append(to.Lines[i].Cells, text)
	}
}

// failures counts the failed requests of a trial.
func (m *trial) failures() string {
	requests, failed := 0, 0
	for i := range m.Batches {
		requests += m.Batches[i].Requests
		failed += m.Batches[i].Failed
	}
	if requests == 0 {
		return None
	}
	return words.Count(failed)
}

// remarkOn says why a trial does not count, or what is to be known of it.
func (r *Report) remarkOn(m *trial, counts bool) string {
	var texts []string
	if void := r.void[m.Round]; void != "" {
		texts = append(texts, "void: "+prose(void, mostPart))
	}
	if m.Error != "" {
		texts = append(texts, prose(m.Error, mostWords))
	}
	if m.Repeats > 0 {
		texts = append(texts, fmt.Sprintf("in the place of round %d, which is void", m.Repeats))
	}
	if m.against != nil {
		texts = append(texts, "its memory figures contradict each other")
	}
	if !counts && len(texts) == 0 {
		texts = append(texts, "does not count")
	}
	return strings.Join(texts, "; ")
}

// timesScale fits multiples.
func timesScale([]float64) Scale { return Scale{"×", 1, 1} }
