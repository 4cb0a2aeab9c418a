package console

import "testing"

func TestLists(t *testing.T) {
	check := func(f Format, do func(p *Printer), want string) {
		t.Helper()
		if got := printed(t, f, do); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
	check(Format{}, func(p *Printer) { p.Tags([]string{"a", "b \"c\""}) }, "\nTags            [\"a\", \"b \\\"c\\\"\"]\n")
	check(Format{}, func(p *Printer) { p.Tags(nil) }, "\nTags            []\n")
	check(Format{Colour: true}, func(p *Printer) { p.Tags(nil) }, "\n\x1b[32mTags           \x1b[0m []\n")
	check(Format{}, func(p *Printer) { p.NoItems() }, "\nNo items\n")
	check(Format{Colour: true}, func(p *Printer) { p.NoItems() }, "\n\x1b[31mNo items\x1b[0m\n")
	check(Format{}, func(p *Printer) { p.Tasks([]string{"name: a\ntags:\n- x", "name: b"}, []string{"y", "x", "y"}, nil) },
		"\nTags            [\"x\", \"y\"]\nname: a\ntags:\n- x\n\nname: b\n\n")
	check(Format{}, func(p *Printer) { p.Tasks([]string{"name: b"}, nil, []string{""}) },
		"\nSkip-Tags       [\"\"]\nname: b\n\n")
	check(Format{}, func(p *Printer) { p.Tasks(nil, []string{"a"}, []string{"b"}) },
		"\nTags            [\"a\"]\nSkip-Tags       [\"b\"]\nNo items\n")
}
