package layout

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	check := func(head, text string, limit int, want ...string) {
		t.Helper()
		var b strings.Builder
		Wrap(&b, head, text, limit)
		if diff := cmp.Diff(strings.Join(want, "\n")+"\n", b.String()); diff != "" {
			t.Errorf("%q in %d columns (-want +got):\n%s", text, limit, diff)
		}
	}
	check("", "", 20, "")
	check("a  ", "one two three", 10, "a  one two", "   three")
	check("a  ", "one\n\ttwo   three", 40, "a  one two three")
	check("", "takes 12 MiB of 13 MiB", 12, "takes 12 MiB", "of 13 MiB")
	check("  ", "anunbreakableword x", 8, "  anunbreakableword", "  x")
	check("", "a \x1b[31mred", 40, `a \x1b[31mred`)
}

func TestFacts(t *testing.T) {
	var b strings.Builder
	Facts(&b, []Fact{{"old", "one two"}, {"newer", "three four"}}, 12)
	if diff := cmp.Diff("old    one\n       two\nnewer  three\n       four\n", b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGrid(t *testing.T) {
	g := Grid{Head: []string{"variant", "figure", "n"}, Rows: [][]string{{"libc", "peak", "7"}, {"", "steady RSS", "1,024 MiB"}}, Left: 2}
	got, err := g.Plain()
	want := "variant  figure              n\nlibc     peak                7\n         steady RSS  1,024 MiB\n"
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var b strings.Builder
	if err := g.Markdown(&b); err != nil || strings.Count(b.String(), "\n") != 4 || !strings.HasPrefix(b.String(), "| variant |") {
		t.Errorf("%v:\n%s", err, b.String())
	}
}
