package store

import (
	"iter"
	"math"
	"slices"
	"strings"
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
	if got := exp.Trials[i]; got.Void != "twice" || got.Error != "had not finished when its records stop" || len(got.Batches) != 1 {
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
