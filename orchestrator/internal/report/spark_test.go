package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

func TestSpark(t *testing.T) {
	chart := func(exp *bench.Experiment, columns int) string {
		return string(render(t, text(TextOptions{Width: columns, Chart: true}), exp))
	}
	golden(t, "rounds-chart.txt", []byte(chart(experiment(7), 80)))
	for name, exp := range fixtures() {
		for _, columns := range []int{40, 50, 80, 100, 240} {
			without := string(render(t, text(TextOptions{Width: columns}), exp))
			var kept strings.Builder
			var charted int
			for line := range strings.Lines(chart(exp, columns)) {
				line = strings.TrimSuffix(line, "\n")
				if strings.ContainsAny(line, "▁▂▃▄▅▆▇█▔") {
					charted++
					if width(line) > columns || strings.HasSuffix(line, " ") {
						t.Errorf("%s, width %d: line of %d: %q", name, columns, width(line), line)
					}
				} else {
					kept.WriteString(line + "\n")
				}
			}
			if strings.ContainsAny(without, "▁▂▃▄▅▆▇█▔") {
				t.Errorf("%s, width %d: a chart that nobody asked for", name, columns)
			}
			if got := charted > 0; got != (columns >= 50 && name != "empty") {
				t.Errorf("%s, width %d: chart: %v\n%s", name, columns, got, kept.String())
			}
		}
	}
}

// TestSparkScale: all charts have one scale, a column is as high as the line at
// its highest, and what is little still shows.
func TestSparkScale(t *testing.T) {
	at := func(seconds int, mib float64) Point {
		return Point{At: time.Duration(seconds)*time.Second + time.Millisecond, Mid: mib}
	}
	c := &Curve{
		Line:   []Point{at(0, 1), at(1, 50), at(2, 10), at(3, 30), at(7, 100)},
		Phases: []bench.Phase{{Kind: bench.PhaseWarmup, End: 2 * time.Second}, {Kind: bench.PhaseBatch, Batch: 1, Start: 2 * time.Second, End: 6 * time.Second}},
	}
	heights := heightsOf(c, 10*time.Second, 5)
	if got := fmt.Sprint(heights); got != "[50 30 30 100 NaN]" {
		t.Errorf("heights %s", got)
	}
	if got := blocks(heights, 100, 0, 1) + "|" + blocks(heights, 100, 1, 2) + "|" + blocks(heights, 100, 0, 2); got != "▄▂▂█ |   █ |█▅▅█ " {
		t.Errorf("blocks %q", got)
	}
	if got := blocks([]float64{0, 1e-9}, 100, 0, 1); got != " ▁" {
		t.Errorf("next to nothing is %q", got)
	}
	if got := marksOf(c, 10*time.Second, 5); got != " ▔▔  " {
		t.Errorf("marks %q", got)
	}
}

// TestSparkOfMany: many variants have a line each.
func TestSparkOfMany(t *testing.T) {
	profiles := make([]profile, 9)
	for i := range profiles {
		profiles[i] = short2[i%3]
		profiles[i].name = fmt.Sprintf("v%d", i)
	}
	got := string(render(t, text(TextOptions{Width: 80, Chart: true}), made(profiles, 480, 2)))
	if strings.Contains(got, "▔") || strings.Count(got, "█") < 3 {
		t.Errorf("want one line per variant:\n%s", got)
	}
}
