package variant

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// book holds the variants that have a name of their own, by that name.
type book map[string]entry

// mostDeep bounds how many names may stand for one another, one after the other.
const mostDeep = 10

// resolve makes a variant of what somebody wrote. The error is a *Mistake.
func (f Found) resolve(s Spec, known book) (bench.Variant, error) {
	if s.Name != "" && f.source(s.Name) != nil && (s.plain() != s.Name || len(s.Settings) > 0) {
		return bench.Variant{}, s.wrong(strings.Index(s.text, s.Name), len(s.Name),
			fmt.Sprintf("%s is the name of something else: %s", s.Name, f.source(s.Name).says()), "use another name for this one")
	}
	s, err := f.spellOut(s, known)
	if err != nil {
		return bench.Variant{}, err
	}
	from := f.source(s.Source)
	v := bench.Variant{Name: s.title(), Dockerfile: from.dockerfile, Suite: s.Suite}
	if err := f.settle(&v, from, s); err != nil {
		return bench.Variant{}, err
	}
	if _, suite, ok := strings.Cut(v.Name, "@"); ok && slices.Contains(Suites(), suite) && suite != cmp.Or(v.Suite, from.file.Suite()) {
		return bench.Variant{}, s.wrong(0, len(s.text), fmt.Sprintf("%s would run on %s", v.Name, cmp.Or(v.Suite, "what its Dockerfile names")), "give it another name")
	}
	label := labels(from.file, v)[AllocatorLabel]
	if label != "" { // what has none may have it from its base
		if _, err := Promise(v.Name, label); err != nil {
			return bench.Variant{}, s.wrong(0, len(s.text), err.Error(), "give it another name: "+s.renamed())
		}
	}
	for _, set := range s.Settings {
		if from.file.Takes(set.Variable) {
			continue
		}
		if err := s.checkKnob(set, label, from.file.ArgNames()); err != nil {
			return bench.Variant{}, err
		}
	}
	return v, nil
}

// settle puts a variant on its suite and gives it what is set.
func (f Found) settle(v *bench.Variant, from *source, s Spec) error {
	suiteArg := ""
	if s.Suite != "" && !slices.Contains(Suites(), s.Suite) {
		return s.wrong(s.suiteAt, len(s.Suite), fmt.Sprintf("unknown suite %q", s.Suite),
			strings.TrimSpace(words.DidYouMean(s.Suite, Suites())+" suites are "+words.Series(Suites())))
	}
	if from.packaged {
		has := Releases(from.name)
		release := has[0]
		if s.Suite != "" {
			var ok bool
			if release, ok = ReleaseIn(from.name, s.Suite); !ok {
				return s.wrong(s.suiteAt, len(s.Suite), fmt.Sprintf("Debian %s has no %s", s.Suite, from.name), available(from.name))
			}
		}
		v.Suite = release.Suite
		v.Args = release.Args(from.name)
	}
	if v.Suite != "" {
		var err error
		if suiteArg, _, err = from.file.OnSuite(v.Suite); err != nil {
			at, length := s.suiteAt, len(s.Suite)
			if s.Suite == "" {
				at, length = s.sourceAt, len(s.Source)
			}
			return s.wrong(at, length, fmt.Sprintf("%s cannot be put on %s: %v", from.name, v.Suite, err), hint.Of(err))
		}
	}
	for _, set := range s.Settings {
		into := &v.Env
		if from.file.Takes(set.Variable) {
			into = &v.Args
		}
		if set.Variable == suiteArg {
			return s.wrong(set.at, len(set.Variable), fmt.Sprintf("%s and the suite %s both say what it runs on", set.Variable, v.Suite), "leave one of them out")
		}
		if *into == nil {
			*into = map[string]string{}
		}
		(*into)[set.Variable] = set.Value
	}
	return nil
}

// available says which suites have an allocator.
func available(allocator string) string {
	var all []string
	for _, r := range Releases(allocator) {
		all = append(all, fmt.Sprintf("%s has %s", r.Suite, r.Version))
	}
	return words.Series(all)
}

