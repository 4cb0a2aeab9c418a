package console

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/layout"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Catalogue is all that can be compared.
type Catalogue struct {
	Origins []variant.Origin
	Lists   []variant.List
	Skipped []variant.Skipped
}

// listWide is how wide lines may be.
const listWide = 100

// ways says how an allocator gets in, by the label of its image.
var ways = map[string]string{"libc": "libc itself", "linked": "linked", "preloaded": "preloaded", "static": "linked statically"}

func way(linkage string) string { return cmp.Or(ways[linkage], orDash(plain.Name(linkage))) }

// Print prints the catalogue: what variants can be made of, and what lists have.
func (c Catalogue) Print(out io.Writer) error {
	var b strings.Builder
	sources := layout.Grid{Head: []string{"SOURCE", "ALLOCATOR"}, Left: 2 + len(variant.Suites()) + 2}
	for _, suite := range variant.Suites() {
		sources.Head = append(sources.Head, strings.ToUpper(suite))
	}
	sources.Head = append(sources.Head, "GETS IN", "BUILT FROM")
	for _, o := range c.Origins {
		row := []string{o.Name, orDash(plain.Name(o.Allocator))}
		for _, suite := range variant.Suites() {
			version, ok := o.Versions[suite]
			switch {
			case !ok:
				version = "–"
			case suite == o.Suite:
				version = cmp.Or(version, "?") + " *"
			}
			row = append(row, cmp.Or(version, "?"))
		}
		sources.Rows = append(sources.Rows, append(row, way(o.Linkage), plain.Name(o.Dockerfile)))
	}
	if err := drawn(&b, sources); err != nil {
		return err
	}
	layout.Wrap(&b, "* ", "unless another suite is named, as in jemalloc@sid. Versions are those of "+variant.AsOf+"; a run proves its own.", listWide)
	layout.Wrap(&b, "  ", "What one takes and which knobs it has: variants NAME. To build and prove all: variants --check", listWide)

	own := layout.Grid{Head: []string{"VARIANT", "IS", "WITH", "LIST"}, Left: 4}
	var lists []layout.Fact
	for _, l := range c.Lists {
		lists = append(lists, layout.Fact{Name: plain.Name(l.Name), Text: listText(l)})
		for _, v := range l.Own {
			var with []string
			for _, s := range v.Settings {
				with = append(with, s.Variable+"="+s.Value)
			}
			own.Rows = append(own.Rows, []string{v.Name, v.Of, orDash(plain.Line(strings.Join(with, " "))), plain.Name(v.List)})
		}
	}
	if len(own.Rows) > 0 {
		b.WriteString("\n")
		if err := drawn(&b, own); err != nil {
			return err
		}
	}
	if len(lists) > 0 {
		b.WriteString("\nLISTS, for --variants\n")
		layout.Facts(&b, lists, listWide)
	}
	for _, s := range c.Skipped {
		b.WriteString(s.String() + "\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// listText says in a line what a list has.
func listText(l variant.List) string {
	if l.Err != nil {
		text, _, _ := strings.Cut(l.Err.Error(), "\n")
		return text
	}
	names := l.Beside
	if len(l.Includes) > 0 {
		names = append([]string{"those of " + words.Series(l.Includes)}, names...)
	}
	return words.Plural(len(l.Names), "variant", "variants") + ": " + strings.Join(names, ", ")
}

func drawn(b *strings.Builder, g layout.Grid) error {
	text, err := g.Plain()
	b.WriteString(text)
	return err
}

// Variants prints a line for each variant.
func Variants(out io.Writer, list []bench.Variant, abouts []variant.About) error {
	g := layout.Grid{Head: []string{"VARIANT", "ALLOCATOR", "SUITE", "GETS IN", "WITH"}, Left: 5}
	for i, v := range list {
		a := abouts[i]
		g.Rows = append(g.Rows, []string{
			v.Name, orDash(plain.Name(strings.TrimSpace(a.Allocator + " " + a.Version))), orDash(a.Suite), way(a.Linkage), orDash(plain.Line(environment(v.Env))),
		})
	}
	var b strings.Builder
	if err := drawn(&b, g); err != nil {
		return err
	}
	layout.Wrap(&b, "", "Versions are those of "+variant.AsOf+"; a run proves its own.", listWide)
	_, err := io.WriteString(out, b.String())
	return err
}

// VariantDetails prints all that is known of a variant.
func VariantDetails(out io.Writer, v bench.Variant, a variant.About) error {
	var b strings.Builder
	b.WriteString(v.Name + "\n")
	allocator := orDash(plain.Name(a.Allocator))
	switch {
	case a.Version != "":
		allocator = fmt.Sprintf("%s %s, as of %s; a run proves its own", a.Allocator, a.Version, variant.AsOf)
	case a.Allocator != "":
		allocator += ", of a version that a run tells"
	}
	facts := []layout.Fact{
		{Name: "allocator", Text: allocator},
		{Name: "suite", Text: cmp.Or(a.Suite, "none of Debian's that is known")},
		{Name: "gets in", Text: way(a.Linkage) + preloads(a.Env)},
		{Name: "with", Text: orDash(environment(besides(a.Env, "LD_PRELOAD")))},
		{Name: "built from", Text: v.Dockerfile + given(v.Args)},
		{Name: "on", Text: words.Series(a.Bases)},
		{Name: "packages", Text: packages(a)},
	}
	name := "knobs"
	for _, k := range a.Knobs {
		facts = append(facts, layout.Fact{Name: name, Text: knob(k)})
		name = ""
	}
	for i := range facts {
		facts[i].Name = "  " + facts[i].Name
	}
	layout.Facts(&b, facts, listWide)
	_, err := io.WriteString(out, b.String())
	return err
}

func preloads(env map[string]string) string {
	if file := env["LD_PRELOAD"]; file != "" {
		return ": " + file
	}
	return ""
}

// besides gives what is set apart from one variable.
func besides(env map[string]string, name string) map[string]string {
	env = maps.Clone(env)
	delete(env, name)
	return env
}

func given(args map[string]string) string {
	if len(args) == 0 {
		return ""
	}
	return " with " + environment(args)
}

func packages(a variant.About) string {
	var parts []string
	if len(a.Run) > 0 {
		parts = append(parts, strings.Join(a.Run, " ")+" to run")
	}
	if len(a.Build) > 0 {
		parts = append(parts, strings.Join(a.Build, " ")+" to build")
	}
	return orDash(strings.Join(parts, ", "))
}

// knob says what a knob does in the version that there is.
func knob(k variant.KnobHere) string {
	name := k.Env
	if k.Key != "" {
		name += " " + k.Key
	}
	text := name + ": " + k.Does
	if k.Inert != "" {
		text = name + ": no effect in this version, " + k.Inert
		if k.Instead != "" {
			text += "; here it is " + k.Instead
		}
		return text
	}
	if k.Read == "" {
		text += " (cannot be read back)"
	}
	return text
}

func orDash(s string) string { return cmp.Or(s, "–") }

// environment writes variables as NAME=value, sorted.
func environment(env map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		parts = append(parts, plain.Name(name+"="+env[name]))
	}
	return strings.Join(parts, " ")
}
