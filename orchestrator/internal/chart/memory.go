package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// allSteps is how many steps the lines of a picture have together, and mostSteps
// each at most: what a screen can show, and a file should hold.
const (
	allSteps   = 1600
	mostSteps  = 300
	leastSteps = 24
)

// stepsFor gives the steps of a line where there are so many.
func (o Options) stepsFor(lines int) int {
	if o.Steps > 0 {
		return o.Steps
	}
	return max(leastSteps, min(mostSteps, allSteps/max(1, lines)))
}

// plane is where curves are drawn: its place in the picture and its scales.
type plane struct {
	left, top, width, height float64
	time, bytes              axis
}

// x and y give a place within the plane.
func (a *plane) x(seconds float64) float64 { return seconds / a.time.top * a.width }
func (a *plane) y(bytes float64) float64   { return a.height - bytes/a.bytes.top*a.height }

func memory(r *report.Report, o Options) picture {
	threads := 0
	if o.Threads {
		threads = threadSteps(r)
	}
	curves := r.Curves(o.stepsFor(len(r.Rows)), threads)
	curves.Length, curves.Top = max(curves.Length, o.Length), max(curves.Top, o.Top)
	p := &pen{}
	m := memoryPicture{pen: p, r: r, curves: curves, peaks: r.Peaks(), width: o.width()}
	for i, c := range curves.Rows {
		if len(c.Line) > 0 {
			m.drawn = append(m.drawn, i)
		}
	}
	m.pale = paleRows(r)
	m.layOut()
	m.shades()
	m.axes()
	m.lines()
	m.labels()
	m.lanes()
	bottom := m.absent()
	return picture{"memory", bottom, "Memory over time", r.CurvesText(curves), p.String()}
}

// memoryPicture is a picture of memory over time that is being drawn.
type memoryPicture struct {
	*pen
	plane
	r      *report.Report
	curves *report.Curves
	peaks  *report.Peaks
	drawn  []int // the rows that have a line
	pale   map[int]bool
	width  float64
	row    float64 // height of a label
	lane   float64 // height of a lane
	two    bool    // labels have two lines
	column float64 // where the labels begin
}

// How far things stand from each other, in pixels.
const (
	headRoom = 20  // above the plane, for the numbers of batches
	markRoom = 14  // a mark and the space to its text
	narrow   = 480 // a picture with less room says less
	laneRoom = 6   // between the plane and the lanes below it
)

// layOut decides on sizes.
func (m *memoryPicture) layOut() {
	const height, one, two = 250.0, 15.0, 30.0
	n := float64(len(m.drawn))
	m.row, m.two = one, false
	if n*two <= height && m.width >= narrow {
		m.row, m.two = two, true
	}
	m.lane = 9
	if n > 8 {
		m.lane = 6
	}
	m.height = max(height, n*m.row)
	m.top = headRoom
	names := 0.0
	for _, i := range m.drawn {
		names = max(names, widthOf(m.r.Rows[i].Name(), 12))
		if m.two {
			names = max(names, widthOf(m.peak(i), 11))
		}
	}
	names = min(names, m.width*0.24)
	if len(m.drawn) == 0 {
		m.height = 60
	}
	m.bytes = memoryAxis(m.curves.Top, int(m.height/50))
	ticks := 0.0
	for _, t := range m.bytes.ticks {
		ticks = max(ticks, widthOf(t.text, 11))
	}
	m.left = ticks + 8 + markRoom
	m.column = m.width - names - markRoom
	m.plane.width = m.column - 20 - m.left
	m.time = timeAxis(m.curves.Length, max(3, int(m.plane.width/75)))
}

// peak is what the label of a row says of its figure.
func (m *memoryPicture) peak(i int) string {
	if p := m.peaks.Rows[i]; p.N > 0 {
		return "peak " + p.Value
	}
	return ""
}

// shades draws the batches behind everything, all variants over each other: the
// darker, the more of them are under load.
func (m *memoryPicture) shades() {
	if len(m.drawn) == 0 {
		return
	}
	m.put(`<g transform="translate(%s %s)">`, num(m.left), num(m.top))
	for _, i := range m.drawn {
		var d strings.Builder
		for _, b := range m.spans(i) {
			fmt.Fprintf(&d, "M%s 0h%sv%sh-%sz", num(b[0]), num(b[1]-b[0]), num(m.height), num(b[1]-b[0]))
		}
		if d.Len() > 0 {
			m.put(`<path class="shade" fill-opacity="%.3f" d="%s"/>`, 0.11/float64(len(m.drawn)), d.String())
		}
	}
	m.put(`</g>`)
	m.numbers()
}

