package chart

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

const (
	mostPanels = 60 // rounds that are drawn one by one
	panelSteps = 80 // steps of the band behind each
)

// trials draws a small picture per round, all in one scale: its own thread before
// the band of those that count.
func trials(r *report.Report, row *report.Row, o Options) picture {
	const gap, above, height, foot = 14.0, 18.0, 74.0, 26.0
	width := o.width()
	c := r.Curve(row, min(panelSteps, o.stepsFor(1)), threadSteps(r))
	p := &pen{}
	threads := c.Threads
	shown := threads[:min(len(threads), mostPanels)]
	a := plane{bytes: memoryAxis(c.Highest(), 3), time: timeAxis(c.Length, 4)}
	ticks := 0.0
	for _, t := range a.bytes.ticks {
		ticks = max(ticks, widthOf(t.text, 11))
	}
	columns := max(1, min(4, int(width/170)))
	a.left, a.height = ticks+8, height
	a.width = (width-a.left)/float64(columns) - gap
	band := ""
	if len(c.Line) > 0 {
		band = a.band(c.Line)
	}
	number := slices.Index(r.Rows, row)
	bottom := 0.0
	for i, t := range shown {
		x, y := a.left+float64(i%columns)*(a.width+gap), float64(i/columns)*(above+height+foot)+above
		bottom = y + height + foot
		p.put(`<g class="panel %s" data-round="%d" transform="translate(%s %s)">`, class(number), t.Round, num(x), num(y))
		head := panelTitle(row, t)
		p.titled("small", 0, -6, fit(head, 11, a.width), head)
		for j, mark := range a.bytes.ticks {
			at := a.y(mark.at)
			style := "grid"
			if j == 0 {
				style = "axis"
			}
			p.put(`<line class="%s" x1="0" x2="%s" y1="%s" y2="%s"/>`, style, num(a.width), num(at), num(at))
			if i%columns == 0 {
				p.text("quiet small r", -6, at+4, mark.text)
			}
		}
		for _, mark := range a.time.ticks {
			p.text("quiet small m", a.x(mark.at), height+14, mark.text)
		}
		if band != "" {
			p.put(`<path class="band" d="%s"/>`, band)
		}
		if len(t.Readings) > 0 {
			p.put(`<path class="%s" d="%s"/>`, threadClass(t), a.thread(t))
		}
		p.put(`</g>`)
	}
	if len(threads) == 0 {
		why := "no round was run"
		if row.Contradicted != nil {
			why = "no curves: more bytes were live than resident, so the memory was not measured"
		}
		p.text("quiet", 0, 14, fit(why, 12, width))
		bottom = 24
	}
	if more := len(threads) - len(shown); more > 0 {
		bottom += 16
		p.text("quiet small", 0, bottom-4, fmt.Sprintf("%d more rounds are not drawn", more))
	}
	return picture{fmt.Sprintf("trials-%d", number), bottom, "Every round of " + row.Name(), trialsText(row, threads), p.String()}
}

// thread gives the path of a round.
func (a *plane) thread(t report.Thread) string {
	var places []xy
	for _, reading := range t.Readings {
		places = append(places, xy{a.x(reading.At.Seconds()), a.y(reading.Bytes)})
	}
	return polyline(places)
}

func threadClass(t report.Thread) string {
	if t.Counts {
		return "thread"
	}
	return "thread apart"
}

// panelTitle names a round, its peak, and why it does not count.
func panelTitle(row *report.Row, t report.Thread) string {
	text := fmt.Sprintf("round %d", t.Round)
	if !t.Counts {
		return text + " · " + t.Why
	}
	if peak, ok := row.PeakOf(t.Round); ok {
		text += " · peak " + report.Amount(peak)
	}
	return text
}

// trialsText says in words what the picture shows.
func trialsText(row *report.Row, threads []report.Thread) string {
	var text strings.Builder
	text.WriteString("Resident heap over time, round by round.")
	for _, t := range threads[:min(len(threads), mostPanels)] {
		text.WriteString(" " + panelTitle(row, t) + ".")
	}
	return text.String()
}
