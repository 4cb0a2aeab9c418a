package stat

import (
	"math"
	"slices"
	"testing"
)

// TestSignedRankDistribution goes through all 2ⁿ signs of the ranks.
func TestSignedRankDistribution(t *testing.T) {
	for n := 1; n <= 14; n++ {
		ways := make([]int, n*(n+1)/2+1)
		for signs := range 1 << n {
			sum := 0
			for rank := 1; rank <= n; rank++ {
				if signs>>(rank-1)&1 == 1 {
					sum += rank
				}
			}
			ways[sum]++
		}
		for sum, p := range signedRankDistribution(n) {
			if want := math.Ldexp(float64(ways[sum]), -n); p != want {
				t.Errorf("P(T⁺ = %d) of %d is %v; want %v", sum, n, p, want)
			}
		}
	}
}

// TestSignedRankCut holds the ranks against the critical values of the two-sided
// test that tables give: the test rejects if T⁺ or T⁻ is no greater, which is
// one less than the rank.
func TestSignedRankCut(t *testing.T) {
	check := func(alpha float64, critical map[int]int) {
		t.Helper()
		for n, want := range critical {
			if got := signedRankCut(n, alpha); got != want+1 {
				t.Errorf("n = %d, alpha = %v: k = %d; want %d", n, alpha, got, want+1)
			}
		}
	}
	check(0.05, map[int]int{
		1: -1, 5: -1, 6: 0, 7: 2, 8: 3, 9: 5, 10: 8, 11: 10, 12: 13, 13: 17, 14: 21, 15: 25, 16: 29, 17: 34, 18: 40, 19: 46, 20: 52,
		21: 58, 22: 65, 23: 73, 24: 81, 25: 89,
	})
	check(0.025, map[int]int{6: -1, 7: 0, 8: 2, 10: 5, 20: 45})
	check(0.01, map[int]int{7: -1, 8: 0, 9: 1, 10: 3, 12: 7, 15: 15, 20: 37, 25: 68})
}

// TestSignedRankCutFar compares the normal approximation, which takes over
// beyond 200 values, with the exact ranks there: it may err by a hair, and to
// the side of the longer interval alone.
func TestSignedRankCutFar(t *testing.T) {
	for _, n := range []int{exactRanks + 1, 300} {
		for _, m := range []int{1, 2, 5, 25} {
			exact, below := 0, 0.0
			for k, p := range signedRankDistribution(n) {
				if below += p; 2*below > share(m) {
					exact = k
					break
				}
			}
			if got := signedRankCut(n, share(m)); got > exact || float64(got) < 0.998*float64(exact) {
				t.Errorf("n = %d, %d comparisons: k = %d; exact %d", n, m, got, exact)
			}
		}
	}
}

// TestSignedRank is example 3.1 of Hollander, Wolfe & Chicken: the depression of
// nine patients before and after a tranquilizer.
func TestSignedRank(t *testing.T) {
	before := []float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30}
	after := []float64{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29}
	for i := range after {
		after[i] -= before[i]
	}
	e := signedRank(after, 0.05)
	if !near(e.Center, -0.46, 1e-9) || !near(e.Lo, -0.786, 1e-9) || !near(e.Hi, -0.010, 1e-9) || e.N != 9 {
		t.Errorf("%+v; want -0.46, from -0.786 to -0.010", e)
	}
}

func TestWalsh(t *testing.T) {
	if got, want := walsh([]float64{4, 1, 2}), []float64{1, 1.5, 2, 2.5, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("walsh = %v; want %v", got, want)
	}
	sample := []float64{-2, -1.5, 0, 0, 0.25, 1, 3, 3.5}
	averages := walsh(sample)
	for i, want := range averages {
		k := len(averages) - i
		if got := walshFromTop(sample, k); !near(got, want, 1e-5) {
			t.Errorf("the Walsh average no. %d from the top is %v; want %v", k, got, want)
		}
	}
}
