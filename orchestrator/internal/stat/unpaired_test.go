package stat

import (
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"

	"golang.org/x/perf/benchmath"
)

// TestRankSumDistribution deals the ranks out in all ways.
func TestRankSumDistribution(t *testing.T) {
	for m := 1; m <= 7; m++ {
		for n := 1; n <= 7; n++ {
			ways, all := make([]int, m*n+1), 0
			for first := range 1 << (m + n) {
				if bits.OnesCount(uint(first)) != m {
					continue
				}
				u, others := 0, 0
				for rank := range m + n {
					if first>>rank&1 == 1 {
						u += others
					} else {
						others++
					}
				}
				ways[u]++
				all++
			}
			for u, p := range rankSumDistribution(m, n) {
				if want := float64(ways[u]) / float64(all); !near(p, want, 1e-15) {
					t.Errorf("P(U = %d) of %d and %d is %v; want %v", u, m, n, p, want)
				}
			}
		}
	}
}

// TestRankSumCut counts, in whole numbers, the ways to deal the ranks out: no more
// of them may lie beyond the cut than the level allows, and more with the next.
func TestRankSumCut(t *testing.T) {
	for _, comparisons := range []int{1, 2, 3, 7, 21} {
		for m := 1; m <= 14; m++ {
			for n := 1; n <= 14; n++ {
				ways := rankSumWays(m, n)
				all := new(big.Int).Binomial(int64(m+n), int64(m))
				// beyond says whether 2·P(U < k) ≤ 0.05/comparisons.
				allowed := func(k int) bool {
					below := new(big.Int)
					for _, w := range ways[:min(k, len(ways))] {
						below.Add(below, w)
					}
					return below.Mul(below, big.NewInt(40*int64(comparisons))).Cmp(all) <= 0
				}
				k := rankSumCut(m, n, share(comparisons))
				if k > 0 && !allowed(k) || allowed(k+1) {
					t.Errorf("%d and %d, %d comparisons: cut at %d; allowed: %v, the next one: %v", m, n, comparisons, k, allowed(k), allowed(k+1))
				}
				if Enough(m, n, comparisons) != (k > 0) {
					t.Errorf("%d and %d, %d comparisons: cut at %d, but Enough is %v", m, n, comparisons, k, k == 0)
				}
			}
		}
	}
}

// rankSumWays counts the ways for each U by the coefficients of the Gaussian
// binomial: another road than that of rankSumDistribution.
func rankSumWays(m, n int) []*big.Int {
	ways := make([]*big.Int, m*n+1)
	for u := range ways {
		ways[u] = new(big.Int)
	}
	ways[0].SetInt64(1)
	for i := 1; i <= m; i++ {
		for u := len(ways) - 1; u >= n+i; u-- {
			ways[u].Sub(ways[u], ways[u-n-i])
		}
		for u := i; u < len(ways); u++ {
			ways[u].Add(ways[u], ways[u-i])
		}
	}
	return ways
}

// TestRankSumCutTables holds the ranks against the critical values of the
// two-sided test at 5 % that tables give: the test rejects if U is no greater.
func TestRankSumCutTables(t *testing.T) {
	for _, c := range []struct{ m, n, critical int }{
		{3, 5, 0},
		{4, 4, 0},
		{5, 5, 2},
		{6, 6, 5},
		{7, 7, 8},
		{8, 8, 13},
		{9, 9, 17},
		{10, 10, 23},
		{12, 12, 37},
		{15, 15, 64},
		{20, 20, 127},
		{5, 10, 8},
		{8, 15, 29},
		{3, 4, -1},
		{2, 7, -1},
		{2, 8, 0},
	} {
		if got := rankSumCut(c.m, c.n, 0.05); got != c.critical+1 {
			t.Errorf("%d and %d: k = %d; want %d", c.m, c.n, got, c.critical+1)
		}
	}
}

