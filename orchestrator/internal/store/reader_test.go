package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// small is a stream as a run of two rounds leaves it.
func small() []Record {
	header := Header{
		Schema: Schema, RunID: "20260102-120000-abcdef", Command: "go run ./orchestrator compare", Args: []string{"compare"}, Started: noon,
		Design:      bench.Design{Variants: []bench.Variant{{Name: "libc"}, {Name: "musl"}}, Baseline: "libc", Rounds: 2, Batches: 1, Mode: bench.Together},
		Environment: bench.Environment{Host: "here", CPUs: 2},
		Plan:        bench.Plan{File: "benchmark.yml", SHA256: "ab", Items: []bench.PlanItem{{Name: "put <it>", Method: "POST"}}},
		Images:      []Image{{"libc", "lab/libc", "sha256:1", "h1"}, {"musl", "lab/musl", "sha256:2", "h2"}},
	}
	all := []Record{{What: bench.Warning{Code: CodePlan, Text: "a \"quoted\" {\"of\": word"}}}
	for round := 1; round <= 2; round++ {
		all = append(all, Record{What: header}, Record{What: Round{Number: round, Order: []string{"musl", "libc"}}})
		for _, name := range []string{"libc", "musl"} {
			put := func(what any) { all = append(all, Record{Of{name, round}, what}) }
			put(Trial{Started: noon.Add(time.Duration(round) * time.Minute), Image: "lab/" + name, Container: name + "-1"})
			put(bench.Proof{Promised: name, Allocator: name, Knobs: map[string]string{"a": "b"}, Libraries: []string{}})
			put(bench.Phase{Kind: bench.PhaseBatch, Batch: 1, Start: 5})
			for i := range 3 {
				put(bench.Sample{At: time.Duration(10 * i), Anon: bench.MiB})
			}
			put(bench.Gauge{At: 20, LiveRequested: 7})
			put(bench.Edge{At: 25, Name: "batch 1 end"})
			put(bench.Phase{Kind: bench.PhaseBatch, Batch: 1, Start: 5, End: 30})
			put(bench.Batch{Number: 1, Start: 5, End: 30, Requests: 9, Errors: map[string]int{}, Statuses: map[string]int{"201": 9}, Machine: &bench.Machine{CPUs: 2}})
			put(bench.Warning{Code: "odd", Text: "odd"})
			put(Ended{Sampler: bench.Sampler{}})
		}
		all = append(all, Record{What: Judged{Round: round, Rounds: 2, Last: round == 2, Took: time.Minute}})
	}
	return append(all, Record{What: header}, Record{What: End{At: noon.Add(time.Hour)}})
}

