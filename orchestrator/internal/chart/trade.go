package chart

import (
	"fmt"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// Trade draws the peak RSS of each variant against its CPU time per request, with
// the Pareto front of the two: a labelled point each, its interval as whiskers.
// What is behind the front is paler, and the baseline has a ring.
func Trade(r *report.Report, o Options) string { return trade(r, o).element(o) }

func trade(r *report.Report, o Options) picture {
	t := &tradePicture{pen: &pen{}, trade: r.Trade(), width: o.width()}
	if len(t.trade.Points) == 0 {
		t.text("quiet", 0, 18, "no variant has both figures")
		return picture{"trade", 30, "Peak RSS against CPU per request", r.TradeText(t.trade), t.String()}
	}
	t.layOut()
	t.axes()
	t.front()
	t.points()
	return picture{"trade", t.top + t.height + 42, "Peak RSS against CPU per request", r.TradeText(t.trade), t.String()}
}

// tradePicture is a picture of the trade that is being drawn.
type tradePicture struct {
	*pen
	trade             *report.Trade
	width             float64
	left, top, height float64
	inner             float64 // width of the plane
	cpu, peak         scale
}

// layOut decides on sizes. The scales have room for the whiskers.
func (t *tradePicture) layOut() {
	t.height = min(380, t.width*0.62)
	if t.width < narrow {
		t.height = min(460, t.width*1.05) // labels need the room that the width lacks
	}
	t.top = 26
	var cpus, peaks []float64
	for _, p := range t.trade.Points {
		cpus, peaks = append(cpus, p.CPU.Center), append(peaks, p.Peak.Center)
		if p.CPU.Interval && p.CPU.Lo > 0 {
			cpus = append(cpus, p.CPU.Lo, p.CPU.Hi)
		}
		if p.Peak.Interval && p.Peak.Lo > 0 {
			peaks = append(peaks, p.Peak.Lo, p.Peak.Hi)
		}
	}
	t.peak = scaleOf(peaks, int(t.height/42), scatterUnits)
	widest := 0.0
	for _, k := range t.peak.ticks {
		widest = max(widest, widthOf(k.text, 11))
	}
	t.left = widest + 10
	t.inner = t.width - t.left - 8
	t.cpu = scaleOf(cpus, int(t.inner/60), costUnits)
}

func (t *tradePicture) x(cpu float64) float64  { return t.left + t.cpu.at(cpu)*t.inner }
func (t *tradePicture) y(peak float64) float64 { return t.top + (1-t.peak.at(peak))*t.height }

// axes draws the scales and says what they are of.
func (t *tradePicture) axes() {
	right, bottom := t.left+t.inner, t.top+t.height
	for _, k := range t.peak.ticks {
		y := t.y(k.at)
		t.put(`<line class="grid" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(t.left), num(right), num(y), num(y))
		t.text("quiet small r", t.left-6, y+4, k.text)
	}
	for _, k := range t.cpu.ticks {
		x := t.x(k.at)
		t.put(`<line class="grid" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(x), num(x), num(t.top), num(bottom))
		t.text("quiet small m", x, bottom+16, k.text)
	}
	t.put(`<line class="axis" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(t.left), num(right), num(bottom), num(bottom))
	t.put(`<line class="axis" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(t.left), num(t.left), num(t.top), num(bottom))
	t.text("small", 0, 12, fit("↑ "+t.peak.title("peak RSS"), 11, t.width))
	t.text("small r", right, bottom+34, fit(t.cpu.title("CPU per request")+" →", 11, t.width))
}

// front draws the line between what is beaten and what is not: a staircase, for
// nothing is known between its points.
func (t *tradePicture) front() {
	var d strings.Builder
	for k, i := range t.trade.Front {
		p := t.trade.Points[i]
		x, y := t.x(p.CPU.Center), t.y(p.Peak.Center)
		if k == 0 {
			fmt.Fprintf(&d, "M%s %sV%s", num(x), num(t.top), num(y))
			continue
		}
		fmt.Fprintf(&d, "H%sV%s", num(x), num(y))
	}
	fmt.Fprintf(&d, "H%s", num(t.left+t.inner))
	t.put(`<path class="front" d="%s"/>`, d.String())
}

// points draws what is behind the front first.
func (t *tradePicture) points() {
	labels := t.labels()
	for _, best := range []bool{false, true} {
		for k, p := range t.trade.Points {
			if p.Best != best {
				continue
			}
			t.point(p, labels[k])
		}
	}
}

// point draws one, with its label.
func (t *tradePicture) point(p report.TradePoint, at label) {
	x, y := t.x(p.CPU.Center), t.y(p.Peak.Center)
	classes, words := "point "+class(p.Index), "quiet small"
	if p.Best {
		classes, words = classes+" best", "small strong"
	}
	t.put(`<g class="%s" data-row="%d" data-say="%s"><title>%s</title>`, classes, p.Index, escape(p.Text), escape(p.Row.Name()+": "+p.Text))
	if p.CPU.Interval {
		t.put(`<line class="whisker" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(t.x(p.CPU.Lo)), num(t.x(p.CPU.Hi)), num(y), num(y))
	}
	if p.Peak.Interval {
		t.put(`<line class="whisker" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(x), num(x), num(t.y(p.Peak.Lo)), num(t.y(p.Peak.Hi)))
	}
	if at.led {
		t.put(`<line class="leader" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(x), num(at.nearX(x)), num(y), num(at.nearY(y)))
	}
	t.mark(p.Index, x, y)
	if p.Row.Baseline {
		t.put(`<circle class="ring" cx="%s" cy="%s" r="%s"/>`, num(x), num(y), num(ringReach-1))
	}
	t.text(words, at.left, at.top+labelHeight-3, at.text)
	t.put(`</g>`)
}
