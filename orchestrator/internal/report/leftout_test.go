package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// withLeftOut adds variants to an experiment that could not be measured.
func withLeftOut(exp *bench.Experiment, why string, names ...string) *bench.Experiment {
	for _, name := range names {
		exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: name})
		exp.LeftOut = append(exp.LeftOut, bench.LeftOut{Variant: name, Why: why})
	}
	return exp
}

func TestLeftOut(t *testing.T) {
	const why = "libscudo.so needs GLIBC_2.38"
	exp := withLeftOut(experiment(7), why, "scudo@sid")
	r := Summarize(exp)
	if r.Comparisons != 2 {
		t.Errorf("%d comparisons, want those of the 2 that were measured", r.Comparisons)
	}
	if got := r.Verdict(); got.Standing != Answered || !strings.Contains(got.Text, "scudo@sid could not be measured: "+why+".") {
		t.Errorf("verdict %+v", got)
	}
	for _, c := range r.Table().Columns[1:] {
		if got := c.Cells[3].Value; got != None {
			t.Errorf("%s of what was left out is %q", c.Key, got)
		}
	}
	if notes := r.Rows[3].notes[ColVariant]; len(notes) != 1 || notes[0].Code != CodeLeftOut || !strings.Contains(notes[0].Text, "scudo@sid: "+why) {
		t.Errorf("notes %v", notes)
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return Text(b, exp, TextOptions{Width: 200}) },
		"markdown": func(b *bytes.Buffer) error { return Markdown(b, exp) },
		"csv":      func(b *bytes.Buffer) error { return CSV(b, exp) },
		"json":     func(b *bytes.Buffer) error { return JSON(b, exp) },
		"bench":    func(b *bytes.Buffer) error { return GoBench(b, exp) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		// Markdown escapes some signs.
		if text := strings.ReplaceAll(b.String(), `\`, ""); !strings.Contains(text, why) || !strings.Contains(text, CodeLeftOut) && !strings.Contains(text, "left_out") {
			t.Errorf("%s does not say why:\n%s", name, text)
		}
	}
}

// TestLeftOutTogether: those of one reason are told in one note.
func TestLeftOutTogether(t *testing.T) {
	exp := withLeftOut(experiment(7), "suite sid cannot be reached", "a@sid", "b@sid")
	withLeftOut(exp, "no such package", "c")
	r := Summarize(exp)
	var texts []string
	for _, n := range r.Notes {
		if n.Code == CodeLeftOut {
			texts = append(texts, n.Text)
		}
	}
	if got, want := strings.Join(texts, "; "), "left out: a@sid, b@sid: suite sid cannot be reached; left out: c: no such package"; got != want {
		t.Errorf("notes %q, want %q", got, want)
	}
	if got := r.Verdict().Text; !strings.Contains(got, "3 variants could not be measured, for the reasons in the notes: a@sid, b@sid and c.") {
		t.Errorf("verdict %q", got)
	}
	if got := r.Rows[1].Peak.Ratio.Verdict(); got != stat.Shown {
		t.Errorf("the verdict of what was measured is %v", got)
	}
}

// TestLeftOutAlone: a baseline alone with what was left out is alone.
func TestLeftOutAlone(t *testing.T) {
	exp := withLeftOut(made(short2[:1], 480, 7), "no space left on device", "jemalloc")
	r := Summarize(exp)
	if v := r.Verdict(); v.Standing != Alone || !strings.Contains(v.Text, "jemalloc could not be measured") {
		t.Errorf("verdict %+v", v)
	}
	if r.hasNote(CodeNoBaseline) || r.Comparisons != 0 {
		t.Errorf("%d comparisons, notes %v", r.Comparisons, r.Notes)
	}
}
