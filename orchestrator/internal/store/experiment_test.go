package store_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// file gives a saved experiment of testdata.
func file(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// read reads an experiment that must be one.
func read(t testing.TB, text string) *bench.Experiment {
	t.Helper()
	exp, err := store.ReadExperiment(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return exp
}

// Both versions say the same, and what is read and saved is the file again.
func TestReadVersions(t *testing.T) {
	first, second := read(t, file(t, "v1.json")), read(t, file(t, "v2.json"))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("version 2 (+) is read as another experiment than version 1 (-):\n%s", diff)
	}
	if len(first.Trials) != 2 || first.Trials[1].Samples.Len() != 30 || first.Trials[0].Batches[1].Latency.P99 == 0 || first.Schema != bench.Schema || first.Unknown != nil {
		t.Errorf("%+v", first)
	}
	var saved bytes.Buffer
	if err := report.JSON(&saved, second); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file(t, "v2.json"), saved.String()); diff != "" {
		t.Errorf("saved as another file:\n%s", diff)
	}
	slow, err := store.ReadExperiment(iotest.OneByteReader(strings.NewReader(file(t, "v2.json"))))
	if diff := cmp.Diff(second, slow); err != nil || diff != "" {
		t.Errorf("byte by byte: %v\n%s", err, diff)
	}
}

const v2 = `"schema": "stair-stepper/experiment/v2"`

