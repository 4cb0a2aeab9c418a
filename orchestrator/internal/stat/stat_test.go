package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance || math.IsNaN(got) && math.IsNaN(want)
}

func TestQuantile(t *testing.T) {
	check := func(q, want float64, values ...float64) {
		t.Helper()
		before := slices.Clone(values)
		if got := Quantile(values, q); !near(got, want, 1e-12) {
			t.Errorf("Quantile(%v, %v) = %v; want %v", values, q, got, want)
		}
		if !slices.Equal(before, values) {
			t.Errorf("Quantile changed its argument: %v", values)
		}
	}
	check(0.5, math.NaN())
	check(0.5, 7, 7)
	check(0.5, 2, 3, 1, 2)
	check(0.5, 2.5, 4, 3, 2, 1)
	check(0, 1, 4, 3, 2, 1)
	check(1, 4, 4, 3, 2, 1)
	check(2, 4, 4, 3, 2, 1)
	check(-1, 1, 4, 3, 2, 1)
	check(0.25, 1.75, 4, 3, 2, 1)
}

func TestSlope(t *testing.T) {
	check := func(name string, x, y []float64, want, tolerance float64) {
		t.Helper()
		if got := Slope(x, y); !near(got, want, tolerance) {
			t.Errorf("%s: slope %v; want %v", name, got, want)
		}
	}
	check("empty", nil, nil, 0, 0)
	check("one point", []float64{1}, []float64{1}, 0, 0)
	check("equal x", []float64{1, 1}, []float64{1, 5}, 0, 0)
	check("line", []float64{0, 1, 2}, []float64{5, 7, 9}, 2, 1e-12)
	check("unequal lengths", []float64{0, 1, 2, 3}, []float64{5, 7}, 2, 1e-12)

	var x, y []float64
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 20_000 { // long enough to be reduced
		x = append(x, float64(i))
		y = append(y, 100+0.5*float64(i)+10*random.NormFloat64())
		if i%10 == 0 {
			y[i] = 1e9
		}
	}
	check("noisy line with wild points", x, y, 0.5, 0.01)
}

// series makes n values from a level per index, plus noise with the given
// standard deviation in which each value keeps the share keep of the one before.
func series(n int, noise, keep float64, seed uint64, level func(i int) float64) []float64 {
	random := rand.New(rand.NewPCG(seed, 7))
	values, rest := make([]float64, n), 0.0
	for i := range values {
		rest = keep*rest + math.Sqrt(1-keep*keep)*noise*random.NormFloat64()
		values[i] = level(i) + rest
	}
	return values
}

func TestLastChange(t *testing.T) {
	flat := func(int) float64 { return 600 }
	steps := func(at ...int) func(int) float64 {
		return func(i int) float64 {
			v := 400.0
			for _, a := range at {
				if i >= a {
					v += 60
				}
			}
			return v
		}
	}
	check := func(name string, values []float64, low, high int) {
		t.Helper()
		if got := LastChange(values); got < low || got > high {
			t.Errorf("%s: last change at %d; want %d to %d", name, got, low, high)
		}
	}
	check("empty", nil, 0, 0)
	check("one value", []float64{5}, 0, 0)
	check("zeros", make([]float64, 100), 0, 0)
	check("flat, silent", series(750, 0, 0, 1, flat), 0, 0)
	check("step, silent", series(750, 0, 0, 1, steps(300)), 300, 300)
	check("step", series(750, 20, 0.8, 1, steps(300)), 285, 315)
	check("stairs", series(750, 20, 0.8, 1, steps(100, 250, 450)), 435, 465)
	check("start from nothing", series(750, 10, 0.8, 1, func(i int) float64 { return min(600, 20*float64(i)) }), 30, 90)
	check("pulse", series(750, 10, 0.8, 1, func(i int) float64 {
		if i >= 300 && i < 400 {
			return 700
		}
		return 600
	}), 385, 415)
	check("a step too late to leave a tail", series(750, 0, 0, 1, steps(700)), 560, 600)
	check("spikes of single samples", series(750, 5, 0, 1, func(i int) float64 {
		if i%50 == 3 {
			return 900
		}
		return 600
	}), 0, 0)
	check("a step of 1 %", series(750, 0, 0, 1, func(i int) float64 { return 600 + 6*float64(i/375) }), 0, 0)
	// A ramp has no last level: what is left is short, and the slope tells.
	check("ramp", series(750, 5, 0.5, 1, func(i int) float64 { return 300 + float64(i) }), 375, 600)
	check("short", []float64{1, 1, 1, 9, 9, 9}, 3, 3)
}

// TestLastChangeKeepsNoise holds the search to few cuts in a series that has no
// change but whose values hang together, as those of a loaded heap do.
func TestLastChangeKeepsNoise(t *testing.T) {
	cut := 0
	for seed := range uint64(200) {
		if LastChange(series(750, 18, 0.9, seed, func(int) float64 { return 600 })) > 0 {
			cut++
		}
	}
	if cut > 10 {
		t.Errorf("%d of 200 flat series were cut; want at most 10", cut)
	}
}
