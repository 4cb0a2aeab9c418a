package chart

import (
	"fmt"
	"math"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

func peaks(r *report.Report, o Options) picture {
	figures := r.Peaks()
	p := peaksPicture{pen: &pen{}, Options: o, r: r, figures: figures}
	p.layOut()
	p.axis()
	for i := range figures.Rows {
		p.draw(i)
	}
	return picture{"peaks", p.top + p.height + 24, "Peak RSS of every round", r.PeaksText(figures), p.String()}
}

// peaksPicture is a picture of the peaks that is being drawn.
type peaksPicture struct {
	*pen
	Options
	plane
	r       *report.Report
	figures *report.Peaks
	row     float64 // height of one
	values  float64 // where the medians end
	changes float64 // where the changes end
	spread  float64 // how far the dots of a row may lie from its middle
}

// layOut decides on sizes.
func (p *peaksPicture) layOut() {
	width := p.Options.width()
	p.row, p.spread = 32, 7
	if len(p.figures.Rows) > 10 {
		p.row, p.spread = 24, 5
	}
	p.top, p.height = 20, p.row*float64(len(p.figures.Rows))
	if len(p.figures.Rows) == 0 {
		p.height = p.row
	}
	names, values, changes := 0.0, widthOf("median", 11), 0.0
	for _, f := range p.figures.Rows {
		names = max(names, widthOf(p.name(f), 12))
		values = max(values, widthOf(f.Value, 12))
		if f.Change != "" {
			changes = max(changes, widthOf(f.Change, 12), widthOf(p.against(), 11))
		}
	}
	names = min(names, width*0.24)
	p.left = names + markRoom + 12
	p.changes = width
	p.values = width
	if changes > 0 {
		p.values = width - min(changes, width*0.25) - 12
	}
	p.plane.width = p.values - values - 14 - p.left
	p.bytes = memoryAxis(p.figures.Top, max(3, int(p.plane.width/80)))
}

// name is that of a row with the marks of its notes.
func (p *peaksPicture) name(f report.PeakRow) string {
	if p.Table == nil {
		return f.Row.Name()
	}
	return f.Row.Name() + p.Table.Marks(f.Notes)
}

// against heads the column of the changes.
func (p *peaksPicture) against() string {
	return "vs " + fit(p.r.Exp.Design.Baseline, 11, 90)
}

// at gives the place of an amount on the scale.
func (p *peaksPicture) at(bytes float64) float64 {
	return p.left + bytes/p.bytes.top*p.plane.width
}

// axis draws the scale, the heads of the columns and the baseline.
func (p *peaksPicture) axis() {
	bottom := p.top + p.height
	if p.figures.Top == 0 {
		p.bytes.ticks = nil // nothing to measure
	}
	for _, t := range p.bytes.ticks {
		x := p.at(t.at)
		p.put(`<line class="grid" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(x), num(x), num(p.top), num(bottom))
		p.text("quiet small m", x, bottom+16, t.text)
	}
	if len(p.figures.Rows) == 0 {
		p.text("quiet m", p.left+p.plane.width/2, p.top+p.height/2, "no variant was measured")
		return
	}
	p.text("quiet small r", p.values, p.top-6, "median")
	for _, f := range p.figures.Rows {
		if f.Change != "" {
			p.text("quiet small r", p.changes, p.top-6, p.against())
			break
		}
	}
	if base := p.figures.Baseline; !math.IsNaN(base) {
		x := p.at(base)
		p.put(`<line class="axis base" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(x), num(x), num(p.top-4), num(bottom))
		p.text("quiet small m", x, p.top-8, "baseline")
	}
}

// draw draws the row of that index.
func (p *peaksPicture) draw(i int) {
	f := p.figures.Rows[i]
	y := p.top + p.row*(float64(i)+0.5)
	p.put(`<g class="row %s" data-row="%d">`, class(i), i)
	p.mark(i, 5, y)
	p.titled("strong", markRoom, y+4, fit(p.name(f), 12, p.left-markRoom-6), p.name(f))
	switch {
	case f.Row.Contradicted != nil:
		p.text("quiet small", p.left+6, y+4, fit("no figure: more bytes were live than resident", 11, p.plane.width))
	case f.N == 0 && f.Row.LeftOut != "":
		why := "left out: " + f.Row.LeftOut
		p.titled("quiet small", p.left+6, y+4, fit(why, 11, p.plane.width), why)
	case f.N == 0:
		p.text("quiet small", p.left+6, y+4, "not measured")
	default:
		p.rounds(f, y)
	}
	p.text("r", p.values, y+4, f.Value)
	if f.Change != "" {
		p.text("strong r", p.changes, y+4, f.Change)
	}
	p.put(`</g>`)
}

// rounds draws the peaks of a row around its middle, from the first round at the
// top to the last, so that none hides another.
func (p *peaksPicture) rounds(f report.PeakRow, y float64) {
	if f.Interval {
		p.put(`<line class="interval" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(p.at(f.Lo)), num(p.at(f.Hi)), num(y), num(y))
	}
	var d strings.Builder
	for k, round := range f.Rounds {
		x, at := p.at(round.Bytes), y
		if n := len(f.Rounds); n > 1 {
			at += p.spread * (2*float64(k)/float64(n-1) - 1)
		}
		if p.still {
			fmt.Fprintf(&d, "M%s %sh0", num(x), num(at))
			continue
		}
		p.put(`<circle class="dot" cx="%s" cy="%s" r="3" data-round="%d"><title>%s</title></circle>`, num(x), num(at), round.Round,
			escape(fmt.Sprintf("round %d: %s", round.Round, report.Amount(round.Bytes))))
	}
	if d.Len() > 0 {
		p.put(`<path class="dots" stroke-width="6" d="%s"/>`, d.String())
	}
	x := p.at(f.Center)
	p.put(`<line class="tick" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(x), num(x), num(y-p.spread-3), num(y+p.spread+3))
}
