package gate

import (
	"fmt"
	"math"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// Outcome is what came of holding a result against an older one.
type Outcome int

// The outcomes.
const (
	Fine    Outcome = iota // nothing is shown to be worse
	Worse                  // something is
	Unclear                // it cannot be told
)

const (
	sharp = 0.20               // half of an interval's width, as an increase, at most
	least = float64(bench.MiB) // by how much memory must have grown
)

// Finding is what came of one figure of one variant.
type Finding struct {
	Variant string
	Figure  string // its name
	Column  string // its column in the report
	Allowed float64
	Was     float64 // the median over the rounds, in the report's unit
	Now     float64
	Ratio   stat.Unpaired // of the new rounds to the old
	Outcome Outcome
	Why     string // it cannot be told; empty otherwise
	// Blurred says that the figure is not shown to be worse, and that its rounds
	// scatter so much that an increase which matters might not show.
	Blurred bool
}

// Verdict is what came of holding a new result against an old one.
type Verdict struct {
	Outcome  Outcome
	Findings []Finding // variants in the order of the new result, then figures
	Invalid  []string  // why nothing can be told at all; there are no findings then
	Unjudged []string  // variants that the old result does not have
	Missing  []string  // variants of the old result that the new one does not have
	WasN     int       // rounds that count in the old result
	NowN     int
}

// Judge holds a result against an older one of the same work.
func Judge(was, now *report.Report, allowed []Allowed) *Verdict {
	v := &Verdict{WasN: was.Rounds, NowN: now.Rounds}
	v.Invalid = append(Invalid(was), Invalid(now)...)
	for _, row := range now.Rows {
		if old := rowOf(was, row.Variant); old == nil {
			v.Unjudged = append(v.Unjudged, row.Name())
		} else if text := otherWork(old, row); text != "" {
			v.Invalid = append(v.Invalid, text)
		}
	}
	for _, row := range was.Rows {
		if rowOf(now, row.Variant) == nil {
			v.Missing = append(v.Missing, row.Name())
		}
	}
	if len(v.Invalid) == 0 {
		v.judge(was, now, allowed)
	}
	v.decide()
	return v
}

// decide sets the outcome.
func (v *Verdict) decide() {
	switch {
	case len(v.Invalid) > 0, len(v.Findings) == 0:
		v.Outcome = Unclear
	case slices.ContainsFunc(v.Findings, Finding.worse):
		v.Outcome = Worse
	case slices.ContainsFunc(v.Findings, Finding.unclear), len(v.blurred()) > 0:
		v.Outcome = Unclear
	default:
		v.Outcome = Fine
	}
}

// blurred lists the variants of which nothing is sharp: not one figure would have
// shown an increase that matters.
func (v *Verdict) blurred() []string {
	var all []string
	for _, f := range v.Findings {
		sharp := func(g Finding) bool { return g.Variant == f.Variant && !g.Blurred }
		if !slices.Contains(all, f.Variant) && !slices.ContainsFunc(v.Findings, sharp) {
			all = append(all, f.Variant)
		}
	}
	return all
}

func (f Finding) worse() bool   { return f.Outcome == Worse }
func (f Finding) unclear() bool { return f.Outcome == Unclear }

func (v *Verdict) judge(was, now *report.Report, allowed []Allowed) {
	for _, row := range now.Rows {
		old := rowOf(was, row.Variant)
		if old == nil {
			continue
		}
		for _, a := range allowed {
			for _, f := range figures() {
				if f.name != a.Figure {
					continue
				}
				finding := hold(was.Values(old, f.column), now.Values(row, f.column), memory(f.column), a.More)
				finding.Variant, finding.Figure, finding.Column = row.Name(), f.name, f.column
				if finding.Ratio.N > 0 || finding.Ratio.Base > 0 {
					v.Findings = append(v.Findings, finding) // else nobody asked for it, as for an idle of 0 s
				}
			}
		}
	}
}

// memory says that the figure is in bytes.
func memory(column string) bool {
	return column == report.ColLive || slices.Contains(report.MemoryColumns(), column)
}

// hold judges a figure by its values of all rounds, then and now.
func hold(was, now []float64, memory bool, allowed float64) Finding {
	ratio := stat.UnpairedRatio(now, was, 1)
	f := Finding{Allowed: allowed, Was: stat.Summarize(was).Center, Now: stat.Summarize(now).Center, Ratio: ratio}
	switch {
	case ratio.N == 0:
		f.Outcome, f.Why = Unclear, "it is not measured any more"
	case ratio.Base == 0:
		f.Outcome, f.Why = Unclear, "it was not measured then"
	case !ratio.Interval:
		f.Outcome, f.Why = Unclear, fmt.Sprintf("%s then and %s now are too few for an interval", rounds(ratio.Base), rounds(ratio.N))
	case ratio.Lo > 1+allowed && (!memory || f.Was*(ratio.Center-1) >= least):
		f.Outcome = Worse
	case ratio.Hi > 1+allowed && math.Sqrt(ratio.Hi/ratio.Lo) > 1+sharp && (!memory || f.Was*(ratio.Hi-1) >= least):
		f.Blurred = true
	}
	return f
}

// Spoil adds a reason for which nothing can be told, and what was found counts no
// more.
func (v *Verdict) Spoil(why string) {
	v.Invalid, v.Findings = append(v.Invalid, why), nil
	v.decide()
}

// Invalid says why nothing can be told from a result; nil: it is fit to be held
// against another.
func Invalid(r *report.Report) []string {
	if r.Rounds == 0 {
		return []string{"no round counts"}
	}
	var all []string
	if r.Stamp() != "" {
		all = append(all, r.Control.Text)
	}
	for _, row := range r.Rows {
		if row.Contradicted != nil {
			all = append(all, row.Name()+" had more live bytes than resident ones")
		}
	}
	for i := range r.Exp.Trials {
		// What an interruption cut short counts in no figure, and says nothing.
		if t := &r.Exp.Trials[i]; t.Void == "" && t.Error != "" && !r.Exp.Interrupted {
			all = append(all, fmt.Sprintf("%s ended early in round %d: %s", nameOf(r, t.Variant), t.Round, plain.Line(t.Error)))
		}
	}
	for _, n := range r.Notes {
		if n.Code == report.CodeUnequalWork {
			all = append(all, n.Text)
		}
	}
	return all
}

// otherWork says in what the requests of a variant were not carried out as they
// were then; "" if they were.
func otherWork(was, now *report.Row) string {
	share := func(row *report.Row) float64 { return float64(row.Failed) / float64(max(row.Requests, 1)) }
	const same = 0.01
	then, lately := share(was), share(now)
	if math.Abs(then-lately) <= same && (was.Failed == 0) == (now.Failed == 0) {
		return ""
	}
	return fmt.Sprintf("%s did not do the same work: %.3g %% of its requests failed then and %.3g %% now", now.Name(), 100*then, 100*lately)
}

func rowOf(r *report.Report, variant string) *report.Row {
	for _, row := range r.Rows {
		if row.Variant == variant {
			return row
		}
	}
	return nil
}

// nameOf gives a variant's name as it is shown.
func nameOf(r *report.Report, variant string) string {
	if row := rowOf(r, variant); row != nil {
		return row.Name()
	}
	return ""
}
