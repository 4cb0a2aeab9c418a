package console

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
)

func millis(ms ...float64) *load.Histogram {
	h := &load.Histogram{}
	for _, v := range ms {
		h.Record(time.Duration(v * float64(time.Millisecond)))
	}
	return h
}

// TestFigures: the figures that drill 0.9.0 prints for these durations.
func TestFigures(t *testing.T) {
	check := func(h *load.Histogram, want figures) {
		t.Helper()
		got := figuresOf(h)
		for _, d := range []*time.Duration{&got.Mean, &got.StdDev} {
			*d = d.Round(100 * time.Nanosecond)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	const us = time.Microsecond
	ten := millis(5.49, 5.49, 5.49, 5.49, 5.49, 5.49, 5.49, 5.49, 5.49, 5.49)
	check(ten, figures{5503 * us, 5488 * us, 0, 5503 * us, 5503 * us, 5503 * us})
	check(millis(1, 2, 3, 4), figures{
		Median: 2007 * us, Mean: 2503500, StdDev: 1119600,
		P99: 4015 * us, P995: 4015 * us, P999: 4015 * us,
	})
	if got := figuresOf(millis(10, 20)).Median; got != 10047*us {
		t.Errorf("median of 10 and 20 ms is %v", got)
	}
	many := millis(900)
	for range 99 {
		many.Record(150200 * us)
	}
	if got := figuresOf(many); got.P99 != 150527*us || got.P995 != 901119*us {
		t.Errorf("p99 %v, p99.5 %v", got.P99, got.P995)
	}
	check(&load.Histogram{}, figures{})
}
