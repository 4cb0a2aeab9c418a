package gate

import "slices"

// Result is what a gate comes to, after one set of rounds or two.
type Result struct {
	Outcome Outcome
	First   *Verdict
	Second  *Verdict // of the fresh rounds; nil: none were needed
}

// Conclude gives the result of a first verdict and, where that found something
// worse, of a second one, by fresh rounds that were held against the same old
// result. Something is worse if both say so of the same figure of the same
// variant. What the second does not say again was chance, or has passed; but where
// the second cannot tell, nobody can. Without a second one nothing is worse yet.
func Conclude(first, second *Verdict) Result {
	r := Result{Outcome: first.Outcome, First: first, Second: second}
	switch {
	case first.Outcome != Worse:
	case second == nil:
		r.Outcome = Unclear
	case slices.ContainsFunc(first.Findings, func(f Finding) bool { return f.worse() && r.confirmed(f) }):
		r.Outcome = Worse
	case len(second.Invalid) > 0, slices.ContainsFunc(second.Findings, Finding.unclear), len(second.blurred()) > 0:
		r.Outcome = Unclear
	default:
		r.Outcome = Fine
	}
	return r
}

// again gives what the fresh rounds say of a figure; nil: nothing.
func (r Result) again(f Finding) *Finding {
	if r.Second == nil {
		return nil
	}
	for i, g := range r.Second.Findings {
		if g.Variant == f.Variant && g.Figure == f.Figure {
			return &r.Second.Findings[i]
		}
	}
	return nil
}

func (r Result) confirmed(f Finding) bool {
	g := r.again(f)
	return g != nil && g.worse()
}
