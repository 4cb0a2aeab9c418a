package chart

import (
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

func TestScaleOf(t *testing.T) {
	check := func(values []float64, log bool, want string) {
		t.Helper()
		s := scaleOf(values, 7, costUnits)
		var texts []string
		for _, k := range s.ticks {
			texts = append(texts, k.text)
			if at := s.at(k.at); at < -1e-9 || at > 1+1e-9 {
				t.Errorf("%v: tick %s is at %v", values, k.text, at)
			}
		}
		if got := strings.Join(texts, " "); got != want || s.log != log {
			t.Errorf("%v: %q, logarithmic %v; want %q", values, got, s.log, want)
		}
		for _, v := range values {
			if at := s.at(v); at <= 0 || at >= 1 {
				t.Errorf("%v: %v is at %v of the axis", values, v, at)
			}
		}
	}
	check([]float64{9e6, 14e6}, false, "0 5 10 15")
	check([]float64{9e6, 90e6}, true, "10 15 20 30 50 70 100")
	check([]float64{2e3, 9e5}, true, "3 10 30 100 300 1000")
	check([]float64{5e6}, false, "0 1 2 3 4 5 6")
	if got := scaleOf([]float64{1e6, 9e6}, 5, costUnits).title("CPU"); got != "CPU, ms (log scale)" {
		t.Errorf("title %q", got)
	}
}

// TestLabels: no name covers another, a point, or the edge, however many there are.
func TestLabels(t *testing.T) {
	for _, n := range []int{1, 3, 8, 20} {
		exp := made(many(n), 3)
		for i := range exp.Trials {
			for j := range exp.Trials[i].Batches { // they crowd
				exp.Trials[i].Batches[j].CPU += exp.Trials[i].Batches[j].CPU * time.Duration(i%n%7) / 20
			}
		}
		r := report.Summarize(exp)
		p := &tradePicture{pen: &pen{}, trade: r.Trade(), width: 900}
		p.layOut()
		labels := p.labels()
		if len(labels) != n {
			t.Fatalf("%d labels for %d variants", len(labels), n)
		}
		plane := box{p.left, p.top - 3, p.inner, p.height + 3}
		for i, a := range labels {
			if a.shared(plane) < a.width*a.height-1e-6 {
				t.Errorf("%d variants: %q leaves the plane", n, a.text)
			}
			for j, b := range labels {
				if i < j && a.shared(b.box) > 0 {
					t.Errorf("%d variants: %q covers %q", n, a.text, b.text)
				}
			}
		}
	}
}

func TestTrade(t *testing.T) {
	for name, width := range map[string]int{"trade.svg": 900, "trade-narrow.svg": 360} {
		got := Trade(report.Summarize(made(many(20), 6)), Options{Width: width})
		wellFormed(t, name, got)
		if width == 900 {
			golden(t, name, []byte(got))
		}
		for _, want := range []string{`class="front"`, "(baseline)", `class="ring"`, `class="whisker"`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
	empty := Trade(report.Summarize(made(nil, 0)), Options{})
	wellFormed(t, "empty", empty)
	if !strings.Contains(empty, "no variant has both figures") {
		t.Errorf("nothing: %s", empty)
	}
}