// TestRankSumCutFar compares the normal approximation with the exact ranks beyond
// the size at which it takes over: it errs to the side of the longer interval alone, and
// not far even where one of the samples is small.
func TestRankSumCutFar(t *testing.T) {
	for _, c := range []struct{ m, n int }{{51, 50}, {60, 60}, {30, 90}, {6, 450}} {
		for _, comparisons := range []int{1, 5, 21} {
			exact, below := 0, 0.0
			for k, p := range rankSumDistribution(c.m, c.n) {
				if below += p; 2*below > share(comparisons) {
					exact = k
					break
				}
			}
			if got := rankSumCut(c.m, c.n, share(comparisons)); got > exact || float64(got) < 0.85*float64(exact) {
				t.Errorf("%d and %d, %d comparisons: k = %d; exact %d", c.m, c.n, comparisons, got, exact)
			}
		}
	}
}

func TestMinEach(t *testing.T) {
	check := func(comparisons, want int) {
		t.Helper()
		if got := MinEach(comparisons); got != want {
			t.Errorf("MinEach(%d) = %d; want %d", comparisons, got, want)
		}
	}
	for comparisons, want := range map[int]int{-1: 4, 0: 4, 1: 4, 2: 5, 6: 5, 7: 6, 23: 6, 24: 7, 85: 7, 86: 8} {
		check(comparisons, want)
	}
	for _, none := range [][2]int{{0, 0}, {0, 9}, {9, 0}, {-1, 5}} {
		if Enough(none[0], none[1], 1) {
			t.Errorf("%d and %d are enough", none[0], none[1])
		}
	}
}

// exps gives the exponentials of values.
func exps(values ...float64) []float64 {
	for i := range values {
		values[i] = math.Exp(values[i])
	}
	return values
}

// TestUnpairedTextbook is example 4.1 of Hollander, Wolfe & Chicken: the
// permeability of human membranes at term and at 12 to 26 weeks. The book gives
// the estimate 0.305 and the interval from -0.76 to 0.15 of the other sign
// convention at 96.0 %.
func TestUnpairedTextbook(t *testing.T) {
	term := exps(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46)
	early := exps(1.15, 0.88, 0.90, 0.74, 1.21)
	r := UnpairedRatio(early, term, 1)
	if !near(math.Log(r.Center), -0.305, 1e-9) || !near(math.Log(r.Lo), -0.76, 1e-9) || !near(math.Log(r.Hi), 0.15, 1e-9) ||
		r.N != 5 || r.Base != 10 || r.Verdict() != NotShown {
		t.Errorf("%+v: %v from %v to %v; want -0.305 from -0.76 to 0.15", r, math.Log(r.Center), math.Log(r.Lo), math.Log(r.Hi))
	}
}

