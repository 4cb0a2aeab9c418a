package design

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// assumedScatter is the standard deviation between rounds of the log-ratio of
// two variants' peaks where none was measured: seven rounds of glibc and
// jemalloc showed 0.096.
const assumedScatter = 0.10

// assumedSlowdown is how much longer than their least batches are taken to last
// where none was measured: variants that share two CPUs wait for them.
const assumedSlowdown = 2

// assumedInGroups is the same in a group whose variants do not saturate the CPUs:
// batches of 13.5 s at the least took 16 s.
const assumedInGroups = 1.25

// oftenAsked is a difference that people would like to see.
const oftenAsked = 0.10

// Experience is what earlier results say of a design to come.
type Experience struct {
	Scatter float64       // standard deviation of the log-ratios of the peaks
	Batch   time.Duration // what a batch of the slowest variant took; 0: not known
	From    string        // the result that says so; empty: all is assumed
}

// Assumed is the experience of somebody who has none.
func Assumed() Experience { return Experience{Scatter: assumedScatter} }

// Learn looks through earlier results, each with its name and the newest first,
// for one of the same work and the same variants with rounds enough to tell
// their scatter. Where there is none it gives what Assumed does.
func Learn(past iter.Seq2[string, *bench.Experiment], d bench.Design, p bench.Plan) Experience {
	for name, exp := range past {
		if !alike(exp, d, p) {
			continue
		}
		scatter, batch := measured(exp)
		if scatter > 0 && batch > 0 {
			return Experience{scatter, batch, name}
		}
	}
	return Assumed()
}

// alike says whether an experiment had the same work and the same variants.
func alike(exp *bench.Experiment, d bench.Design, p bench.Plan) bool {
	of := exp.Design
	apart := func(d bench.Design) bool { return d.Mode == bench.Apart }
	return exp.Plan.SHA256 == p.SHA256 && exp.Plan.Iterations == p.Iterations && exp.Plan.Concurrency == p.Concurrency &&
		of.Sleep == d.Sleep && of.Workers == d.Workers && of.Threads == d.Threads && apart(of) == apart(d) &&
		of.Transport == d.Transport && of.MemoryLimit == d.MemoryLimit && slices.Equal(names(of), names(d))
}

// measured gives the largest scatter of the peaks' ratios, and what the slowest
// variant's batches took in the mean; 0 where too little was measured.
func measured(exp *bench.Experiment) (scatter float64, batch time.Duration) {
	const leastPairs = 4 // fewer say next to nothing of a standard deviation
	for _, row := range report.Summarize(exp).Rows {
		if r := row.Peak.Ratio; r.N >= leastPairs && !math.IsNaN(r.Scatter) {
			scatter = max(scatter, r.Scatter)
		}
	}
	total, count := map[string]time.Duration{}, map[string]int{}
	for _, t := range exp.Trials {
		for _, b := range t.Batches {
			if !b.Interrupted && t.Void == "" {
				total[t.Variant] += b.End - b.Start
				count[t.Variant]++
			}
		}
	}
	for variant, sum := range total {
		batch = max(batch, sum/time.Duration(count[variant]))
	}
	return scatter, batch
}

// BatchOf is what a batch of the design is taken to last.
func (e Experience) BatchOf(d bench.Design, p bench.Plan) time.Duration {
	if e.Batch > 0 {
		return e.Batch
	}
	least := LeastBatch(d, p)
	if d.Groups != nil && d.AtOnce == 0 { // whose variants fit the CPUs
		return limited(assumedInGroups * float64(least))
	}
	if len(d.Variants) < 2 || d.Mode == bench.Apart {
		return least
	}
	return times(assumedSlowdown, least)
}

// PaceFrom says where BatchOf has it from: "at the pace of results/a".
func (e Experience) PaceFrom() string {
	if e.Batch > 0 {
		return "at the pace of " + e.From
	}
	return "at an assumed pace"
}

// Shows says what a design can show: the smallest difference that it finds four
// times out of five. It is empty where there is nothing to compare.
func Shows(d bench.Design, known Experience) string {
	if len(d.Variants) < 2 {
		return ""
	}
	m := comparisons(d)
	ratio, ok := stat.Detectable(d.Rounds, m, known.Scatter)
	if !ok {
		need := "an interval needs"
		if m > 1 {
			need = fmt.Sprintf("intervals over %d comparisons need", m)
		}
		return fmt.Sprintf("no difference for sure: %s of the %d that %s", words.Plural(d.Rounds, "round", "rounds"), stat.MinRounds(m), need)
	}
	from := "assumed"
	if known.From != "" {
		from = "measured in " + known.From
	}
	text := fmt.Sprintf("a peak that is lower by %.0f %% or more, 4 times out of 5", 100*(1-ratio))
	if n, ok := stat.RoundsFor(1-oftenAsked, m, known.Scatter, MostRounds); ok && n > d.Rounds {
		text += fmt.Sprintf("; for %.0f %% it takes %d rounds", 100*oftenAsked, n)
	}
	return text + fmt.Sprintf(" (scatter of the ratios %.2f, %s)", known.Scatter, from)
}
