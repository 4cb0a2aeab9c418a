package stat

import (
	"math"
	"math/big"
	"testing"
)

func TestSummarize(t *testing.T) {
	check := func(values []float64, want Estimate) {
		t.Helper()
		if got := Summarize(values); got != want {
			t.Errorf("Summarize(%v) = %+v; want %+v", values, got, want)
		}
	}
	check(nil, Estimate{})
	check([]float64{math.NaN(), math.Inf(1)}, Estimate{})
	check([]float64{3, math.NaN(), 1}, Estimate{Center: 2, N: 2})
	check([]float64{5, 4, 3, 2, 1}, Estimate{Center: 3, N: 5})
	check([]float64{6, 5, 4, 3, 2, 1}, Estimate{Center: 3.5, Lo: 1, Hi: 6, Interval: true, N: 6})
	check([]float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, Estimate{Center: 5, Lo: 2, Hi: 8, Interval: true, N: 9})
}

// TestSignCut counts, in whole numbers, how many of the 2ⁿ ways to fall below or
// above the median leave it outside of the interval: no more than 1 in 20, and
// more for the next shorter interval.
func TestSignCut(t *testing.T) {
	for n := 1; n <= 50; n++ {
		k := signCut(n, 1-Confidence)
		if (k > 0) != (n >= 6) {
			t.Errorf("n = %d: k = %d; an interval takes 6 values", n, k)
		}
		// missed gives 40 times the ways in which fewer than k values lie below.
		missed := func(k int) *big.Int {
			ways := new(big.Int)
			for i := range int64(k) {
				ways.Add(ways, new(big.Int).Binomial(int64(n), i))
			}
			return ways.Mul(ways, big.NewInt(40))
		}
		all := new(big.Int).Lsh(big.NewInt(1), uint(n))
		if missed(k).Cmp(all) > 0 {
			t.Errorf("n = %d: the interval from %d to %d covers less than 95 %%", n, k, n+1-k)
		}
		if missed(k+1).Cmp(all) <= 0 {
			t.Errorf("n = %d: the interval from %d to %d covers 95 %% and is shorter than that from %d", n, k+1, n-k, k)
		}
	}
	// Far beyond what 2⁻ⁿ can be written as, n/2 - 0.98·√n.
	if k := signCut(10_000, 1-Confidence); k != 4902 {
		t.Errorf("n = 10,000: k = %d; want 4902", k)
	}
}
