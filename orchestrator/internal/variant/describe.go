package variant

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
)

// About is what is known of a variant before it runs.
type About struct {
	Allocator string            // its AllocatorLabel; empty: none
	Version   string            // that Debian has there, as of AsOf; empty: not known
	Linkage   string            // its LinkageLabel; empty: none
	Suite     string            // the Debian suite that it runs on; empty: none
	Env       map[string]string // what its image sets, and what it is started with
	Bases     []string          // the images that it is made from, without digests
	Build     []string          // the Debian packages that building it takes
	Run       []string          // the Debian packages that it runs with
	Knobs     []KnobHere
}

// KnobHere is a knob as it is in one version of an allocator.
type KnobHere struct {
	Knob
	Inert string // why it has no effect in this version; empty: it has one
}

// Describe reads the Dockerfile of a variant of the project in root.
func Describe(root string, v bench.Variant) (About, error) {
	d, err := dockerfile.Read(filepath.Join(root, filepath.FromSlash(v.Dockerfile)))
	if err != nil {
		return About{}, fmt.Errorf("variant %s: %w", v.Name, err)
	}
	return describe(d, v)
}

func describe(d *dockerfile.File, v bench.Variant) (About, error) {
	args := maps.Clone(v.Args)
	if v.Suite != "" {
		name, image, err := d.OnSuite(v.Suite)
		if err != nil {
			return About{}, fmt.Errorf("variant %s: %w", v.Name, err)
		}
		if args == nil {
			args = map[string]string{}
		}
		args[name] = image
	}
	d = d.Given(args)
	last := d.Walk(len(d.Stages)-1, nil, nil)
	about := About{
		Allocator: last.Labels[AllocatorLabel],
		Linkage:   last.Labels[LinkageLabel],
		Suite:     d.Suite(),
		Env:       last.Env,
		Build:     d.Packages("", dockerfile.BuildPackages),
		Run:       d.Packages("", dockerfile.RunPackages),
	}
	maps.Copy(about.Env, v.Env)
	for _, b := range d.Bases() {
		image, _, _ := strings.Cut(b.Image, "@")
		if !slices.Contains(about.Bases, image) {
			about.Bases = append(about.Bases, image)
		}
	}
	if r, ok := ReleaseIn(about.Allocator, about.Suite); ok && about.brings(r) {
		about.Version = r.Version
	}
	about.Knobs = knobsIn(about.Allocator, about.Version)
	return about, nil
}

// knobsIn lists the knobs of an allocator as they are in a version, each once and
// those without an effect last.
func knobsIn(allocator, version string) []KnobHere {
	var all []KnobHere
	for _, k := range Knobs(allocator) {
		here := KnobHere{k, k.inert(version)}
		i := slices.IndexFunc(all, func(other KnobHere) bool { return other.Env == k.Env && other.Key == k.Key })
		switch {
		case i < 0:
			all = append(all, here)
		case all[i].Inert != "":
			all[i] = here
		}
	}
	slices.SortStableFunc(all, func(a, b KnobHere) int { return cmp.Compare(min(1, len(a.Inert)), min(1, len(b.Inert))) })
	return all
}

// inert says why a knob has no effect in a version; empty: it has one.
func (k Knob) inert(version string) string {
	switch {
	case k.works(version):
		return ""
	case k.From != "" && Older(version, k.From):
		return "it comes with " + k.From
	}
	return cmp.Or(k.Why, "it ended with "+k.Until)
}

// brings says that the allocator of a variant is Debian's own: the packages are
// there, and a C library always is.
func (a About) brings(r Release) bool {
	return r.Library == "" || slices.ContainsFunc(a.Run, func(p string) bool { return slices.Contains(strings.Fields(r.Packages), p) })
}

// Origin is what variants can be made of, as it is on each suite.
type Origin struct {
	Name       string
	Dockerfile string
	Allocator  string            // empty: its Dockerfile does not say
	Linkage    string            // empty: its Dockerfile does not say
	Suite      string            // without another: empty: none of Debian's
	Versions   map[string]string // of the allocator, by suite; empty: not known. A suite on which it cannot be is missing
}

// Origins lists what variants can be made of: the Dockerfiles of a project and what
// Debian packages, but no templates.
func (f Found) Origins() ([]Origin, error) {
	var all []Origin
	for _, name := range f.SourceNames() {
		s := f.source(name)
		if !s.packaged && !slices.ContainsFunc(f.Variants, func(v bench.Variant) bool { return v.Name == name }) {
			continue
		}
		plain, err := f.Pick([]Wanted{{Text: name}})
		if err != nil {
			return nil, err
		}
		about, err := describe(s.file, plain[0])
		if err != nil {
			return nil, err
		}
		o := Origin{Name: name, Dockerfile: s.dockerfile, Allocator: about.Allocator, Linkage: about.Linkage, Suite: about.Suite, Versions: map[string]string{}}
		for _, suite := range Suites() {
			on, err := f.Pick([]Wanted{{Text: name + "@" + suite}})
			if err != nil {
				continue // it cannot be there
			}
			there, err := describe(s.file, on[0])
			if err != nil {
				return nil, err
			}
			o.Versions[suite] = there.Version
		}
		all = append(all, o)
	}
	return all, nil
}

// Listed is a variant with a name of its own in a list.
type Listed struct {
	Name, List string
	Of         string // the source and, where one is given, the suite
	Settings   []Setting
}

// List is a list of variants of a project.
type List struct {
	Name     string
	Names    []string // of its variants, those of lists that it includes among them
	Includes []string // lists
	Beside   []string // names of its variants that none of those has
	Own      []Listed // variants that have names or settings of their own in this list itself
	Err      error    // why it cannot be read
}

// Lists reads the lists of a project.
func (f Found) Lists() []List {
	var all []List
	for _, name := range f.ListNames() {
		l := List{Name: name}
		entries, err := f.readList(name, nil)
		l.Err = err
		for _, e := range entries {
			title := e.title()
			if slices.Contains(l.Names, title) {
				continue
			}
			l.Names = append(l.Names, title)
			if e.file != f.listPath(name) {
				if included := strings.TrimSuffix(filepath.Base(e.file), listEnding); !slices.Contains(l.Includes, included) {
					l.Includes = append(l.Includes, included)
				}
				continue
			}
			l.Beside = append(l.Beside, title)
			if e.Name != "" || len(e.Settings) > 0 {
				l.Own = append(l.Own, Listed{Name: title, List: name, Of: e.plain(), Settings: e.Settings})
			}
		}
		all = append(all, l)
	}
	return all
}

// Everything asks for all that is known of a project: each source on each suite, and
// what its lists have.
func (f Found) Everything() ([]Wanted, error) {
	origins, err := f.Origins()
	if err != nil {
		return nil, err
	}
	var all []Wanted
	for _, o := range origins {
		all = append(all, Wanted{Text: o.Name})
		for _, suite := range Suites() {
			if _, ok := o.Versions[suite]; ok && suite != o.Suite {
				all = append(all, Wanted{Text: o.Name + "@" + suite})
			}
		}
	}
	for _, name := range f.ListNames() {
		all = append(all, Wanted{Text: name, List: true})
	}
	return all, nil
}
