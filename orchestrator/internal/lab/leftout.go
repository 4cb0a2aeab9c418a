package lab

import (
	"fmt"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// LeftOut is a variant that cannot be measured, and why. The others go on without
// it.
type LeftOut struct {
	Variant string
	Err     error
}

// LeftOut lists the variants that could not be made ready when the lab was opened.
func (l *Lab) LeftOut() []LeftOut { return slices.Clone(l.out) }

// unready says why a variant has no image.
func (l *Lab) unready(name string) error {
	i := slices.IndexFunc(l.out, func(out LeftOut) bool { return out.Variant == name })
	if i < 0 {
		return fmt.Errorf("the lab was opened without the variant %s", name)
	}
	return l.out[i].Err
}

// told gives an error in one text, with what to do about it.
func told(err error) string {
	text := err.Error()
	if advice := hint.Of(err); advice != "" {
		text += " (" + advice + ")"
	}
	return text
}

// leaveOut goes on without a variant, from a round on in which it could not be
// measured; 0: from before the first. It is an error where nothing is left to
// compare: that of the variant.
func (r *run) leaveOut(name string, round int, why error) error {
	d := r.agenda.design
	if !slices.ContainsFunc(d.Variants, func(v bench.Variant) bool { return v.Name == name }) {
		return nil
	}
	if left := design.Without(d, name); r.conf.Strict || name == d.Baseline || len(left.Variants) < min(2, len(d.Variants)) {
		return why
	}
	r.agenda.leaveOut(name)
	r.put(store.Of{}, bench.LeftOut{Variant: name, Why: why.Error(), Advice: hint.Of(why), Round: round})
	return nil
}

// unmade gives what could not be made ready and is not left out already, as of a run
// that goes on behind so many rounds. It is an error where nothing is left to
// compare.
func (l *Lab) unmade(d bench.Design, known []store.Gone, after int) ([]store.Gone, error) {
	var gone []store.Gone
	var names []string
	for _, g := range known {
		names = append(names, g.Variant)
	}
	for _, out := range l.out {
		names = append(names, out.Variant)
		if !slices.ContainsFunc(known, func(g store.Gone) bool { return g.Variant == out.Variant }) {
			gone = append(gone, store.Gone{LeftOut: bench.LeftOut{Variant: out.Variant, Why: out.Err.Error(), Advice: hint.Of(out.Err)}, After: after})
		}
		if left := design.Without(d, names...); out.Variant == d.Baseline || len(left.Variants) < min(2, len(d.Variants)) {
			return nil, out.Err
		}
	}
	return gone, nil
}
