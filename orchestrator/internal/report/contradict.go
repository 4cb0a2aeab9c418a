package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

const (
	impossible = 1.02 // live bytes over resident ones: less may be chance, more cannot be
	meanGauges = 3    // readings of the counters that a mean needs
)

// Contradiction tells of a trial in which more bytes were live than resident.
// That cannot be, so whatever the memory of that variant is made of, A does not
// count it.
type Contradiction struct {
	Round, Batch   int
	Live, Resident float64 // bytes
	Swapped        float64 // bytes that were swapped out at most, in that trial

	in *bench.Trial
}

// contradiction looks for the batch in which the live bytes exceed A the most.
//
// A busy service changes its live bytes by megabytes between a reading of its
// counters and the nearest sample of A. So one reading is held against the
// highest A of the whole batch, and for the rest the means over the batch are
// compared, of A the larger of the two samples around each reading.
func (m *reading) contradiction() *Contradiction {
	var worst *Contradiction
	for i := range m.Batches {
		b := &m.Batches[i]
		gauges := m.gaugesOf(b)
		var live, resident []float64
		most := bench.Gauge{}
		for j, seconds := range weights(gauges, b) {
			g := gauges[j]
			if g.LiveRequested > most.LiveRequested {
				most = g
			}
			live = append(live, float64(g.LiveRequested)*seconds)
			resident = append(resident, m.mostAround(g.At)*seconds)
		}
		take := func(live, resident float64) {
			if resident > 0 && live > impossible*resident && (worst == nil || live*worst.Resident > worst.Live*resident) {
				worst = &Contradiction{in: m.Trial, Round: m.Round, Batch: b.Number, Live: live, Resident: resident}
			}
		}
		_, top, sampled := highest(m.samples, b)
		take(float64(most.LiveRequested), max(top, float64(b.HighWater)))
		if length := (b.End - b.Start).Seconds(); sampled && len(gauges) >= meanGauges && length > 0 {
			take(sum(live)/length, sum(resident)/length)
		}
	}
	if worst != nil {
		worst.Swapped = float64(m.swap)
	}
	return worst
}

// mostAround gives the larger A of the samples right before and right after at.
func (m *reading) mostAround(at time.Duration) float64 {
	resident := 0.0
	before, after := m.around(at)
	for _, s := range []*bench.Sample{before, after} {
		if s != nil {
			resident = max(resident, float64(s.Resident()))
		}
	}
	return resident
}

// withhold takes the memory figures from a trial.
func (m *trial) withhold() {
	nan := math.NaN()
	for _, figure := range []*float64{
		&m.peak, &m.steady, &m.drift, &m.idle, &m.idleFloor, &m.end, &m.returned, &m.live, &m.overhead, &m.atPeak, &m.goShare,
	} {
		*figure = nan
	}
	for i := range m.batchPeaks {
		m.batchPeaks[i] = nan
	}
	m.peakSource, m.isSteady = "", false
}

// believable gives a trial without what its counters contradict. A trial that
// does not count leaves its variant's figures alone, but shows none of its own.
func (m *trial) believable() *trial {
	if m.against == nil {
		return m
	}
	shown := *m
	shown.batchPeaks = slices.Clone(m.batchPeaks)
	shown.withhold()
	return &shown
}

// believes says whether the memory of one of the row's trials may be shown.
func (row *Row) believes(t *bench.Trial) bool {
	for _, m := range row.all {
		if m.Trial == t {
			return m.against == nil
		}
	}
	return newTrial(t, new(scratch)).against == nil // of a void round
}

// hold withholds the memory figures of a variant if one of its trials
// contradicts them. With interrupted, all trials count.
func (row *Row) hold(interrupted bool) {
	counted := row.trials
	if interrupted {
		counted = row.all
	}
	for _, t := range counted {
		c := t.against
		if c != nil && (row.Contradicted == nil || c.Live*row.Contradicted.Resident > row.Contradicted.Live*c.Resident) {
			row.Contradicted = c
		}
	}
	if row.Contradicted == nil {
		return
	}
	for _, t := range row.all {
		t.withhold()
	}
}

// figures says what contradicts what: "live 117 MiB, RSS 7 MiB in round 2, batch
// 1; 40 MiB were swapped out".
func (c *Contradiction) figures(rounds int) string {
	text := fmt.Sprintf("live %s, RSS %s in %s", mebibytes(c.Live), mebibytes(c.Resident), place(c.in, c.Batch, rounds))
	if c.Swapped > 0 {
		text += fmt.Sprintf("; %s were swapped out", mebibytes(c.Swapped))
	}
	return text
}

// place names a batch of a trial; its round only if there are several.
func place(t *bench.Trial, batch, rounds int) string {
	if rounds > 1 || t.Group > 0 {
		return fmt.Sprintf("%s, batch %d", t.RoundName(), batch)
	}
	return fmt.Sprintf("batch %d", batch)
}

func (r *Report) noteContradicted() {
	for _, row := range r.Rows {
		if c := row.Contradicted; c != nil {
			r.note(CodeContradicted, fmt.Sprintf("%s had more live bytes than resident ones, which is impossible (%s): RSS misses some of its memory, so no figure of it is given",
				row.Name(), c.figures(r.Rounds)), append(MemoryColumns(), ColOverhead, ColLive), row)
		}
	}
}

// Contradicted is the error of an experiment in which a variant has no memory
// figures because its live bytes contradict them; nil if there is none.
func Contradicted(exp *bench.Experiment) error {
	r := Summarize(exp)
	var texts []string
	for _, row := range r.Rows {
		if row.Contradicted != nil {
			texts = append(texts, fmt.Sprintf("%s (%s)", row.Name(), row.Contradicted.figures(r.Rounds)))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return hint.With(
		errors.New("more bytes were live than resident, so the memory was not measured: "+strings.Join(texts, ", ")),
		"RSS misses memory that was swapped out and pages of a kind that it does not count: turn swap off, and remove the setting that asks for such pages",
	)
}
