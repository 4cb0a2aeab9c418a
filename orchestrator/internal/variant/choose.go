package variant

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Wanted is a variant that is asked for, or a list of variants.
type Wanted struct {
	Text string // as ParseSpec reads it
	List bool   // Text names a list instead
}

// Chosen is what is to be compared.
type Chosen struct {
	Variants []bench.Variant // the baseline first, the others as they were asked for
	Notes    []string        // what was done beyond what was asked for
}

// mostVariants bounds how many are compared at once.
const mostVariants = 200

// Choose gives the variants that are asked for, or all that have a Dockerfile of
// their own where none is. A baseline that is not among them is added if it is
// known. What was skipped is an error where it is asked for. All errors are
// mistakes, see hint.IsMistake; those in a text that was asked for are of type
// *Mistake.
func (f Found) Choose(wanted []Wanted, baseline string) (Chosen, error) {
	p, err := f.pick(wanted)
	if err != nil {
		return Chosen{}, err
	}
	if len(wanted) == 0 {
		p.variants = slices.Clone(f.Variants)
	}
	return p.against(baseline)
}

// Pick gives the variants that are asked for, in that order. Errors are those of
// Choose.
func (f Found) Pick(wanted []Wanted) ([]bench.Variant, error) {
	p, err := f.pick(wanted)
	return p.variants, err
}

func (f Found) pick(wanted []Wanted) (picked, error) {
	all, err := f.entries(wanted)
	if err != nil {
		return picked{}, err
	}
	p := picked{found: f, book: f.bookWith(all)}
	for _, e := range all {
		if err := p.add(e); err != nil {
			return picked{}, e.blame(err)
		}
	}
	return p, nil
}

// picked are the variants so far.
type picked struct {
	found    Found
	book     book
	variants []bench.Variant
	from     []entry // of each variant
}

func (p *picked) add(e entry) error {
	v, err := p.found.resolve(e.Spec, p.book)
	if err != nil {
		return err
	}
	for i, other := range p.variants {
		was := p.from[i]
		switch {
		case other.Name == v.Name && same(other, v) && (was.file != e.file || was.file != "" && was.line == e.line):
			return nil // a list repeats it
		case other.Name == v.Name && same(other, v) && e.bare() && e.file == "":
			return hint.Mistake(fmt.Sprintf("the variant %s is named twice", v.Name), "--aa adds the baseline a second time")
		case other.Name == v.Name && same(other, v):
			return e.whole(fmt.Sprintf("the variant %s is named twice%s", v.Name, was.place()), "leave one of them out")
		case other.Name == v.Name:
			return e.whole(fmt.Sprintf("two variants are called %s: the other is %s%s", v.Name, was.Spec, was.place()), "name one of them otherwise: "+e.renamed())
		case engine.SafeName(other.Name) == engine.SafeName(v.Name):
			return e.whole(fmt.Sprintf("%s and %s are too much alike: both are called %s where names have no @ and no +", v.Name, other.Name, engine.SafeName(v.Name)), "name one of them otherwise: "+e.renamed())
		}
	}
	if len(p.variants) == mostVariants {
		return e.whole(fmt.Sprintf("more than %d variants", mostVariants), "compare fewer at once")
	}
	p.variants, p.from = append(p.variants, v), append(p.from, e)
	return nil
}

// same says whether two variants are one.
func same(a, b bench.Variant) bool {
	return a.Name == b.Name && a.Dockerfile == b.Dockerfile && a.Suite == b.Suite && maps.Equal(a.Args, b.Args) && maps.Equal(a.Env, b.Env)
}

// against puts the baseline first, and adds it where it is not there.
func (p *picked) against(baseline string) (Chosen, error) {
	named := func(v bench.Variant) bool { return v.Name == baseline }
	if i := slices.IndexFunc(p.variants, named); i >= 0 {
		first := p.variants[i]
		return Chosen{Variants: slices.Insert(slices.Delete(p.variants, i, i+1), 0, first)}, nil
	}
	if err := p.found.skipped(baseline); err != nil {
		return Chosen{}, err
	}
	spec, err := ParseSpec(baseline)
	if err == nil && spec.title() == baseline && len(spec.Settings) == 0 {
		var v bench.Variant
		if v, err = p.found.resolve(spec, p.book); err == nil && named(v) {
			return Chosen{
				Variants: slices.Insert(p.variants, 0, v),
				Notes:    []string{fmt.Sprintf("%s is compared too: it is the baseline", baseline)},
			}, nil
		}
	}
	var names []string
	for _, v := range p.variants {
		names = append(names, v.Name)
	}
	problem, advice := fmt.Sprintf("the baseline %s is not among the variants", printable(baseline)), "there are "+strings.Join(names, ", ")
	if meant := words.DidYouMean(baseline, names); meant != "" {
		advice = meant + " " + advice
	}
	if m, ok := errors.AsType[*Mistake](err); ok && m.Text == baseline && len(spec.Suite) > 0 {
		problem, advice = "the baseline "+printable(baseline)+": "+m.Problem, m.Advice
	}
	return Chosen{}, hint.Mistake(problem, advice)
}

// skipped is the error of a variant that is asked for and was skipped.
func (f Found) skipped(name string) error {
	for _, s := range f.Skipped {
		if s.Name == name {
			return &hint.Error{Mistake: true, Err: fmt.Errorf("variant %s: %w", printable(name), s.Err), Advice: hint.Of(s.Err)}
		}
	}
	return nil
}