func TestUnpairedRatio(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	check := func(name string, values, base []float64, comparisons int, want Unpaired, verdict Verdict) {
		t.Helper()
		got := UnpairedRatio(values, base, comparisons)
		same := near(got.Center, want.Center, 1e-12) && near(got.Lo, want.Lo, 1e-12) && near(got.Hi, want.Hi, 1e-12) &&
			got.Interval == want.Interval && got.N == want.N && got.Base == want.Base && got.Comparisons == want.Comparisons
		if !same || got.Verdict() != verdict {
			t.Errorf("%s: %+v, verdict %d; want %+v, verdict %d", name, got, got.Verdict(), want, verdict)
		}
	}
	check("nothing", nil, nil, 0, Unpaired{Comparisons: 1}, Unknown)
	check("one side", []float64{1, 2}, nil, 3, Unpaired{N: 2, Comparisons: 3}, Unknown)
	check("unusable", []float64{4, 0, nan, inf, -1}, []float64{nan, 2, math.Inf(-1)}, 1, Unpaired{Center: 2, N: 1, Base: 1, Comparisons: 1}, Unknown)
	check("three and four", []float64{8, 8, 8}, []float64{4, 4, 4, 4}, 1, Unpaired{Center: 2, N: 3, Base: 4, Comparisons: 1}, Unknown)
	check("four and four", []float64{8, 8, 8, 8}, []float64{4, 4, 4, 4}, 1, Unpaired{Center: 2, Lo: 2, Hi: 2, Interval: true, N: 4, Base: 4, Comparisons: 1}, Shown)
	check("of two", []float64{8, 8, 8, 8}, []float64{4, 4, 4, 4}, 2, Unpaired{Center: 2, N: 4, Base: 4, Comparisons: 2}, Unknown)
	// All 16 quotients, the least and the greatest bound the interval.
	check("apart", []float64{10, 20, 40, 80}, []float64{1, 2, 4, 8}, 1, Unpaired{Center: 10, Lo: 10.0 / 8, Hi: 80, Interval: true, N: 4, Base: 4, Comparisons: 1}, Shown)
	check("equal", []float64{5, 5, 5, 5}, []float64{5, 5, 5, 5}, 1, Unpaired{Center: 1, Lo: 1, Hi: 1, Interval: true, N: 4, Base: 4, Comparisons: 1}, NotShown)
	// The greatest of the one is the least of the other: not beyond it.
	check("touching", []float64{4, 5, 6, 7}, []float64{1, 2, 3, 4}, 1, Unpaired{Center: math.Sqrt(2 * 7.0 / 3), Lo: 1, Hi: 7, Interval: true, N: 4, Base: 4, Comparisons: 1}, NotShown)
}

// TestUnpairedDealt deals pooled values out to the two sides in all ways. If
// nothing differs each is as likely, so no more of them may show a difference than
// the level allows; without ties, just as many as the distribution says.
func TestUnpairedDealt(t *testing.T) {
	for name, pooled := range map[string][]float64{
		"no ties":  {1, 2, 4, 8, 16, 32, 64, 128, 256},
		"ties":     {1, 1, 2, 2, 2, 3, 3, 4, 4},
		"two":      {1, 1, 1, 1, 2, 2, 2, 2, 2},
		"one":      {3, 3, 3, 3, 3, 3, 3, 3, 3},
		"one else": {3, 3, 3, 3, 3, 3, 3, 3, 9},
	} {
		for m := 2; m <= 7; m++ {
			shown, all := 0, 0
			for first := range 1 << len(pooled) {
				if bits.OnesCount(uint(first)) != m {
					continue
				}
				var values, base []float64
				for i, v := range pooled {
					if first>>i&1 == 1 {
						values = append(values, v)
					} else {
						base = append(base, v)
					}
				}
				all++
				if UnpairedRatio(values, base, 1).Verdict() == Shown {
					shown++
				}
			}
			if 20*shown > all {
				t.Errorf("%s, %d of %d: %d of %d ways show a difference", name, m, len(pooled), shown, all)
			}
			if name != "no ties" {
				continue
			}
			want := 0.0
			for _, p := range rankSumDistribution(m, len(pooled)-m)[:rankSumCut(m, len(pooled)-m, 0.05)] {
				want += 2 * p
			}
			if !near(float64(shown)/float64(all), want, 1e-12) {
				t.Errorf("%d of %d: %d of %d ways show a difference; want %v of them", m, len(pooled), shown, all, want)
			}
		}
	}
}

// TestUnpairedMirror exchanges, scales and shuffles the two sides.
func TestUnpairedMirror(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 1))
	seen := map[Verdict]int{}
	for range 2000 {
		values, base := make([]float64, 1+random.IntN(15)), make([]float64, 1+random.IntN(15))
		for i := range values {
			values[i] = 500 * math.Exp(0.1*random.NormFloat64())
		}
		for i := range base {
			base[i] = 560 * math.Exp(0.1*random.NormFloat64())
		}
		comparisons := 1 + random.IntN(8)
		mirrored(t, values, base, comparisons, math.Exp(3*random.NormFloat64()))
		seen[UnpairedRatio(values, base, comparisons).Verdict()]++
	}
	if len(seen) != 3 {
		t.Errorf("verdicts: %v; want some of each", seen)
	}
}

