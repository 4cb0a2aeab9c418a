// Package versus holds one experiment against another: an old one and a new one of
// the same work.
//
// Compare says first what differs between the two in design, plan, machine and
// versions, and refuses what did not do the same work. Then it gives, for every
// variant that is in both, each figure of the report as it was and as it is, and
// the change with its interval. Text, Markdown, JSON and HTML lay that out.
//
// # What a change is
//
// The unit is the round, as in the report. The rounds of two runs are not paired,
// so they are two independent samples: the change is the Hodges-Lehmann shift of
// their logs, and its interval that of the exact Mann-Whitney statistic
// (stat.UnpairedRatio). All intervals of a table hold together at 95 %.
//
// The rounds of a run share the state that the machine was in that hour. That state
// is in the change, and the interval knows nothing of it: a run of the very same
// service an hour later may show a change. What both variants of a run share
// cancels in the ratio to the baseline, so the change of that ratio is given too
// (Relative); and whoever acts on a change runs it again first.
package versus

import (
	"fmt"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// Options say what is compared, and how strictly.
type Options struct {
	// OldName and NewName are how people know the two runs, such as the folders
	// that they named; empty: by their run IDs.
	OldName, NewName string
	// Figures are the columns of the report to compare; none: all of Figures().
	// Fewer figures have shorter intervals, for fewer must hold together.
	Figures []string
	// Anyway compares what did not do the same work, and marks every change.
	Anyway bool
}

// Figures lists the columns that can be compared, in the order of the tables. Of
// each of them less is better.
func Figures() []string {
	return []string{
		report.ColPeak, report.ColSteady, report.ColIdle, report.ColOverhead, report.ColCPU, report.ColP99, report.ColP50,
	}
}

// Result is what has changed between two runs.
type Result struct {
	Old, New Side
	// Same says that both are one and the same run.
	Same bool
	// Anyway says that the two did not do the same work and were compared all the
	// same: no change is a result then.
	Anyway      bool
	Differences []Difference // in reading order, what must be the same first
	// Stamps say of which side an A/A control failed; nothing is to be trusted then.
	Stamps []string

	Variants         []*Variant // in both, in the order of the new design
	OnlyOld, OnlyNew []string   // names of variants
	LeftOut          []LeftOut  // that could not be measured in one of the runs, or in both
	Comparisons      int        // changes in Variants, whose intervals hold together

	// Relative is how the ratio to the baseline changed; empty where the two have
	// no baseline in common or nothing beside it.
	Relative            []*Variant
	Baseline            string
	RelativeComparisons int

	Notes []*Note // in reading order; the number of a note is its place, from 1
}

// LeftOut is a variant that could not be measured in a run.
type LeftOut struct {
	Variant string
	Run     string // old or new
	Why     string
}

// Side is one of the two runs.
type Side struct {
	*report.Report
	Name string // how people know it
}

// Variant holds the changes of one variant.
type Variant struct {
	Name     string
	Changes  []*Change // one per figure, in the order that was asked for
	Old, New Requests
	Notes    []*Note // that weaken all of its figures
	Failures []*Note // that tell of failed requests
}

// Requests counts what was sent to a variant in rounds that are not void.
type Requests struct{ Sent, Failed int }

// Change is a figure of a variant in both runs.
type Change struct {
	Figure string // a column of the report
	// Old and New are medians over the rounds that are compared, with intervals of
	// their own, in the unit of the report's estimate; in Relative, ratios to the
	// baseline.
	Old, New stat.Estimate
	// Ratio is new over old. Where the change is withheld it is of nothing.
	Ratio    stat.Unpaired
	Withheld bool    // both were measured, but cannot be compared: a note says why
	Notes    []*Note // that weaken it
}

// Worse says that the figure is shown to have grown.
func (c *Change) Worse() bool { return c.Ratio.Verdict() == stat.Shown && c.Ratio.Lo > 1 }

// Better says that the figure is shown to have fallen.
func (c *Change) Better() bool { return c.Ratio.Verdict() == stat.Shown && c.Ratio.Hi < 1 }

// doubtful are the codes of notes that give another reason for a change than the
// variant itself.
var doubtful = []string{
	report.CodeControl, report.CodeUncounted, report.CodeBusyMachine, report.CodeStolen, report.CodeJumped, report.CodeSlept,
	report.CodeStarved, report.CodeUnequalWork, report.CodeFailedRequests, report.CodeSwap, CodeOtherWork, CodeOtherNeighbours, CodeOtherIdle,
}

// Doubts gives the codes of those of its notes, each once, that give another reason
// for the change than the variant itself.
func (c *Change) Doubts() []string {
	var codes []string
	for _, n := range c.Notes {
		if slices.Contains(doubtful, n.Code) && !slices.Contains(codes, n.Code) {
			codes = append(codes, n.Code)
		}
	}
	return codes
}

// Note is something that weakens a change or has to be known to read it.
type Note struct {
	Code string // stable, for programs: the report's, or one of the Code constants
	Text string // for people, without the code
}

// The codes of notes that reports do not have.
const (
	CodeOtherWork       = "other-work"       // the two did not do the same work
	CodeOtherNeighbours = "other-neighbours" // other variants ran at the same time
	CodeOtherIdle       = "other-idle"       // the final idles were not equally long
)

// Compare holds a new run against an old one. It gives an *Unequal as error where
// the two did not do the same work, unless that is wanted anyway, and mistakes
// where no variant is in both or a figure is not known.
func Compare(old, new *report.Report, o Options) (*Result, error) {
	if len(o.Figures) == 0 {
		o.Figures = Figures()
	}
	for _, figure := range o.Figures {
		if !known(figure) {
			return nil, hint.Mistake(fmt.Sprintf("%q is no figure that can be compared", figure), "it must be one of "+list(Figures()))
		}
	}
	r := &Result{
		Old: Side{old, o.OldName}, New: Side{new, o.NewName}, Anyway: o.Anyway,
		Same: old.Exp.RunID == new.Exp.RunID && old.Exp.Started.Equal(new.Exp.Started),
	}
	r.Differences = differences(old, new)
	if work := r.otherWork(); len(work) > 0 && !o.Anyway {
		return nil, &Unequal{work}
	} else if len(work) == 0 {
		r.Anyway = false
	}
	c := comparer{Result: r, figures: o.Figures, force: o.Anyway, notes: map[Note]*Note{}}
	c.stamps()
	c.variants()
	if len(r.Variants) == 0 {
		return nil, hint.Mistake("no variant is in both runs", fmt.Sprintf("the old one has %s, the new one %s", list(r.OnlyOld), list(r.OnlyNew)))
	}
	c.number()
	return r, nil
}
