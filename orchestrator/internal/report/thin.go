package report

import (
	"math"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// mark is a reading by the clock of its variant.
type mark struct{ at, bytes float64 } // seconds from 0 on

// track gives the readings of a trial in order of time.
func (w warp) track(t *bench.Trial) []mark {
	marks := make([]mark, 0, t.Samples.Len())
	for _, s := range inOrder(t.Samples.Samples()) {
		if s.At >= 0 {
			marks = append(marks, mark{w.at(s.At.Seconds()), float64(s.Resident())})
		}
	}
	return marks
}

// steps are the readings of a trial in steps of time; NaN where it was not there.
type steps struct{ mid, lo, hi []float64 }

// stepped sorts marks into n steps of that length in seconds.
func stepped(marks []mark, length float64, n int) steps {
	s := steps{make([]float64, n), make([]float64, n), make([]float64, n)}
	for i := range n {
		s.mid[i], s.lo[i], s.hi[i] = math.NaN(), math.NaN(), math.NaN()
	}
	before := -1
	var values []float64
	eachStep(marks, length, n, func(i int, within []mark) {
		values = values[:0]
		s.lo[i], s.hi[i] = math.Inf(1), math.Inf(-1)
		for _, m := range within {
			values = append(values, m.bytes)
			s.lo[i], s.hi[i] = min(s.lo[i], m.bytes), max(s.hi[i], m.bytes)
		}
		s.mid[i] = stat.Median(values)
		if before >= 0 {
			s.bridge(before, i)
		}
		before = i
	})
	return s
}

// bridge fills the steps between two that have readings.
func (s steps) bridge(from, to int) {
	for _, values := range [][]float64{s.mid, s.lo, s.hi} {
		for i := from + 1; i < to; i++ {
			share := float64(i-from) / float64(to-from)
			values[i] = values[from]*(1-share) + values[to]*share
		}
	}
}

// eachStep gives the marks of every step that has some.
func eachStep(marks []mark, length float64, n int, take func(step int, within []mark)) {
	step := func(m mark) int {
		if !(length > 0) {
			return 0
		}
		return int(max(0, min(float64(n-1), m.at/length)))
	}
	for from := 0; from < len(marks); {
		i, to := step(marks[from]), from+1
		for to < len(marks) && step(marks[to]) == i {
			to++
		}
		take(i, marks[from:to])
		from = to
	}
}

// read thins marks to the least and the greatest of each of n steps.
func (t *Thread) read(marks []mark, n int) {
	for _, m := range marks {
		t.Highest = max(t.Highest, m.bytes)
	}
	keep := func(m mark) { t.Readings = append(t.Readings, Reading{duration(m.at), m.bytes}) }
	if len(marks) <= 2*n {
		for _, m := range marks {
			keep(m)
		}
		return
	}
	first, last := 0, len(marks)-1
	length := marks[last].at / float64(n)
	at := 0
	keep(marks[first])
	eachStep(marks, length, n, func(_ int, within []mark) {
		least, most := 0, 0
		for i, m := range within {
			if m.bytes < within[least].bytes {
				least = i
			}
			if m.bytes > within[most].bytes {
				most = i
			}
		}
		for _, i := range slices.Compact([]int{min(least, most), max(least, most)}) {
			if at+i != first && at+i != last {
				keep(within[i])
			}
		}
		at += len(within)
	})
	keep(marks[last])
}
