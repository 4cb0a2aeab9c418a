package store

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// odd are texts that people, machines and enemies may give.
var odd = []string{
	"", "plain", `"`, `\`, "\n\r\t", "\x00\x1b[31m", "\u2028\u2029", "\u202e\u200b", "<&>", "é漢😀", `{"of":"libc/1"}`, `\u000a`,
	"a/b/c", "/", "libc/3", strings.Repeat("long ", 1000), "\u007f\u0085", "null",
}

// fill puts something into every field.
func fill(random *rand.Rand, v reflect.Value) {
	numbers := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1}
	switch v.Kind() {
	case reflect.String:
		v.SetString(odd[random.IntN(len(odd))])
	case reflect.Int, reflect.Int64:
		v.SetInt(numbers[random.IntN(len(numbers))])
	case reflect.Uint64:
		v.SetUint(uint64(numbers[random.IntN(len(numbers))]))
	case reflect.Float64:
		v.SetFloat([]float64{0, -0.25, 1e300, math.SmallestNonzeroFloat64, math.MaxFloat64, 1.0 / 3}[random.IntN(6)])
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(random, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(random, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(random, key)
			fill(random, value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(random.Int64N(200_000_000_000), random.Int64N(1e9)).UTC()))
			return
		}
		for _, field := range v.Fields() {
			fill(random, field)
		}
	default:
		panic("a new kind of field: " + v.Kind().String())
	}
}

// Whatever stands in a record, a line brings it back as it was.
func TestEveryKind(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for kind, what := range kinds {
		for range 200 {
			v := reflect.New(what).Elem()
			fill(random, v)
			r := Record{Of{odd[1+random.IntN(len(odd)-1)], 1 + random.IntN(math.MaxInt-1)}, v.Interface()}
			if !inTrial[kind] && random.IntN(2) == 0 {
				r.Of = Of{}
			}
			line, err := appendLine([]byte("before"), r)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			line = line[len("before"):]
			if bytes.ContainsAny(line[:len(line)-1], "\n\r\x00\x1b\u2028\u2029\u202e") || line[len(line)-1] != '\n' || !utf8.Valid(line) {
				t.Fatalf("%s is no plain line: %q", kind, line)
			}
			back, newer, err := parseLine(line)
			if err != nil || newer {
				t.Fatalf("%s: newer %v, %v\n%s", kind, newer, err, line)
			}
			if diff := cmp.Diff(r, back); diff != "" {
				t.Fatalf("%s (- written, + read):\n%s", kind, diff)
			}
		}
	}
}

// Bytes that are no UTF-8 cost no more than themselves.
func TestInvalidText(t *testing.T) {
	line, err := appendLine(nil, Record{Of{"a\xff", 2}, bench.Warning{Code: "\xc3", Text: "a\xe2\x80b"}})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := parseLine(line)
	if want := (Record{Of{"a\ufffd", 2}, bench.Warning{Code: "\ufffd", Text: "a\ufffd\ufffdb"}}); err != nil || got != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// What could not be read again is not written, and leaves what stood before.
func TestUnwritable(t *testing.T) {
	check := func(r Record, want string) {
		t.Helper()
		b, err := appendLine([]byte("before"), r)
		if err == nil || !strings.Contains(err.Error(), want) || string(b) != "before" {
			t.Errorf("%v gives %q, %v; want %q", r, b, err, want)
		}
	}
	check(Record{What: nil}, "not a record")
	check(Record{What: 7}, "int is not a record")
	check(Record{What: &Header{}}, "not a record")
	check(Record{What: Header{Started: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}}, "header")
	check(Record{What: Header{Design: bench.Design{VoidAt: math.NaN()}}}, "NaN")
	check(Record{What: Note{Text: strings.Repeat("x", usual.line)}}, "longer than 16 MiB")
	check(Record{What: Note{Text: strings.Repeat("{", mostParts)}}, "more than 300000 parts")
	check(Record{What: bench.Sample{}}, "without the trial it belongs to")
	check(Record{Of{"", 1}, bench.Sample{}}, "does not name a trial")
	check(Record{Of{"libc", 0}, bench.Sample{}}, "does not name a trial")
	check(Record{Of{"libc", -1}, Note{}}, "does not name a trial")
	check(Record{What: Unknown{"future", []byte("{")}}, "unexpected end")
	check(Record{What: Unknown{"future", nil}}, "unexpected end")
	check(Record{What: Unknown{"", []byte("{}")}}, "no kind of a newer version")
	check(Record{What: Unknown{"of", []byte("{}")}}, "no kind of a newer version")
	check(Record{What: Unknown{"sample", []byte("{}")}}, "no kind of a newer version")
}

// What is new is kept, and what is wrong is not taken for it.
func TestParseLine(t *testing.T) {
	check := func(line string, want any, newer bool) {
		t.Helper()
		for range 20 { // maps have no order
			got, isNewer, err := parseLine([]byte(line))
			if err != nil || isNewer != newer || !reflect.DeepEqual(got.What, want) {
				t.Errorf("%s is %#v, newer %v, %v; want %#v, %v", line, got.What, isNewer, err, want, newer)
				return
			}
		}
	}
	check(`{"note":{"text":"a"}}`, Note{Text: "a"}, false)
	check(`{"note":{"text":"a","tone":["b"]}}`, Note{Text: "a"}, true)
	check(`{"note":{"text":"a"},"when":5}`, Note{Text: "a"}, true)
	check(`{"a":1,"note":{"text":"a"},"z":5}`, Note{Text: "a"}, true)
	check(`{"":1,"note":{"text":"a"}}`, Note{Text: "a"}, true)
	check(`{"z":1,"b":{"c":[]},"":3}`, Unknown{"b", []byte(`{"c":[]}`)}, true)
	check(`{"of":"a/b/7","future":null}`, Unknown{"future", []byte(`null`)}, true)

	wrong := func(line, want string) {
		t.Helper()
		if r, _, err := parseLine([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %#v, %v; want %q", line, r, err, want)
		}
	}
	wrong(`{}`, "it has no record")
	wrong(`{"":{}}`, "it has no record")
	wrong(`{"header":{"plan":{"items":[`+strings.Repeat("{},", mostParts)+`{}]}}}`, "it has more than 300000 parts")
	wrong(`{"of":"libc/1"}`, "it has no record")
	wrong(`{"note":null}`, `"note" says nothing`)
	wrong(`{"note":7}`, `"note": json: cannot unmarshal number`)
	wrong(`{"note":{},"end":{}}`, `both "end" and "note"`)
	wrong(`{"sample":{"t":1}}`, `"sample" without the trial it belongs to`)
	wrong(`{"of":"libc/1","sample":{"t":1.5}}`, "cannot unmarshal number 1.5")
	wrong(`{"of":"libc/1","sample":{"t":1e400}}`, "cannot unmarshal number")
	wrong(`{"of":"libc/1","sample":{"t":1,"new":1,"anon":"x"}}`, "cannot unmarshal string")
	for _, of := range []string{`"libc"`, `"libc/"`, `"/1"`, `""`, `"libc/0"`, `"libc/-1"`, `"libc/1e3"`, `"libc/99999999999999999999"`, `7`, `null`, `{}`} {
		wrong(`{"of":`+of+`,"note":{}}`, "")
	}

	// A newer record stays the same when it is written again.
	const line = `{"of":"libc/1","future":{"a":[1,"\u202e"]}}` + "\n"
	r, _, err := parseLine([]byte(strings.Replace(line, "[1", "[\n 1", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := appendLine(nil, r); err != nil || string(again) != line {
		t.Errorf("%s, %v; want %s", again, err, line)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}
