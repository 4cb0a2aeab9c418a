package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// manyRows is how many variants are looked up in a list of their own, rather than
// among what was run.
const manyRows = 8

// asked gives what the design asks of a row.
func (r *Report) asked(row *Row) bench.Variant {
	for _, v := range r.Exp.Design.Variants {
		if v.Name == row.Variant {
			return v
		}
	}
	return bench.Variant{}
}

// explained says that names alone do not tell what the variants are: some have a
// suite or knobs, or there are many.
func (r *Report) explained() bool {
	return len(r.Rows) > manyRows || slices.ContainsFunc(r.Rows, func(row *Row) bool {
		v := r.asked(row)
		return v.Suite != "" || len(v.Env) > 0
	})
}

// Variants says of each variant that was run what it is, in a line: its allocator
// and C library as they were proved, its suite, and the knobs it was given. There
// are none where the names tell as much; Ran has them then.
func (r *Report) Variants() []Fact {
	if !r.explained() {
		return nil
	}
	var facts []Fact
	for _, row := range r.Rows {
		if len(row.all) > 0 {
			facts = append(facts, Fact{row.Name(), r.what(row)})
		}
	}
	return facts
}

// what says in few words what a variant is. Where knobs were given they stand for
// all that were read back.
func (r *Report) what(row *Row) string {
	v, p := r.asked(row), row.Proof
	made := "allocator not proven"
	if p.Allocator != "" {
		made = strings.TrimSpace(allocator(p) + " " + prose(p.Linkage, mostName))
	}
	libc := p.Libc
	if strings.HasPrefix(libc, p.Allocator) {
		libc = ""
	}
	return join(made, libc, v.Suite, r.knobsGiven(row))
}

// knobsGiven lists the knobs that a variant was given, and says whether they took.
func (r *Report) knobsGiven(row *Row) string {
	text := assignments(r.asked(row).Env)
	switch {
	case text == "" || row.Proof.Allocator == "":
		return text
	case row.warned(CodeUnread):
		return text + " (not all read back)"
	}
	return text + " (read back)"
}

// assignments lists settings in the order of their names: "A=1 B=2".
func assignments(settings map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		parts = append(parts, plain.Name(name+"="+settings[name]))
	}
	return prose(strings.Join(parts, " "), mostPart)
}

// warned says whether a warning of that code was recorded of the row.
func (row *Row) warned(code string) bool {
	return slices.ContainsFunc(row.all, func(t *trial) bool {
		return slices.ContainsFunc(t.Warnings, func(w bench.Warning) bool { return w.Code == code })
	})
}

// OneBinary says of the variants that ran the very same program that they did; ""
// where none of them share one.
func (r *Report) OneBinary() string {
	sharing := map[string][]string{}
	var order []string
	for _, row := range r.Rows {
		hash := row.Proof.Binary
		if len(row.all) == 0 || hash == "" {
			continue
		}
		if sharing[hash] == nil {
			order = append(order, hash)
		}
		sharing[hash] = append(sharing[hash], row.Name())
	}
	var texts []string
	for _, hash := range order {
		if names := sharing[hash]; len(names) > 1 {
			texts = append(texts, words.Series(names)+" ran the same program, byte for byte (SHA-256 "+prefix(plain.Name(hash), 12)+").")
		}
	}
	return prose(strings.Join(texts, " "), mostText)
}
