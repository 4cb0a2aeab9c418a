package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

func TestChangeOf(t *testing.T) {
	check := func(center, lo, hi float64, n int, want string) {
		t.Helper()
		e := stat.Estimate{Center: center, Lo: lo, Hi: hi, Interval: lo > 0, N: n}
		if got := changeOf(stat.Ratio{Estimate: e, Comparisons: 1}).String(); got != want {
			t.Errorf("%v from %v to %v: %q; want %q", center, lo, hi, got, want)
		}
	}
	check(0, 0, 0, 0, None)
	check(0.61, 0, 0, 3, "−39 %")
	check(0.65, 0.57, 0.74, 7, "−43 … −26 %")
	check(1.5, 1.2, 3.1, 7, "+20 … +210 %")
	check(0.98, 0.9, 1.04, 7, "~")
	check(1, 1, 1, 7, "~")
	check(0.02, 0.0002, 0.004, 7, "−99.9 … −99.6 %")
	check(0.98, 0.96, 0.997, 7, "−4 … −0.3 %")
	check(0.98, 0.96, 0.99999, 7, "−4 … −0.01 %")
	check(1.01, 1.0003, 1.02, 7, "+0.03 … +2 %")
}

// TestComparisons: every change but the baseline's is one of those that hold
// together, and the rounds that are asked for follow from their number.
func TestComparisons(t *testing.T) {
	check := func(rounds int, variants string, comparisons int, want string) {
		t.Helper()
		var chosen []profile
		for _, p := range short2 {
			if strings.Contains(variants, p.name) {
				chosen = append(chosen, p)
			}
		}
		r := Summarize(made(chosen, 480, rounds))
		if r.Comparisons != comparisons {
			t.Errorf("%s: %d comparisons", variants, r.Comparisons)
		}
		text, _, _ := strings.Cut(textOf(r, CodeTooFewRounds), ";")
		if text != want {
			t.Errorf("%d rounds of %s: %q; want %q", rounds, variants, text, want)
		}
	}
	check(3, "libc", 0, "n = 3 rounds: indicative. 3 more make the 6 that an interval needs")
	check(5, "libc jemalloc", 1, "n = 5 rounds: indicative. 1 more makes the 6 that an interval needs")
	check(6, "libc jemalloc", 1, "")
	check(3, "libc jemalloc musl", 2, "n = 3 rounds: indicative. 4 more make the 7 that intervals over 2 comparisons need")
	check(7, "libc jemalloc musl", 2, "")
}

// TestIntervalsInJSON: a program reads the interval that the table shows, and
// with how many others it holds.
func TestIntervalsInJSON(t *testing.T) {
	exp := experiment(7)
	var file struct {
		Summary []struct {
			Ratio *struct {
				Center, Lo, Hi float64
				N, Comparisons int
				Confidence     float64
				Shown          *bool
			} `json:"peak_rss_ratio"`
		}
	}
	if err := json.Unmarshal(render(t, JSON, exp), &file); err != nil {
		t.Fatal(err)
	}
	got, want := file.Summary[1].Ratio, Summarize(exp).Rows[1].Peak.Ratio
	if file.Summary[0].Ratio != nil || got == nil {
		t.Fatalf("ratios of baseline and jemalloc: %v, %v", file.Summary[0].Ratio, got)
	}
	if got.Lo != want.Lo || got.Hi != want.Hi || got.N != 7 || got.Comparisons != 2 || got.Confidence != 0.95 || got.Shown == nil || !*got.Shown {
		t.Errorf("%+v; want %+v", got, want)
	}
}

// TestControl: identical baselines that differ are a stamp over everything.
func TestControl(t *testing.T) {
	const stamp = "NOT TO BE TRUSTED: libc and its twin, the same image, differ"
	failed := failedControl()
	r := Summarize(failed)
	if r.Comparisons != 2 || r.Control == nil || r.Control.Verdict != stat.Shown {
		t.Errorf("control %+v among %d comparisons", r.Control, r.Comparisons)
	}
	if got := string(render(t, text(TextOptions{}), failed)); !strings.HasPrefix(got, stamp) {
		t.Errorf("no stamp over the text:\n%s", got)
	}
	if got := string(render(t, Markdown, failed)); !strings.HasPrefix(got, "> **"+stamp) {
		t.Errorf("no stamp over the Markdown:\n%s", got)
	}
	for _, row := range r.Rows {
		if !strings.Contains(strings.Join(r.csvRow(row, 2), ","), CodeControl) {
			t.Errorf("CSV: %s does not say that the control failed", row.Variant)
		}
	}

	check := func(exp *bench.Experiment, passed, text string) {
		t.Helper()
		var file struct {
			AA struct {
				Passed json.RawMessage
				Text   string
			}
		}
		if err := json.Unmarshal(render(t, JSON, exp), &file); err != nil {
			t.Fatal(err)
		}
		if got := string(file.AA.Passed); got != passed || !strings.HasPrefix(file.AA.Text, text) {
			t.Errorf("passed is %s, %q; want %s, %q", got, file.AA.Text, passed, text)
		}
		if out := string(render(t, Markdown, exp)); passed != "false" && (strings.Contains(out, "TRUSTED") || !strings.Contains(out, text)) {
			t.Errorf("Markdown has a stamp, or no word of the control:\n%s", out)
		}
	}
	check(failed, "false", "libc and its twin, the same image, differ by −6 … −4 % in peak RSS")
	twin := short2[0]
	twin.name = "libc-twin"
	sound := made([]profile{short2[0], twin}, 480, 7)
	sound.Design.Twin = twin.name
	for i := range sound.Trials {
		if t := &sound.Trials[i]; t.Variant == twin.name {
			t.Batches[1].HighWater += bench.Bytes(1-2*(t.Round%2)) * bench.Bytes(t.Round) * bench.MiB
		}
	}
	check(sound, "true", "libc and its twin, the same image, cannot be told apart: −1 … +1 % in peak RSS")
	few := made([]profile{short2[0], twin}, 480, 3)
	few.Design.Twin = twin.name
	check(few, "null", "libc and its twin, the same image: too few rounds to tell them apart")
	few.Design.Twin = "other"
	check(few, "null", "libc and its twin other could not be compared")
	if diff := cmp.Diff("", textOf(Summarize(sound), CodeControl)); diff != "" {
		t.Error(diff)
	}
}
