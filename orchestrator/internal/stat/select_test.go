package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMedianOf(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	kinds := map[string]func(i, n int) float64{
		"random":    func(int, int) float64 { return random.NormFloat64() },
		"ascending": func(i, _ int) float64 { return float64(i) },
		"falling":   func(i, n int) float64 { return float64(n - i) },
		"equal":     func(int, int) float64 { return 3 },
		"few":       func(int, int) float64 { return float64(random.IntN(3)) },
		"organ":     func(i, n int) float64 { return float64(min(i, n-i)) },
		"infinite":  func(i, _ int) float64 { return []float64{math.Inf(-1), 1, math.Inf(1)}[i%3] },
		"not all":   func(i, _ int) float64 { return []float64{1, math.NaN(), 2, 3}[i%4] },
	}
	for name, kind := range kinds {
		for n := range 300 {
			values := make([]float64, n)
			for i := range values {
				values[i] = kind(i, n)
			}
			want := Median(values)
			mixed := slices.Clone(values)
			if got := medianOf(mixed); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
				t.Errorf("%s, %d values: %v; want %v", name, n, got, want)
			}
			slices.Sort(mixed)
			slices.Sort(values)
			if !slices.EqualFunc(mixed, values, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
				t.Fatalf("%s, %d values: others than before", name, n)
			}
		}
	}
}

func BenchmarkSlope(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	x, y := make([]float64, 700), make([]float64, 700)
	for i := range x {
		x[i], y[i] = float64(i), random.NormFloat64()
	}
	b.ReportAllocs()
	for b.Loop() {
		Slope(x, y)
	}
}
