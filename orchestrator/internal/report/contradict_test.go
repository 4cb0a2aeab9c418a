package report

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// hide leaves 7 MiB of a trial's memory to be seen.
func hide(t *bench.Trial) {
	eachSample(t, func(_ int, s *bench.Sample) { s.Anon = 7 * bench.MiB })
	for i := range t.Batches {
		t.Batches[i].HighWater = 7 * bench.MiB
	}
}

// TestContradicted: a variant whose live bytes exceed its RSS has no memory
// figure in any format, and a note says why.
func TestContradicted(t *testing.T) {
	exp := experiment(7)
	je := trialOf(exp, "jemalloc", 4)
	hide(je)
	eachSample(je, func(i int, s *bench.Sample) {
		if i == 20 {
			s.Swap = 110 * bench.MiB
		}
	})
	r := Summarize(exp)
	row := r.Rows[1]
	for name, n := range map[string]int{
		"peak": row.Peak.N, "steady": row.Steady.N, "idle": row.Idle.N, "live": row.Live.N, "overhead": row.Overhead.N, "at peak": row.OverheadAtPeak.N,
		"Go": row.GoShare.N, "end": row.End.N, "returned": row.Returned.N, "floor": row.IdleFloor.N, "change": row.Peak.Ratio.N,
	} {
		if n != 0 {
			t.Errorf("%s rests on %d rounds; want none", name, n)
		}
	}
	var texts []string
	for _, notes := range row.notes {
		for _, n := range notes {
			if n.Code == CodeNotMeasured {
				t.Errorf("a second note: %s", n.Text)
			}
			if n.Code == CodeContradicted && !slices.Contains(texts, n.Text) {
				texts = append(texts, n.Text)
			}
		}
	}
	const figures = "live 111 MiB, RSS 7.0 MiB in round 4, batch 1; 110 MiB were swapped out"
	if len(texts) != 1 || !strings.Contains(texts[0], figures) {
		t.Errorf("notes %q; want one with %q", texts, figures)
	}
	if musl := r.Rows[2]; musl.Peak.Ratio.N != 7 || musl.Contradicted != nil {
		t.Errorf("another variant is touched: %+v", musl.Peak)
	}

	err := Contradicted(exp)
	const want = "more bytes were live than resident, so the memory was not measured: jemalloc (" + figures + ")"
	if err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
	if hinted, ok := err.(interface{ Hint() string }); !ok || hinted.Hint() == "" {
		t.Errorf("%v has no hint", err)
	}
	if err := Contradicted(experiment(7)); err != nil {
		t.Error(err)
	}

	var file struct{ Summary []map[string]json.RawMessage }
	if err := json.Unmarshal(render(t, JSON, exp), &file); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"peak_rss_bytes", "peak_rss_ratio", "steady_rss_bytes", "idle_rss_ratio", "live_bytes", "overhead", "go_share_bytes", "returned_share"} {
		if got := string(file.Summary[1][key]); got != "null" {
			t.Errorf("JSON: %s is %s", key, got)
		}
	}
	if got := string(file.Summary[1]["peak_rss_bytes_by_batch"]); got != "[null,null]" {
		t.Errorf("JSON: the peaks of its batches are %s", got)
	}
	lines, err := csv.NewReader(strings.NewReader(string(render(t, CSV, exp)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, head := range lines[0] {
		memory := strings.Contains(head, "rss") || strings.Contains(head, "live") || strings.Contains(head, "overhead") || strings.Contains(head, "idle")
		if got := lines[2][i]; memory && got != "" {
			t.Errorf("CSV: %s is %q", head, got)
		}
	}
	line := strings.Split(string(render(t, Markdown, exp)), "\n")[3]
	if strings.Contains(line, "MiB") || strings.Count(line, None) != 4 {
		t.Errorf("Markdown: %s", line)
	}
}

// TestContradictedApart: a trial that does not count and contradicts itself is
// shown without memory, and costs its variant nothing.
func TestContradictedApart(t *testing.T) {
	check := func(name string, spoil func(*bench.Trial)) {
		t.Helper()
		exp := experiment(7)
		one := trialOf(exp, "libc", 3)
		hide(one)
		spoil(one)
		r := Summarize(exp)
		if r.Rows[0].Contradicted != nil || r.Rows[0].Peak.N != 6 {
			t.Errorf("%s: the variant has %d peaks: %v", name, r.Rows[0].Peak.N, r.Rows[0].Contradicted)
		}
		line := r.Trials().Lines[2]
		if line.Counts || !strings.Contains(line.Remark, "contradict each other") {
			t.Errorf("%s: %+v", name, line)
		}
		for i, column := range r.Trials().Columns {
			if slices.Contains([]string{ColPeakOf, ColBatches, ColSteadys, ColIdles, ColOverhead}, column.Key) && line.Cells[i] != None {
				t.Errorf("%s: %s is %s", name, column.Key, line.Cells[i])
			}
		}
		thread := r.Curve(r.Rows[0], 100, 10).Threads[2]
		if thread.Round != 3 || len(thread.Readings) > 0 || thread.Highest != 0 || !strings.Contains(thread.Why, "contradict each other") {
			t.Errorf("%s: thread %+v", name, thread)
		}
	}
	check("died", func(t *bench.Trial) { t.Error = "died when idle" })
	check("void", func(t *bench.Trial) { t.Void = "the clock was set" })
}

// TestContradictedBaseline: without it there are no changes for anybody, and one
// note at the heads says so.
func TestContradictedBaseline(t *testing.T) {
	exp := experiment(7)
	hide(trialOf(exp, "libc", 2))
	r := Summarize(exp)
	for _, row := range r.Rows {
		if row.Peak.Ratio.N+row.Steady.Ratio.N+row.Idle.Ratio.N != 0 {
			t.Errorf("%s is compared", row.Variant)
		}
	}
	notes := r.headNotes[ColPeak]
	if len(notes) != 1 || notes[0].Code != CodeNoBaseline || notes[0].Text != "the baseline libc has no memory figures, so no changes are given" {
		t.Errorf("at the head of the peaks: %v", notes)
	}
}

// TestContradiction sees what is impossible and nothing that is only a moment's
// difference.
func TestContradiction(t *testing.T) {
	check := func(name string, spoil func(*bench.Trial), want bool) {
		t.Helper()
		exp := experiment(1)
		trial := trialOf(exp, "musl", 1) // the one that keeps the least
		spoil(trial)
		if got := newTrial(trial, new(scratch)).against; (got != nil) != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	live := func(factor float64) func(*bench.Trial) {
		return func(t *bench.Trial) {
			for i := range t.Gauges {
				t.Gauges[i].LiveRequested = bench.Bytes(float64(t.Gauges[i].LiveRequested) * factor)
			}
		}
	}
	check("sound", func(*bench.Trial) {}, false)
	check("all of it live", live(1.05), false)
	check("more than all", live(1.12), true)
	check("one reading between two samples", func(t *bench.Trial) { t.Gauges[3].LiveRequested = 125 * bench.MiB }, false)
	check("one reading above everything", func(t *bench.Trial) { t.Gauges[3].LiveRequested = 140 * bench.MiB }, true)
	check("no samples", func(t *bench.Trial) { t.Samples = bench.Series{} }, false)
	check("samples that end early", func(t *bench.Trial) {
		keepSamples(t, func(s bench.Sample) bool { return s.At <= 4*time.Second })
	}, false)
	check("no counters", func(t *bench.Trial) { t.Gauges = nil }, false)
	check("a void round", func(t *bench.Trial) { live(2)(t) }, true)
	exp := experiment(7)
	for i := range exp.Trials {
		if t := &exp.Trials[i]; t.Round == 3 {
			hide(t)
			t.Void = "the load was not carried out"
		}
	}
	if err := Contradicted(exp); err != nil {
		t.Errorf("a void round counts: %v", err)
	}
}

// TestUncounted holds A against the kernel's account in both directions.
func TestUncounted(t *testing.T) {
	check := func(name string, edge bench.Edge, text string, columns ...string) {
		t.Helper()
		exp := experiment(1)
		trial := trialOf(exp, "jemalloc", 1)
		trial.Edges = append(trial.Edges, edge)
		r := Summarize(exp)
		var got []string
		for key, notes := range r.Rows[1].notes {
			for _, n := range notes {
				if n.Code != CodeUncounted {
					continue
				}
				got = append(got, key)
				if n.Text != text {
					t.Errorf("%s:\n%s\nwant\n%s", name, n.Text, text)
				}
			}
		}
		slices.Sort(got)
		slices.Sort(columns)
		if !slices.Equal(got, columns) {
			t.Errorf("%s: at %v; want %v", name, got, columns)
		}
	}
	const mib = bench.MiB
	check("alike", bench.Edge{Name: "batch 1 end", Anon: 103 * mib, Charged: 100 * mib}, "")
	check("less than 4 MiB", bench.Edge{Name: "batch 1 end", Anon: 7 * mib, Charged: 10 * mib}, "")
	check("less than 5 %", bench.Edge{Name: "batch 1 end", Anon: 980 * mib, Charged: 1000 * mib}, "")
	check("nothing to hold it against", bench.Edge{Name: "batch 1 end", Anon: 980 * mib}, "")
	check("of every kind", bench.Edge{Name: "batch 1 end", Anon: 40 * mib, Hugetlb: 50 * mib, Shmem: 10 * mib, Charged: 100 * mib}, "")
	check("charged more", bench.Edge{Name: "batch 1 end", Anon: 7 * mib, Charged: 171 * mib},
		"the kernel charges jemalloc's cgroup 164 MiB more than its figures count (batch 1 end: 171 MiB against 7.0 MiB)", ColPeak, ColSteady)
	check("when idle", bench.Edge{Name: "end of idle", Anon: 7 * mib, Charged: 171 * mib},
		"the kernel charges jemalloc's cgroup 164 MiB more than its figures count (end of idle: 171 MiB against 7.0 MiB)", ColIdle)
	check("counted twice", bench.Edge{Name: "batch 2 start", Anon: 200 * mib, Charged: 110 * mib, Processes: 4},
		"the figures of jemalloc count pages more than once, because several processes share them: 90 MiB more than the kernel charges its cgroup (batch 2 start: 200 MiB against 110 MiB)",
		ColPeak, ColSteady)
	check("by page walk", bench.Edge{Name: "end of idle", Anon: 200 * mib, Proportional: 110 * mib, Processes: 1},
		"the figures of jemalloc count 90 MiB more than a page walk that divides shared pages (end of idle: 200 MiB against 110 MiB)", ColIdle)
	check("more by page walk", bench.Edge{Name: "end of idle", Anon: 100 * mib, Proportional: 110 * mib, Processes: 1},
		"a page walk finds 10 MiB more in jemalloc than its figures count (end of idle: 110 MiB against 100 MiB)", ColIdle)
}

// TestResident: every figure counts huge pages and shared memory as well.
func TestResident(t *testing.T) {
	exp, moved := experiment(1), experiment(1)
	for i := range moved.Trials {
		eachSample(&moved.Trials[i], func(_ int, s *bench.Sample) {
			third := s.Anon / 3
			s.Anon, s.Hugetlb, s.Shmem = s.Anon-2*third, third, third
		})
	}
	if want, got := render(t, CSV, exp), render(t, CSV, moved); string(want) != string(got) {
		t.Errorf("memory of other kinds makes other figures:\n%s\n%s", want, got)
	}
}
