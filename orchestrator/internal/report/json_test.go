package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// formats are all the ways to write an experiment.
var formats = map[string]func(io.Writer, *bench.Experiment) error{
	"text": text(TextOptions{}), "Markdown": Markdown, "CSV": CSV, "JSON": JSON,
}

func TestRoundTrip(t *testing.T) {
	for _, exp := range []*bench.Experiment{experiment(1), troubled(), {Schema: bench.Schema}} {
		file := render(t, JSON, exp)
		back, err := store.ReadExperiment(bytes.NewReader(file))
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
		if key := field.Tag.Get("json"); keys[key] == nil && !strings.HasSuffix(key, ",omitempty") {
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
	if _, err := store.ReadExperiment(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("100,000 samples took %v", took)
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
