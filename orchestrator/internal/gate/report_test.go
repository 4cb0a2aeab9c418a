package gate

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// variants of the results here, with what they take in MiB.
var variants = []struct {
	name string
	mib  float64
}{{"libc", 500}, {"jemalloc", 350}}

// result makes a result in which a variant takes what it does times factors, one a
// round; no factors for one that was not run.
func result(factors map[string][]float64, change ...func(*bench.Experiment)) *report.Report {
	exp := &bench.Experiment{Design: bench.Design{Baseline: "libc", Batches: 1, Rounds: 7, Mode: bench.Together, Idle: 30 * time.Second}}
	for _, v := range variants {
		if factors[v.name] == nil {
			continue
		}
		exp.Design.Variants = append(exp.Design.Variants, bench.Variant{Name: v.name})
		for i, factor := range factors[v.name] {
			exp.Trials = append(exp.Trials, trial(v.name, i+1, bench.Bytes(v.mib*factor*float64(bench.MiB))))
		}
	}
	for _, c := range change {
		c(exp)
	}
	return report.Summarize(exp)
}

// trial is one batch of 10 s and an idle of 30 s at one level of memory.
func trial(variant string, round int, level bench.Bytes) bench.Trial {
	var samples []bench.Sample
	for at := time.Duration(0); at <= 40*time.Second; at += 500 * time.Millisecond {
		samples = append(samples, bench.Sample{At: at, Anon: level})
	}
	return bench.Trial{
		Variant: variant, Round: round,
		Phases:  []bench.Phase{{Kind: bench.PhaseIdle, Start: 10 * time.Second, End: 40 * time.Second}},
		Batches: []bench.Batch{{Number: 1, End: 10 * time.Second, Requests: 100, Answers: map[string]int{"201/57": 100}, CPU: time.Second, Latency: bench.Latency{Mean: 1e8, P50: 1e8, P99: 2e8, Max: 3e8}}},
		Samples: bench.NewSeries(samples...),
	}
}

// around gives seven factors that scatter by 2 % around one.
func around(factor float64) []float64 {
	var all []float64
	for _, q := range quiet {
		all = append(all, factor*(1+q))
	}
	return all
}

func both(libc, jemalloc float64) map[string][]float64 {
	return map[string][]float64{"libc": around(libc), "jemalloc": around(jemalloc)}
}

