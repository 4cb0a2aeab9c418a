package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// CSV writes a row per variant with raw numbers, their units in the head. A
// figure that was not measured, or has no interval, is empty; notes are their
// codes, apart by spaces; why a variant was left out is in the last field. Text that a spreadsheet would take for a formula has an
// apostrophe in front. The only errors are those of w.
func CSV(w io.Writer, exp *bench.Experiment) error { return Summarize(exp).CSV(w) }

// CSV is the function CSV of a report that is made.
func (r *Report) CSV(w io.Writer) error {
	exp := r.Exp
	batches := exp.Design.Batches
	for _, row := range r.Rows {
		batches = max(batches, len(row.PeakByBatch))
	}
	// A wrong file may claim a billion batches; none has more than were measured
	// by much.
	batches = min(batches, 10_000)

	head := []string{"variant", "rounds"}
	for _, name := range []string{"peak_rss", "steady_rss", "idle_rss"} {
		head = append(head, name+"_bytes", name+"_lo_bytes", name+"_hi_bytes", name+"_ratio", name+"_ratio_lo", name+"_ratio_hi")
	}
	for b := range batches {
		head = append(head, fmt.Sprintf("peak_rss_batch_%d_bytes", b+1))
	}
	head = append(head,
		"peak_source", "steady", "idle_floor_bytes", "live_bytes", "overhead", "overhead_at_peak", "go_share_bytes",
		"cpu_seconds_per_request", "wait_share", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns", "requests", "failed", "allocator", "notes", "left_out")

	out := csv.NewWriter(w)
	// An error of w stays with out until Flush.
	_ = out.Write(head)
	for _, row := range r.Rows {
		_ = out.Write(r.csvRow(row, batches))
	}
	out.Flush()
	return out.Error()
}

// csvRow writes a row's fields in the order of the head.
func (r *Report) csvRow(row *Row, batches int) []string {
	fields := []string{plain.Field(plain.Name(row.Variant)), strconv.Itoa(row.Trials)}
	for _, m := range []Memory{row.Peak, row.Steady, row.Idle} {
		fields = append(fields, wholeField(m.Estimate, m.Center), limitField(m.Estimate, math.Round(m.Lo)), limitField(m.Estimate, math.Round(m.Hi)),
			field(m.Ratio.Estimate), limitField(m.Ratio.Estimate, m.Ratio.Lo), limitField(m.Ratio.Estimate, m.Ratio.Hi))
	}
	for b := range batches {
		text := ""
		if b < len(row.PeakByBatch) {
			text = digitsOf(math.Round(row.PeakByBatch[b]))
		}
		fields = append(fields, text)
	}
	level := ""
	if row.Steady.N > 0 {
		level = strconv.FormatBool(row.IsSteady)
	}
	fields = append(fields, row.PeakSource, level, wholeField(row.IdleFloor, row.IdleFloor.Center), wholeField(row.Live, row.Live.Center),
		field(row.Overhead), field(row.OverheadAtPeak), wholeField(row.GoShare, row.GoShare.Center), field(row.CPU), field(row.WaitShare))
	for _, e := range []stat.Estimate{row.P50, row.P90, row.P99, row.P999, row.Max} {
		fields = append(fields, wholeField(e, e.Center))
	}
	var codes []string
	seen := map[string]bool{}
	for _, n := range r.NotesOf(row) {
		if !seen[n.Code] {
			seen[n.Code] = true
			codes = append(codes, named(n.Code))
		}
	}
	return append(fields, strconv.Itoa(row.Requests), strconv.Itoa(row.Failed),
		plain.Field(allocator(row.Proof)), plain.Field(strings.Join(codes, " ")), plain.Field(prose(row.LeftOut, mostNote)))
}

// field writes the centre of an estimate.
func field(e stat.Estimate) string {
	if e.N == 0 {
		return ""
	}
	return digitsOf(e.Center)
}

// wholeField writes v, a value of e, in whole units.
func wholeField(e stat.Estimate, v float64) string {
	if e.N == 0 {
		return ""
	}
	return digitsOf(math.Round(v))
}

// limitField writes v, a bound of e's interval.
func limitField(e stat.Estimate, v float64) string {
	if !e.Interval {
		return ""
	}
	return digitsOf(v)
}

// digitsOf writes a number for programs; nothing for one that is none.
func digitsOf(v float64) string {
	if finite(v) == nil {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
