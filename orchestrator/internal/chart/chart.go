// Package chart draws what a report means as pictures: memory over time, memory
// against CPU, the
// peaks of every round, and every round of one variant. They are SVG, with all
// their words as text; the same report gives the same bytes.
//
// Memory, Peaks, Trials and Trade give an element for a page, whose style says which
// colours there are (CSS, Light, Dark). SVG writes a file that stands alone, for
// light and dark ground, without scripts and without anything from elsewhere.
//
// A variant has a class, v0 to v7 by its place in the report, a pattern of
// dashes and a shape of marks: colour never tells alone. What people named is
// made fit by package plain and escaped.
package chart

import (
	"cmp"
	"fmt"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// Options say how an element for a page is drawn. The zero value will do.
type Options struct {
	Width int    // pixels; 0: 800
	ID    string // that the ids in it begin with; "": the picture's name
	Class string // of the element, besides "chart" and the picture's name
	// Table numbers the notes that are marked at the figures; nil: none are.
	Table *report.Table
	// Steps are those of a line over time, at most; 0: what 60 kB allow for.
	Steps int

	// Length and Top are what memory over time has room for at least, for what a
	// page draws into it; 0: for what is drawn.
	Length time.Duration
	Top    float64 // bytes

	// Threads draws every round over the bands too, in paths of the class thread
	// with data-round; those that do not count have the class apart.
	Threads bool

	still bool // nobody will point at it
}

// defaultWidth is that of a column of text on most sites, in pixels.
const defaultWidth = 800

// leastWidth is the least that anything can be drawn in.
const leastWidth = 280

// threadSteps gives the steps of the thread of a single round.
func threadSteps(r *report.Report) int {
	return max(leastSteps, min(120, 3000/max(1, len(r.Exp.Trials))))
}

func (o Options) width() float64 { return float64(max(leastWidth, cmp.Or(o.Width, defaultWidth))) }

// picture is a drawing without the element around it.
type picture struct {
	name        string
	height      float64
	title, desc string
	body        string
}

// element gives a picture as an element of a page.
func (p picture) element(o Options) string {
	id := escape(cmp.Or(o.ID, p.name))
	classes := "chart " + p.name
	if o.Class != "" {
		classes += " " + escape(o.Class)
	}
	w, h := num(o.width()), num(p.height)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" class="%s" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-labelledby="%s-title %s-desc">`+"\n"+
		`<title id="%s-title">%s</title>`+"\n"+`<desc id="%s-desc">%s</desc>`+"\n%s</svg>\n",
		classes, w, h, w, h, id, id, id, escape(p.title), id, escape(p.desc), p.body)
}

// Memory draws memory over time: of each variant a line, the band of all its
// rounds, and its batches, shaded behind and in a lane below. The curves stand in
// an element of their own, <svg class="plot">, whose viewBox is in pixels of the
// picture: whoever changes it zooms. Its attributes data-seconds and data-bytes
// say how much a pixel of it is; time 0 is on its left edge, and data-height
// pixels from its top there are 0 bytes.
func Memory(r *report.Report, o Options) string { return memory(r, o).element(o) }

// Peaks draws the peak RSS: a line per variant with a dot per round, the
// interval, and the baseline's median through all of them.
func Peaks(r *report.Report, o Options) string { return peaks(r, o).element(o) }

// Trials draws every round of one row of the report by itself, those that do not
// count among them.
func Trials(r *report.Report, row *report.Row, o Options) string { return trials(r, row, o).element(o) }
