package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMinRounds(t *testing.T) {
	want := func(comparisons int) int {
		switch {
		case comparisons <= 1:
			return 6
		case comparisons <= 3:
			return 7
		case comparisons <= 6:
			return 8
		case comparisons <= 12:
			return 9
		}
		return 10
	}
	for m := -1; m <= 25; m++ {
		n := MinRounds(m)
		if n != want(m) {
			t.Errorf("MinRounds(%d) = %d; want %d", m, n, want(m))
		}
		if signedRankCut(n, share(m)) != 1 || signedRankCut(n-1, share(m)) != 0 {
			t.Errorf("%d comparisons: the interval does not begin with %d rounds", m, n)
		}
	}
}

func TestPairedRatio(t *testing.T) {
	if r := PairedRatio(nil, nil, 0); r.N != 0 || r.Verdict() != Unknown || r.Comparisons != 1 || !math.IsNaN(r.Scatter) {
		t.Errorf("of nothing: %+v", r)
	}
	inf := math.Inf(1)
	if r := PairedRatio([]float64{1, 0, math.NaN(), inf, 3, -1, 5}, []float64{2, 1, 1, 1, inf, -1}, 1); r.N != 1 || !near(r.Center, 0.5, 1e-12) {
		t.Errorf("with unusable pairs: %+v", r)
	}
	base := []float64{600, 650, 700, 640, 610, 690, 655}
	half := make([]float64, len(base))
	for i, b := range base {
		half[i] = b / 2 * math.Exp(0.01*float64(i-3))
	}
	for n := range 6 {
		if r := PairedRatio(half[:n], base, 1); r.N != n || r.Interval || r.Lo != 0 || r.Verdict() != Unknown {
			t.Errorf("%d rounds gave an interval: %+v", n, r)
		}
	}
	if r := PairedRatio(half[:6], base, 2); r.Interval || r.Verdict() != Unknown {
		t.Errorf("6 rounds gave an interval for two: %+v", r)
	}
	r := PairedRatio(half, base, 2) // all there is, from the least to the greatest
	if !near(r.Center, 0.5, 1e-9) || !near(r.Lo, 0.5*math.Exp(-0.03), 1e-9) || !near(r.Hi, 0.5*math.Exp(0.03), 1e-9) ||
		!near(r.Scatter, 0.01*math.Sqrt(28.0/6), 1e-9) || r.N != 7 || r.Comparisons != 2 || r.Verdict() != Shown {
		t.Errorf("half: %+v", r)
	}
	r = PairedRatio(half, base, 1) // the third of 28 Walsh averages, -2, on either side
	if !near(r.Lo, 0.5*math.Exp(-0.02), 1e-9) || !near(r.Hi, 0.5*math.Exp(0.02), 1e-9) {
		t.Errorf("half, of one comparison: %+v", r)
	}
	if r := PairedRatio(base, base, 1); r.Verdict() != NotShown || r.Center != 1 || r.Lo != 1 || r.Hi != 1 || r.Scatter != 0 {
		t.Errorf("of itself: %+v", r)
	}
}

// TestCancelled has seven rounds whose third least Walsh average, which bounds
// the interval of one comparison, is 0: a round up by as much as another is
// down. The rounding of the logarithms must not make a difference of that.
func TestCancelled(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 1))
	rounded := 0
	for range 2000 {
		page := func() float64 { return float64(4096 * (1 + random.IntN(1000))) }
		down, up := float64(50+random.IntN(50)), float64(101+random.IntN(50))
		one, other := page(), page()
		values := []float64{down * one, up * other, up, 20, 40, 50, 60}
		base := []float64{up * one, down * other, math.Sqrt(up * down), 1, 1, 1, 1}
		if r := PairedRatio(values, base, 1); !near(r.Lo, 1, 1e-12) || r.Verdict() != NotShown {
			t.Fatalf("%v over %v: %+v", values, base, r)
		}
		if r := PairedRatio(base, values, 1); !near(r.Hi, 1, 1e-12) || r.Verdict() != NotShown {
			t.Fatalf("%v over %v: %+v", base, values, r)
		}
		if (math.Log(values[0])-math.Log(base[0]))+(math.Log(values[1])-math.Log(base[1])) > 0 {
			rounded++
		}
	}
	if rounded == 0 {
		t.Error("no sum was rounded away from 0: the test shows nothing")
	}
}

// TestMirror exchanges the two sides and shuffles the rounds: the ratio turns
// around or stays, and the verdict is what the interval says.
func TestMirror(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 1))
	seen := map[Verdict]int{}
	for range 2000 {
		n, m := 1+random.IntN(20), 1+random.IntN(6)
		values, base := make([]float64, n), make([]float64, n)
		for i := range n {
			values[i] = 500 * math.Exp(0.1*random.NormFloat64())
			base[i] = 550 * math.Exp(0.1*random.NormFloat64())
		}
		r, back := PairedRatio(values, base, m), PairedRatio(base, values, m)
		if !near(r.Center*back.Center, 1, 1e-12) || r.Interval && (!near(r.Lo*back.Hi, 1, 1e-12) || !near(r.Hi*back.Lo, 1, 1e-12)) ||
			r.Verdict() != back.Verdict() || !near(r.Scatter, back.Scatter, 1e-12) {
			t.Errorf("%+v, but exchanged %+v", r, back)
		}
		random.Shuffle(n, func(i, j int) {
			values[i], values[j] = values[j], values[i]
			base[i], base[j] = base[j], base[i]
		})
		again := PairedRatio(values, base, m)
		if again.Estimate != r.Estimate || !near(again.Scatter, r.Scatter, 1e-12) {
			t.Errorf("%+v, but in another order %+v", r, again)
		}
		verdict := r.Verdict()
		seen[verdict]++
		if r.Interval != (n >= MinRounds(m)) || (verdict == Unknown) == r.Interval ||
			(verdict == NotShown) != (r.Interval && r.Lo <= 1 && r.Hi >= 1) || r.Interval && (r.Lo > r.Center || r.Hi < r.Center) {
			t.Errorf("%+v is called %d", r, verdict)
		}
	}
	if len(seen) != 3 {
		t.Errorf("verdicts: %v; want some of each", seen)
	}
}
