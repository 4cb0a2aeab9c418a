package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// hostile are beginnings of texts that nobody should see as they are.
var hostile = map[string]string{
	"escapes":  "\x1b[2J\x1b]0;t\x07\x08\x7f\u009b31m\u0085",
	"unseen":   "\u202e\u2066\u200f\u200b\u2028\u2029\U000e0041",
	"lines":    "\r\n\n## x\n\n| a | b |\n\t",
	"markup":   "|<!-- stair-stepper:end --><img src=x>`**_x_** ![i](j) [k](l) @all #1 http://h www.h $x$ ~~y~~ \\|",
	"formula":  "=cmd|' /C calc'!A0",
	"minus":    "-1+2",
	"endless":  strings.Repeat("x", 64_000),
	"blanks":   strings.Repeat("many words ", 6_000),
	"accents":  strings.Repeat("o\u0301\u0302\u0303\u0304", 6_000),
	"fence":    "```\n~~~\n",
	"wide":     strings.Repeat("日本", 500),
	"together": "\x1b[1m|\n=\u202e`<!--" + strings.Repeat("y ", 32_000),
}

// spoil puts text in front of every string of a value, keys of maps among them;
// of empty ones too if all is set, and into lists that are empty. It goes by
// kind, not by name, so that a field that is added is spoiled as well.
func spoil(v reflect.Value, text string, all bool) {
	switch v.Kind() {
	case reflect.String:
		if all || v.String() != "" {
			v.SetString(text + v.String())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem(), text, all)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				spoil(v.Field(i), text, all)
			}
		}
	case reflect.Slice:
		if all && v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			spoil(v.Index(i), text, all)
		}
	case reflect.Map:
		if v.Len() == 0 && !all {
			return
		}
		spoiled := reflect.MakeMap(v.Type())
		for _, key := range v.MapKeys() {
			k, e := reflect.New(key.Type()).Elem(), reflect.New(v.Type().Elem()).Elem()
			k.Set(key)
			e.Set(v.MapIndex(key))
			spoil(k, text, all)
			spoil(e, text, all)
			spoiled.SetMapIndex(k, e)
		}
		if v.Len() == 0 {
			k := reflect.New(v.Type().Key()).Elem()
			spoil(k, text, all)
			spoiled.SetMapIndex(k, reflect.Zero(v.Type().Elem()))
		}
		v.Set(spoiled)
	default: // numbers and truths
	}
}

// spoiled gives experiments with a text in front of all of theirs.
func spoiled(text string) map[string]*bench.Experiment {
	made := map[string]*bench.Experiment{
		"troubled": troubled(),
	}
	if !testing.Short() {
		made["control"], made["one round"] = failedControl(), experiment(1)
	}
	for _, exp := range made {
		thin(exp)
		spoil(reflect.ValueOf(exp).Elem(), text, false)
		exp.Schema = bench.Schema
	}
	// Every trial of it failed in a void round, with a warning.
	every := experiment(2)
	thin(every)
	spoil(reflect.ValueOf(every).Elem(), text, true)
	every.Schema = bench.Schema
	future, _ := json.Marshal(text)
	every.Unknown = map[string]json.RawMessage{text: plain.JSON(future)}
	made["every string"] = every
	return made
}

// thin leaves out most samples: it is not the figures that matter here.
func thin(exp *bench.Experiment) {
	for i := range exp.Trials {
		j := -1
		keepSamples(&exp.Trials[i], func(bench.Sample) bool {
			j++
			return j%20 == 0
		})
	}
}

func TestHostileExperiments(t *testing.T) {
	for kind, words := range hostile {
		for name, exp := range spoiled(words) {
			t.Run(kind+"/"+name, func(t *testing.T) {
				checkText(t, string(render(t, text(TextOptions{Width: 80}), exp)))
				checkText(t, colours.ReplaceAllString(string(render(t, text(TextOptions{Width: 80, Color: true}), exp)), ""))
				checkMarkdown(t, string(render(t, Markdown, exp)), len(variants(exp)))
				checkCSV(t, render(t, CSV, exp))
				if err := Contradicted(exp); err != nil && len(err.Error()) > 2000 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
				if len(words) > 10_000 {
					return // a file holds all of it
				}
				saved := render(t, JSON, exp)
				checkSigns(t, "JSON", string(saved))
				again, err := store.ReadExperiment(bytes.NewReader(saved))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(exp, again, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("JSON is read back as another: %.2000s", diff)
				}
			})
		}
	}
}

// colours are those that text paints itself.
var colours = regexp.MustCompile(`\x1b\[(?:3[123]|1|0)m`)

// checkSigns sees that a text holds nothing that a terminal acts on, but line
// ends.
func checkSigns(t *testing.T, format, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			t.Fatalf("%s has %+q in %+q", format, r, text[max(0, i-40):min(len(text), i+40)])
		}
	}
}

func checkText(t *testing.T, text string) {
	t.Helper()
	checkSigns(t, "text", text)
	for line := range strings.Lines(text) {
		if n := width(line); n > 400 {
			t.Errorf("a line of %d columns: %.200s", n, line)
		}
	}
	if len(text) > 200_000 {
		t.Errorf("the text has %d bytes", len(text))
	}
}

// tags are those that Markdown writes itself.
var tags = regexp.MustCompile(`</?sub>|<br>`)

// code is a code span; what stands in it is none of Markdown's business.
var code = regexp.MustCompile("`[^`\n]*`")

func checkMarkdown(t *testing.T, text string, variants int) {
	t.Helper()
	checkSigns(t, "Markdown", text)
	bare := strings.NewReplacer(`\\`, "", `\|`, "", "\\`", "").Replace(text)
	rows, columns := 0, 0
	for line := range strings.Lines(bare) {
		if n := width(line); n > 40_000 {
			t.Errorf("a line of %d columns: %.200s", n, line)
		}
		if !strings.HasPrefix(line, "|") {
			if line != "\n" && !strings.HasPrefix(line, "<sub>") && !strings.HasPrefix(line, "> **NOT") {
				t.Errorf("Markdown has a line of another kind: %.200q", line)
			}
			continue
		}
		n := strings.Count(line, "|")
		if columns != 0 && n != columns {
			t.Errorf("row %d has %d pipes, not %d: %.300s", rows, n, columns, line)
		}
		rows, columns = rows+1, n
	}
	if rows != variants+2 {
		t.Errorf("the table has %d lines for %d variants", rows, variants)
	}
	bare = tags.ReplaceAllString(code.ReplaceAllString(bare, ""), "")
	for _, markup := range []string{"<", "`", "@all", "#1", "http://", "www.", "$x", "~~"} {
		if strings.Contains(bare, markup) {
			t.Errorf("Markdown has a bare %q:\n%.3000s", markup, text)
		}
	}
	if strings.Contains(text, "<!--") {
		t.Error("Markdown has a comment")
	}
}

func checkCSV(t *testing.T, text []byte) {
	t.Helper()
	checkSigns(t, "CSV", string(text))
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll() // all rows of one length
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		for i, field := range row {
			if _, err := strconv.ParseFloat(field, 64); err != nil && strings.ContainsAny(field[:min(1, len(field))], "=+-@\t\r") {
				t.Errorf("%s is a formula: %.80q", rows[0][i], field)
			}
			if len(field) > 40_000 {
				t.Errorf("%s has %d bytes", rows[0][i], len(field))
			}
		}
	}
}
