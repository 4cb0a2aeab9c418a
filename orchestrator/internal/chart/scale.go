package chart

import (
	"math"
	"strconv"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// squeezed is the ratio of the greatest to the least value from which a scale is
// logarithmic: on one from 0 on, most of them would share a corner.
const squeezed = 4

// scale is that of an axis of a scatter of positive values: from 0 on, or
// logarithmic where they are far apart.
type scale struct {
	from, to float64
	log      bool
	unit     string
	ticks    []tick
}

var costUnits = []unit{{"s", 1e9, 10e9, nil}, {"ms", 1e6, 1e6, nil}, {"µs", 1e3, 0, nil}}

// scaleOf fits values, in about so many ticks.
func scaleOf(values []float64, ticks int, units []unit) scale {
	least, most := math.Inf(1), 0.0
	for _, v := range values {
		least, most = min(least, v), max(most, v)
	}
	u := units[len(units)-1]
	for i := len(units) - 1; i >= 0; i-- {
		if most >= units[i].from {
			u = units[i]
		}
	}
	if most <= squeezed*least {
		a := axisOf(most*1.06, ticks, units, math.Ceil)
		s := scale{to: a.ticks[len(a.ticks)-1].at, unit: u.name}
		for _, t := range a.ticks {
			s.ticks = append(s.ticks, tick{t.at, plainTick(t.at / u.size)})
		}
		return s
	}
	s := scale{from: least / 1.25, to: most * 1.25, log: true, unit: u.name}
	for _, steps := range [][]float64{{1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}} {
		s.ticks = nil
		for power := math.Pow(10, math.Floor(math.Log10(s.from/u.size))); power <= s.to/u.size; power *= 10 {
			for _, step := range steps {
				if at := power * step * u.size; at >= s.from && at <= s.to {
					s.ticks = append(s.ticks, tick{at, plainTick(power * step)})
				}
			}
		}
		if len(s.ticks) <= ticks {
			break
		}
	}
	return s
}

func plainTick(v float64) string { return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64) }

// at gives the part of the axis at which a value stands, from 0 to 1.
func (s scale) at(v float64) float64 {
	if s.log {
		return math.Log(max(v, s.from)/s.from) / math.Log(s.to/s.from)
	}
	return v / s.to
}

// title names an axis, and says so where equal distances are equal ratios.
func (s scale) title(what string) string {
	if s.log {
		return what + ", " + s.unit + " (log scale)"
	}
	return what + ", " + s.unit
}

// scatterUnits are those of amounts on a scatter, costUnits those of times in
// nanoseconds.
var scatterUnits = []unit{{"GiB", float64(bench.GiB), 10 * float64(bench.GiB), nil}, {"MiB", float64(bench.MiB), float64(bench.MiB), nil}, {"KiB", float64(bench.KiB), 0, nil}}