// spans gives the batches of a row as stretches of the plane, those together that
// no pixel would keep apart.
func (m *memoryPicture) spans(i int) [][2]float64 {
	var spans [][2]float64
	for _, b := range m.curves.Rows[i].Batches() {
		from, to := m.x(b.Start.Seconds()), m.x(b.End.Seconds())
		if n := len(spans); n > 0 && from-spans[n-1][1] < 0.5 {
			spans[n-1][1] = to
			continue
		}
		spans = append(spans, [2]float64{from, to})
	}
	return spans
}

// numbers names the batches above the plane, by the clock of the baseline, or
// of the first variant there is.
func (m *memoryPicture) numbers() {
	at := m.drawn[0]
	for _, i := range m.drawn {
		if m.r.Rows[i].Baseline {
			at = i
		}
	}
	const size = 11
	free := 0.0
	for _, b := range m.curves.Rows[at].Batches() {
		text := fmt.Sprintf("batch %d", b.Batch)
		middle := m.left + m.x((b.Start.Seconds()+b.End.Seconds())/2)
		half := widthOf(text, size) / 2
		if middle-half < free {
			continue
		}
		m.text("quiet small m", middle, m.top-7, text)
		free = middle + half + 10
	}
}

// axes draws the scales.
func (m *memoryPicture) axes() {
	right := m.left + m.plane.width
	bottom := m.top + m.height
	m.put(`<line class="axis" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(m.left), num(right), num(bottom), num(bottom))
	if len(m.drawn) == 0 {
		return
	}
	m.put(`<g class="y">`)
	for i, t := range m.bytes.ticks {
		y := m.top + m.y(t.at)
		if i > 0 {
			m.put(`<line class="grid" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(m.left), num(right), num(y), num(y))
		}
		m.text("quiet small r", m.left-8, y+4, t.text)
	}
	m.put(`</g>`)
	below := bottom + float64(len(m.drawn))*m.lane + laneRoom + 3
	m.put(`<g class="x">`)
	for _, t := range m.time.ticks {
		x := m.left + m.x(t.at)
		m.put(`<line class="axis" x1="%s" x2="%s" y1="%s" y2="%s"/>`, num(x), num(x), num(below), num(below+4))
		m.text("quiet small m", x, below+16, t.text)
	}
	m.put(`</g>`)
}

// lines draws the curves, in an element of their own.
func (m *memoryPicture) lines() {
	w, h := num(m.plane.width), num(m.height)
	many := ""
	if len(m.drawn) > 4 {
		many = " many"
	}
	m.put(`<svg class="plot%s" x="%s" y="%s" width="%s" height="%s" viewBox="0 0 %s %s" preserveAspectRatio="none" data-seconds="%.6g" data-bytes="%.6g" data-height="%s">`,
		many, num(m.left), num(m.top), w, h, w, h, m.time.top/m.plane.width, m.bytes.top/m.height, h)
	for _, i := range m.drawn {
		if !m.pale[i] {
			m.put(`<path class="band %s" data-row="%d" d="%s"/>`, class(i), i, m.band(m.curves.Rows[i].Line))
		}
	}
	for _, i := range m.drawn {
		for _, t := range m.curves.Rows[i].Threads {
			if len(t.Readings) > 0 {
				m.put(`<path class="%s %s" data-row="%d" data-round="%d" d="%s"><title>%s</title></path>`, threadClass(t), class(i), i, t.Round, m.thread(t),
					escape(m.r.Rows[i].Name()+", "+panelTitle(m.r.Rows[i], t)))
			}
		}
	}
	for _, pale := range []bool{true, false} { // what is pale lies below
		for _, i := range m.drawn {
			if m.pale[i] != pale {
				continue
			}
			faint := ""
			if pale {
				faint = ` stroke-opacity=".28"`
			}
			m.put(`<path class="line %s" data-row="%d"%s%s d="%s"/>`, class(i), i, dash(i), faint, m.middle(m.curves.Rows[i].Line))
		}
	}
	m.put(`</svg>`)
}

