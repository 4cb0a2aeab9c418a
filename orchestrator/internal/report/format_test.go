package report

import (
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

func TestNumbers(t *testing.T) {
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
	check(number(1234567.25, 1), "1,234,567.2")
	check(number(-0.04, 1), "0.0")
	check(number(-1234, 0), "−1,234")
	check(number(999.6, 0), "1,000")
	check(percentChange(0.61), "−39 %")
	check(percentChange(1), "0 %")
	check(percentChange(2.5), "+150 %")
	check(percentChange(0.998), "0 %")
	check(percentChange(0.001), "−99.9 %")
	check(percentChange(1e-9), "−99.9 %")
	check(share(0.381), "38 %")
	check(share(0.034), "3.4 %")
	check(share(0.0034), "0.34 %")
	check(share(0.000001), "<0.01 %")
	check(share(0), "0 %")
	check(Superscript(10), "¹⁰")
	check(about(53*time.Minute), "53 minutes")
	check(about(3*time.Hour), "3.0 hours")
	check(short(450*time.Millisecond), "450 ms")
	check(short(90*time.Second), "1 min 30 s")
	check(short(0), "0 s")
	check(words.Body(int64(604_655)), "605 kB")
	check(words.Body(int64(1_970_903)), "1.97 MB")
}

func TestScales(t *testing.T) {
	check := func(fit func([]float64) Scale, values []float64, want ...string) {
		t.Helper()
		s := fit(values)
		for i, v := range values {
			if got := s.Format(v) + " " + s.Unit; got != want[i] {
				t.Errorf("%v in %v: %q; want %q", v, values, got, want[i])
			}
		}
	}
	const mib, gib = 1 << 20, 1 << 30
	check(MemoryScale, []float64{674 * mib, 6.6 * mib}, "674 MiB", "7 MiB")
	check(MemoryScale, []float64{9.14 * mib, 6.6 * mib}, "9.1 MiB", "6.6 MiB")
	check(MemoryScale, []float64{20 * gib, 5.5 * gib}, "20.00 GiB", "5.50 GiB")
	check(TimeScale, []float64{9.3e6, 79.1e6}, "9.3 ms", "79.1 ms")
	check(TimeScale, []float64{467e6, 1400e6}, "467 ms", "1,400 ms")
	check(TimeScale, []float64{3e4, 5e5}, "30 µs", "500 µs")
	check(TimeScale, []float64{0}, "0 ms")
}
