package load

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
)

func times(ms ...float64) *Histogram {
	h := &Histogram{}
	for _, v := range ms {
		h.Record(time.Duration(v * float64(time.Millisecond)))
	}
	return h
}

// TestDrill: the figures that drill 0.9.0 prints for these durations.
func TestDrill(t *testing.T) {
	check := func(h *Histogram, want Drill) {
		t.Helper()
		got := h.Drill()
		for _, d := range []*time.Duration{&got.Mean, &got.StdDev} {
			*d = d.Round(100 * time.Nanosecond)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	const us = time.Microsecond
	ten := times(5.49, 5.49, 5.49, 5.49, 5.49, 5.49, 5.49, 5.49, 5.49, 5.49)
	check(ten, Drill{5503 * us, 5488 * us, 0, 5503 * us, 5503 * us, 5503 * us})
	check(times(1, 2, 3, 4), Drill{
		Median: 2007 * us, Mean: 2503500, StdDev: 1119600,
		P99: 4015 * us, P995: 4015 * us, P999: 4015 * us,
	})
	if got := times(10, 20).Drill().Median; got != 10047*us {
		t.Errorf("median of 10 and 20 ms is %v", got)
	}
	many := times(900)
	for range 99 {
		many.Record(150200 * us)
	}
	if got := many.Drill(); got.P99 != 150527*us || got.P995 != 901119*us {
		t.Errorf("p99 %v, p99.5 %v", got.P99, got.P995)
	}
	check(&Histogram{}, Drill{})
}

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
