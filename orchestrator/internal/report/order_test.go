package report

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArrange(t *testing.T) {
	check := func(o Order, want string) {
		t.Helper()
		r := Summarize(withLeftOut(experiment(7), "no such package", "a")).Arrange(o)
		var names []string
		for _, row := range r.Rows {
			names = append(names, row.Variant)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%+v: %s; want %s", o, got, want)
		}
		if r.Comparisons != 2 || !strings.Contains(r.Verdict().Text, "jemalloc") || !strings.Contains(r.Verdict().Text, "a could not be measured") {
			t.Errorf("%+v: %d comparisons, %s", o, r.Comparisons, r.Verdict().Text)
		}
	}
	check(Order{}, "libc jemalloc musl a")
	check(Order{By: ByDesign}, "libc jemalloc musl a")
	check(Order{By: ByName}, "a jemalloc libc musl")
	check(Order{By: "peak"}, "musl jemalloc libc a") // what was not measured comes last
	check(Order{By: "cpu"}, "jemalloc libc musl a")
	check(Order{Top: 1}, "musl libc") // the baseline is always there
	check(Order{By: "cpu", Top: 1}, "jemalloc libc")
	check(Order{By: "cpu", Top: 2}, "jemalloc libc")
	check(Order{By: "peak", Top: 99}, "musl jemalloc libc a")
	check(Order{By: ByDesign, Top: 2}, "libc jemalloc")
}

func TestArranged(t *testing.T) {
	check := func(o Order, want ...string) {
		t.Helper()
		r := Summarize(withLeftOut(experiment(7), "no such package", "a")).Arrange(o)
		if diff := cmp.Diff(want, r.Arranged()); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", o, diff)
		}
	}
	const peak = "in the order of the medians of peak RSS, the least first; neighbours need not differ, for what is tested is each variant against libc"
	check(Order{})
	check(Order{By: ByName})
	check(Order{By: "peak"}, peak)
	check(Order{Top: 1}, peak, "2 more variants, 1 of them left out of the run: --top 0 shows them")
	check(Order{By: ByDesign, Top: 3}, "1 more variant, 1 of them left out of the run: --top 0 shows it")
}

// TestArrangeNotes: there is no footnote of a row that is not there, and none twice.
func TestArrangeNotes(t *testing.T) {
	r := Summarize(twenty(3)).Arrange(Order{By: "peak", Top: 3})
	for _, n := range r.Notes {
		if strings.Contains(n.Text, "gperf-decommit") || strings.Contains(n.Text, "rpmalloc") {
			t.Errorf("note of a row that is hidden: %s", n.Text)
		}
	}
	r.Arrange(Order{})
	if len(r.Rows) != 20 || len(r.Notes) != len(Summarize(twenty(3)).Notes) || r.Hidden() != 0 {
		t.Errorf("%d rows and %d notes once all are back", len(r.Rows), len(r.Notes))
	}
}

// TestArrangeFormats: every format has the rows in the order, and says so where it
// can say anything.
func TestArrangeFormats(t *testing.T) {
	arranged := func() *Report { return Summarize(twenty(3)).Arrange(Order{By: "idle", Top: 2}) }
	formats := map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return arranged().Text(b, TextOptions{}) },
		"markdown": func(b *bytes.Buffer) error { return arranged().Markdown(b) },
		"json":     func(b *bytes.Buffer) error { return arranged().JSON(b) },
		"bench":    func(b *bytes.Buffer) error { return arranged().GoBench(b) },
	}
	for name, write := range formats {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"medians of idle RSS", "17 more variants", "top 0 shows them"} {
			if !strings.Contains(strings.ReplaceAll(strings.Join(strings.Fields(b.String()), " "), `\`, ""), want) {
				t.Errorf("%s does not say %q:\n%s", name, want, b.String()[:min(b.Len(), 3000)])
			}
		}
	}
	var b bytes.Buffer
	if err := arranged().CSV(&b); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) != 4 || lines[3][0] != "libc" {
		t.Errorf("%d lines of CSV, %v", len(lines), err)
	}
}
