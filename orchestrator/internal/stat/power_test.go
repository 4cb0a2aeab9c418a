package stat

import (
	"math"
	"testing"
)

func TestRoundsFor(t *testing.T) {
	check := func(ratio float64, comparisons int, scatter float64, most, want int) {
		t.Helper()
		n, ok := RoundsFor(ratio, comparisons, scatter, most)
		if n != want || ok != (want > 0) {
			t.Errorf("RoundsFor(%v, %d, %v, %d) = %d, %v; want %d", ratio, comparisons, scatter, most, n, ok, want)
		}
	}
	// Counted apart, with 300,000 signed-rank tests each, the power is 80 % to
	// within a per cent at 10, 12 or 13, 33 or 34, and 40 or 41 rounds.
	check(0.80, 1, 0.1, 1000, 6)
	check(0.80, 2, 0.1, 1000, 7)
	check(0.90, 1, 0.1, 1000, 10)
	check(0.90, 2, 0.1, 1000, 13)
	check(0.95, 1, 0.1, 1000, 34)
	check(0.95, 2, 0.1, 1000, 41)

	check(1/0.90, 1, 0.1, 1000, 10) // an increase
	check(0.90, 0, 0.1, 1000, 10)   // none counts as one
	check(0.90, 1, 0.1, 10, 10)
	check(0.90, 1, 0.1, 9, 0)
	check(0.95, 1, 0.1, 33, 0)
	check(0.50, 25, 0.1, 9, 0) // no interval
	check(0.99, 1, 0, 6, 6)    // no scatter
	check(0.999, 1, 0.1, 1000, 0)
	for _, bad := range []float64{1, 0, -1, math.NaN(), math.Inf(1)} {
		check(bad, 1, 0.1, 1000, 0)
		check(bad, 1, 0, 1000, 0)
	}
	for _, bad := range []float64{-0.1, math.NaN(), math.Inf(1)} {
		check(0.9, 1, bad, 1000, 0)
	}
}

func TestDetectable(t *testing.T) {
	columns := []int{1, 2, 5, 19}
	if testing.Short() {
		columns = columns[:2]
	}
	for _, m := range columns {
		first, last := MinRounds(m), 0.0
		if r, ok := Detectable(first-1, m, 0.1); ok {
			t.Errorf("%d rounds detect %v in a column of %d", first-1, r, m)
		}
		for _, n := range []int{first, first + 1, 15, 40} {
			ratio, ok := Detectable(n, m, 0.1)
			if !ok || ratio <= last || ratio >= 1 {
				t.Errorf("%d rounds detect %v, %v in a column of %d; fewer, %v", n, ratio, ok, m, last)
			}
			last = ratio
			// The two functions are each other's inverse.
			if got, ok := RoundsFor(ratio-1e-6, m, 0.1, n); !ok || got != n {
				t.Errorf("%d rounds detect %v in a column of %d, but that needs %d, %v", n, ratio, m, got, ok)
			}
			if got, ok := RoundsFor(ratio+1e-4, m, 0.1, n); ok {
				t.Errorf("%d rounds detect no more than %v in a column of %d, but %d are enough for more", n, ratio, m, got)
			}
		}
	}
	if r, ok := Detectable(10, 1, 0); !ok || r != 1 {
		t.Errorf("without scatter: %v, %v; want 1", r, ok)
	}
	for _, bad := range []float64{-0.1, math.NaN(), math.Inf(1)} {
		if r, ok := Detectable(10, 1, bad); ok {
			t.Errorf("with a scatter of %v: %v", bad, r)
		}
	}
	// Many rounds: the pseudomedian is normal then, with π/3 of the variance of
	// the mean, and so are the bounds around it.
	for _, n := range []int{exactRanks, exactRanks + 1} {
		want := math.Exp(-0.1 * (normalUpper(0.025) + normalUpper(0.2)) * math.Sqrt(math.Pi/3/float64(n)))
		if got, _ := Detectable(n, 1, 0.1); !near(math.Log(got)/math.Log(want), 1, 0.015) {
			t.Errorf("%d rounds detect %v; want %v", n, got, want)
		}
	}
}

// BenchmarkDetectable tells what a program pays for at its start.
func BenchmarkDetectable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Detectable(7, 2, 0.1)
	}
}
