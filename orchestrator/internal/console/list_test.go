package console

import (
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

func TestLists(t *testing.T) {
	check := func(f Format, do func(p *Printer), want string) {
		t.Helper()
		if got := printed(t, f, do); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
	check(Format{}, func(p *Printer) { p.Tags(&plan.Listing{Tags: []string{"a", "b \"c\""}}) }, "\nTags            [\"a\", \"b \\\"c\\\"\"]\n")
	check(Format{}, func(p *Printer) { p.Tags(&plan.Listing{Tasks: []string{"name: a"}}) }, "\nTags            []\n")
	check(Format{Colour: true}, func(p *Printer) { p.Tags(&plan.Listing{Tasks: []string{"name: a"}}) }, "\n\x1b[32mTags           \x1b[0m []\n")
	check(Format{}, func(p *Printer) { p.Tags(&plan.Listing{}) }, "\nNo items\n")
	check(Format{Colour: true}, func(p *Printer) { p.Tags(&plan.Listing{}) }, "\n\x1b[31mNo items\x1b[0m\n")
	check(Format{}, func(p *Printer) { p.Tasks([]string{"name: a\ntags:\n- x", "name: b"}, []string{"y", "x", "y"}, nil) },
		"\nTags            [\"x\", \"y\"]\nname: a\ntags:\n- x\n\nname: b\n\n")
	check(Format{}, func(p *Printer) { p.Tasks([]string{"name: b"}, nil, []string{""}) },
		"\nSkip-Tags       [\"\"]\nname: b\n\n")
	check(Format{}, func(p *Printer) { p.Tasks(nil, []string{"a"}, []string{"b"}) },
		"\nTags            [\"a\"]\nSkip-Tags       [\"b\"]\nNo items\n")
}
