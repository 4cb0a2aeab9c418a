package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// formats are all the ways to write an experiment.
var formats = map[string]func(io.Writer, *bench.Experiment) error{
	"text": text(TextOptions{}), "Markdown": Markdown, "CSV": CSV, "JSON": JSON,
}

func TestRoundTrip(t *testing.T) {
	for _, exp := range []*bench.Experiment{experiment(1), troubled(), {Schema: bench.Schema}} {
		file := render(t, JSON, exp)
		back, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(exp, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("an experiment came back changed:\n%s", diff)
		}
		for name, format := range formats {
			if !bytes.Equal(render(t, format, exp), render(t, format, back)) {
				t.Errorf("%s of a file that was read back differs", name)
			}
		}
	}
}

// TestKeys wants every key of bench.Experiment, and the summary before the trials.
func TestKeys(t *testing.T) {
	file := render(t, JSON, experiment(1))
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(file, &keys); err != nil {
		t.Fatal(err)
	}
	for field := range reflect.TypeFor[bench.Experiment]().Fields() {
		if key := field.Tag.Get("json"); keys[key] == nil {
			t.Errorf("key %q is missing", key)
		}
	}
	if bytes.Index(file, []byte(`"summary"`)) > bytes.Index(file, []byte(`"trials"`)) {
		t.Error("the summary comes after the trials")
	}
	if bytes.Contains(bytes.Join([][]byte{keys["trials"], keys["plan"], keys["design"]}, nil), []byte("null")) {
		t.Error("what was measured holds a null")
	}
}

func TestJSONLayout(t *testing.T) {
	file := string(render(t, JSON, experiment(1)))
	for line := range strings.Lines(file) {
		if len(line) > lineLimit+40 {
			t.Errorf("a line of %d bytes: %.80s", len(line), line)
		}
	}
}

func TestManySamples(t *testing.T) {
	exp := experiment(1)
	trial := &exp.Trials[0]
	trial.Samples = bench.Series{}
	for i := range 100_000 {
		trial.Samples.Append(bench.Sample{At: time.Duration(i) * 5 * time.Millisecond, Anon: 600 * bench.MiB})
	}
	start := time.Now()
	file := render(t, JSON, exp)
	if _, err := Read(file); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("100,000 samples took %v", took)
	}
}

func TestReadErrors(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		_, err := Read([]byte(in))
		if err == nil || err.Error() != want {
			t.Errorf("Read(%q): %v; want %s", in, err, want)
		}
	}
	check("", "read the experiment: the file is empty")
	check("{\n  \"schema\": oops\n}", "read the experiment: line 2, column 13: not JSON: invalid character 'o' looking for beginning of value")
	check("# results", "read the experiment: line 1, column 1: not JSON: invalid character '#' looking for beginning of value")
	check(`{"schema": "stair-stepper/experiment/v1"} {}`, "read the experiment: line 1, column 43: not JSON: invalid character '{' after top-level value")
	check(`{"schema": "stair-stepper/experiment/v1"`, "read the experiment: line 1, column 40: not JSON: unexpected end of JSON input")
	check(`{"a": 1}`, `read the experiment: no key "schema"`)
	check(`{"schema": "other/v2"}`, `read the experiment: schema "other/v2"; this version reads "stair-stepper/experiment/v2"`)
	check(`[1]`, `read the experiment: line 1, column 1: array where an object is needed`)
	check("{\"schema\": \"stair-stepper/experiment/v1\",\n \"run_id\": 5}", `read the experiment: line 2, column 12: number where "run_id" needs string`)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"stair-stepper/experiment/v1"}`))
	small := experiment(1)
	for i := range small.Trials {
		trial := &small.Trials[i]
		trial.Samples, trial.Gauges, trial.Batches = bench.NewSeries(trial.Samples.Samples()[:8]...), trial.Gauges[:2], trial.Batches[:1]
	}
	f.Add(render(f, JSON, small))
	f.Fuzz(func(t *testing.T, data []byte) {
		exp, err := Read(data)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of more than one line: %v", err)
			}
			return
		}
		for name, format := range formats {
			var first, second bytes.Buffer
			if err := format(&first, exp); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if format(&second, exp); !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Errorf("%s differs from one time to the next", name)
			}
			if name != "JSON" {
				continue
			}
			back, err := Read(second.Bytes())
			if err != nil {
				t.Fatalf("what JSON wrote is not read: %v", err)
			}
			if diff := cmp.Diff(exp, back, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("came back changed:\n%s", diff)
			}
		}
	})
}

// A file that was edited, or is another one altogether, can be huge.
func TestReadCopiesNothing(t *testing.T) {
	junk := bytes.Repeat([]byte(" "), 32<<20)
	copy(junk, "{}")
	junk[len(junk)-1] = 'x'
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Read(junk); err == nil {
		t.Error("what stands behind the value was passed over")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(len(junk))/2 {
		t.Errorf("%d bytes were allocated for a file of %d", took, len(junk))
	}
}

// largest remembers the largest piece that was written.
type largest struct{ all, most int }

func (l *largest) Write(p []byte) (int, error) {
	l.all += len(p)
	l.most = max(l.most, len(p))
	return len(p), nil
}

// A file is not gathered in memory, for it may be far larger than the experiment.
func TestJSONInPieces(t *testing.T) {
	exp := experiment(20)
	var w largest
	if err := JSON(&w, exp); err != nil {
		t.Fatal(err)
	}
	if w.most > w.all/10 {
		t.Errorf("%d trials, %d bytes, the largest piece %d", len(exp.Trials), w.all, w.most)
	}
}

func TestJSONErrors(t *testing.T) {
	exp := experiment(3)
	exp.Trials[len(exp.Trials)-1].Started = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	var w largest
	if err := JSON(&w, exp); err == nil || w.all > 0 {
		t.Errorf("%v after %d bytes; want an error before anything is written", err, w.all)
	}
	full := errors.New("no space left")
	if err := JSON(failing{full}, experiment(1)); !errors.Is(err, full) {
		t.Errorf("%v; want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
