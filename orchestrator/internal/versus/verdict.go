package versus

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Verdict is what the comparison says, in one sentence: per variant the changes
// that are shown, that none is, or why that cannot be told. It is made from the
// intervals alone.
func (r *Result) Verdict() string {
	switch {
	case len(r.Stamps) > 0:
		return "cannot tell: an A/A control failed, so what changed may not be due to the variants"
	case r.Same:
		return "nothing can have changed: old and new are the same run"
	}
	var parts []string
	for _, v := range r.Variants {
		parts = append(parts, titled(v.Name)+": "+v.verdict())
	}
	for _, left := range r.LeftOut {
		parts = append(parts, fmt.Sprintf("%s: could not be measured in the %s run", titled(left.Variant), left.Run))
	}
	text := strings.Join(parts, "; ")
	switch {
	case r.Anyway:
		return "not the same work, so no change is a result: " + text
	case r.OtherMachine():
		return "on another machine: " + text
	}
	return text
}

// verdict says what a variant's changes show.
func (v *Variant) verdict() string {
	shown, reasons := map[string][]string{}, []string{} // by what makes them doubtful; "" for nothing
	few, alike, withheld, missing := 0, 0, 0, 0
	var unmeasured []string // of memory: who reads that nothing changed must not take it to be of them
	for _, c := range v.Changes {
		switch c.Ratio.Verdict() {
		case stat.Shown:
			why := strings.Join(c.Doubts(), ", ")
			if shown[why] == nil {
				reasons = append(reasons, why)
			}
			shown[why] = append(shown[why], c.Figure+" "+perCent(c.Ratio))
		case stat.NotShown:
			alike++
		case stat.Unknown:
			if c.Withheld {
				withheld++
			} else if c.Ratio.N > 0 && c.Ratio.Base > 0 {
				few++
			} else {
				missing++
				if memory, is := strings.CutSuffix(c.Figure, " RSS"); is {
					unmeasured = append(unmeasured, memory)
				}
			}
		}
	}
	var parts []string
	switch {
	case len(shown) > 0:
		slices.SortStableFunc(reasons, func(a, b string) int { return min(len(a), 1) - min(len(b), 1) }) // what is beyond doubt first
		for _, why := range reasons {
			text := strings.Join(shown[why], ", ")
			if why != "" {
				text = "doubtful (" + plain.Name(why) + "): " + text
			}
			parts = append(parts, text)
		}
	case alike > 0:
		parts = append(parts, "no change shown")
	case few == 0 && withheld == 0:
		return "nothing to compare"
	}
	if few > 0 {
		parts = append(parts, "too few rounds to tell"+ofFigures(few, len(v.Changes)-missing))
	}
	if withheld > 0 {
		parts = append(parts, words.Plural(withheld, "figure", "figures")+" not comparable")
	}
	text := strings.Join(parts, ", ")
	if len(unmeasured) > 0 {
		text += ", but " + words.Series(unmeasured) + " RSS not measured"
	}
	return text
}

// ofFigures says of how many figures something holds, if not of all.
func ofFigures(n, all int) string {
	if n == all {
		return ""
	}
	return " of " + words.Plural(n, "figure", "figures")
}

// Told says what the two runs are and what differs between them beside the
// figures, in reading order.
func (r *Result) Told() []layout.Fact {
	facts := []layout.Fact{{Name: "old", Text: r.Old.describe()}, {Name: "new", Text: r.New.describe()}}
	for _, kind := range Kinds() {
		var parts []string
		for _, d := range r.Differences {
			if d.Kind == kind {
				parts = append(parts, plain.Name(d.String()))
			}
		}
		if len(parts) > 0 {
			facts = append(facts, layout.Fact{Name: r.title(kind), Text: strings.Join(parts, " · ")})
		}
	}
	var only []string
	for _, side := range []struct {
		names []string
		word  string
	}{{r.OnlyOld, "old"}, {r.OnlyNew, "new"}} {
		if len(side.names) > 0 {
			only = append(only, list(side.names)+" only in the "+side.word+" run")
		}
	}
	if len(only) > 0 {
		facts = append(facts, layout.Fact{Name: "variants", Text: strings.Join(only, " · ")})
	}
	for _, left := range r.LeftOut {
		facts = append(facts, layout.Fact{Name: "left out", Text: fmt.Sprintf("%s of the %s run: %s", titled(left.Variant), left.Run, plain.Name(left.Why))})
	}
	if len(facts) == 2 {
		facts = append(facts, layout.Fact{Name: "alike", Text: "design, plan, machine, engine, variants and versions"})
	}
	return facts
}

// title is what a line of differences is called.
func (r *Result) title(kind Kind) string {
	switch {
	case kind == Work:
		return "not the same work"
	case kind == Machine && r.OtherMachine():
		return "not the same machine"
	}
	return string(kind)
}

// describe says which run it is.
func (s Side) describe() string {
	parts := []string{s.Exp.RunID, s.Exp.Started.UTC().Format("2006-01-02 15:04 UTC"), words.Plural(s.Rounds, "round", "rounds")}
	if s.Name != "" {
		parts = append([]string{s.Name}, parts...)
	}
	for i, part := range parts {
		parts[i] = plain.Name(part)
	}
	return strings.Join(parts, " · ")
}

// Legend says what the columns mean, and what the intervals assume.
func (r *Result) Legend() []layout.Fact {
	facts := []layout.Fact{{Name: "old, new", Text: "medians over the rounds that came to their end"}}
	change, relative := "new over old", fmt.Sprintf(
		"a variant over %s in the same round, in per cent, in either run: what both share, such as the machine, cancels", titled(r.Baseline))
	if intervals(r.Variants) {
		change += "; ~ where the interval includes no change" + together(r.Comparisons)
	}
	if intervals(r.Relative) {
		relative += together(r.RelativeComparisons)
	}
	facts = append(facts, layout.Fact{Name: "change", Text: change})
	if len(r.Relative) > 0 {
		facts = append(facts, layout.Fact{Name: "relative", Text: relative})
	}
	if intervals(r.Variants) {
		facts = append(facts, layout.Fact{Name: "intervals", Text: "exact Mann-Whitney intervals of two independent samples of rounds, around the Hodges-Lehmann shift of their logs." +
			" They speak of these two runs: the rounds of a run share the machine's state of that hour, which is in the change and not in its interval. Run the new one again before you act on it"})
	}
	return facts
}

// intervals says whether any change has one.
func intervals(variants []*Variant) bool {
	return slices.ContainsFunc(variants, func(v *Variant) bool {
		return slices.ContainsFunc(v.Changes, func(c *Change) bool { return c.Ratio.Interval })
	})
}

// together says how far so many intervals can be relied on.
func together(comparisons int) string {
	if comparisons > 1 {
		return fmt.Sprintf("; the %d of the table hold together at 95 %%", comparisons)
	}
	return "; it holds at 95 %"
}

// noteText gives a note as it is printed.
func noteText(n *Note) string { return n.Text + " (" + n.Code + ")" }

// Head is the title of the second table; "" without one.
func (r *Result) Head() string {
	if len(r.Relative) == 0 {
		return ""
	}
	return "relative to " + titled(r.Baseline)
}
