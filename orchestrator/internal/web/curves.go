package web

import (
	"math"
	"strconv"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/watch"
)

// The curves are drawn into a box of these sizes, which the style stretches; the
// axes have as many parts, always, so that only their texts change.
const (
	boxWidth  = 1000
	boxHeight = 300
	partsX    = 5
	partsY    = 4
)

// draw draws the memory of the variants' trials over the time of each. The time
// axis has room for what is expected, so that it seldom changes.
func (p *picture) draw(curves []*watch.Curve, expected time.Duration) {
	length, top := max(expected, 10*time.Second), bench.MiB
	for _, c := range curves {
		if c == nil {
			continue
		}
		length = max(length, c.Length())
		for _, s := range c.Spans() {
			top = max(top, s.High)
		}
	}
	stepX := niceTime(length / partsX)
	stepY := niceBytes(float64(top) / partsY)
	for i := range partsX + 1 {
		p.set("x"+strconv.Itoa(i), clock(time.Duration(i)*stepX))
	}
	for i := range partsY + 1 {
		p.set("y"+strconv.Itoa(i), strconv.FormatFloat(float64(i)*stepY/float64(bench.MiB), 'f', -1, 64))
	}
	scale := scale{boxWidth / (partsX * stepX.Seconds()), boxHeight / (partsY * stepY)}
	for i, c := range curves {
		band, line := "", ""
		if c != nil {
			band, line = scale.paths(c)
		}
		p.Values[strconv.Itoa(i)+".band"], p.Values[strconv.Itoa(i)+".line"] = band, line
	}
}

// scale says how many units of the box a second and a byte take.
type scale struct{ second, byte float64 }

// paths gives the data of two SVG paths: the area between the lowest and the
// highest reading of each step, and the line of the highest.
func (s scale) paths(c *watch.Curve) (band, line string) {
	var there, back []byte
	point := func(b []byte, command byte, i int, memory bench.Bytes) []byte {
		b = append(b, command)
		at := (float64(i) + 0.5) * c.Step().Seconds()
		b = strconv.AppendFloat(b, math.Round(at*s.second*10)/10, 'f', -1, 64)
		b = append(b, ' ')
		return strconv.AppendFloat(b, math.Round((boxHeight-float64(memory)*s.byte)*10)/10, 'f', -1, 64)
	}
	spans := c.Spans()
	command := byte('M')
	for i, span := range spans {
		if span.Any {
			there = point(there, command, i, span.High)
			command = 'L'
		}
	}
	for i := len(spans) - 1; i >= 0; i-- {
		if spans[i].Any {
			back = point(back, 'L', i, spans[i].Low)
		}
	}
	if len(back) > 0 {
		back = append(back, 'Z')
	}
	return string(there) + string(back), string(there)
}

// niceTime gives the next time that people count in.
func niceTime(d time.Duration) time.Duration {
	for _, nice := range []time.Duration{2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10800} {
		if d <= nice*time.Second {
			return nice * time.Second
		}
	}
	return d.Round(time.Hour) + time.Hour
}

// niceBytes gives the next amount that people count in, in MiB.
func niceBytes(bytes float64) float64 {
	mib := bytes / float64(bench.MiB)
	power := math.Pow(10, math.Floor(math.Log10(mib)))
	for _, nice := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10} {
		if mib <= nice*power {
			return nice * power * float64(bench.MiB)
		}
	}
	return bytes
}
