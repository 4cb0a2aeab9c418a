package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/lab"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// defaultScatter is the standard deviation between rounds of the log-ratio of
// two variants' peaks where none was measured: seven rounds of glibc and
// jemalloc showed 0.096.
const defaultScatter = 0.10

// oftenAsked is a difference that people would like to see.
const oftenAsked = 0.10

// slower is how much longer than their least batches are taken to last where
// none was measured: variants that share two CPUs wait for them.
const slower = 2

// experience is what earlier results say of a design to come.
type experience struct {
	scatter float64       // of the log-ratios of the peaks
	batch   time.Duration // what a batch took; 0: not known
	from    string        // the folder that says so; empty: nothing was found
}

// comparisons counts the variants that a column holds against the baseline; a
// variant on its own is summarised like one comparison.
func comparisons(d bench.Design) int { return max(1, len(d.Variants)-1) }

// shows says what a design can show: the smallest difference that it finds four
// times out of five.
func shows(d bench.Design, known experience) string {
	if len(d.Variants) < 2 {
		return ""
	}
	m := comparisons(d)
	ratio, ok := stat.Detectable(d.Rounds, m, known.scatter)
	if !ok {
		need := "an interval needs"
		if m > 1 {
			need = fmt.Sprintf("intervals over %d comparisons need", m)
		}
		return fmt.Sprintf("no difference for sure: %s of the %d that %s", words.Plural(d.Rounds, "round", "rounds"), stat.MinRounds(m), need)
	}
	from := "assumed"
	if known.from != "" {
		from = "measured in " + known.from
	}
	text := fmt.Sprintf("a peak that is lower by %.0f %% or more, 4 times out of 5", 100*(1-ratio))
	if n, ok := stat.RoundsFor(1-oftenAsked, m, known.scatter, 1000); ok && n > d.Rounds {
		text += fmt.Sprintf("; for %.0f %% it takes %d rounds", 100*oftenAsked, n)
	}
	return text + fmt.Sprintf(" (scatter of the ratios %.2f, %s)", known.scatter, from)
}

// batchOf is what a batch of the design is taken to last.
func (e experience) batchOf(d bench.Design, p bench.Plan) time.Duration {
	if e.batch > 0 {
		return e.batch
	}
	least := lab.LeastBatch(d, p)
	if len(d.Variants) < 2 || d.Mode == bench.Apart {
		return least
	}
	return slower * least
}

func (e experience) paceFrom() string {
	if e.batch > 0 {
		return "at the pace of " + e.from
	}
	return "at a pace that is assumed"
}

// fit chooses rounds and batches for --for.
func (s *settings) fit(d bench.Design, p bench.Plan, known experience) (bench.Design, error) {
	fixedRounds, fixedBatches := s.given["rounds"], s.given["batches"]
	d.Fill = !fixedRounds
	least := d
	least.Rounds = 1
	if !fixedBatches {
		least.Batches = 1
	}
	if shortest := lab.Duration(least, lab.LeastBatch(d, p)); shortest > d.Until {
		return d, hint.Mistake(fmt.Sprintf("--for %v is too short for anything: a round of %s takes at least %v", d.Until, words.Plural(least.Batches, "batch", "batches"), shortest.Round(time.Second)),
			"give it more time, or less to do: --iterations, --idle, --preset quick")
	}
	// One more than needed: a round may be lost.
	fitted, ok := lab.Fit(d, known.batchOf(d, p), stat.MinRounds(comparisons(d))+1, fixedRounds, fixedBatches)
	if !ok {
		// By the pace that is expected not even one fits; by the least it may.
		least.Until = d.Until
		return least, nil
	}
	return fitted, nil
}

// Bounds of the search for earlier results.
const (
	mostResults = 20
	largestFile = 256 << 20
)

// learn looks through the results, the newest first, for one of the same work and
// the same variants with rounds enough to tell their scatter.
func learn(folder string, d bench.Design, p bench.Plan) experience {
	known := experience{scatter: defaultScatter}
	files, err := filepath.Glob(filepath.Join(folder, "*", store.ExperimentFile))
	if err != nil {
		return known
	}
	slices.Sort(files) // folders are named by their time
	slices.Reverse(files)
	for _, file := range files[:min(len(files), mostResults)] {
		if info, err := os.Stat(file); err != nil || info.Size() > largestFile {
			continue
		}
		exp, err := store.Load(file)
		if err != nil || !alike(exp, d, p) {
			continue
		}
		scatter, batch := measured(exp)
		if scatter > 0 && batch > 0 {
			return experience{scatter, batch, filepath.Dir(file)}
		}
	}
	return known
}

// alike says whether an experiment had the same work and the same variants.
func alike(exp *bench.Experiment, d bench.Design, p bench.Plan) bool {
	of := exp.Design
	mode := func(d bench.Design) bool { return d.Mode == bench.Apart }
	return exp.Plan.SHA256 == p.SHA256 && exp.Plan.Iterations == p.Iterations && exp.Plan.Concurrency == p.Concurrency &&
		of.Sleep == d.Sleep && of.Workers == d.Workers && of.Threads == d.Threads && mode(of) == mode(d) &&
		of.Transport == d.Transport && of.MemoryLimit == d.MemoryLimit &&
		slices.EqualFunc(of.Variants, d.Variants, func(a, b bench.Variant) bool { return a.Name == b.Name })
}

// measured gives the largest scatter of the peaks' ratios, and what the slowest
// variant's batches took in the mean.
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