// TestText holds what people read against golden files, and with it what Judge
// makes of reports.
func TestText(t *testing.T) {
	was := result(both(1, 1))
	usual, err := Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	wide := []float64{0.4, 0.6, 0.8, 1, 1.3, 1.8, 2.5}
	names := Names{Old: "results/old"}
	check := func(name string, want Outcome, first, second *Verdict, names Names) {
		t.Helper()
		if second != nil {
			names.Fresh = "results/new-again"
		}
		r := Conclude(first, second)
		if r.Outcome != want {
			t.Errorf("%s: %d, want %d", name, r.Outcome, want)
		}
		got := strings.Join(r.Lines(names), "\n") + "\n"
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(file)
		if diff := cmp.Diff(string(text), got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
	judge := func(now *report.Report) *Verdict { return Judge(was, now, usual) }
	worse, much := judge(result(both(1, 1.25))), judge(result(both(1.3, 1.3)))
	fine := judge(result(both(1.02, 0.97)))

	check("fine", Fine, fine, nil, names)
	check("confirmed", Worse, worse, judge(result(both(1.01, 1.22))), names)
	check("everywhere", Worse, much, much, Names{Old: names.Old, Moved: "kernel 6.1.0, then 6.18.0"})
	check("not-again", Fine, worse, fine, names)
	check("not-again-unclear", Unclear, worse, judge(result(map[string][]float64{"libc": around(1), "jemalloc": wide})), names)
	check("unconfirmed", Unclear, worse, nil, names)
	check("blurred", Unclear, judge(result(map[string][]float64{"libc": around(1), "jemalloc": wide})), nil, names)
	few := map[string][]float64{"libc": {1, 1.01, 1.02}, "jemalloc": {1.3, 1.31, 1.32}}
	check("few", Unclear, Judge(result(few), result(few), usual), nil, names)
	check("other-variants", Fine, Judge(result(map[string][]float64{"libc": around(1)}), result(both(1, 1)), usual), nil, names)
	check("fewer-variants", Fine, judge(result(map[string][]float64{"libc": around(1)})), nil, names)
	check("none-in-common", Unclear, Judge(result(map[string][]float64{"jemalloc": around(1)}), result(map[string][]float64{"libc": around(1)}), usual), nil, names)

	cost, err := Parse([]string{"cpu=+20%", "p99=+30%"})
	if err != nil {
		t.Fatal(err)
	}
	slower := func(exp *bench.Experiment) {
		for i := range exp.Trials {
			b := &exp.Trials[i].Batches[0]
			b.CPU, b.Latency.P99 = 2*b.CPU+time.Duration(i), b.Latency.P99*5/4
		}
	}
	slow := Judge(was, result(both(1, 1), slower), cost)
	check("cost", Worse, slow, slow, names)

	dead := func(exp *bench.Experiment) { exp.Trials[2].Error = "died in batch 1: exit status 139" }
	check("dead", Unclear, judge(result(both(1, 1), dead)), nil, names)
	check("second-dead", Unclear, worse, judge(result(both(1, 1.25), dead)), names)
}

func TestInvalid(t *testing.T) {
	check := func(name string, change func(*bench.Experiment), want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, Invalid(result(both(1, 1), change))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	check("sound", func(*bench.Experiment) {})
	check("void", func(exp *bench.Experiment) {
		for i := range exp.Trials {
			exp.Trials[i].Void = "others took 40 % of the machine"
		}
	}, "no round counts")
	check("one void round", func(exp *bench.Experiment) { exp.Trials[0].Void = "the clock was set" })
	check("died", func(exp *bench.Experiment) { exp.Trials[2].Error = "died in batch 1: exit status 139" }, "libc ended early in round 3: died in batch 1: exit status 139")
	check("died in a void round", func(exp *bench.Experiment) { exp.Trials[2].Error, exp.Trials[2].Void = "died", "the clock was set" })
	check("interrupted", func(exp *bench.Experiment) {
		exp.Interrupted, exp.Trials[6].Error = true, "interrupted in batch 1"
	})
	check("other answers", func(exp *bench.Experiment) { exp.Trials[9].Batches[0].Answers = map[string]int{"500/0": 100} },
		`the variants did not do the same work, judging by their answers: jemalloc in round 3, batch 1: 0 × "201/57" instead of 100`)
	check("contradicted", func(exp *bench.Experiment) {
		exp.Trials[0].Gauges = []bench.Gauge{{At: time.Second, LiveRequested: bench.GiB}}
	}, "libc had more live bytes than resident ones")
	check("twins differ", func(exp *bench.Experiment) {
		exp.Design.Twin = "jemalloc"
	}, "libc and its twin, the same image, differ by −30 … −30 % in peak RSS, by −30 … −30 % in steady RSS and by −30 … −30 % in idle RSS")
}

// TestFailed has requests fail that did not then.
func TestFailed(t *testing.T) {
	failing := func(n int) *report.Report {
		return result(both(1, 1), func(exp *bench.Experiment) {
			for i := range exp.Trials {
				exp.Trials[i].Batches[0].Failed = n
			}
		})
	}
	check := func(was, now int, want ...string) {
		t.Helper()
		v := Judge(failing(was), failing(now), []Allowed{{"peak", 0.1}})
		if diff := cmp.Diff(want, v.Invalid); diff != "" || (v.Outcome == Unclear) != (len(want) > 0) {
			t.Errorf("%d, %d: %d (-want +got)\n%s", was, now, v.Outcome, diff)
		}
	}
	check(0, 0)
	check(10, 10)
	check(0, 1, "libc did not do the same work: 0 % of its requests failed then and 1 % now", "jemalloc did not do the same work: 0 % of its requests failed then and 1 % now")
	check(20, 1, "libc did not do the same work: 20 % of its requests failed then and 1 % now", "jemalloc did not do the same work: 20 % of its requests failed then and 1 % now")
}

func TestDifferences(t *testing.T) {
	d := bench.Design{
		Batches: 2, Pause: 5 * time.Second, Idle: 30 * time.Second, Sleep: 450 * time.Millisecond, Workers: 10,
		Threads: bench.Hop, Transport: bench.Unix, SampleEvery: 50 * time.Millisecond,
	}
	p := bench.Plan{SHA256: "0637516c3067aa", Tags: []string{"medium"}, Iterations: 480, Concurrency: 16}
	check := func(name string, change func(*bench.Design, *bench.Plan), want ...Difference) {
		t.Helper()
		now, will := d, p
		change(&now, &will)
		if diff := cmp.Diff(want, Differences(d, now, p, will)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	check("the same", func(*bench.Design, *bench.Plan) {})
	check("not of the work", func(d *bench.Design, _ *bench.Plan) {
		d.Rounds, d.Seed, d.Preset, d.Mode, d.Until, d.VoidAt, d.Baseline = 20, 7, "seed", bench.Together, time.Hour, 0.5, "musl"
	})
	check("tags", func(_ *bench.Design, p *bench.Plan) { p.Tags, p.SHA256 = nil, "1" },
		Difference{"the choice of tags was medium and is now ''", "--tags medium"})
	check("the plan", func(_ *bench.Design, p *bench.Plan) { p.SHA256 = "12ab34cd56ef78" },
		Difference{"the plan's sha256 was 0637516c3067 and is now 12ab34cd56ef", ""})
	check("all", func(d *bench.Design, p *bench.Plan) {
		*d = bench.Design{Batches: 1, Sleep: time.Second, Workers: 2, Threads: bench.Stick, Transport: bench.TCP, MemoryLimit: bench.GiB, Mode: bench.Apart, LoneIdle: true, SampleEvery: time.Second}
		p.Iterations, p.Concurrency, p.RampupS, p.ArrivalRate, p.SkipTags = 1, 1, 1, 1, []string{"slow"}
	},
		Difference{"the choice of tags to skip was '' and is now slow", "--skip-tags ''"},
		Difference{"iterations was 480 and is now 1", "--iterations 480"},
		Difference{"concurrency was 16 and is now 1", "--concurrency 16"},
		Difference{"rampup was 0 and is now 1", ""},
		Difference{"the arrival rate was 0 and is now 1", ""},
		Difference{"batches was 2 and is now 1", "--batches 2"},
		Difference{"pause was 5s and is now 0s", "--pause 5s"},
		Difference{"idle was 30s and is now 0s", "--idle 30s"},
		Difference{"sleep was 450ms and is now 1s", "--sleep 450ms"},
		Difference{"workers was 10 and is now 2", "--workers 10"},
		Difference{"threads was hop and is now stick", "--threads hop"},
		Difference{"transport was unix and is now tcp", "--transport unix"},
		Difference{"the memory limit was 0 and is now 1073741824B", "--memory 0"},
		Difference{"mode was together and is now apart", "--mode together"},
		Difference{"lone-idle was false and is now true", "--lone-idle=false"},
		Difference{"the time between two samples was 50ms and is now 1s", ""},
	)

	was := bench.Environment{CPUs: 2, Arch: "amd64", THP: "madvise", CgroupV: 2, Engine: "docker", Kernel: "6.1", Host: "a"}
	now := was
	now.Kernel, now.Host = "6.18", "b"
	if diff := Elsewhere(was, now); diff != nil {
		t.Errorf("another kernel and host: %v", diff)
	}
	now.CPUs, now.THP = 4, "always"
	if diff := cmp.Diff([]Difference{{What: "CPUs: 2 then, 4 now"}, {What: "transparent huge pages: madvise then, always now"}}, Elsewhere(was, now)); diff != "" {
		t.Errorf("another machine: (-want +got)\n%s", diff)
	}
}

// TestFigures has every figure that can be gated be one of the report.
func TestFigures(t *testing.T) {
	r := result(both(1, 1), func(exp *bench.Experiment) {
		for i := range exp.Trials {
			exp.Trials[i].Gauges = []bench.Gauge{{At: 5 * time.Second, LiveRequested: bench.MiB}}
		}
	})
	for _, f := range figures() {
		if n := len(r.Values(r.Rows[0], f.column)); n != 7 {
			t.Errorf("%s: %d values", f.name, n)
		}
	}
}
