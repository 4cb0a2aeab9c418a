package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); -update rewrites it:\n%s", name, diff)
	}
}

// render gives what a format writes.
func render(t testing.TB, format func(io.Writer, *bench.Experiment) error, exp *bench.Experiment) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := format(&b, exp); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// text is Text as a format.
func text(options TextOptions) func(io.Writer, *bench.Experiment) error {
	return func(w io.Writer, exp *bench.Experiment) error { return Text(w, exp, options) }
}

// fixtures are the experiments that every format has to cope with.
func fixtures() map[string]*bench.Experiment {
	return map[string]*bench.Experiment{
		"plain": experiment(1), "few": experiment(3), "rounds": experiment(7), "troubled": troubled(), "aa": failedControl(), "empty": {},
	}
}

func TestGolden(t *testing.T) {
	for name, exp := range map[string]*bench.Experiment{"plain": experiment(1), "rounds": experiment(7), "troubled": troubled(), "aa": failedControl()} {
		golden(t, name+".txt", render(t, text(TextOptions{}), exp))
		golden(t, name+"-80.txt", render(t, text(TextOptions{Width: 80}), exp))
		golden(t, name+".md", render(t, Markdown, exp))
		golden(t, name+".csv", render(t, CSV, exp))
	}
	// The summary alone: the rest is the experiment as it is, see TestRoundTrip.
	file := render(t, JSON, experiment(1))
	from, to := bytes.Index(file, []byte(`  "summary": [`)), bytes.Index(file, []byte(`  "trials": [`))
	if from < 0 || to < from {
		t.Fatal("no summary before the trials")
	}
	golden(t, "plain-summary.json", file[from:to])
	golden(t, "plain-color.txt", render(t, text(TextOptions{Width: 60, Color: true}), experiment(1)))
}

// TestTextFits holds the text to its width: only what cannot be broken may be
// longer, and with colours the signs are the same.
func TestTextFits(t *testing.T) {
	for _, exp := range fixtures() {
		for _, columns := range []int{50, 60, 80, 100, 140} {
			plain := string(render(t, text(TextOptions{Width: columns}), exp))
			for line := range strings.Lines(plain) {
				if line = strings.TrimSuffix(line, "\n"); width(line) > columns || strings.HasSuffix(line, " ") {
					t.Errorf("width %d: line of %d: %q", columns, width(line), line)
				}
			}
			colored := string(render(t, text(TextOptions{Width: columns, Color: true}), exp))
			for _, code := range []string{green, red, yellow, bold, reset} {
				colored = strings.ReplaceAll(colored, code, "")
			}
			trim := func(s string) string {
				lines := strings.Split(s, "\n")
				for i := range lines {
					lines[i] = strings.TrimRight(lines[i], " ")
				}
				return strings.Join(lines, "\n")
			}
			if diff := cmp.Diff(plain, trim(colored)); diff != "" {
				t.Errorf("width %d: colours changed the text:\n%s", columns, diff)
			}
		}
	}
}

// TestOpenLoop: the report says which loop it was.
func TestOpenLoop(t *testing.T) {
	check := func(rate float64, want ...string) {
		t.Helper()
		exp := experiment(1)
		exp.Plan.ArrivalRate = rate
		var b strings.Builder
		if err := text(TextOptions{Width: 400})(&b, exp); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("rate %g: no %q in\n%s", rate, w, b.String())
			}
		}
	}
	check(0, "(closed loop)", "· 16 at a time")
	check(40, "(open loop, 40 iterations a second)", "· 40 started a second, at most 16 at a time")
}