// band gives the path around what the rounds take.
func (a *plane) band(line []report.Point) string {
	var places []xy
	for _, p := range line {
		places = append(places, xy{a.x(p.At.Seconds()), a.y(p.Hi)})
	}
	for _, p := range slices.Backward(line) {
		places = append(places, xy{a.x(p.At.Seconds()), a.y(p.Lo)})
	}
	return polyline(places) + "z"
}

// middle gives the path of the line.
func (a *plane) middle(line []report.Point) string {
	var places []xy
	for _, p := range line {
		places = append(places, xy{a.x(p.At.Seconds()), a.y(p.Mid)})
	}
	return polyline(places)
}

// labels names the curves where they end.
func (m *memoryPicture) labels() {
	type end struct {
		row int
		at  xy
	}
	var ends []end
	for _, i := range m.drawn {
		line := m.curves.Rows[i].Line
		last := line[len(line)-1]
		ends = append(ends, end{i, xy{m.left + m.x(last.At.Seconds()), m.top + m.y(last.Mid)}})
	}
	slices.SortStableFunc(ends, func(a, b end) int {
		switch {
		case a.at.y < b.at.y:
			return -1
		case a.at.y > b.at.y:
			return 1
		}
		return 0
	})
	var wanted []float64
	for _, e := range ends {
		wanted = append(wanted, e.at.y)
	}
	placed := apart(wanted, m.row, m.top+m.row/2, m.top+m.height-m.row/2)
	right := m.left + m.plane.width
	for k, e := range ends {
		y := placed[k]
		row := m.r.Rows[e.row]
		m.put(`<g class="label %s" data-row="%d">`, class(e.row), e.row)
		from := e.at.x + 6
		m.put(`<path class="leader" d="M%s %sH%sL%s %s"/>`, num(from), num(e.at.y), num(max(from, right)), num(m.column-6), num(y))
		m.mark(e.row, e.at.x, e.at.y)
		m.mark(e.row, m.column+3, y)
		room := m.width - m.column - markRoom
		name := fit(row.Name(), 12, room)
		if m.two {
			m.titled("strong", m.column+markRoom, y-1, name, row.Name())
			m.text("quiet small", m.column+markRoom, y+12, fit(m.peak(e.row), 11, room))
		} else {
			m.titled("small", m.column+markRoom, y+4, name, row.Name())
		}
		m.put(`</g>`)
	}
}

// lanes draws the batches of each variant on its own clock.
func (m *memoryPicture) lanes() {
	y := m.top + m.height + laneRoom
	for _, i := range m.drawn {
		y += m.lane
		middle := y - m.lane/2
		m.put(`<g class="%s" data-row="%d">`, class(i), i)
		scale := m.lane / 10
		m.put(`<g transform="translate(%s %s) scale(%s)">`, num(m.left-8), num(middle), num(scale))
		m.mark(i, 0, 0)
		m.put(`</g>`)
		var d strings.Builder
		for _, b := range m.spans(i) {
			fmt.Fprintf(&d, "M%s %sh%s", num(m.left+b[0]), num(middle), num(math.Max(1, b[1]-b[0])))
		}
		if d.Len() > 0 {
			m.put(`<path class="lane" stroke-width="%s" d="%s"/>`, num(m.lane-4), d.String())
		}
		m.put(`</g>`)
	}
}

// absent says below everything which variants have no curve, and gives where the
// picture ends.
func (m *memoryPicture) absent() float64 {
	bottom := m.top + m.height + float64(len(m.drawn))*m.lane + laneRoom + 25
	for i, c := range m.curves.Rows {
		if len(c.Line) > 0 {
			continue
		}
		why := "not measured"
		if c.Row.LeftOut != "" {
			why = "left out: " + c.Row.LeftOut
		}
		if c.Row.Contradicted != nil {
			why = "no curve: more bytes were live than resident, so its memory was not measured"
		}
		bottom += 16
		m.put(`<g class="%s">`, class(i))
		m.mark(i, m.left+4, bottom-8)
		m.put(`</g>`)
		m.text("quiet small", m.left+markRoom, bottom-4, fit(c.Row.Name()+" – "+why, 11, m.width-m.left-markRoom))
	}
	if len(m.curves.Rows) == 0 {
		m.text("quiet m", m.left+m.plane.width/2, m.top+m.height/2+4, "no variant was measured")
	}
	return bottom
}