// mirrored checks what must hold for any two samples.
func mirrored(t *testing.T, values, base []float64, comparisons int, scale float64) {
	t.Helper()
	r, back := UnpairedRatio(values, base, comparisons), UnpairedRatio(base, values, comparisons)
	if r.N == 0 || r.Base == 0 {
		if r.Verdict() != Unknown || r.Center != 0 {
			t.Errorf("of nothing: %+v", r)
		}
		return
	}
	like := func(a, b float64) bool { return near(a/b, 1, 1e-9) }
	if !like(r.Center*back.Center, 1) || r.Interval != back.Interval || r.N != back.Base || r.Verdict() != back.Verdict() ||
		r.Interval && (!like(r.Lo*back.Hi, 1) || !like(r.Hi*back.Lo, 1)) {
		t.Errorf("%+v, but exchanged %+v", r, back)
	}
	if r.Interval != Enough(r.N, r.Base, comparisons) || r.Interval && (r.Lo > r.Center || r.Hi < r.Center) {
		t.Errorf("%+v: the interval does not fit", r)
	}
	scaled := make([]float64, len(values))
	for i, v := range values {
		scaled[i] = v * scale
	}
	if s := UnpairedRatio(scaled, base, comparisons); s.N == r.N && (!like(s.Center, r.Center*scale) || r.Interval && (!like(s.Lo, r.Lo*scale) || !like(s.Hi, r.Hi*scale))) {
		t.Errorf("%+v, but scaled by %v %+v", r, scale, s)
	}
	turned := append(append([]float64(nil), values[len(values)/2:]...), values[:len(values)/2]...)
	if again := UnpairedRatio(turned, base, comparisons); again != r {
		t.Errorf("%+v, but in another order %+v", r, again)
	}
}

func FuzzUnpairedRatio(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(4), uint8(1))
	f.Add([]byte{0, 255, 254, 1, 1, 1, 9, 9, 9, 9}, uint8(5), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, cut, comparisons uint8) {
		data = data[:min(len(data), 40)]
		all := make([]float64, len(data))
		for i, b := range data {
			switch b {
			case 255:
				all[i] = math.NaN()
			case 254:
				all[i] = math.Inf(1)
			default:
				all[i] = float64(b) * 4096 // 0 among them
			}
		}
		at := min(int(cut), len(all))
		mirrored(t, all[:at], all[at:], int(comparisons), 3)
	})
}

// TestUnpairedBenchmath holds the verdicts against the test that benchstat uses,
// which has the exact distribution for ties as well. Without ties the two must
// agree; with them the interval may miss what the test shows, never the other way.
func TestUnpairedBenchmath(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	seen := map[Verdict]int{}
	for i := range 1000 {
		ties := i%2 == 1
		values, base := make([]float64, 4+random.IntN(8)), make([]float64, 4+random.IntN(8))
		for _, sample := range [][]float64{values, base} {
			for j := range sample {
				sample[j] = 500 * math.Exp(0.1*random.NormFloat64())
				if ties {
					sample[j] = 20 * math.Round(sample[j]/20)
				}
			}
		}
		for j := range values {
			values[j] *= []float64{1, 1.1, 1.3}[i%3]
		}
		verdict := UnpairedRatio(values, base, 1).Verdict()
		thresholds := benchmath.DefaultThresholds
		p := benchmath.AssumeNothing.Compare(benchmath.NewSample(values, &thresholds), benchmath.NewSample(base, &thresholds)).P
		if significant := p <= 0.05; (verdict == Shown) != significant && (!ties || !significant) {
			t.Errorf("%v against %v: verdict %d, but p = %v", values, base, verdict, p)
		}
		seen[verdict]++
	}
	if seen[Shown] < 100 || seen[NotShown] < 100 {
		t.Errorf("verdicts: %v; want some of each", seen)
	}
}
