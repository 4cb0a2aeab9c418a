package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestPairedRatio(t *testing.T) {
	if r := PairedRatio(nil, nil); r.N != 0 || r.Verdict() != Unknown {
		t.Errorf("of nothing: %+v", r)
	}
	if r := PairedRatio([]float64{1, 0, math.NaN(), 5}, []float64{2, 1, 1}); r.N != 1 || r.Center != 0.5 {
		t.Errorf("with unusable pairs: %+v", r)
	}
	base := []float64{600, 650, 700, 640, 610, 690}
	half := make([]float64, len(base))
	for i, b := range base {
		half[i] = b / 2 * (1 + 0.01*float64(i-3))
	}
	if r := PairedRatio(half[:5], base[:5]); r.Interval || r.Verdict() != Unknown {
		t.Errorf("5 rounds gave an interval: %+v", r)
	}
	r := PairedRatio(half, base)
	if r.N != 6 || !near(r.Center, 0.5, 0.01) || r.Lo > r.Center || r.Hi < r.Center || r.Hi > 0.52 || r.Verdict() != Shown {
		t.Errorf("half: %+v", r)
	}
	if again := PairedRatio(half, base); again != r {
		t.Errorf("the same input gave %+v, then %+v", r, again)
	}
	if r := PairedRatio(base, base); r.Verdict() != NotShown || r.Center != 1 {
		t.Errorf("of itself: %+v", r)
	}
}

// TestVerdictOfEquals draws experiments in which nothing differs: at most 5 % of
// them, and some luck, may say otherwise. One that differs by 30 % must be seen.
func TestVerdictOfEquals(t *testing.T) {
	for _, n := range []int{6, 10, 20} {
		random := rand.New(rand.NewPCG(3, uint64(n)))
		wrong, missed := 0, 0
		for range 100 {
			a, b, c := make([]float64, n), make([]float64, n), make([]float64, n)
			for i := range a {
				a[i] = math.Exp(0.07 * random.NormFloat64())
				b[i] = math.Exp(0.07 * random.NormFloat64())
				c[i] = 0.7 * math.Exp(0.07*random.NormFloat64())
			}
			if PairedRatio(a, b).Verdict() == Shown {
				wrong++
			}
			if PairedRatio(c, b).Verdict() != Shown {
				missed++
			}
		}
		if wrong > 9 || missed > 5 {
			t.Errorf("n = %d: of 100, %d equal pairs were called different and %d different ones were missed", n, wrong, missed)
		}
	}
}

func TestSignedRank(t *testing.T) {
	check := func(want float64, differences ...float64) {
		t.Helper()
		if got := signedRank(differences); !near(got, want, 1e-4) {
			t.Errorf("signedRank(%v) = %v; want %v", differences, got, want)
		}
	}
	check(1)
	check(1, 0, 0)
	check(1, 3)
	check(0.0625, 1, 2, 3, 4, 5)
	check(0.03125, 1, 2, 3, 4, 5, 6)
	check(0.03125, -1, -1, -1, -1, -1, -1)
	check(0.0625, -1, 2, 3, 4, 5, 6)
	check(1, 1, -1, 2, -2)
	var many []float64
	for i := range 30 {
		many = append(many, float64(i+1))
	}
	if p := signedRank(many); p > 1e-5 {
		t.Errorf("30 of one sign: p = %v", p)
	}
}
