package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

var raised = regexp.MustCompile(`[⁰¹²³⁴⁵⁶⁷⁸⁹]+`)

// TestMarks wants the numbers of the marks in the table, in whatever form and
// width, to be just those of the footnotes below it: 1 to as many as there are.
func TestMarks(t *testing.T) {
	for name, exp := range fixtures() {
		check := func(form, table string, notes []string) {
			t.Helper()
			marks := raised.FindAllString(table, -1)
			slices.SortFunc(marks, func(a, b string) int { return valueOf(a) - valueOf(b) })
			if marks = slices.Compact(marks); !slices.Equal(marks, notes) {
				t.Errorf("%s, %s: marks %v, footnotes %v", name, form, marks, notes)
			}
			for i, n := range notes {
				if valueOf(n) != i+1 {
					t.Errorf("%s, %s: footnote %d has the number %s", name, form, i+1, n)
				}
			}
		}
		for width := 40; width <= 200; width += 10 {
			out := string(render(t, text(TextOptions{Width: width}), exp))
			if strings.HasPrefix(out, "NOT TO BE TRUSTED") {
				_, out, _ = strings.Cut(out, "\n\n")
			}
			table, below, _ := strings.Cut(out, "\n\n")
			var notes []string
			for line := range strings.Lines(below) {
				if first, _, ok := strings.Cut(strings.TrimLeft(line, " "), " "); ok && raised.FindString(first) == first {
					notes = append(notes, first)
				}
			}
			check(fmt.Sprintf("text of %d columns", width), table, notes)
		}
		table, below, _ := strings.Cut(string(render(t, Markdown, exp)), "<sub>")
		var notes []string
		for line := range strings.SplitSeq(below, "<br>") {
			if first, _, _ := strings.Cut(line, " "); first != "" && raised.FindString(first) == first {
				notes = append(notes, first)
			}
		}
		check("Markdown", table, notes)
	}
}

// valueOf reads a raised number.
func valueOf(mark string) int {
	n := 0
	for _, digit := range mark {
		n = 10*n + slices.Index(superscripts, digit)
	}
	return n
}

// TestAnchors wants every note of every fixture at a figure: a table that has
// all columns leaves none out.
func TestAnchors(t *testing.T) {
	for name, exp := range fixtures() {
		r := Summarize(exp)
		ordered := r.Table().Notes
		if len(ordered) != len(r.Notes) {
			t.Errorf("%s: %d of %d notes have a mark", name, len(ordered), len(r.Notes))
		}
		for _, row := range r.Rows {
			for key := range row.notes {
				if !slices.ContainsFunc(r.Table().Columns, func(c Column) bool { return c.Key == key }) {
					t.Errorf("%s: a note of %s stands in a column %q that there is not", name, row.Variant, key)
				}
			}
		}
	}
}

// TestStarvedMarks: the mark stands at the cost that it weakens, not at the name,
// and at the heads where the neighbours' cost is weakened too.
func TestStarvedMarks(t *testing.T) {
	check := func(mode string, heads bool) {
		t.Helper()
		exp := experiment(7)
		exp.Design.Mode = mode
		for _, c := range Summarize(exp).Table().Columns {
			cost := slices.Contains(CostColumns(), c.Key)
			if got := len(c.Notes) > 0; got != (cost && heads) {
				t.Errorf("%s: a mark at the head of %s: %v", mode, c.Key, got)
			}
			if libc, musl := len(c.Cells[0].Notes), len(c.Cells[2].Notes); libc != 0 || musl > 0 != cost {
				t.Errorf("%s: %d marks at %s of libc, %d of musl", mode, libc, c.Key, musl)
			}
		}
		got := string(render(t, text(TextOptions{Width: 400}), exp))
		if strings.Contains(got, "--mode apart") != heads || strings.Contains(got, "all variants running at once") != heads {
			t.Errorf("%s:\n%s", mode, got)
		}
	}
	check("", true)
	check("together", true)
	check("apart", false)
}

// TestDefaultFits: the default's table shows all up to p99 in 100 columns, with
// notes at each of its figures.
func TestDefaultFits(t *testing.T) {
	exp := experiment(7)
	for _, variant := range []string{"jemalloc", "musl"} {
		for i := range trialOf(exp, variant, 1).Edges {
			trialOf(exp, variant, 1).Edges[i].Charged += 40 << 20
		}
	}
	exp.Environment.THP = "always"
	lines := strings.Split(string(render(t, text(TextOptions{}), exp)), "\n")
	if !strings.Contains(lines[0], ColP99) || strings.Count(lines[3], "²") != 0 || len(raised.FindAllString(lines[3], -1)) != 3 {
		t.Errorf("the table is\n%s", strings.Join(lines[:6], "\n"))
	}
}

// TestNewer: what a file has of a later version is passed over with one note, and
// is written again.
func TestNewer(t *testing.T) {
	exp := experiment(1)
	exp.Unknown = map[string]json.RawMessage{"z": []byte("1"), "design.new": []byte("[2]"), "trials[0].a": []byte("null"), "trials[1].a": []byte(`"x"`), "y": []byte("1")}
	const want = "the file is from a newer version, and no figure uses what it has there: design.new, trials[0].a, trials[1].a and 2 more"
	exp.Warnings = []bench.Warning{{Code: CodeNewer, Text: "records of a newer version were passed over"}}
	found := 0
	for _, n := range Summarize(exp).Notes {
		if n.Code == CodeNewer {
			if found++; n.Text != want && n.Text != exp.Warnings[0].Text {
				t.Errorf("%s\nwant\n%s", n.Text, want)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d notes; want that of the fields and that of the records", found)
	}
	back, err := store.ReadExperiment(bytes.NewReader(render(t, JSON, exp)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exp.Unknown, back.Unknown); diff != "" {
		t.Errorf("came back changed:\n%s", diff)
	}
}
