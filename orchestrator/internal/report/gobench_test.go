package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/perf/benchfmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

func TestGoBench(t *testing.T) {
	golden(t, "rounds.bench", render(t, GoBench, experiment(7)))
}

// benchResults reads what GoBench writes as benchstat does. No line may be one that
// cannot be read.
func benchResults(t *testing.T, exp *bench.Experiment) (results []*benchfmt.Result) {
	t.Helper()
	text := render(t, GoBench, exp)
	reader := benchfmt.NewReader(strings.NewReader(string(text)), "got")
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Errorf("%v in\n%s", rec, text)
		case *benchfmt.Result:
			results = append(results, rec.Clone())
		}
	}
	if err := reader.Err(); err != nil {
		t.Error(err)
	}
	return results
}

func TestGoBenchReads(t *testing.T) {
	for name, exp := range fixtures() {
		results, want := benchResults(t, exp), 0
		r := Summarize(exp)
		for _, row := range r.Rows {
			for _, trial := range row.all {
				if r.counts(trial) {
					want++
				}
			}
		}
		if len(results) != want {
			t.Errorf("%s: %d results; want %d", name, len(results), want)
		}
	}
	results := benchResults(t, experiment(7))
	r := Summarize(experiment(7))
	got := map[string][]float64{}
	for _, result := range results {
		peak, _ := result.Value("peak-RSS-B")
		p99, _ := result.Value("p99-sec")
		cpu, _ := result.Value("cpu-sec/req")
		got[string(result.Name)] = append(got[string(result.Name)], peak, p99*1e9, cpu)
		if result.GetConfig("cpu") != "AMD EPYC 7B13" || result.GetConfig("plan") != "3f9a1c2b4d5e" {
			t.Errorf("configuration %v", result.Config)
		}
	}
	want := map[string][]float64{}
	for _, row := range r.Rows {
		peaks, p99s, cpus := r.Values(row, ColPeak), r.Values(row, ColP99), r.Values(row, ColCPU)
		for i := range peaks {
			want["Compare/variant="+row.Variant] = append(want["Compare/variant="+row.Variant], peaks[i], p99s[i], cpus[i])
		}
	}
	near := cmp.Comparer(func(a, b float64) bool { return a == b || a/b > 1-1e-6 && a/b < 1+1e-6 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("the figures are others (-want +got):\n%s", diff)
	}
}

// TestGoBenchHostile has names that would break the format.
func TestGoBenchHostile(t *testing.T) {
	names := []string{
		"a b", "a/b", "a\nBenchmarkFake 1 2 ns/op", "a\tb", "\x1b[2J", "a\u202eb", "50%", "", "x-2", "x-2/", "ä–ö", "\xff\xfe", "\u2028", "Unit x",
		strings.Repeat("long", 30_000), strings.Repeat("long", 30_001),
	}
	exp := experiment(7)
	exp.Command, exp.RunID, exp.Plan.SHA256 = "x\nUnit peak-RSS-B better=higher", "y\nBenchmarkFake", "z\nw"
	exp.Environment.CPUModel, exp.Design.Threads = "fast\ncpu: slow", "hop\nBenchmarkFake 1"
	exp.Warnings = append(exp.Warnings, bench.Warning{Code: "c\nBenchmarkFake 1", Text: "t\nplan: other"})
	var trials []bench.Trial
	for i, name := range names {
		one := exp.Trials[i]
		one.Variant = name
		trials = append(trials, one)
	}
	exp.Trials, exp.Design.Variants = trials, nil
	seen := map[string]bool{}
	for _, result := range benchResults(t, exp) {
		name := string(result.Name)
		if !strings.HasPrefix(name, "Compare/variant=") || strings.Count(name, "/") != 1 || seen[name] || len(name) > 300 {
			t.Errorf("name %q", name)
		}
		seen[name] = true
		if got := result.GetConfig("cpu"); got != `fast\ncpu: slow` {
			t.Errorf("cpu is %q", got)
		}
	}
	if len(seen) != len(names) {
		t.Errorf("%d names; want %d: %v", len(seen), len(names), seen)
	}
}

// TestBenchstat gives two runs to benchstat itself.
func TestBenchstat(t *testing.T) {
	needs.Patience(t, "builds benchstat")
	dir := t.TempDir()
	old, now := experiment(7), experiment(7)
	for i := range now.Trials {
		if trial := &now.Trials[i]; trial.Variant == "jemalloc" {
			for j := range trial.Batches {
				trial.Batches[j].HighWater = trial.Batches[j].HighWater * 3 / 2
			}
		}
	}
	for name, exp := range map[string]*bench.Experiment{"old": old, "new": now} {
		if err := os.WriteFile(filepath.Join(dir, name), render(t, GoBench, exp), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools.mod", "benchstat", filepath.Join(dir, "old"), filepath.Join(dir, "new"))
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	text := string(out)
	t.Log(text + stderr.String())
	for _, want := range []string{"peak-RSS-B", "steady-RSS-B", "idle-RSS-B", "overhead", "cpu-sec/req", "p99-sec", "p50-sec", "Compare/variant=jemalloc", "Mi ", "ms "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// One table for each unit: nothing in the configuration keeps the runs apart.
	if n := strings.Count(text, "vs base"); n != len(benchUnits) {
		t.Errorf("%d tables; want %d", n, len(benchUnits))
	}
	if !strings.Contains(text, "+50.00% (p=0.001 n=7)") {
		t.Errorf("the difference is not found in\n%s", text)
	}
}
