package chart

import (
	"cmp"
	"math"
	"slices"
)

const (
	labelHeight = 13.0
	labelSize   = 11.0
	markReach   = 6.0 // of a mark, from its middle
	ringReach   = 9.0 // of the baseline's
	bolder      = 1.1 // so much wider is a name on the front
)

// box is a rectangle in pixels.
type box struct{ left, top, width, height float64 }

// shared is the area that two boxes have in common.
func (b box) shared(c box) float64 {
	w := min(b.left+b.width, c.left+c.width) - max(b.left, c.left)
	h := min(b.top+b.height, c.top+c.height) - max(b.top, c.top)
	return max(0, w) * max(0, h)
}

// label is the name of a point in its place.
type label struct {
	box
	text string
	led  bool // it stands so far away that a line leads to it
}

func (l label) nearX(x float64) float64 { return min(max(x, l.left), l.left+l.width) }
func (l label) nearY(y float64) float64 { return min(max(y, l.top), l.top+l.height) }

// labels finds places for the names of the points: beside them where there is
// room, else further away, so that none covers another or a point.
func (t *tradePicture) labels() []label {
	points := t.trade.Points
	marks := make([]box, len(points))
	for i, p := range points {
		reach := markReach
		if p.Row.Baseline {
			reach = ringReach
		}
		marks[i] = box{t.x(p.CPU.Center) - reach, t.y(p.Peak.Center) - reach, 2 * reach, 2 * reach}
	}
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	// Those on the front have the best places, then those in the thick of it.
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(-cmp.Compare(boolean(points[a].Best), boolean(points[b].Best)), -cmp.Compare(crowd(marks, a), crowd(marks, b)))
	})
	plane := box{t.left + 2, t.top - 2, t.inner - 2, t.height}
	labels, lines := make([]label, len(points)), t.frontBoxes()
	var taken []box
	for _, i := range order {
		name := points[i].Row.Name()
		if points[i].Row.Baseline {
			name += " (baseline)"
		}
		text := fit(name, labelSize, t.inner*0.45)
		size := box{width: widthOf(text, labelSize), height: labelHeight}
		if points[i].Best {
			size.width *= bolder
		}
		labels[i] = label{text: text}
		least := math.Inf(1)
		for _, at := range around(marks[i], size) {
			b := at.box
			over := 50 * (size.width*size.height - b.shared(plane)) // outside of the plane it cannot be read
			for j, m := range marks {
				if j != i {
					over += b.shared(m)
				}
			}
			for _, line := range lines {
				over += b.shared(line)
			}
			for _, other := range taken {
				over += 4 * b.shared(other)
			}
			if over < least-1e-6 {
				least, labels[i].box, labels[i].led = over, b, at.led
			}
			if over < 1e-6 {
				break
			}
		}
		taken = append(taken, labels[i].box)
	}
	return labels
}

// frontBoxes gives the stretches of the front's line, as thick as it needs to be
// left alone.
func (t *tradePicture) frontBoxes() []box {
	var all []box
	x, y := 0.0, t.top // where the line has come to
	for k, i := range t.trade.Front {
		p := t.trade.Points[i]
		nx, ny := t.x(p.CPU.Center), t.y(p.Peak.Center)
		if k > 0 {
			all = append(all, box{x, y - 1, nx - x, 2})
		}
		all = append(all, box{nx - 1, y, 2, ny - y})
		x, y = nx, ny
	}
	return append(all, box{x, y - 1, t.left + t.inner - x, 2})
}

// around lists places for a label of that size about a mark, the nearest first.
func around(mark, size box) []label {
	x, y := mark.left+mark.width/2, mark.top+mark.height/2
	var all []label
	for ring := range 14 {
		gap := 3 + 11*float64(ring)
		for _, turn := range []float64{0, 4, 2, 6, 1, 7, 3, 5} { // right, left, above, below, between
			dx, dy := math.Cos(turn*math.Pi/4), -math.Sin(turn*math.Pi/4)
			// The label's nearest edge or corner is as far away as the gap.
			left := x + dx*(mark.width/2+gap) - size.width*(1-math.Round(dx*1.4))/2
			top := y + dy*(mark.height/2+gap) - size.height*(1-math.Round(dy*1.4))/2
			all = append(all, label{box: box{left, top, size.width, size.height}, led: ring > 0})
		}
	}
	return all
}

// crowd counts the marks near one.
func crowd(marks []box, i int) int {
	near := box{marks[i].left - 40, marks[i].top - 20, marks[i].width + 80, marks[i].height + 40}
	n := 0
	for _, m := range marks {
		if m.shared(near) > 0 {
			n++
		}
	}
	return n
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