// TestNotes changes one thing at a time in a sound experiment and wants just the
// codes that tell of it.
func TestNotes(t *testing.T) {
	check := func(name string, spoil func(*bench.Experiment), want ...string) {
		t.Helper()
		exp := experiment(7)
		for i := range exp.Trials { // sound: musl is not starved either
			for j := range exp.Trials[i].Batches {
				exp.Trials[i].Batches[j].Wait = 0
			}
		}
		spoil(exp)
		got := []string{}
		for _, n := range Summarize(exp).Notes {
			got = append(got, n.Code)
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	each := func(change func(*bench.Trial)) func(*bench.Experiment) {
		return func(exp *bench.Experiment) {
			for i := range exp.Trials {
				change(&exp.Trials[i])
			}
		}
	}
	check("sound", func(*bench.Experiment) {})
	check("one round", func(exp *bench.Experiment) {
		exp.Trials = slices.DeleteFunc(exp.Trials, func(t bench.Trial) bool { return t.Round > 1 })
	}, CodeTooFewRounds)
	check("starved", each(func(t *bench.Trial) { t.Batches[0].Wait = time.Hour }), CodeStarved)
	check("short idle", each(func(t *bench.Trial) { t.Phases[len(t.Phases)-1].End -= 10 * time.Second }), CodeShortIdle)
	check("no gauges", each(func(t *bench.Trial) { t.Gauges = nil }), CodeNotMeasured)
	check("no idle", each(func(t *bench.Trial) { t.Phases = t.Phases[:len(t.Phases)-1] }), CodeNotMeasured)
	check("other answers", func(exp *bench.Experiment) {
		trialOf(exp, "jemalloc", 3).Batches[1].Answers = map[string]int{"201/57": 2500}
	}, CodeUnequalWork)
	check("ballast", func(exp *bench.Experiment) {
		for i := range exp.Trials {
			if exp.Trials[i].Variant == "jemalloc" {
				exp.Trials[i].Proof.Knobs = map[string]string{"env.BALLAST": "20"}
			}
		}
	}, CodeBallast)
	check("failures", func(exp *bench.Experiment) { trialOf(exp, "jemalloc", 3).Batches[1].Failed = 1 }, CodeFailedRequests)
	check("go share", each(func(t *bench.Trial) {
		for i := range t.Gauges {
			t.Gauges[i].GoHigh = bench.GiB
		}
	}), CodeGoShare)
	check("swap", each(func(t *bench.Trial) { t.Edges[0].Swap = 1 }), CodeSwap)
	check("missed", each(func(t *bench.Trial) { t.Sampler.Missed = t.Sampler.Taken }), CodeMissed)
	check("busy", each(func(t *bench.Trial) { t.Sampler.Busy = time.Hour }), CodeSampler)
	check("bound", each(func(t *bench.Trial) { t.Sampler.HWMBound = bench.GiB }), CodeInstrument)
	check("page walk", each(func(t *bench.Trial) { t.Edges[3].Anonymous += 100 * bench.MiB }), CodeInstrument)
	check("no such baseline", func(exp *bench.Experiment) { exp.Design.Baseline = "scudo" }, CodeNoBaseline)
	check("no baseline", func(exp *bench.Experiment) { exp.Design.Baseline = "" }, CodeNoBaseline)
	check("baseline died", func(exp *bench.Experiment) {
		for i := range exp.Trials {
			if exp.Trials[i].Variant != "libc" {
				continue
			}
			exp.Trials[i].Error = "died in batch 3: exit status 139"
		}
	}, CodeNoBaseline, CodeTrialFailed)
	check("interrupted in the last round", func(exp *bench.Experiment) {
		exp.Interrupted = true
		for i := range exp.Trials {
			if t := &exp.Trials[i]; t.Round == 7 {
				t.Error, t.Batches = "interrupted in batch 2", t.Batches[:1]
			}
		}
	}, CodeInterrupted, CodeTrialFailed, CodeTrialFailed, CodeTrialFailed, CodeTooFewRounds)
	check("one trial died", func(exp *bench.Experiment) { exp.Trials[0].Error = "died in batch 3: exit status 139" }, CodeTrialFailed, CodeTooFewRounds)
	check("not run", func(exp *bench.Experiment) {
		exp.Trials = slices.DeleteFunc(exp.Trials, func(t bench.Trial) bool { return t.Variant == "musl" })
	}, CodeNotMeasured)
	check("recorded", func(exp *bench.Experiment) {
		exp.Warnings = []bench.Warning{{Code: "a", Text: "x"}, {Code: "a", Text: "x"}}
		exp.Trials[0].Warnings = []bench.Warning{{Code: "b", Text: "y"}}
		exp.Trials[4].Warnings = []bench.Warning{{Code: "b", Text: "y"}}
	}, "a", "b")
	check("quick, interrupted, huge pages", func(exp *bench.Experiment) {
		exp.Design.Quick, exp.Interrupted, exp.Environment.THP = true, true, "always"
	}, CodeQuick, CodeInterrupted, CodeTHP)
	check("empty", func(exp *bench.Experiment) { *exp = bench.Experiment{} })
}

// TestInterrupted wants changes also between trials that were cut off together.
func TestInterrupted(t *testing.T) {
	exp := experiment(1)
	for i := range exp.Trials {
		exp.Trials[i].Error, exp.Trials[i].Batches = "interrupted in batch 3", exp.Trials[i].Batches[:2]
	}
	if r := Summarize(exp); r.Rows[1].Peak.Ratio.N != 0 {
		t.Error("trials that ended early were compared")
	}
	exp.Interrupted = true
	if r := Summarize(exp); r.Rows[1].Peak.Ratio.N != 1 {
		t.Error("trials that were interrupted together were not compared")
	}
}

// TestNoDifference wants "~" where variants are alike and rounds are enough, and
// the interval below the table.
func TestNoDifference(t *testing.T) {
	twin := short2[0]
	twin.name, twin.scatter = "jemalloc", nil
	for i, s := range short2[0].scatter { // up in one round, down in the next
		twin.scatter = append(twin.scatter, s+0.01*float64(1-2*(i%2)))
	}
	got := string(render(t, text(TextOptions{}), made([]profile{short2[0], twin}, 480, 7)))
	line := strings.Split(got, "\n")[3]
	if n := strings.Count(line, "~"); n != 3 {
		t.Errorf("%d figures of a twin show no difference; want 3:\n%s", n, line)
	}
	if !strings.Contains(got, "MiB (−1 … +1 %)") {
		t.Errorf("no interval of a change that is not shown in\n%s", got)
	}
}

// TestEngineContext: a report names the docker command's context, unless that is
// the default.
func TestEngineContext(t *testing.T) {
	for context, want := range map[string]string{"": "docker 20.10.24 · overlay2", "far": `docker 20.10.24, context "far" · overlay2`} {
		exp := experiment(1)
		exp.Environment.Context = context
		if got := string(render(t, text(TextOptions{}), exp)); !strings.Contains(got, want) {
			t.Errorf("context %q: want %q in\n%s", context, want, got)
		}
	}
}
