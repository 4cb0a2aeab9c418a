package chart

import (
	"fmt"
	"io"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// maker is how a picture of ours is known again.
const maker = `data-made-by="stair-stepper"`

// margin is the paper around a picture that stands alone, in pixels.
const margin = 20

// SVG writes an experiment as a picture that stands alone: memory over time and
// below it the peaks, with the verdict, what was run, and what weakens the
// figures, for nothing else may go along with it. It is 800 pixels wide, and has its own
// ground, light or dark as the reader's machine asks for. The only errors are
// those of w.
func SVG(w io.Writer, exp *bench.Experiment) error { return Standing(w, report.Summarize(exp)) }

// Standing is SVG of a report that is made.
func Standing(w io.Writer, r *report.Report) error {
	_, err := io.WriteString(w, standing(r))
	return err
}

// mostNotes is how many notes stand below a picture, and mostNoteLines how many
// lines each has.
const (
	mostNotes     = 8
	mostNoteLines = 3
)

// sheet is a picture that stands alone, as it is filled from the top.
type sheet struct {
	pen
	y float64
}

func standing(r *report.Report) string {
	const inner = defaultWidth - 2*margin
	table := r.Table().Only(func(c report.Column) bool { return c.Key == report.ColVariant || c.Key == report.ColPeak })
	o := Options{Width: inner, Table: table, still: true}
	m, p := memory(r, o), peaks(r, o)
	s := &sheet{y: margin}
	// First what is to be known if nothing else is read.
	if stamp := r.Stamp(); stamp != "" {
		s.lines("bad answer", 14.5, 19, stamp, 5)
	} else {
		s.lines("answer", 14.5, 19, r.Verdict().Text, 5)
	}
	s.y += 2
	s.lines("quiet small", 11, 15, r.Brief(), 3)
	s.y += 14
	s.lines("head", 13, 18, "Resident heap over time"+over(r), 1)
	s.y += 6
	s.picture(m)
	s.lines("quiet small", 11, 15, r.CurvesCaption(), 4)
	s.y += 16
	s.lines("head", 13, 18, "Peak RSS"+over(r)+table.Marks(heads(table)), 1)
	s.y += 4
	s.picture(p)
	s.lines("quiet small", 11, 15, r.PeaksCaption(), 3)
	for _, line := range r.Arranged() {
		s.lines("quiet small", 11, 15, line, 2)
	}
	if r.Control != nil && r.Stamp() == "" {
		s.lines("quiet small", 11, 15, r.Control.Text, 3)
	}
	s.y += 4
	for i, note := range table.Notes {
		if i == mostNotes {
			s.lines("quiet small", 11, 15, fmt.Sprintf("%d more notes are in the report.", len(table.Notes)-i), 1)
			break
		}
		s.lines("quiet small", 11, 15, report.Superscript(i+1)+" "+note.Text, mostNoteLines)
	}
	height := num(s.y + margin)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" %s class="chart" viewBox="0 0 %d %s" width="%d" height="%s" role="img" aria-labelledby="title desc">`+"\n",
		maker, defaultWidth, height, defaultWidth, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n<style>%s</style>\n", escape(title(r)), escape(Alt(r)), ownCSS())
	fmt.Fprintf(&b, `<rect class="paper" width="%d" height="%s" rx="8"/>`+"\n", defaultWidth, height)
	b.WriteString(s.String() + "</svg>\n")
	return b.String()
}

// over says how many rounds a figure is a median of.
func over(r *report.Report) string {
	if r.Rounds > 1 {
		return fmt.Sprintf(", median of %d rounds", r.Rounds)
	}
	return ""
}

// heads lists the notes that hold for whole columns.
func heads(t *report.Table) []*report.Note {
	var notes []*report.Note
	for _, c := range t.Columns {
		notes = append(notes, c.Notes...)
	}
	return notes
}

func title(r *report.Report) string {
	return "Memory over time and peak RSS" + over(r)
}

// Alt says in words what the picture of SVG shows.
func Alt(r *report.Report) string {
	return r.Verdict().Text + " " + r.PeaksText(r.Peaks())
}

// picture puts a picture on the sheet.
func (s *sheet) picture(p picture) {
	s.put(`<g transform="translate(%d %s)">`, margin, num(s.y))
	s.WriteString(p.body)
	s.put(`</g>`)
	s.y += p.height + 8
}

// lines writes a text below what there is, in as many lines as it takes.
func (s *sheet) lines(classes string, size, pitch float64, text string, most int) {
	for _, line := range wrapped(text, size, defaultWidth-2*margin, most) {
		s.y += pitch
		s.text(classes, margin, s.y-4, line)
	}
}
