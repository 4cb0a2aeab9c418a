package load

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestHistogram compares with a well-known implementation on values of all
// sizes, in two halves that are merged.
func TestHistogram(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	oracle := hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3)
	var halves [2]Histogram
	var low, high, sum time.Duration
	const n = 20_000
	for i := range n {
		d := time.Duration(1 + random.Int64N(1<<(8+random.IntN(34))))
		halves[i%2].Record(d)
		if err := oracle.RecordValue(int64(d / time.Microsecond)); err != nil {
			t.Fatal(err)
		}
		if i == 0 || d < low {
			low = d
		}
		high, sum = max(high, d), sum+d
	}
	h := &Histogram{}
	h.Merge(&halves[0])
	h.Merge(&Histogram{})
	h.Merge(&halves[1])
	if h.N() != n || h.Min() != low || h.Max() != high || h.Mean() != sum/n {
		t.Errorf("%d values from %v to %v, mean %v; want %d, %v, %v, %v", h.N(), h.Min(), h.Max(), h.Mean(), n, low, high, sum/n)
	}
	for _, q := range []float64{0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1} {
		want := time.Duration(oracle.ValueAtPercentile(100*q)) * time.Microsecond
		if want = min(max(want, low), high); h.Quantile(q) != want {
			t.Errorf("quantile %v is %v; want %v", q, h.Quantile(q), want)
		}
	}
	if (&Histogram{}).Quantile(0.5) != 0 || (&Histogram{}).At(0.5) != (Bucket{}) || (&Histogram{}).StdDev() != 0 {
		t.Error("an empty histogram has figures")
	}
	want := oracle.StdDev() * float64(time.Microsecond)
	if got := float64(h.StdDev()); got < 0.999*want || got > 1.001*want {
		t.Errorf("deviation %v; want about %v", h.StdDev(), time.Duration(want))
	}
}

func BenchmarkHistogram(b *testing.B) {
	h := &Histogram{}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Record(time.Duration(i&0xfff) * time.Microsecond)
	}
}
