package chart

import (
	"math"
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// axis is a scale from 0 on, with round values to be marked.
type axis struct {
	top   float64 // where it ends, in its base unit
	ticks []tick  // from 0 on
}

type tick struct {
	at   float64
	text string
}

// unit is one of those that an axis may be labelled in: from that value of its
// top on.
type unit struct {
	name       string
	size, from float64
	steps      []float64 // that are round in it; nil: 1, 2 and 5 and their powers of ten
}

var memoryUnits = []unit{
	{"GiB", float64(bench.GiB), 4 * float64(bench.GiB), nil},
	{"MiB", float64(bench.MiB), float64(bench.MiB), nil},
	{"KiB", float64(bench.KiB), 0, nil},
}

var timeUnits = []unit{
	{"h", 3600, 3 * 3600, []float64{0.5, 1, 2, 3, 6, 12, 24, 48, 96}},
	{"min", 60, 180, []float64{0.5, 1, 2, 5, 10, 15, 30, 60}},
	{"s", 1, 2, []float64{0.5, 1, 2, 5, 10, 15, 20, 30, 60}},
	{"ms", 0.001, 0, nil},
}

// memoryAxis fits bytes up to most, and ends at a round value.
func memoryAxis(most float64, ticks int) axis {
	if !(most > 0) || math.IsInf(most, 1) {
		most = float64(bench.MiB)
	}
	a := axisOf(most, ticks, memoryUnits, math.Ceil)
	a.top = a.ticks[len(a.ticks)-1].at
	return a
}

// timeAxis fits a time, and ends where it does.
func timeAxis(length time.Duration, ticks int) axis {
	seconds := length.Seconds()
	if !(seconds > 0) {
		seconds = 1
	}
	return axisOf(seconds, ticks, timeUnits, math.Floor)
}

// axisOf marks about so many round values, up to most or to what end makes of it.
func axisOf(most float64, ticks int, units []unit, end func(float64) float64) axis {
	u := units[len(units)-1]
	for i := len(units) - 1; i >= 0; i-- {
		if most >= units[i].from {
			u = units[i]
		}
	}
	step := stepOf(most/u.size/float64(max(1, ticks)), u.steps)
	a := axis{top: most}
	n := max(1, int(end(math.Round(most/u.size/step*1e6)/1e6)))
	for i := range n + 1 {
		text := strconv.FormatFloat(math.Round(float64(i)*step*1000)/1000, 'f', -1, 64)
		if i == n {
			text += " " + u.name
		}
		a.ticks = append(a.ticks, tick{float64(i) * step * u.size, text})
	}
	return a
}

// stepOf gives the least round step that is not below the one given.
func stepOf(least float64, steps []float64) float64 {
	for _, s := range steps {
		if s >= least {
			return s
		}
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// apart moves places that stand closer than the distance given, as little as
// possible and in the same order, and keeps them between least and most where
// there is room for all.
func apart(places []float64, distance, least, most float64) []float64 {
	// Those that would overlap share a block, whose middle is the mean of what
	// they want.
	type block struct {
		sum   float64 // of where the first one would stand
		n     int
		first int
	}
	var blocks []block
	start := func(b block) float64 {
		from := b.sum / float64(b.n)
		return max(least, min(from, most-distance*float64(b.n-1)))
	}
	for i, p := range places {
		blocks = append(blocks, block{p, 1, i})
		for len(blocks) > 1 {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if start(a)+distance*float64(a.n) <= start(b)+1e-9 {
				break
			}
			a.sum += b.sum - distance*float64(a.n*b.n)
			a.n += b.n
			blocks = append(blocks[:len(blocks)-2], a)
		}
	}
	out := make([]float64, len(places))
	for _, b := range blocks {
		for i := range b.n {
			out[b.first+i] = start(b) + distance*float64(i)
		}
	}
	return out
}
