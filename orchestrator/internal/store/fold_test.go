package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// each gives records as if they had been read.
func each(records ...Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// fold is Fold of what must be an experiment.
func fold(t *testing.T, records ...Record) *bench.Experiment {
	t.Helper()
	exp, err := Fold(each(records...))
	if err != nil {
		t.Fatal(err)
	}
	return exp
}

var (
	head  = Record{What: Header{Schema: Schema, Started: noon, Design: bench.Design{Variants: []bench.Variant{{Name: "libc"}}, Baseline: "libc", Rounds: 2}}}
	libc1 = Of{"libc", 1}
	libc2 = Of{"libc", 2}
)

// Records that make no sense together make an experiment all the same.
func TestFoldHostile(t *testing.T) {
	odd := []Record{
		{libc1, bench.Sample{At: -5}},
		{libc1, bench.Sample{At: math.MaxInt64, Anon: math.MinInt64}},
		{libc1, bench.Phase{Start: math.MaxInt64, End: math.MinInt64}},
		{libc1, bench.Phase{Start: 5}},
		{libc1, Ended{Error: "once"}},
		{libc1, Ended{Error: "twice"}},
		{libc1, Trial{Started: noon}},
		{libc1, bench.Batch{Number: -1}},
		{Of{"stranger", math.MaxInt}, bench.Gauge{At: 1}},
		{Of{"stranger", math.MinInt}, bench.Gauge{At: 1}},
		{Of{}, bench.Gauge{At: 1}},
		{What: Judged{Round: 1, Void: "once"}},
		{What: Judged{Round: 1, Void: "twice"}},
		{What: Judged{Round: math.MinInt}},
		{What: Judged{Round: math.MaxInt, Again: math.MinInt, Rounds: math.MaxInt}},
		{What: Resumed{After: math.MaxInt}},
		{What: Resumed{After: 1}},
		{What: Resumed{After: math.MinInt}},
		{What: Round{Number: math.MinInt}},
		{What: End{}},
		{What: Unknown{"future", []byte("1")}},
		{What: Unknown{}},
		{What: nil},
		{What: 7},
		head,
		{What: Header{Schema: Schema}},
	}
	for i := range odd {
		for j := range odd {
			f := NewFolding()
			for _, r := range []Record{head, odd[i], odd[j], odd[i], odd[j]} {
				f.Add(r)
				f.Done()
				if exp, err := f.Experiment(); err != nil || exp == nil {
					t.Fatalf("%v, %v: %v", odd[i], odd[j], err)
				}
			}
		}
	}
	exp := fold(t, slices.Concat([]Record{head}, odd[:14])...)
	i := slices.IndexFunc(exp.Trials, func(t bench.Trial) bool { return t.Variant == "libc" })
	if got := exp.Trials[i]; got.Void != "twice" || got.Error != "was not over when its records end" || len(got.Batches) != 1 {
		t.Errorf("%+v", got)
	}
	if done := NewFolding().Done(); len(done) > 0 {
		t.Errorf("of nothing, %v is done", done)
	}
}

// A trial that is done again is not taken for a part of the first, though the
// record that the run went on is lost.
func TestFoldAgain(t *testing.T) {
	once := []Record{
		{libc1, Trial{Started: noon}},
		{libc1, bench.Warning{Code: "odd"}},
		{libc1, bench.Sample{At: 10}},
		{libc1, bench.Batch{Number: 1}},
		{libc1, Ended{Cut: true, Error: "cut"}},
	}
	again := []Record{{libc1, Trial{Started: noon.Add(time.Hour)}}, {libc1, bench.Sample{At: 20}}, {libc1, bench.Batch{Number: 1}}, {libc1, Ended{}}, {What: Judged{Round: 1}}}
	exp := fold(t, slices.Concat([]Record{head}, once, again, again)...)
	if len(exp.Trials) != 1 || exp.Trials[0].Samples.Len() != 1 || len(exp.Trials[0].Batches) != 1 || exp.Trials[0].Error != "" || len(exp.Trials[0].Warnings) > 0 {
		t.Errorf("%+v", exp.Trials)
	}
	f := NewFolding()
	for _, r := range slices.Concat([]Record{head}, again, again) {
		f.Add(r)
	}
	if done := f.Done(); len(done) != 1 {
		t.Errorf("done: %+v", done)
	}
}

// A run that goes on drops what is done again, its warnings included.
func TestFoldResumed(t *testing.T) {
	round := func(of Of) []Record {
		return []Record{{of, Trial{Started: noon}}, {of, Ended{}}, {What: Judged{Round: of.Round}}}
	}
	warning := func(code, text string) Record { return Record{What: bench.Warning{Code: code, Text: text}} }
	resumed := func(after int) Record { return Record{What: Resumed{After: after}} }
	exp := fold(t, slices.Concat(
		[]Record{warning(CodePlan, "of the plan"), head, resumed(0), head, resumed(0), warning(CodeMoved, "to b"), head}, round(libc1),
		[]Record{resumed(1), warning(CodeMoved, "to c"), head},
		[]Record{resumed(1), warning(CodeMoved, "to d"), resumed(1), warning(CodeMoved, "to d"), head}, round(libc2),
		[]Record{warning("late", "of the second round"), resumed(2), warning("late", "again")},
	)...)
	var texts []string
	for _, w := range exp.Warnings {
		texts = append(texts, w.Text)
	}
	if got, want := strings.Join(texts, ", "), "of the plan, to b, to d, of the second round, again"; got != want {
		t.Errorf("warnings %q; want %q", got, want)
	}
	if len(exp.Trials) != 2 {
		t.Errorf("%d trials", len(exp.Trials))
	}
}

// What a kill cut short is no damage of a run that went on, but what is damaged
// elsewhere is, and is named.
func TestFoldDamage(t *testing.T) {
	check := func(stream, want string) {
		t.Helper()
		exp, err := Fold(Read(strings.NewReader(string(text(t, []Record{head})) + stream)))
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, w := range exp.Warnings {
			got.WriteString(w.Code + ": " + w.Text + "\n")
		}
		if !strings.Contains(got.String(), want) || want == "" && got.String() != "" {
			t.Errorf("%s\ngives %q; want %q", stream, got.String(), want)
		}
	}
	const cut, resumed, newer = `{"of":"libc/1","samp`, `{"resumed":{"after":0}}`, `{"future":{"a":1}}`
	check(cut, "1 record of the saved run could not be read (line 2: unexpected end")
	check(cut+"\n"+resumed, "")
	check(cut+"\n"+resumed+"\n"+cut+"\n"+resumed, "")
	check(cut+"\n"+resumed+"\nx\n{}", "2 records of the saved run could not be read (line 4: invalid")
	check("x\n"+cut+"\n"+resumed, "1 record of the saved run could not be read (line 2: invalid")
	check(newer+"\n"+`{"end":{"at":"2026-01-02T12:00:00Z","why":"so"}}`, "") // kept, which the report tells
	check(strings.Repeat(newer+"\n", 1005), "newer-not-kept: 5 records of a newer version are too large to keep")
}

// Where no round counts that was begun elsewhere, the machine is the last one.
func TestFoldEnvironment(t *testing.T) {
	at := func(host string) Record {
		h := head.What.(Header)
		h.Environment.Host = host
		return Record{What: h}
	}
	check := func(want string, records ...Record) {
		t.Helper()
		if got := fold(t, records...).Environment.Host; got != want {
			t.Errorf("it was done on %q; want %q", got, want)
		}
	}
	check("a", at("a"))
	check("b", at("a"), Record{What: Resumed{}}, at("b"), Record{What: Judged{Round: 1}})
	check("a", at("a"), Record{What: Judged{Round: 1}}, Record{What: Resumed{After: 1}}, at("b"))
	check("b", at("a"), Record{What: Judged{Round: 1}}, Record{What: Resumed{After: 0}}, at("b"))
}

// Records of another format are not taken for ours.
func TestFoldSchema(t *testing.T) {
	_, err := Fold(each(Record{What: Header{Schema: "stair-stepper/records/v9"}}))
	if err == nil || !strings.Contains(err.Error(), `"stair-stepper/records/v9"; this version reads "stair-stepper/records/v1"`) {
		t.Error(err)
	}
	if _, err := Fold(each()); err == nil {
		t.Error("an experiment of nothing")
	}
}

// Going back and forth costs little, and thousands of warnings do.
func TestFoldEffort(t *testing.T) {
	begin := time.Now()
	records := func(yield func(Record, error) bool) {
		_ = yield(head, nil)
		for i := range 100_000 {
			for _, of := range []Of{{}, libc1, {"libc", i + 5}} {
				if !yield(Record{of, bench.Warning{Code: "odd", Text: fmt.Sprint(i)}}, nil) {
					return
				}
			}
		}
		for {
			if !yield(Record{What: Resumed{After: math.MaxInt}}, nil) {
				return
			}
		}
	}
	_, err := Fold(records)
	if err == nil || !strings.Contains(err.Error(), "goes on from an earlier round too often") {
		t.Error(err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it takes %v", took)
	}
}

// An experiment can be had at any time, from another goroutine, and stays as it
// is.
func TestFoldingLive(t *testing.T) {
	f := NewFolding()
	f.Add(head)
	var all sync.WaitGroup
	done := make(chan struct{})
	all.Go(func() {
		defer close(done)
		for round := 1; round <= 30; round++ {
			of := Of{"libc", round}
			f.Add(Record{of, Trial{Started: noon}})
			f.Add(Record{of, bench.Phase{Kind: bench.PhaseBatch, Start: 1}})
			for i := range 200 {
				f.Add(Record{of, bench.Sample{At: time.Duration(i), Anon: bench.Bytes(i)}})
				f.Add(Record{of, bench.Gauge{At: time.Duration(i)}})
				f.Add(Record{of, bench.Warning{Code: "odd", Text: fmt.Sprint(i)}})
			}
			f.Add(Record{of, Ended{}})
			f.Add(Record{What: Judged{Round: round}})
			f.Add(head)
		}
	})
	for range 2 {
		all.Go(func() {
			for open := true; open; {
				select {
				case <-done:
					open = false
				default:
				}
				exp, err := f.Experiment()
				if err != nil {
					t.Error(err)
					return
				}
				once, err := json.Marshal(exp)
				if err != nil {
					t.Error(err)
				}
				f.Done()
				for i := range exp.Trials {
					tr := &exp.Trials[i]
					tr.Warnings = append(tr.Warnings, bench.Warning{Code: "mine"})
					tr.Phases = append(tr.Phases, bench.Phase{Kind: "mine"})
					tr.Gauges = append(tr.Gauges, bench.Gauge{At: -1})
					tr.Warnings, tr.Phases, tr.Gauges = tr.Warnings[:len(tr.Warnings)-1], tr.Phases[:len(tr.Phases)-1], tr.Gauges[:len(tr.Gauges)-1]
				}
				if strings.Contains(string(once), "mine") {
					t.Error("what one reader appends, another sees")
				}
			}
		})
	}
	all.Wait()
	if done := f.Done(); len(done) != 30 {
		t.Errorf("%d rounds are done", len(done))
	}
}

// BenchmarkFolding shows what a look at a large run costs while it goes on: 16
// variants, 20 rounds.
func BenchmarkFolding(b *testing.B) {
	f := NewFolding()
	f.Add(head)
	for i := range 320 {
		of := Of{fmt.Sprintf("v%d", i%16), 1 + i/16}
		f.Add(Record{of, Trial{Started: noon}})
		for n := range 2000 {
			f.Add(Record{of, bench.Sample{At: time.Duration(n)}})
			f.Add(Record{of, bench.Gauge{At: time.Duration(n)}})
		}
	}
	for b.Loop() {
		if _, err := f.Experiment(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
}

func FuzzFold(f *testing.F) {
	whole := text(f, small()[:14])
	f.Add(whole)
	f.Add(bytes.ReplaceAll(whole, []byte(`"end"`), []byte(`"resumed"`)))
	f.Add(append(whole, whole...))
	f.Fuzz(func(t *testing.T, stream []byte) {
		b := bounds{line: 1 << 20, stream: 8 << 20, bad: 1000, sought: 1 << 20}
		folding := NewFolding()
		for r, err := range b.read(bytes.NewReader(stream)) {
			if stop := folding.take(r, err); stop != nil {
				return
			}
		}
		exp, err := folding.Experiment()
		if err != nil {
			return
		}
		if n := len(folding.Done()); n > len(folding.judged) {
			t.Errorf("%d rounds are done", n)
		}
		for i := range exp.Trials {
			exp.Trials[i].Samples.Samples()
		}
		_, err = json.Marshal(exp)
		if unfit := (*json.MarshalerError)(nil); err != nil && !errors.As(err, &unfit) {
			t.Error(err)
		}
	})
}

// What a newer version wrote is kept, whole records and records with a field
// more, and those are folded as far as they are known.
func TestFoldKeepsWhatIsNewer(t *testing.T) {
	header, err := appendLine(nil, head)
	if err != nil {
		t.Fatal(err)
	}
	stream := string(header) + `{"future": {"a": 1}}` + "\n" + `{"end":{"at":"2026-01-02T12:00:00Z","why":"so"}}` + "\n"
	exp, err := Fold(Read(strings.NewReader(stream)))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"records[2]": `{"future":{"a":1}}`, "records[3]": `{"end":{"at":"2026-01-02T12:00:00Z","why":"so"}}`}
	for path, text := range want {
		if string(exp.Unknown[path]) != text {
			t.Errorf("%s is %s; want %s", path, exp.Unknown[path], text)
		}
	}
	if len(exp.Unknown) != len(want) || exp.Interrupted {
		t.Errorf("kept %v, interrupted %v", exp.Unknown, exp.Interrupted)
	}
}
