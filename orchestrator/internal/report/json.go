package report

import (
	"math"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// head is what stands in the saved file before the trials: the experiment
// without them, and its summary, where a reader meets it first.
type head struct {
	*bench.Experiment
	Verdict answer   `json:"verdict"`
	Control *control `json:"aa,omitempty"`
	// Arranged says in which order the summary is, and what is not in it.
	Arranged []string  `json:"arranged,omitempty"`
	Summary  []summary `json:"summary"`
	// What is written after the head is not in it.
	Trials   *struct{} `json:"trials,omitempty"`
	Warnings *struct{} `json:"warnings,omitempty"`
}

// answer is a Verdict as JSON.
type answer struct {
	Standing Standing `json:"standing"`
	Text     string   `json:"text"` // for people
}

// control is the A/A control as JSON. Passed is null where it could not be told.
type control struct {
	Baseline string `json:"baseline"`
	Twin     string `json:"twin"`
	Passed   *bool  `json:"passed"`
	Text     string `json:"text"`
}

// summary is a Row as JSON. What was not measured is null.
type summary struct {
	Variant        string         `json:"variant"`
	Rounds         int            `json:"rounds"` // trials that the figures rest on
	PeakRSS        *estimate      `json:"peak_rss_bytes"`
	PeakRatio      *comparison    `json:"peak_rss_ratio"` // to the baseline: 0.61 is 39 % less
	PeakByBatch    []*float64     `json:"peak_rss_bytes_by_batch"`
	PeakSource     string         `json:"peak_source"`
	SteadyRSS      *steady        `json:"steady_rss_bytes"`
	SteadyRatio    *comparison    `json:"steady_rss_ratio"`
	IdleRSS        *estimate      `json:"idle_rss_bytes"`
	IdleRatio      *comparison    `json:"idle_rss_ratio"`
	IdleFloor      *float64       `json:"idle_floor_bytes"`
	EndRSS         *float64       `json:"end_rss_bytes"`
	Returned       *float64       `json:"returned_share"`
	LiveBytes      *float64       `json:"live_bytes"`
	Overhead       *float64       `json:"overhead"`
	OverheadAtPeak *float64       `json:"overhead_at_peak"`
	GoShare        *float64       `json:"go_share_bytes"`
	CPUPerRequest  *float64       `json:"cpu_seconds_per_request"`
	CPURatio       *comparison    `json:"cpu_ratio"`
	WaitShare      *float64       `json:"wait_share"`
	Requests       int            `json:"requests"`
	Failed         int            `json:"failed"`
	Errors         map[string]int `json:"errors"`
	Latency        latency        `json:"latency"`
	Allocator      string         `json:"allocator"`
	Notes          []jsonNote     `json:"notes"`
}

// estimate is a figure over n rounds. lo and hi bound its 95 % interval; they
// are null where none can be given.
type estimate struct {
	Center float64  `json:"center"`
	Lo     *float64 `json:"lo"`
	Hi     *float64 `json:"hi"`
	N      int      `json:"n"`
}

// steady is an estimate, and whether the condition for a steady state held.
type steady struct {
	estimate
	Steady bool `json:"steady"`
}

// comparison is a ratio over n rounds, one of so many whose intervals hold
// together, and whether a difference is shown: null while the rounds are too few
// to say.
type comparison struct {
	estimate
	Shown       *bool   `json:"shown"`
	Comparisons int     `json:"comparisons"`
	Confidence  float64 `json:"confidence"`
}

// latency is in nanoseconds; null where no request was timed.
type latency struct {
	P50  *float64 `json:"p50_ns"`
	P90  *float64 `json:"p90_ns"`
	P99  *float64 `json:"p99_ns"`
	P999 *float64 `json:"p999_ns"`
	Max  *float64 `json:"max_ns"`
}

// jsonNote is a Note that weakens a row.
type jsonNote struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// json gives the control as JSON; nil for none.
func (c *Control) json() *control {
	if c == nil {
		return nil
	}
	return &control{Baseline: c.Baseline, Twin: c.Twin, Passed: told(c.Verdict, stat.NotShown), Text: c.Text}
}

// told says whether a verdict is the one; nil where there is none.
func told(v, one stat.Verdict) *bool {
	if v == stat.Unknown {
		return nil
	}
	is := v == one
	return &is
}

// summary gives the row as JSON.
func (r *Report) summary(row *Row) summary {
	s := summary{
		Variant:        row.Variant,
		Rounds:         row.Trials,
		PeakRSS:        whole(row.Peak.Estimate),
		PeakRatio:      compared(row.Peak.Ratio),
		PeakByBatch:    []*float64{},
		PeakSource:     row.PeakSource,
		SteadyRatio:    compared(row.Steady.Ratio),
		IdleRSS:        whole(row.Idle.Estimate),
		IdleRatio:      compared(row.Idle.Ratio),
		IdleFloor:      center(row.IdleFloor),
		EndRSS:         center(row.End),
		Returned:       value(row.Returned),
		LiveBytes:      center(row.Live),
		Overhead:       value(row.Overhead),
		OverheadAtPeak: value(row.OverheadAtPeak),
		GoShare:        center(row.GoShare),
		CPUPerRequest:  value(row.CPU),
		CPURatio:       compared(row.CPURatio),
		WaitShare:      value(row.WaitShare),
		Requests:       row.Requests,
		Failed:         row.Failed,
		Errors:         row.Errors,
		Latency:        latency{center(row.P50), center(row.P90), center(row.P99), center(row.P999), center(row.Max)},
		Allocator:      row.Proof.Allocator + spaced(row.Proof.Version),
		Notes:          []jsonNote{},
	}
	if e := whole(row.Steady.Estimate); e != nil {
		s.SteadyRSS = &steady{*e, row.IsSteady}
	}
	for _, v := range row.PeakByBatch {
		s.PeakByBatch = append(s.PeakByBatch, finite(math.Round(v)))
	}
	for _, n := range r.NotesOf(row) {
		s.Notes = append(s.Notes, jsonNote{n.Code, n.Text})
	}
	return s
}

// exact gives an estimate as JSON; nil for one that was not measured.
func exact(e stat.Estimate) *estimate {
	if e.N == 0 || finite(e.Center) == nil {
		return nil
	}
	to := &estimate{Center: e.Center, N: e.N}
	if e.Interval {
		to.Lo, to.Hi = finite(e.Lo), finite(e.Hi)
	}
	return to
}

// whole is exact for amounts in whole bytes.
func whole(e stat.Estimate) *estimate {
	e.Center, e.Lo, e.Hi = math.Round(e.Center), math.Round(e.Lo), math.Round(e.Hi)
	return exact(e)
}

// compared gives a ratio as JSON.
func compared(r stat.Ratio) *comparison {
	e := exact(r.Estimate)
	if e == nil {
		return nil
	}
	return &comparison{estimate: *e, Shown: told(r.Verdict(), stat.Shown), Comparisons: r.Comparisons, Confidence: stat.Confidence}
}

// value gives the centre of an estimate; nil for one that was not measured.
func value(e stat.Estimate) *float64 {
	if e.N == 0 {
		return nil
	}
	return finite(e.Center)
}

// center is value for whole units.
func center(e stat.Estimate) *float64 {
	e.Center = math.Round(e.Center)
	return value(e)
}

// finite gives v, or nil for what JSON cannot write.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// spaced puts a space before text that is not empty.
func spaced(text string) string {
	if text == "" {
		return ""
	}
	return " " + text
}
