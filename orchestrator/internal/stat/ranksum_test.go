package stat

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

func TestMannWhitney(t *testing.T) {
	check := func(name string, a, b []float64, want float64) {
		t.Helper()
		if got := MannWhitney(a, b); !near(got, want, 1e-4*want) {
			t.Errorf("%s: p = %v; want %v", name, got, want)
		}
		if got := MannWhitney(b, a); !near(got, want, 1e-4*want) {
			t.Errorf("%s, exchanged: p = %v; want %v", name, got, want)
		}
	}
	check("nothing", nil, []float64{1, 2}, 1)
	check("nothing measured", []float64{math.NaN(), math.Inf(1)}, []float64{1, 2}, 1)
	check("all equal", []float64{3, 3, 3}, []float64{3, 3, 3, 3}, 1)
	check("apart, 3 and 3", []float64{1, 2, 3}, []float64{4, 5, 6}, 2.0/20)
	check("apart, with ties", []float64{1, 1, 1}, []float64{2, 2, 2}, 2.0/20)
	// Hollander, Wolfe & Chicken, example 4.1: permeability of membranes. The
	// book gives 0.127 for one side.
	check("membranes", []float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, []float64{1.15, 0.88, 0.90, 0.74, 1.21}, 764.0/3003)

	var low, high []float64
	for i := range 30 {
		low, high = append(low, float64(i)), append(high, float64(100+i))
	}
	check("apart, 30 and 30", low, high, 2/1.1826458156486114e17)
}

// TestMannWhitneyCounts lists every division of few values, ties among them.
func TestMannWhitneyCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 1))
	for range 200 {
		size, n := 1+random.IntN(5), 10
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(random.IntN(8))
		}
		// from gives how far the rank sum of the values in set lies from its mean.
		from := func(set uint) float64 {
			sum := 0.0
			for i, v := range values {
				for j, w := range values {
					if set>>i&1 == 1 && set>>j&1 == 0 {
						switch {
						case v > w:
							sum++
						case v == w:
							sum += 0.5
						}
					}
				}
			}
			return math.Abs(sum - float64(size*(n-size))/2)
		}
		extreme, all := 0, 0
		for set := range uint(1) << n {
			if bits.OnesCount(set) == size {
				all++
				if from(set) >= from(1<<size-1) {
					extreme++
				}
			}
		}
		if got, want := MannWhitney(values[:size], values[size:]), float64(extreme)/float64(all); !near(got, want, 1e-12) {
			t.Errorf("%v and %v: p = %v; want %v", values[:size], values[size:], got, want)
		}
	}
}

// TestMannWhitneyFar crosses from the exact count to the normal distribution.
func TestMannWhitneyFar(t *testing.T) {
	p := func(n int) float64 {
		var a, b []float64
		for i := range n {
			a, b = append(a, float64(i/2)), append(b, float64(i/2+3))
		}
		return MannWhitney(a, b)
	}
	if exact, normal := p(50), p(51); !near(exact, normal, 0.1*exact) {
		t.Errorf("50 and 50 values: p = %v, 51 and 51: %v", exact, normal)
	}
	if got := MannWhitney(make([]float64, 60), make([]float64, 60)); got != 1 {
		t.Errorf("120 equal values: p = %v; want 1", got)
	}
}