func TestReadErrors(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		_, err := store.ReadExperiment(strings.NewReader(in))
		if err == nil || err.Error() != "read the experiment: "+want {
			t.Errorf("%s\n%v; want\n%s", in, err, want)
		}
	}
	check("", "the file is empty")
	check(" \n\t", "the file is empty")
	check("{\n  \"schema\": oops\n}", "line 2, column 13: not JSON: invalid character 'o' looking for beginning of value")
	check("# results", "line 1, column 1: not JSON: invalid character '#' looking for beginning of value")
	check(`{"schema": "stair-stepper/experiment/v1"} {}`, "line 1, column 43: not JSON: invalid character '{' after top-level value")
	check(`{"schema": "stair-stepper/experiment/v1"`, "line 1, column 40: not JSON: unexpected end of JSON input")
	check("{\n", "line 1, column 2: not JSON: unexpected end of JSON input")
	check(`{"a": 1}`, `no key "schema"`)
	check(`{"schema": "other/v2"}`, `schema "other/v2"; this version reads "stair-stepper/experiment/v2"`)
	check(`{"schema": "stair-stepper/experiment/v3", "trials": 5}`, `schema "stair-stepper/experiment/v3"; this version reads "stair-stepper/experiment/v2"`)
	check(`[1]`, `line 1, column 1: array where an object is needed`)
	check("{\"schema\": \"stair-stepper/experiment/v1\",\n \"run_id\": 5}", `line 2, column 12: number where "run_id" needs a string`)

	// A file of another kind is named as such, whatever comes first in it.
	check(`{"trials": 5, "schema": "other/v2"}`, `schema "other/v2"; this version reads "stair-stepper/experiment/v2"`)
	check(`{"trials": [{"batches": [{"requests": "many", "x": "]"}], "round": {}}], "design": [1], "schema": "other/v2"}`, `schema "other/v2"; this version reads "stair-stepper/experiment/v2"`)
	check(`{"trials": [{"round": []}], "plan": 7}`, `no key "schema"`)
	check(`{"trials": [{"round": []}], "plan": 7, `+v2+`}`, `line 1, column 23: array where "trials[0].round" needs a 64-bit whole number`)

	check(`{`+v2+`, "run_id": "a", "run_id": "b"}`, `line 1, column 58: key "run_id" occurs twice`)
	check(`{`+v2+`, `+v2+`}`, `line 1, column 43: key "schema" occurs twice`)
	check(`{`+v2+`, "new": 1, "new": 2}`, `line 1, column 53: key "new" occurs twice`)
	check(`{`+v2+`, "trials": [{"batches": [{"errors": {"a": 1, "a": 1}}]}]}`, `line 1, column 87: key "a" occurs twice`)
	check(`{`+v2+`, "design": {"rounds": 1.5}}`, `line 1, column 64: number 1.5 where "design.rounds" needs a 64-bit whole number`)
	check(`{`+v2+`, "design": {"rounds": 1e999}}`, `line 1, column 64: number 1e999 where "design.rounds" needs a 64-bit whole number`)
	check(`{`+v2+`, "design": {"rounds": 9223372036854775808}}`, `line 1, column 64: number 9223372036854775808 where "design.rounds" needs a 64-bit whole number`)
	check(`{`+v2+`, "design": {"seed": -1}}`, `line 1, column 62: number -1 where "design.seed" needs a 64-bit whole number of 0 or more`)
	check(`{`+v2+`, "plan": {"rampup_s": 1e999}}`, `line 1, column 64: number 1e999 where "plan.rampup_s" needs a number`)
	check(`{`+v2+`, "started": "noon"}`, `line 1, column 54: string "noon" where "started" needs a time such as 2006-01-02T15:04:05Z`)
	check(`{`+v2+`, "interrupted": "no"}`, `line 1, column 58: string where "interrupted" needs true or false`)
	check(`{`+v2+`, "trials": {}}`, `line 1, column 53: object where "trials" needs a list`)
	check(`{`+v2+`, "trials": [[]]}`, `line 1, column 54: array where "trials[0]" needs an object`)
	check(`{`+v2+`, "unknown": 5}`, `line 1, column 54: number where "unknown" needs an object`)
	check(`{`+v2+`, "trials": [{},]}`, `line 1, column 57: not JSON: invalid character ']' looking for beginning of value`)
	check(`{`+v2+`, "trials": [{} {}]}`, `line 1, column 57: not JSON: invalid character '{' after array element`)
	check(`{`+v2+`, }`, `line 1, column 43: not JSON: invalid character '}' looking for beginning of object key string`)
	check(`{`+v2+` "a": 1}`, `line 1, column 42: not JSON: invalid character '"' after object key:value pair`)
	check(`{`+v2+`, "a" 1}`, `line 1, column 47: not JSON: invalid character '1' after object key`)
	check(`{`+v2+`, "a": {"b": '}}`, `line 1, column 54: not JSON: invalid character '\'' looking for beginning of value`)
	check("{"+v2+", \"run_id\": \"a\nb\"}", `line 1, column 55: not JSON: invalid character '\n' in string literal`)
	check(`{`+v2+`, "run_id": "\q"}`, `line 1, column 55: not JSON: invalid character 'q' in string escape code`)
	check(`{`+v2+`, "new": "`+"\t"+`"}`, `line 1, column 51: not JSON: invalid character '\t' in string literal`)
	check(`{`+v2+`, "new": `+strings.Repeat("[", 20_000), `line 1, column 20049: not JSON: unexpected end of JSON input`)
	check(`{`+v2+`, "new": `+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`}`, `line 1, column 10050: not JSON: invalid character '[' exceeded max depth`)

	check("{"+v2+", \"trials\": [{\n\"samples\": {\"t\": [1],\n \"anon\": [-1]}}]}", `line 3, column 11: "trials[0].samples.anon" is negative: -1`)
	check("{"+v2+", \"trials\": [{\"samples\": [{},\n{\"t\": 1e3}]}]}", `line 2, column 7: number 1e3 where "trials[0].samples[1].t" needs a 64-bit whole number`)
	check("{"+v2+", \"trials\": [{\"samples\": [{},\n{\"t\": x}]}]}", `line 2, column 7: not JSON: invalid character 'x' looking for beginning of value`)
	check(`{`+v2+`, "trials": [{"samples": {"t": [1, 2], "anon": [1]}}]}`, `line 1, column 91: 1 values of "trials[0].samples.anon" where "t" has 2`)
	check(`{`+v2+`, "trials": [{"samples": {"t": [], "anon": [], "swap": [1]}}]}`, `line 1, column 99: 1 values of "trials[0].samples.swap" where "t" has 0`)
	check(`{`+v2+`, "trials": [{"samples": {"t": [01]}}]}`, `line 1, column 74: not JSON: invalid character '1' after a value`)
	check(`{`+v2+`, "trials": [{"samples": {"t": [1, "2"]}}]}`, `line 1, column 76: string where "trials[0].samples.t" needs a 64-bit whole number`)
	check(`{`+v2+`, "trials": [{"samples": {"t": [1], "t": [1]}}]}`, `line 1, column 77: key "t" occurs twice`)
	check(`{`+v2+`, "trials": [{"samples": 5}]}`, `line 1, column 66: number where "trials[0].samples" needs an object of lists`)
	check(`{`+v2+`, "trials": [{"samples": [{"swap": -1}]}]}`, `line 1, column 67: "trials[0].samples[0].swap" is negative: -1`)
}

