package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// None stands where nothing was measured.
const None = "–"

// Scale is how the figures of a column or an axis are written: in one unit and
// with one number of decimals, so that they line up and compare at a glance.
type Scale struct {
	Unit     string
	Size     float64 // of the unit, in the base unit
	Decimals int
}

// MemoryScale fits amounts in bytes. Whole MiB from 10 MiB on: containers of
// one variant differ by more than that, and so may the high-water mark.
func MemoryScale(bytes []float64) Scale {
	least, most := span(bytes)
	switch {
	case most < 10*float64(bench.MiB):
		return Scale{"MiB", float64(bench.MiB), 1}
	case least < float64(bench.GiB) || most < 10*float64(bench.GiB):
		return Scale{"MiB", float64(bench.MiB), 0}
	}
	return Scale{"GiB", float64(bench.GiB), 2}
}

// TimeScale fits durations in nanoseconds.
func TimeScale(ns []float64) Scale {
	least, most := span(ns)
	s := Scale{Unit: "ms", Size: 1e6}
	switch {
	case most > 0 && most < 1e6:
		s = Scale{Unit: "µs", Size: 1e3}
	case least >= 1e10:
		s = Scale{Unit: "s", Size: 1e9}
	}
	s.Decimals = digits(least/s.Size, most/s.Size)
	return s
}

// digits gives the decimals that leave two digits to the least value, but no
// more than four to the greatest.
func digits(least, most float64) int {
	if !(least > 0) {
		return 0
	}
	want := 1 - int(math.Floor(math.Log10(least)))
	allowed := 3 - int(math.Floor(math.Log10(most)))
	return max(0, min(want, allowed, 3))
}

// span gives the least and greatest of the positive values; zeros without any.
func span(values []float64) (least, most float64) {
	for _, v := range values {
		if v > 0 && (least == 0 || v < least) {
			least = v
		}
		most = max(most, v)
	}
	return least, most
}

// Format writes a value of the base unit, without the unit; None for NaN.
func (s Scale) Format(v float64) string {
	if math.IsNaN(v) {
		return None
	}
	return number(v/s.Size, s.Decimals)
}

// number writes v with commas between thousands.
func number(v float64, decimals int) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if decimals > 0 {
		whole += "." + rest
	}
	if v < 0 && strings.Trim(whole, "0.,") != "" {
		whole = "−" + whole
	}
	return whole
}

// share writes a share as a percentage with about two digits.
func share(v float64) string {
	percent := math.Abs(v) * 100
	switch {
	case percent == 0 || percent >= 9.95:
		return number(v*100, 0) + " %"
	case percent >= 0.95:
		return number(v*100, 1) + " %"
	case percent < 0.01:
		return "<0.01 %"
	}
	return number(v*100, 2) + " %"
}

// percentChange writes a ratio as a change in per cent. Nothing that is left
// rounds to −100 %.
func percentChange(ratio float64) string {
	percent := (ratio - 1) * 100
	text := number(percent, 0)
	if percent <= -99.5 {
		text = number(max(percent, -99.9), 1)
	}
	if percent > 0 && text != "0" {
		text = "+" + text
	}
	return text + " %"
}

// mebibytes writes an amount on its own: whole MiB from 10 MiB on.
func mebibytes(bytes float64) string {
	s := MemoryScale([]float64{bytes})
	if bytes > 0 && bytes < float64(bench.MiB) {
		s.Decimals = 2
	}
	return s.Format(bytes) + " " + s.Unit
}

// about writes a duration for a person who plans a coffee.
func about(d time.Duration) string {
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", int(math.Round(d.Seconds())))
	case d < 90*time.Minute:
		return fmt.Sprintf("%d minutes", int(math.Round(d.Minutes())))
	}
	return number(d.Hours(), 1) + " hours"
}

// short writes a setting: "450 ms", "10 s", "1 m 30 s".
func short(d time.Duration) string {
	switch {
	case d >= time.Minute && d%time.Minute == 0:
		return number(d.Minutes(), 0) + " min"
	case d >= time.Minute:
		return fmt.Sprintf("%s min %d s", number(math.Floor(d.Minutes()), 0), int(d.Seconds())%60)
	case d >= time.Second || d == 0:
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
	}
	return strconv.FormatFloat(float64(d)/1e6, 'f', -1, 64) + " ms"
}