// spellOut puts what another variant's name stands for in its place, so that the
// source is one.
func (f Found) spellOut(s Spec, known book) (Spec, error) {
	title := s.title()
	for range mostDeep {
		if f.source(s.Source) != nil {
			return s, nil
		}
		e, ok := known[s.plain()]
		suite := ""
		if !ok {
			e, ok = known[s.Source]
			suite = s.Suite
		}
		if !ok {
			return s, f.unknown(s, known)
		}
		if e.twice != "" {
			return s, s.wrong(s.sourceAt, len(s.Source), fmt.Sprintf("%s is the name of two variants: %s", s.Source, e.twice), "name the list that you mean with --variants, or give one of them another name")
		}
		s = e.Spec.with(suite, s)
		s.Name = title
	}
	return s, s.wrong(s.sourceAt, len(s.Source), fmt.Sprintf("%s stands for itself", s.Source), "name a source: "+strings.Join(f.SourceNames(), ", "))
}

// with gives what another variant makes of s: it may be on another suite, and has
// settings of its own beside those of s, or in their place.
func (s Spec) with(suite string, other Spec) Spec {
	merged := other
	merged.Source, merged.Suite, merged.Settings = s.Source, s.Suite, nil
	if suite != "" {
		merged.Suite = suite
	}
	for _, set := range s.Settings {
		if !slices.ContainsFunc(other.Settings, func(o Setting) bool { return o.Variable == set.Variable }) {
			set.at = other.sourceAt
			merged.Settings = append(merged.Settings, set)
		}
	}
	merged.Settings = append(merged.Settings, other.Settings...)
	return merged
}

// unknown is the mistake of a source that is none.
func (f Found) unknown(s Spec, known book) error {
	if err := f.skipped(s.Source); err != nil {
		return s.wrong(s.sourceAt, len(s.Source), err.Error(), hint.Of(err))
	}
	if slices.Contains(Packaged(), s.Source) {
		return s.wrong(s.sourceAt, len(s.Source), fmt.Sprintf("%s is built from variants/%s.Dockerfile, which is not here", s.Source, shared),
			fmt.Sprintf("it takes the ARGs %s, %s and %s", allocatorArg, dockerfile.RunPackages, libraryArg))
	}
	names := f.SourceNames()
	candidates := slices.Clone(names)
	for name := range known {
		candidates = append(candidates, name)
	}
	slices.Sort(candidates)
	meant := words.DidYouMean(s.Source, candidates)
	for _, a := range allocators { // by another of its names: glibc, tcmalloc
		if slices.Contains(append(a.variants, a.name), s.Source) {
			for _, name := range a.variants {
				if f.source(name) != nil {
					meant = fmt.Sprintf("did you mean %q?", name)
				}
			}
		}
	}
	advice := "there are " + strings.Join(names, ", ")
	if len(names) == 0 {
		advice = "there is no variant"
	}
	if goodName.MatchString(s.Source) {
		advice += "; a new one is a new Dockerfile." + s.Source
	}
	return s.wrong(s.sourceAt, len(s.Source), fmt.Sprintf("unknown variant %q", s.Source), strings.TrimSpace(meant+" "+advice))
}

// says what a source is.
func (s *source) says() string {
	if s.packaged {
		return "the allocator that Debian packages"
	}
	return s.dockerfile
}

// wrong is a mistake in a part of the text.
func (s Spec) wrong(at, length int, problem, advice string) *Mistake {
	return &Mistake{Text: s.text, At: max(0, at), Len: length, Problem: problem, Advice: advice}
}

// labels are those that a Dockerfile gives what it makes of a variant.
func labels(d *dockerfile.File, v bench.Variant) map[string]string {
	return d.Given(v.Args).Walk(len(d.Stages)-1, nil, nil).Labels
}

// SourceNames lists what variants can be made of, by name.
func (f Found) SourceNames() []string {
	var names []string
	for _, s := range f.sources {
		names = append(names, s.name)
	}
	return names
}