// text writes records as they are saved.
func text(t testing.TB, records []Record) []byte {
	t.Helper()
	var b []byte
	for _, r := range records {
		var err error
		if b, err = appendLine(b, r); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// collect reads a stream: its records, and what stood in the place of others.
func collect(b bounds, from io.Reader) (records []Record, wrong []error) {
	for r, err := range b.read(from) {
		var newer *NewerError
		if err == nil || errors.As(err, &newer) {
			records = append(records, r)
		} else {
			wrong = append(wrong, err)
		}
	}
	return records, wrong
}

// A line that is cut anywhere, with its end or without, is the only one that is
// lost.
func TestCutLines(t *testing.T) {
	lines := bytes.SplitAfter(text(t, small()), []byte("\n"))
	lines = lines[:len(lines)-1]
	whole, wrong := collect(usual, bytes.NewReader(bytes.Join(lines, nil)))
	if len(wrong) > 0 || len(whole) != len(lines) {
		t.Fatalf("%d records of %d lines, %v", len(whole), len(lines), wrong)
	}
	for i, line := range lines {
		// Those before it and behind it are enough.
		from, to := max(i-1, 0), min(i+2, len(lines))
		want := slices.Delete(slices.Clone(whole[from:to]), i-from, i-from+1)
		for cut := range len(line) {
			for _, end := range []string{"", "\n"} {
				changed := slices.Clone(lines[from:to])
				changed[i-from] = append(slices.Clone(line[:cut]), end...)
				got, wrong := collect(usual, bytes.NewReader(bytes.Join(changed, nil)))
				want, damaged := want, true
				switch {
				case cut == len(line)-1: // no more than the end is lost
					want, damaged = whole[from:to], false
				case cut == 0:
					damaged = false
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("line %d cut at %d, end %q: %d records are left of %d\n%s", i+1, cut, end, len(got), len(want), changed[i-from])
				}
				var where *LineError
				if damaged && (len(wrong) != 1 || !errors.As(wrong[0], &where) || where.Line != i-from+1) || !damaged && len(wrong) > 0 {
					t.Fatalf("line %d cut at %d, end %q: %v", i+1, cut, end, wrong)
				}
			}
		}
		exp, err := Fold(Read(bytes.NewReader(bytes.Join(slices.Delete(slices.Clone(lines), i, i+1), nil))))
		if err != nil || len(exp.Trials) != 4 {
			t.Errorf("without line %d: %v", i+1, err)
		}
	}
}

// What is on a disk or comes from an editor is no stream to the letter.
func TestOddStreams(t *testing.T) {
	whole := text(t, small())
	count := bytes.Count(whole, []byte("\n"))
	check := func(name string, stream []byte, records, wrong int) {
		t.Helper()
		for _, from := range []io.Reader{bytes.NewReader(stream), iotest.OneByteReader(bytes.NewReader(stream)), iotest.DataErrReader(bytes.NewReader(stream))} {
			got, bad := collect(usual, from)
			if len(got) != records || len(bad) != wrong {
				t.Errorf("%s: %d records and %v; want %d and %d errors", name, len(got), bad, records, wrong)
			}
		}
	}
	nul := bytes.Repeat([]byte{0}, 4096)
	check("whole", whole, count, 0)
	check("empty", nil, 0, 0)
	check("CRLF", bytes.ReplaceAll(whole, []byte("\n"), []byte("\r\n")), count, 0)
	check("byte order mark", append([]byte("\ufeff"), whole...), count, 0)
	check("no newline at the end", whole[:len(whole)-1], count, 0)
	check("no newlines at all", bytes.ReplaceAll(whole, []byte("\n"), nil), count, 0)
	check("blank lines", bytes.ReplaceAll(whole, []byte("\n"), []byte("\n \n\n")), count, 0)
	check("a hole of zeros", slices.Concat(whole, nul, whole), 2*count, 1)
	check("zeros at the end", slices.Concat(whole, nul), count, 1)
	check("garbage", slices.Concat([]byte{0xff, 0xfe, 0x00, '\n'}, whole), count, 1)
	check("UTF-16", []byte("\xff\xfe{\x00}\x00\n\x00"), 0, 2)
	check("another list", []byte("[1,2]\nnull\n7\n\"of\"\n{}\n"), 0, 5)
	check("deep", []byte(strings.Repeat(`{"of":`, 100_000)+"\n"+strings.Repeat("[", 100_000)+"\n"), 0, 2)
}

// A record may be long, but not any length, and a stream as well.
func TestBounds(t *testing.T) {
	b := bounds{line: 100 << 10, stream: 1 << 20, bad: 50, sought: 1 << 20}
	whole := text(t, small())
	count := bytes.Count(whole, []byte("\n"))
	check := func(name string, stream []byte, records int, want string) {
		t.Helper()
		got, wrong := collect(b, bytes.NewReader(stream))
		last := ""
		if len(wrong) > 0 {
			last = wrong[len(wrong)-1].Error()
		}
		if len(got) != records || !strings.Contains(last, want) {
			t.Errorf("%s: %d records, %d errors, the last %q; want %d and %q", name, len(got), len(wrong), last, records, want)
		}
	}
	long := append(bytes.Repeat([]byte("x"), 200<<10), '\n')
	check("a long line", slices.Concat(whole, long, whole), 2*count, fmt.Sprintf("line %d: it is longer than", count+1))
	check("a long stream", append(slices.Clone(whole), bytes.Repeat(append(bytes.Repeat([]byte(" "), 90<<10), '\n'), 20)...), count, "too long")
	check("no stream", bytes.Repeat([]byte("x\n"), 100), 0, "after line 51: too many lines are no records")
	check("nothing", bytes.Repeat([]byte("\n"), 100), 0, "too many lines are no records")
	check("empty records", bytes.Repeat([]byte("{}\n"), 100), 0, "too many lines are no records")
}

func FuzzRead(f *testing.F) {
	whole := text(f, small()[:14])
	f.Add(whole)
	f.Add(packed(f, whole))
	for _, s := range []string{"", "\n", "{}", `{"":1,"sample":{}}`, `{"of":"libc/1","sample":null}`, `{"future":{"a":1}}`, `{"of":"li{"end":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		b := bounds{line: 1 << 20, stream: 8 << 20, bad: 1000, sought: 1 << 20}
		records, wrong := collect(b, bytes.NewReader(stream))
		again, wrongAgain := collect(b, bytes.NewReader(stream))
		if !reflect.DeepEqual(records, again) || len(wrong) != len(wrongAgain) {
			t.Fatalf("read twice:\n%v %v\n%v %v", records, wrong, again, wrongAgain)
		}
		for _, err := range wrong {
			if !strings.Contains(err.Error(), "line ") {
				t.Errorf("no position: %v", err)
			}
		}
		// What was read is written and read again as the same.
		for _, r := range records {
			line, err := appendLine(nil, r)
			if err != nil {
				t.Fatalf("%#v is not written: %v", r, err)
			}
			if n := bytes.IndexByte(line, '\n'); n != len(line)-1 {
				t.Fatalf("%q is no line", line)
			}
			back, _, err := parseLine(line)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			twice, err := appendLine(nil, back)
			if err != nil || !bytes.Equal(line, twice) {
				t.Fatalf("%q, then %q, %v", line, twice, err)
			}
		}
	})
}