// A file that was cut anywhere gives an error with a place.
func TestReadCut(t *testing.T) {
	needs.Patience(t, "cuts at every byte")
	for _, name := range []string{"v1.json", "v2.json"} {
		text := strings.TrimSpace(file(t, name))
		for n := 1; n < len(text); n += 1 + n%7 {
			_, err := store.ReadExperiment(strings.NewReader(text[:n]))
			if err == nil || !strings.Contains(err.Error(), "line ") {
				t.Fatalf("%s, the first %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestReadFails(t *testing.T) {
	broken := errors.New("broken disk")
	for n := range 3 {
		_, err := store.ReadExperiment(io.MultiReader(strings.NewReader(`{"run_id": `[:5*n]), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v; want %v", 5*n, err, broken)
		}
	}
}

func TestReadUnknown(t *testing.T) {
	exp := read(t, `{"later": {"a" : [1, "`+"\u202e"+`"]}, `+v2+`, "design": {"rounds": 2, "odd key": null}, "summary": [{"x": 1}], "aa": {},
		"trials": [{}, {"batches": [{"number": 1, "future": 1e999}]}], "unknown": {"trials[7].x": true}}`)
	want := map[string]string{"later": `{"a":[1,"\u202e"]}`, `design["odd key"]`: "null", "trials[1].batches[0].future": "1e999", "trials[7].x": "true"}
	got := map[string]string{}
	for path, value := range exp.Unknown {
		got[path] = string(value)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if exp.Design.Rounds != 2 || exp.Trials[1].Batches[0].Number != 1 || len(exp.Warnings) != 0 {
		t.Errorf("what stands beside it: %+v", exp)
	}
}

// What is too much to be kept is told of.
func TestReadTooMuchUnknown(t *testing.T) {
	for _, in := range []string{
		`{` + v2 + `, "a": 1, "b": "` + strings.Repeat("x", 2<<20) + `"}`,
		`{` + v2 + `, "trials": [` + strings.Repeat(`{"n": 1}, `, 1000) + `{"n": 1}]}`,
	} {
		exp := read(t, in)
		if len(exp.Unknown) == 0 || len(exp.Warnings) != 1 || exp.Warnings[0].Code != store.CodeNotKept || !strings.HasPrefix(exp.Warnings[0].Text, "1 field ") {
			t.Errorf("%.80s: %d kept, %+v", in, len(exp.Unknown), exp.Warnings)
		}
	}
}

func FuzzReadExperiment(f *testing.F) {
	for _, name := range []string{"v1.json", "v2.json"} {
		text := file(f, name)
		f.Add([]byte(text))
		f.Add([]byte(text[:len(text)/2]))
		f.Add([]byte(strings.ReplaceAll(text, "[", "{")))
		f.Add([]byte(strings.ReplaceAll(text, "0", "-1e9")))
		f.Add([]byte(strings.Replace(text, `"round"`, `"later"`, 2)))
	}
	f.Add([]byte(`{` + v2 + `}`))
	f.Add([]byte(`{"trials": [{"samples": {"t": [1], "anon": [2]}}], ` + v2 + `, "unknown": {"a": [1e9]}, "b": "\u202e"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		exp, err := store.ReadExperiment(bytes.NewReader(data))
		if err != nil {
			if strings.Contains(err.Error(), "\n") || len(err.Error()) > 1000 {
				t.Errorf("an error that is no line: %v", err)
			}
			return
		}
		var saved, again bytes.Buffer
		if err := report.JSON(&saved, exp); err != nil {
			t.Fatal(err)
		}
		back, err := store.ReadExperiment(bytes.NewReader(saved.Bytes()))
		if err != nil {
			t.Fatalf("what was saved is not read: %v\n%s", err, saved.Bytes())
		}
		if diff := cmp.Diff(exp, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("came back changed:\n%s", diff)
		}
		if err := report.JSON(&again, back); err != nil || !bytes.Equal(saved.Bytes(), again.Bytes()) {
			t.Errorf("saved as another file, %v:\n%s", err, cmp.Diff(saved.String(), again.String()))
		}
		for _, write := range []func(io.Writer, *bench.Experiment) error{report.Markdown, report.CSV} {
			if err := write(io.Discard, exp); err != nil {
				t.Error(err)
			}
		}
		if err := report.Text(io.Discard, exp, report.TextOptions{}); err != nil {
			t.Error(err)
		}
	})
}
