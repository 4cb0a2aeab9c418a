package versus

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

func TestCompare(t *testing.T) {
	r, err := compare(run(1, 7, libc(), jemalloc()), run(2, 8, libc(), jemalloc().more(1.2)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Variants {
		for _, c := range v.Changes {
			if c.Ratio.Base != 7 || c.Ratio.N != 8 {
				t.Errorf("%s %s: %d against %d rounds; want 8 against 7", v.Name, c.Figure, c.Ratio.N, c.Ratio.Base)
			}
			want := stat.NotShown
			if memory := c.Figure != report.ColCPU && c.Figure != report.ColP99 && c.Figure != report.ColP50; v.Name == "jemalloc" && memory {
				want = stat.Shown
			}
			if c.Ratio.Verdict() != want || c.Worse() != (want == stat.Shown) || c.Better() {
				t.Errorf("%s %s: %+v", v.Name, c.Figure, c.Ratio)
			}
		}
	}
	if r.Comparisons != 14 || r.RelativeComparisons != 7 || len(r.Relative) != 1 || r.Baseline != "libc" {
		t.Errorf("%d comparisons, %d relative ones of %d variants against %s", r.Comparisons, r.RelativeComparisons, len(r.Relative), r.Baseline)
	}
}

// TestUnequal changes one thing of the work at a time: it is refused and named.
func TestUnequal(t *testing.T) {
	check := func(want string, change func(*bench.Experiment)) {
		t.Helper()
		old, now := run(1, 7, libc()), run(2, 7, libc())
		change(now)
		_, err := compare(old, now, Options{})
		var unequal *Unequal
		if !errors.As(err, &unequal) || err.Error() != "the two runs did not do the same work: "+want || !hint.IsMistake(err) || hint.Of(err) == "" {
			t.Errorf("%v; want %s", err, want)
			return
		}
		r, err := compare(old, now, Options{Anyway: true})
		if err != nil || !r.Anyway || !strings.HasPrefix(r.Verdict(), "not the same work, so no change is a result: ") {
			t.Errorf("%s: anyway: %v", want, err)
			return
		}
		for _, c := range r.Variants[0].Changes {
			if !slices.ContainsFunc(c.Notes, func(n *Note) bool { return n.Code == CodeOtherWork }) {
				t.Errorf("%s: %s is not marked", want, c.Figure)
			}
		}
	}
	check("plan 3f9a1c2b4d5e → abc", func(e *bench.Experiment) { e.Plan.SHA256 = "abc" })
	check("plan 3f9a1c2b4d5e → abc, items POST /widgets 604655 B × 1 → GET /x 0 B × 2, --tags medium → large,small", func(e *bench.Experiment) {
		e.Plan.SHA256, e.Plan.Tags = "abc", []string{"large", "small"}
		e.Plan.Items = []bench.PlanItem{{Method: "GET", URL: "/x", Times: 2}}
	})
	check("--iterations 480 → 9", func(e *bench.Experiment) { e.Plan.Iterations = 9 })
	check("--concurrency 16 → 8", func(e *bench.Experiment) { e.Plan.Concurrency = 8 })
	check("rampup 1 → 2", func(e *bench.Experiment) { e.Plan.RampupS = 2 })
	check("arrival rate 0 → 40", func(e *bench.Experiment) { e.Plan.ArrivalRate = 40 })
	check("--batches 2 → 1", func(e *bench.Experiment) { e.Design.Batches = 1 })
	check("--pause 10s → 1s", func(e *bench.Experiment) { e.Design.Pause = time.Second })
	check("--sleep 450ms → 0s, --workers 10 → 2", func(e *bench.Experiment) { e.Design.Sleep, e.Design.Workers = 0, 2 })
	check("--threads hop → stick", func(e *bench.Experiment) { e.Design.Threads = bench.Stick })
	check("--transport unix → tcp", func(e *bench.Experiment) { e.Design.Transport = bench.TCP })
	check("--memory none → 512 MiB", func(e *bench.Experiment) { e.Design.MemoryLimit = 512 * bench.MiB })
	check("--mode together → apart", func(e *bench.Experiment) { e.Design.Mode = bench.Apart })
	check(`--threads hop → \x1b[2J`, func(e *bench.Experiment) { e.Design.Threads = "\x1b[2J" })
}

// TestDifferences changes what does not have to be the same: it is said.
func TestDifferences(t *testing.T) {
	check := func(title, want string, change func(*bench.Experiment)) {
		t.Helper()
		old, now := run(1, 7, libc()), run(2, 7, libc())
		change(now)
		r, err := compare(old, now, Options{})
		if err != nil {
			t.Errorf("%s: %v", want, err)
			return
		}
		facts := r.Told()
		if last := facts[len(facts)-1]; len(facts) != 3 || last.Name != title || last.Text != want {
			t.Errorf("%v; want %s: %s", facts[2:], title, want)
		}
		if strings.HasPrefix(r.Verdict(), "on another machine") != (title == "not the same machine") {
			t.Errorf("%s: %s", want, r.Verdict())
		}
	}
	check("alike", "design, plan, machine, engine, variants and versions", func(e *bench.Experiment) {
		e.Design.Mode, e.Design.Seed, e.Plan.Tags, e.Environment.MemoryTotal = "", 99, nil, e.Environment.MemoryTotal-bench.MiB
	})
	check("design", "--idle 30s → 20s · --aa – → libc-2 · --void-at 0 → 25 · readings every 50ms → 100ms", func(e *bench.Experiment) {
		e.Design.Idle, e.Design.Twin, e.Design.VoidAt, e.Design.SampleEvery = 20*time.Second, "libc-2", 0.25, 100*time.Millisecond
	})
	check("machine", "swap none → 1,024 MiB · OS Debian GNU/Linux 12 (bookworm) → Alpine · kernel 6.18.5 → 7.0 · THP madvise → always · cgroup 1 → 2", func(e *bench.Experiment) {
		env := &e.Environment
		env.SwapTotal, env.OS, env.Kernel, env.THP, env.CgroupV = bench.GiB, "Alpine", "7.0", "always", 2
	})
	check("not the same machine", "host lab → other · CPU AMD EPYC 7B13 → M1 · CPUs 2 → 8 · memory 23.00 GiB → 46.00 GiB · arch amd64 → arm64", func(e *bench.Experiment) {
		env := &e.Environment
		env.Host, env.CPUModel, env.CPUs, env.MemoryTotal, env.Arch = "other", "M1", 8, 46*bench.GiB, "arm64"
	})
	check("engine", "--engine docker → process · engine version 20.10.24 → – · storage overlay2 → – · orchestrator's Go go1.26.8 → go1.27", func(e *bench.Experiment) {
		env := &e.Environment
		env.Engine, env.EngineV, env.Storage, env.GoVersion = "process", "", "", "go1.27"
	})
	check("versions", "libc: allocator libc 1.0 → libc 2.0 · libc: decay – → 5 · libc: GOGC 0 → 50 · libc: MALLOC_CONF – → narenas:1 · libc: image 0123456789ab → ffff · libc: answers 201/58 × 480 → 201/60 × 480",
		func(e *bench.Experiment) {
			p := &e.Trials[0].Proof
			p.Version, p.Knobs, p.GoGC = "2.0", map[string]string{"decay": "5"}, 50
			e.Trials[0].ImageID, e.Design.Variants[0].Env = "sha256:ffff", map[string]string{"MALLOC_CONF": "narenas:1"}
			e.Trials[0].Batches[0].Answers = map[string]int{"201/60": 480}
		})
}

// TestVerdict has a sentence for everything that may come out.
func TestVerdict(t *testing.T) {
	check := func(name, want string, old, now *bench.Experiment, o Options) {
		t.Helper()
		r, err := compare(old, now, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := r.Verdict(); got != want {
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
	peak := Options{Figures: []string{report.ColPeak, report.ColP99}}
	check("nothing", "libc: no change shown", run(1, 7, libc()), run(2, 7, libc()), Options{})
	check("shown", "libc: no change shown; jemalloc: peak RSS +36 to +53 %", run(1, 7, libc(), jemalloc()), run(2, 7, libc(), jemalloc().more(1.45)), peak)
	check("a gain", "libc: peak RSS −23 to −17 %", run(1, 9, libc()), run(2, 9, libc().more(0.8)), peak)
	check("few", "libc: too few rounds to tell", run(1, 2, libc()), run(2, 9, libc().more(0.8)), peak)
	check("few together", "libc: too few rounds to tell", run(1, 5, libc()), run(2, 5, libc()), Options{})
	check("not few alone", "libc: no change shown", run(1, 4, libc()), run(2, 4, libc()), Options{Figures: []string{report.ColIdle}})
	check("the same", "nothing can have changed: old and new are the same run", run(1, 7, libc()), run(1, 7, libc()), Options{})
	check("neighbours", "libc: no change shown, 1 figure not comparable", run(1, 7, libc(), jemalloc()), run(2, 7, libc()), peak)

	apart := func(e *bench.Experiment) *bench.Experiment { e.Design.Mode = bench.Apart; return e }
	check("apart", "libc: no change shown", apart(run(1, 7, libc(), jemalloc())), apart(run(2, 7, libc())), peak)

	slow := libc()
	slow.latency *= 2
	busy := run(2, 7, slow)
	for i := range busy.Trials {
		busy.Trials[i].Batches[0].Machine = &bench.Machine{Elapsed: 10 * time.Second, CPUs: 2, Others: 5 * time.Second}
	}
	check("busy", "libc: doubtful (busy-machine): p99 +90 to +107 %", run(1, 7, libc()), busy, peak)
	check("idle alone", "libc: no change shown", run(1, 7, libc()), run(2, 7, libc()), peak)

	refusing := run(2, 7, libc().more(0.5))
	for i := range refusing.Trials {
		refusing.Trials[i].Batches[0].Answers = map[string]int{"201/58": 240, "500/12": 240}
	}
	check("other answers", "libc: doubtful (unequal-work): peak RSS −52 to −48 %", run(1, 7, libc()), refusing, peak)

	twin := libc()
	twin.name = "libc-2"
	failed := run(1, 9, libc(), twin.more(1.5))
	failed.Design.Twin = "libc-2"
	check("stamped", "cannot tell: an A/A control failed, so what changed may not be due to the variants", failed, run(2, 7, libc()), peak)

	swapped := run(2, 7, libc())
	for i := range swapped.Trials[0].Gauges {
		swapped.Trials[0].Gauges[i].LiveRequested = 4 * bench.GiB
	}
	check("contradicted", "libc: nothing to compare", run(1, 7, libc()), swapped, Options{Figures: []string{report.ColPeak, report.ColSteady}})

	check("memory contradicted", "libc: no change shown, but peak, steady and idle RSS not measured", run(1, 7, libc()), swapped, Options{})
	check("memory contradicted, few rounds", "libc: too few rounds to tell, but peak, steady and idle RSS not measured", run(1, 2, libc()), swapped, Options{})

	phases := func(e *bench.Experiment, n int) *bench.Experiment {
		for i := range e.Trials {
			t := &e.Trials[i]
			t.Phases = t.Phases[:n]
		}
		return e
	}
	check("no idle", "libc: no change shown, but idle RSS not measured", run(1, 7, libc()), phases(run(2, 7, libc()), 2), Options{})

	unknown := run(2, 7, libc())
	for i := range unknown.Trials {
		unknown.Trials[i].Gauges = nil
	}
	check("overhead unknown", "libc: no change shown", run(1, 7, libc()), unknown, Options{})

	void := run(2, 7, libc())
	for i := range void.Trials {
		void.Trials[i].Void = "busy"
	}
	check("void", "libc: nothing to compare", run(1, 7, libc()), void, peak)

	// Trials that ended early give no figure, not even where the table shows them.
	died := run(2, 7, libc())
	for i := range died.Trials {
		died.Trials[i].Error = "died in batch 2"
	}
	check("died", "libc: nothing to compare", run(1, 7, libc()), died, peak)
}

// TestTrust: a change is marked as a gain or a loss only where it is a result.
func TestTrust(t *testing.T) {
	check := func(name string, old, now *bench.Experiment, marked bool, doubts ...string) {
		t.Helper()
		r, err := compare(old, now, Options{Anyway: true})
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(r.Variants, func(v *Variant) bool { return v.Name == "jemalloc" })
		peak := r.Variants[at].Changes[0]
		if !peak.Worse() {
			t.Fatalf("%s: %+v", name, peak)
		}
		if diff := cmp.Diff(doubts, peak.Doubts()); diff != "" {
			t.Errorf("%s: doubts (-want +got):\n%s", name, diff)
		}
		for _, l := range slices.Concat(r.Lines(), r.RelativeLines()) {
			if (l.Better || l.Worse) && !marked {
				t.Errorf("%s: %+v is marked", name, l)
			}
		}
		if got := slices.ContainsFunc(r.Lines(), func(l Line) bool { return l.Worse }); got != marked {
			t.Errorf("%s: marked %v", name, got)
		}
	}
	more := func() *bench.Experiment { return run(2, 9, libc(), jemalloc().more(1.5)) }
	check("a result", run(1, 9, libc(), jemalloc()), more(), true)
	sleepy := more()
	sleepy.Design.Sleep = time.Second
	check("other work", run(1, 9, libc(), jemalloc()), sleepy, false, CodeOtherWork)
	twin := libc().more(1.5)
	twin.name = "libc-2"
	failed := func(e *bench.Experiment) *bench.Experiment { e.Design.Twin = "libc-2"; return e }
	check("stamped", failed(run(1, 9, libc(), jemalloc(), twin)), failed(run(2, 9, libc(), jemalloc().more(1.5), twin)), false, report.CodeControl)
}

// TestWithheld: what cannot be compared has no change, and a note that says why.
func TestWithheld(t *testing.T) {
	notes := func(r *Result, figure string) (codes []string, c *Change) {
		for _, c := range r.Variants[0].Changes {
			if c.Figure == figure {
				for _, n := range c.Notes {
					codes = append(codes, n.Code)
				}
				return codes, c
			}
		}
		return nil, nil
	}
	check := func(name, figure string, old, now *bench.Experiment, withheld bool, want ...string) {
		t.Helper()
		for _, anyway := range []bool{false, true} {
			r, err := compare(old, now, Options{Anyway: anyway})
			if err != nil {
				t.Fatal(err)
			}
			codes, c := notes(r, figure)
			if diff := cmp.Diff(want, codes); diff != "" {
				t.Errorf("%s, anyway %v: %s (-want +got):\n%s", name, anyway, figure, diff)
			}
			if c.Withheld != (withheld && !anyway) || (c.Ratio.N == 0) != c.Withheld || r.Anyway {
				t.Errorf("%s, anyway %v: %s: %+v", name, anyway, figure, c)
			}
		}
	}
	shorter := run(2, 7, libc())
	shorter.Design.Idle = 40 * time.Second
	check("idle", report.ColIdle, run(1, 7, libc()), shorter, true, CodeOtherIdle)
	check("idle", report.ColPeak, run(1, 7, libc()), shorter, false)
	check("neighbours", report.ColCPU, run(1, 7, libc(), jemalloc()), run(2, 7, libc()), true, CodeOtherNeighbours)
	check("neighbours", report.ColPeak, run(1, 7, libc(), jemalloc()), run(2, 7, libc()), false, CodeOtherNeighbours)
	failing := run(2, 7, libc())
	failing.Trials[0].Batches[0].Failed, failing.Trials[0].Batches[0].Errors = 3, map[string]int{"status 503": 3}
	check("failures", report.ColP99, run(1, 7, libc()), failing, false, report.CodeFailedRequests)
	check("failures", report.ColPeak, run(1, 7, libc()), failing, false, report.CodeFailedRequests)
	answering := run(2, 7, libc())
	for i := range answering.Trials {
		for j := range answering.Trials[i].Batches {
			answering.Trials[i].Batches[j].Answers = map[string]int{"201/58": 240, "500/12": 240}
		}
	}
	check("other answers", report.ColPeak, run(1, 7, libc()), answering, false, report.CodeUnequalWork)
	check("other answers", report.ColP50, run(1, 7, libc()), answering, false, report.CodeUnequalWork)
	check("the same other answers", report.ColPeak, answering, answering, false)
	mute := run(2, 7, libc())
	for i := range mute.Trials {
		for j := range mute.Trials[i].Batches {
			mute.Trials[i].Batches[j].Answers = nil
		}
	}
	check("answers not recorded", report.ColPeak, mute, run(1, 7, libc()), false)
}

// TestRelativeNotes: what weakens the baseline weakens the ratios to it.
func TestRelativeNotes(t *testing.T) {
	check := func(name, variant string, change func(*bench.Trial), want ...string) {
		t.Helper()
		now := run(2, 7, libc(), jemalloc())
		for i := range now.Trials {
			if now.Trials[i].Variant == variant {
				change(&now.Trials[i])
			}
		}
		r, err := compare(run(1, 7, libc(), jemalloc()), now, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Relative[0].Changes {
			if c.Figure != report.ColP99 {
				continue
			}
			var codes []string
			for _, n := range c.Notes {
				codes = append(codes, n.Code)
				if !slices.Contains(r.Notes, n) {
					t.Errorf("%s: %+v has no number", name, *n)
				}
			}
			if diff := cmp.Diff(want, codes); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
	busy := func(t *bench.Trial) {
		t.Batches[0].Machine = &bench.Machine{Elapsed: 10 * time.Second, CPUs: 2, Others: 5 * time.Second}
	}
	failing := func(t *bench.Trial) {
		t.Batches[0].Failed, t.Batches[0].Errors = 3, map[string]int{"status 503": 3}
	}
	answering := func(t *bench.Trial) {
		for i := range t.Batches {
			t.Batches[i].Answers = map[string]int{"201/60": 480}
		}
	}
	starved := func(t *bench.Trial) { t.Batches[0].Wait = time.Hour }
	for _, variant := range []string{"libc", "jemalloc"} {
		check("busy "+variant, variant, busy, report.CodeBusyMachine)
		check("starved "+variant, variant, starved, report.CodeStarved)
		check("failing "+variant, variant, failing, report.CodeFailedRequests)
		check("answering "+variant, variant, answering, report.CodeUnequalWork)
	}
}

func TestMistakes(t *testing.T) {
	check := func(old, now *bench.Experiment, o Options, want, advice string) {
		t.Helper()
		_, err := compare(old, now, o)
		if err == nil || err.Error() != want || hint.Of(err) != advice || !hint.IsMistake(err) {
			t.Errorf("%v (%s); want %s (%s)", err, hint.Of(err), want, advice)
		}
	}
	check(run(1, 7, libc()), run(2, 7, jemalloc()), Options{}, "no variant is in both runs", "the old one has libc, the new one jemalloc")
	check(run(1, 7, libc()), run(2, 7), Options{}, "no variant is in both runs", "the old one has libc, the new one none")
	check(&bench.Experiment{}, &bench.Experiment{}, Options{Anyway: true}, "no variant is in both runs", "the old one has none, the new one none")
	check(run(1, 7, libc()), run(2, 7, libc()), Options{Figures: []string{report.ColFailed}}, `"failed" is no figure that can be compared`,
		"it must be one of peak RSS, steady RSS, idle RSS, overhead, CPU/req, p99 and p50")
}

// TestFigures: fewer figures have shorter intervals.
func TestFigures(t *testing.T) {
	old, now := run(1, 8, libc()), run(2, 8, libc())
	all, err := compare(old, now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	one, err := compare(old, now, Options{Figures: []string{report.ColPeak}})
	if err != nil {
		t.Fatal(err)
	}
	a, b := all.Variants[0].Changes[0].Ratio, one.Variants[0].Changes[0].Ratio
	if a.Comparisons != 7 || b.Comparisons != 1 || a.Center != b.Center || a.Lo >= b.Lo || a.Hi <= b.Hi {
		t.Errorf("%+v, alone %+v", a, b)
	}
}

func TestLeftOut(t *testing.T) {
	old, now := run(1, 7, libc(), jemalloc()), run(2, 7, libc())
	now.Design.Variants = append(now.Design.Variants, bench.Variant{Name: "jemalloc"})
	now.LeftOut = []bench.LeftOut{{Variant: "jemalloc", Why: "no space left on device"}}
	r, err := compare(old, now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Verdict(); !strings.Contains(got, "jemalloc: could not be measured in the new run") {
		t.Errorf("verdict %q", got)
	}
	var text, object bytes.Buffer
	if err := errors.Join(r.Text(&text, report.TextOptions{}), r.JSON(&object)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "left out") || !strings.Contains(text.String(), "jemalloc of the new run: no space left on device") {
		t.Errorf("text:\n%s", text.String())
	}
	if !strings.Contains(object.String(), `"left_out"`) {
		t.Errorf("JSON:\n%s", object.String())
	}
}
