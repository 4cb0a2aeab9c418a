package chart

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

func TestNum(t *testing.T) {
	check := func(v float64, want string) {
		t.Helper()
		if got := num(v); got != want {
			t.Errorf("num(%v) = %q; want %q", v, got, want)
		}
	}
	check(0, "0")
	check(-0.04, "0")
	check(12.34, "12.3")
	check(0.5, ".5")
	check(-0.5, "-.5")
	check(-12.96, "-13")
	check(700, "700")
}

func TestPolyline(t *testing.T) {
	check := func(want string, places ...xy) {
		t.Helper()
		if got := polyline(places); got != want {
			t.Errorf("polyline(%v) = %q; want %q", places, got, want)
		}
	}
	check("")
	check("M1 2", xy{1, 2})
	check("M1 2l3-1", xy{1, 2}, xy{4, 1})
	check("M1 2l3-1-.5 0", xy{1, 2}, xy{4, 1}, xy{3.5, 1})
	check("M0 5l9 0 1 1", xy{0, 5}, xy{1, 5}, xy{2, 5.04}, xy{9, 5}, xy{10, 6}) // what is level has two ends
	check("M0 5l9 0-8 0", xy{0, 5}, xy{9, 5}, xy{1, 5})                         // but not there and back
	check("M0 0l0 5", xy{0, 0}, xy{0, 5}, xy{0, 5}, xy{0.01, 5})
	// No error adds up, whatever the step.
	var places []xy
	for i := range 1000 {
		places = append(places, xy{float64(i) * 0.333, float64(i%2) * 7.77})
	}
	x := 0.0
	steps := strings.Fields(strings.NewReplacer("M", "", "l", " ", "-", " -").Replace(polyline(places)))
	for i, step := range steps {
		if i%2 == 0 {
			var v float64
			if _, err := fmt.Sscan(step, &v); err != nil {
				t.Fatal(err)
			}
			x += v
		}
	}
	if want := 999 * 0.333; math.Abs(x-want) > 0.06 {
		t.Errorf("the last place is at %v, want %v", x, want)
	}
}

func TestAxes(t *testing.T) {
	texts := func(a axis) string {
		var all []string
		for _, k := range a.ticks {
			all = append(all, k.text)
		}
		return strings.Join(all, " ")
	}
	check := func(a axis, want string) {
		t.Helper()
		if got := texts(a); got != want {
			t.Errorf("ticks %q; want %q", got, want)
		}
		for i, k := range a.ticks {
			if i == 0 && k.at != 0 || k.at > a.top*(1+1e-9) {
				t.Errorf("%q: tick %q at %v of %v", want, k.text, k.at, a.top)
			}
		}
	}
	const mib, gib = float64(bench.MiB), float64(bench.GiB)
	check(memoryAxis(545*mib, 5), "0 200 400 600 MiB")
	check(memoryAxis(600*mib, 5), "0 200 400 600 MiB")
	check(memoryAxis(601*mib, 6), "0 200 400 600 800 MiB")
	check(memoryAxis(7*mib, 5), "0 2 4 6 8 MiB")
	check(memoryAxis(1.2*mib, 5), "0 0.5 1 1.5 MiB")
	check(memoryAxis(100*1024, 5), "0 20 40 60 80 100 KiB")
	check(memoryAxis(3*gib, 5), "0 1000 2000 3000 4000 MiB")
	check(memoryAxis(9.5*gib, 5), "0 2 4 6 8 10 GiB")
	check(memoryAxis(1500*gib, 5), "0 500 1000 1500 GiB")
	check(memoryAxis(0, 2), "0 0.5 1 MiB")
	check(memoryAxis(math.NaN(), 2), "0 0.5 1 MiB")
	check(timeAxis(95*time.Second, 7), "0 15 30 45 60 75 90 s")
	check(timeAxis(4*time.Minute, 7), "0 1 2 3 4 min")
	check(timeAxis(47*time.Minute, 7), "0 10 20 30 40 min")
	check(timeAxis(9*time.Hour, 7), "0 2 4 6 8 h")
	check(timeAxis(1000*time.Hour, 5), "0 200 400 600 800 1000 h")
	check(timeAxis(5*time.Second, 7), "0 1 2 3 4 5 s")
	check(timeAxis(120*time.Millisecond, 7), "0 20 40 60 80 100 120 ms")
	check(timeAxis(0, 2), "0 500 1000 ms")
}

