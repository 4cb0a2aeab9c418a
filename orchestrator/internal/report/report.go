// Package report turns an experiment into meaning, and meaning into characters.
//
// Summarize makes a Report: a Row per variant, its figures, and Notes for all
// that weakens them. Text, Markdown, CSV and JSON only lay out what the Report
// says: its Table, the Stairs below it, the Intervals, and the facts of Rests,
// Legend and Ran. Everything is computed from the raw trials, so a saved
// experiment gives the same table again, byte for byte.
//
// # Definitions
//
// A(t) is the resident heap of a container at the time t: RssAnon and huge
// pages, summed over its processes, and shared memory counted once
// (bench.Sample.Resident). The tables call it RSS.
//
//   - Peak RSS of a batch: the largest of the high-water mark after a reset at
//     the batch's start, the samples of A within the batch, and the cgroup's own
//     peak where there is one. Peak RSS of a trial: the highest of its batches.
//   - Steady RSS of a batch: the median of A after the batch's last change of
//     level (stat.LastChange). It counts as steady if the Theil-Sen slope there,
//     times the length of that part, is under 5 % of the median. A trial's is
//     that of its last complete batch.
//   - Idle RSS: the median of A over the last third of the final idle; the idle
//     floor is the least sample of it.
//   - End RSS: the median of the last 5 samples of the last complete batch.
//     Returned: which share of what the load had added (end RSS less the RSS
//     before the first batch) was given back by the time of the idle RSS.
//   - Live bytes: the median, over the steady parts of complete batches, of the
//     C bytes that were requested and not yet freed.
//   - Overhead: how many bytes the C heap keeps resident per live byte,
//     (A − LazyFree − Go share) / live, over all batches. See Row.Overhead.
//   - CPU per request: CPU time of the container over requests, all batches.
//   - Wait share: the time in which the container's threads were ready to run
//     and had no CPU, over the time that all its requests took together.
//   - Latency: p50, p90 and p99 are the means of the batches' quantiles weighted
//     with their requests, which is not the quantile of all requests together
//     but close to it for batches that are alike; p99.9 and the maximum are those
//     of the worst batch.
//
// A variant's figure is the median over its trials (rounds), with a 95 %
// interval from 6 rounds on. A ratio is taken within a round, against the
// baseline's trial of the same round, and only between trials that completed
// the same number of batches and did not end early, unless all were interrupted.
// Its centre is the Hodges-Lehmann pseudomedian and its interval that of the
// signed-rank statistic; the intervals of a column hold 95 % together (package
// stat). Rounds that are void count in nothing.
//
// # Checks
//
// At every phase edge A is held against what the kernel charges the cgroup: a
// difference beyond 5 % and 4 MiB is a note. Live bytes more than 2 % above A
// cannot be: such a variant has no memory figures at all (Contradicted). If the
// baseline and an identical twin differ, the report is stamped (Control).
package report

import (
	"cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// Report is what an experiment means.
type Report struct {
	Exp    *bench.Experiment // what it was made from; not changed
	Rows   []*Row            // in the order of the design
	Notes  []*Note           // in reading order
	Rounds int               // that count: at least one of their trials does, and they are not void
	// Comparisons is the number of changes in a column, whose intervals hold
	// together.
	Comparisons int
	Control     *Control // nil without a twin of the baseline

	every []*Row   // all rows, where Rows are some of them or in another order; nil: Rows
	order Order    // of the rows
	told  *Verdict // of all rows, where Rows are some of them

	void      map[int]string     // why a round does not count, by its number
	headNotes map[string][]*Note // by key of a column: notes that hold for the whole column
}

// Row holds the figures of one variant. An Estimate with N = 0 was not measured.
type Row struct {
	Variant  string
	Baseline bool
	Trials   int // trials that the figures rest on
	// LeftOut says why the variant could not be measured; empty where it could.
	LeftOut string
	Proof   bench.Proof
	// Contradicted says why no memory figure of the row is given; nil where
	// nothing speaks against them.
	Contradicted *Contradiction

	Peak, Steady, Idle Memory

	PeakByBatch []float64 // bytes: medians over the trials, from batch 1; NaN where no trial came so far
	PeakSource  string    // the instrument that gave the peak: "high-water mark", "samples" or "cgroup"
	IsSteady    bool      // every trial's last complete batch was level
	IdleFloor   stat.Estimate
	End         stat.Estimate // bytes
	Returned    stat.Estimate // share, 1 is all

	// Live is in bytes.
	Live stat.Estimate
	// Overhead is the mean of (A − LazyFree − Go share) over the mean of the live
	// bytes, both weighted with time, over the gauges within batches. A mean of
	// the single ratios would be ruled by the moments at a batch's edges, when
	// next to nothing is live. LazyFree is that of the nearest phase edge; the Go
	// share is the middle between its bounds.
	Overhead stat.Estimate
	// OverheadAtPeak is the same ratio at the gauge nearest to the highest
	// sample. It jumps about where the RSS peaks after the live bytes have gone.
	OverheadAtPeak stat.Estimate
	GoShare        stat.Estimate // bytes, median over the gauges within batches

	CPU       stat.Estimate // seconds per request
	CPURatio  stat.Ratio    // of the CPU time per request to the baseline's
	WaitShare stat.Estimate
	P50, P90  stat.Estimate // nanoseconds, as all latencies
	P99, P999 stat.Estimate
	Max       stat.Estimate

	// Requests, Failed and Errors are sums over every trial of the variant, ended
	// early or not, but not over void rounds.
	Requests, Failed int
	Errors           map[string]int

	trials []*trial           // those that the figures rest on
	all    []*trial           // and all others, but for those of void rounds
	void   int                // trials of void rounds
	notes  map[string][]*Note // by key of a column; "variant" holds for the row
}

// Memory is a memory figure in bytes and its ratio to the baseline.
type Memory struct {
	stat.Estimate
	Ratio stat.Ratio
}

// Summarize computes the report of an experiment.
func Summarize(exp *bench.Experiment) *Report {
	r := &Report{Exp: exp, void: voids(exp), headNotes: map[string][]*Note{}}
	with := new(scratch)
	for _, name := range variants(exp) {
		r.Rows = append(r.Rows, r.newRow(name, with))
	}
	rounds := map[int]bool{}
	for _, t := range r.trials() {
		rounds[cmp.Or(t.Turn, t.Round)] = true
	}
	r.Rounds, r.Comparisons = len(rounds), r.comparisons()
	base := r.baseline()
	for _, row := range r.Rows {
		if base != nil && row != base {
			r.compare(row, base)
		}
	}
	r.Control = r.control()
	r.annotate()
	return r
}

// baseline is the row that the others are compared with; nil if there is none.
func (r *Report) baseline() *Row {
	for _, row := range r.Rows {
		if row.Baseline {
			return row
		}
	}
	return nil
}

// variants lists the names of the design, then those of what was left out and of
// trials that the design does not know.
func variants(exp *bench.Experiment) []string {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, v := range exp.Design.Variants {
		add(v.Name)
	}
	for _, left := range exp.LeftOut {
		add(left.Variant)
	}
	for i := range exp.Trials {
		add(exp.Trials[i].Variant)
	}
	return names
}