func TestApart(t *testing.T) {
	check := func(places []float64, distance, least, most float64, want []float64) {
		t.Helper()
		got := apart(places, distance, least, most)
		for i := range got {
			got[i] = math.Round(got[i]*100) / 100
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("apart(%v, %v, %v, %v) (-want +got):\n%s", places, distance, least, most, diff)
		}
	}
	check([]float64{}, 10, 0, 100, []float64{})
	check([]float64{20, 50}, 10, 0, 100, []float64{20, 50})                         // free ones stay
	check([]float64{50, 50}, 10, 0, 100, []float64{45, 55})                         // both give way
	check([]float64{50, 50, 50}, 10, 0, 100, []float64{40, 50, 60})                 // around what they want
	check([]float64{99, 100}, 10, 0, 100, []float64{90, 100})                       // not beyond the end
	check([]float64{0, 1, 2}, 10, 0, 100, []float64{0, 10, 20})                     // nor before the start
	check([]float64{20, 50, 51, 58, 99}, 10, 0, 100, []float64{20, 43, 53, 63, 99}) // and nobody else
	check([]float64{95, 100, 100}, 10, 0, 100, []float64{80, 90, 100})
	check([]float64{1, 2, 3}, 50, 0, 100, []float64{0, 50, 100}) // just enough room
}

func TestWrapped(t *testing.T) {
	text := strings.Repeat("words of a line ", 40)
	for _, most := range []int{1, 2, 3, 100} {
		lines := wrapped(text, 11, 300, most)
		if len(lines) > most || most == 3 && len(lines) != 3 {
			t.Errorf("%d lines, want %d at most", len(lines), most)
		}
		for _, line := range lines {
			if widthOf(line, 11) > 300.1 {
				t.Errorf("too wide: %q", line)
			}
		}
		if cut := strings.HasSuffix(lines[len(lines)-1], "…"); cut != (most < 100) {
			t.Errorf("%d lines: the last is %q", most, lines[len(lines)-1])
		}
	}
	if got := wrapped("", 11, 300, 3); len(got) > 0 {
		t.Errorf("nothing takes %q", got)
	}
	for _, long := range []string{strings.Repeat("x", 1000), strings.Repeat("日", 400), "wide"} {
		if got := fit(long, 12, 90); widthOf(got, 12) > 90.1 || len(got) == 0 {
			t.Errorf("fit gives %q", got)
		}
	}
	if got := fit("wide", 12, 90); got != "wide" {
		t.Errorf("what fits was cut: %q", got)
	}
}

// TestPalette holds the colours to WCAG 2.2: text 4.5 to 1, graphics 3 to 1.
func TestPalette(t *testing.T) {
	luminance := func(hex string) float64 {
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			var v int
			if _, err := fmt.Sscanf(hex[1+2*i:3+2*i], "%02x", &v); err != nil {
				t.Fatal(err)
			}
			c := float64(v) / 255
			if c <= 0.04045 {
				sum += weight * c / 12.92
			} else {
				sum += weight * math.Pow((c+0.055)/1.055, 2.4)
			}
		}
		return sum
	}
	contrast := func(a, b string) float64 {
		x, y := luminance(a), luminance(b)
		return (max(x, y) + 0.05) / (min(x, y) + 0.05)
	}
	var paper token
	for _, k := range tokens {
		if k.name == "c-paper" {
			paper = k
		}
	}
	variants := 0
	for _, k := range tokens {
		least := 0.0
		switch {
		case k.name == "c-ink" || k.name == "c-quiet" || k.name == "c-bad":
			least = 4.5
		case k.name[0] == 'v':
			least = 3
			variants++
		}
		if light, dark := contrast(k.light, paper.light), contrast(k.dark, paper.dark); light < least || dark < least {
			t.Errorf("%s: contrast %.1f on light and %.1f on dark ground; want %.1f", k.name, light, dark, least)
		}
	}
	if variants != Colours {
		t.Errorf("%d colours of variants, want %d", variants, Colours)
	}
	// Colour, dashes and mark together come again after a while only.
	seen := map[string]int{}
	for i := range 100 {
		look := fmt.Sprint(class(i), dash(i), i%len(marks))
		if before, twice := seen[look]; twice {
			t.Errorf("variants %d and %d look the same", before, i)
		}
		seen[look] = i
	}
}
