package document

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/malloc"
)

// rig is a heap and a parser.
type rig struct {
	tb     testing.TB
	heap   *malloc.Heap
	parser Parser
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	heap, err := malloc.NewHeap()
	if err != nil {
		tb.Fatal(err)
	}
	return &rig{tb: tb, heap: heap}
}

func (r *rig) count() malloc.Counters { return malloc.Count([]*malloc.Heap{r.heap}) }

// parse gives the document of a body. The body may lie in Go memory: C copies
// it before it returns.
func (r *rig) parse(body string) (*Document, error) {
	doc := new(Document)
	err := r.parser.Parse(r.heap, doc, unsafe.Pointer(unsafe.StringData(body)), len(body))
	return doc, err
}

// roundTrip gives the payload of a body as it is serialised from tree, and
// checks that nothing stays behind.
func (r *rig) roundTrip(body string) (string, error) {
	r.tb.Helper()
	defer func() {
		r.tb.Helper()
		if c := r.count(); c.Requested != 0 || c.Usable != 0 || c.Allocs != c.Frees {
			r.tb.Errorf("after %.80q: %d bytes live, %d allocs, %d frees", body, c.Requested, c.Allocs, c.Frees)
		}
	}()
	doc, err := r.parse(body)
	if err != nil {
		return "", err
	}
	defer doc.Free(r.heap)
	if err := doc.Clone(r.heap); err != nil {
		return "", err
	}
	if err := doc.Encode(r.heap); err != nil {
		return "", err
	}
	return string(doc.Bytes()), nil
}

func TestEncode(t *testing.T) {
	r := newRig(t)
	check := func(payload, want string) {
		t.Helper()
		got, err := r.roundTrip(`{"payload":` + payload + `}`)
		if err != nil || got != want {
			t.Errorf("%s became %q, %v; want %q", payload, got, err, want)
		}
	}
	same := func(payload string) { t.Helper(); check(payload, payload) }

	same(`null`)
	same(`true`)
	same(`false`)
	same(`[]`)
	same(`{}`)
	same(`""`)
	same(`[[],{},[[]]]`)
	check(" [ 1 ,\t2\r\n] ", `[1,2]`)

	// Integers that fit 64 bits stay, everything else is a double.
	same(`0`)
	same(`18446744073709551615`)
	same(`-9223372036854775808`)
	check(`18446744073709551616`, `1.8446744073709552e19`)
	check(`-9223372036854775809`, `-9.223372036854776e18`)
	check(`-0`, `-0.0`)
	same(`1.0`)
	check(`0.10`, `0.1`)
	check(`1e3`, `1000.0`)
	check(`1E+3`, `1000.0`)
	check(`1e15`, `1000000000000000.0`)
	same(`1e16`)
	check(`0.0000001`, `1e-7`)
	same(`0.00001`)
	check(`0.000001`, `1e-6`)
	check(`123456789012345678901234567890`, `1.2345678901234568e29`)
	check(`0e999999999999`, `0.0`)
	check(`0.0e-5`, `0.0`)
	check(`1e-400`, `0.0`)
	same(`5e-324`)
	same(`1.7976931348623157e308`)
	same(`2.2250738585072014e-308`)
	check(`0.1000000000000000055511151231257827`, `0.1`)
	same(`0.30000000000000004`)
	check(`100000000000000000000000e-23`, `1.0`)

	// Keys are sorted as bytes, the last of a repeated key wins.
	check(`{"b":1,"a":2,"b":3}`, `{"a":2,"b":3}`)
	check(`{"":1,"\u0000":2,"a":3,"a\u0000":4,"aaaaaaaab":5,"aaaaaaaa":6,"aaaaaaaaa":7}`,
		`{"":1,"\u0000":2,"a":3,"a\u0000":4,"aaaaaaaa":6,"aaaaaaaaa":7,"aaaaaaaab":5}`)
	check(`{"é":1,"z":2}`, `{"z":2,"é":1}`)

	// Strings keep what needs no escape raw.
	check(`"\u00e9\/\n\u0001\ud83d\ude00"`, "\"é/\\n\\u0001😀\"")
	same(`"\"\\\b\f\n\r\t\u001f"`)
	same("\"\x7f\u2028\"")
	same(`"` + strings.Repeat("x", 1000) + `\n` + strings.Repeat("é", 500) + `"`)
	check(`"\u0041\u07ff\uffff"`, "\"A\u07ff\uffff\"")
}

func TestParseErrors(t *testing.T) {
	r := newRig(t)
	check := func(body, want string) {
		t.Helper()
		got, err := r.roundTrip(body)
		if err == nil {
			t.Errorf("%.80q became %.80q; want %s", body, got, want)
			return
		}
		var bad *Error
		if !errors.As(err, &bad) || bad.Data {
			t.Errorf("%.80q: %#v is no syntax error", body, err)
		}
		if err.Error() != want {
			t.Errorf("%.80q: %s; want %s", body, err, want)
		}
	}
	check(``, "EOF while parsing a value at line 1 column 0")
	check(`{`, "EOF while parsing an object at line 1 column 1")
	check(`{"payload":`, "payload: EOF while parsing a value at line 1 column 11")
	check(`{"payload":1`, "EOF while parsing an object at line 1 column 12")
	check(`{"payload":1,`, "EOF while parsing a value at line 1 column 13")
	check(`{"payload":1,}`, "trailing comma at line 1 column 14")
	check(`{"payload" 1}`, "expected `:` at line 1 column 12")
	check(`{payload:1}`, "key must be a string at line 1 column 2")
	check(`{"payload":1 2}`, "expected `,` or `}` at line 1 column 14")
	check(`{"payload":1} x`, "trailing characters at line 1 column 15")
	check("\ufeff{}", "expected value at line 1 column 1")
	check(`{"payload":[1,2`, "payload: EOF while parsing a list at line 1 column 15")
	check(`{"payload":[1,`, "payload: EOF while parsing a value at line 1 column 14")
	check(`{"payload":[1,]}`, "payload: trailing comma at line 1 column 15")
	check(`{"payload":[1 2]}`, "payload: expected `,` or `]` at line 1 column 15")
	check("{\"payload\":\n [1,\n  {\"a\": [nul]}]}", "payload[1].a[0]: expected ident at line 3 column 13")
	check(`{"payload":{"a":{"b":}}}`, "payload.a.b: expected value at line 1 column 22")
	check(`{"payload":{"a":{"b" 1}}}`, "payload.a: expected `:` at line 1 column 22")
	check(`{"payload":{"a":{b:1}}}`, "payload.a.?: key must be a string at line 1 column 18")
	check(`{"payload":"a`, "payload: EOF while parsing a string at line 1 column 13")
	check("{\"payload\":\"a\tb\"}", "payload: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 14")
	check(`{"payload":"\x"}`, "payload: invalid escape at line 1 column 14")
	check(`{"payload":"\u12g4"}`, "payload: invalid escape at line 1 column 18")
	check(`{"payload":"\ud800"}`, "payload: unexpected end of hex escape at line 1 column 19")
	check(`{"payload":"\ud800\u0041"}`, "payload: lone leading surrogate in hex escape at line 1 column 24")
	check(`{"payload":"\udc00"}`, "payload: lone leading surrogate in hex escape at line 1 column 18")
	check("{\"payload\":\"\xff\"}", "payload: invalid unicode code point at line 1 column 14")
	check("{\"payload\":\"\xed\xa0\x80\"}", "payload: invalid unicode code point at line 1 column 16")
	check(`{"payload":01}`, "payload: invalid number at line 1 column 13")
	check(`{"payload":-}`, "payload: invalid number at line 1 column 13")
	check(`{"payload":1.}`, "payload: invalid number at line 1 column 14")
	check(`{"payload":1e}`, "payload: invalid number at line 1 column 14")
	check(`{"payload":1e400}`, "payload: number out of range at line 1 column 16")
	check(`{"payload":+1}`, "payload: expected value at line 1 column 12")
	check(`{"payload":NaN}`, "payload: expected value at line 1 column 12")
	check(`{"other":[1}`, "other: expected `,` or `]` at line 1 column 12")

	// The path of a key that is too long lacks its front, and no more.
	long := strings.Repeat("k", 3000)
	check(`{"payload":{"`+long+`":{"abc":nul}}}`, "abc: expected ident at line 1 column 3026")

	deep := func(n int) string { return `{"payload":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	if _, err := r.roundTrip(deep(126)); err != nil {
		t.Errorf("127 levels, the outer object counted: %v", err)
	}
	check(deep(127), "payload"+strings.Repeat("[0]", 126)+": recursion limit exceeded at line 1 column 138")
}

// TestIgnored sees fields beside the payload pass that could not be a payload.
func TestIgnored(t *testing.T) {
	r := newRig(t)
	for _, other := range []string{`1e400`, `"\ud800"`, "\"\xff\"", `{"a":["\udc00x",null]}`} {
		got, err := r.roundTrip(`{"a":` + other + `,"payload":1}`)
		if err != nil || got != "1" {
			t.Errorf("beside %q the payload became %q, %v", other, got, err)
		}
	}
	if _, err := r.roundTrip(`{"a":[1,,2],"payload":1}`); err == nil {
		t.Error("bad syntax in an ignored field was accepted")
	}
}

func TestDataErrors(t *testing.T) {
	r := newRig(t)
	check := func(body, want string) {
		t.Helper()
		_, err := r.roundTrip(body)
		var bad *Error
		if !errors.As(err, &bad) || !bad.Data || err.Error() != want {
			t.Errorf("%q: %v; want the data error %s", body, err, want)
		}
	}
	check(`{}`, "missing field `payload` at line 1 column 2")
	check(`{"a":[1,{"b":"c"}]}`, "missing field `payload` at line 1 column 19")
	check(`{"payload":1,"payload":2}`, "duplicate field `payload` at line 1 column 22")
	check(`{"payload":[1,"x"],"payload":2}`, "duplicate field `payload` at line 1 column 28")
	check(`[1]`, "invalid type: sequence, expected a map with a field `payload` at line 1 column 3")
	check(`"x"`, "invalid type: string, expected a map with a field `payload` at line 1 column 3")
	check(`null`, "invalid type: null, expected a map with a field `payload` at line 1 column 4")
}

// TestShortestNumbers holds number output to strconv's, which is exact, over
// random bit patterns, decimals and the powers of two, where the neighbours of
// a double lie unevenly.
func TestShortestNumbers(t *testing.T) {
	r := newRig(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	var texts []string
	for range 20000 {
		if f := math.Float64frombits(rnd.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
			texts = append(texts, strconv.FormatFloat(f, 'e', -1, 64), strconv.FormatFloat(f, 'e', 25, 64))
		}
		f := rnd.NormFloat64() * 1000
		texts = append(texts, strconv.FormatFloat(f, 'f', rnd.IntN(20), 64), strconv.FormatFloat(f, 'g', -1, 64))
	}
	for e := -1074; e < 1024; e++ {
		texts = append(texts, strconv.FormatFloat(math.Ldexp(1, e), 'e', -1, 64))
	}
	got, err := r.roundTrip(`{"payload":[` + strings.Join(texts, ",") + `]}`)
	if err != nil {
		t.Fatal(err)
	}
	printed := strings.Split(strings.Trim(got, "[]"), ",")
	for i, text := range texts {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		back, err := strconv.ParseFloat(printed[i], 64)
		if err != nil || math.Float64bits(back) != math.Float64bits(f) {
			// Integers of 64 bits print as integers; zero keeps its sign otherwise.
			if _, intErr := strconv.ParseInt(text, 10, 64); intErr != nil || back != f {
				t.Errorf("%s printed as %s", text, printed[i])
			}
		}
		digits := func(s string) string {
			mantissa, _, _ := strings.Cut(strings.TrimLeft(s, "-"), "e")
			return strings.Trim(strings.ReplaceAll(mantissa, ".", ""), "0")
		}
		if want := strconv.FormatFloat(f, 'e', -1, 64); digits(printed[i]) != digits(want) {
			t.Errorf("%s printed as %s, which is not the shortest form %s", text, printed[i], want)
		}
	}
}

// TestObjects inserts keys in many orders and compares with a Go map.
func TestObjects(t *testing.T) {
	r := newRig(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 5, 11, 12, 22, 23, 60, 143, 1000, 5000} {
		for _, order := range []string{"up", "down", "random"} {
			keys := make([]int, n)
			for i := range keys {
				keys[i] = i
			}
			switch order {
			case "down":
				for i := range keys {
					keys[i] = n - i
				}
			case "random":
				for i := range keys {
					keys[i] = rnd.IntN(n)
				}
			}
			var body strings.Builder
			want := map[string]int{}
			body.WriteString(`{"payload":{`)
			for i, k := range keys {
				name := "key-" + strconv.Itoa(k)
				if k%3 == 0 {
					name = strconv.Itoa(k)
				}
				want[name] = i
				if i > 0 {
					body.WriteByte(',')
				}
				body.WriteString(strconv.Quote(name) + ":" + strconv.Itoa(i))
			}
			body.WriteString(`}}`)
			got, err := r.roundTrip(body.String())
			if err != nil {
				t.Fatal(err)
			}
			wantJSON, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(wantJSON), got); diff != "" {
				t.Errorf("%d keys, %s (-want +got):\n%s", n, order, diff)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"payload":{"a":[1,2.5,"x\u00e9",null]}}`, `{"payload":`, `[1]`, "{\"payload\":\"\xff\"}", `{"payload":1e400}`} {
		f.Add(seed)
	}
	r := newRig(f)
	f.Fuzz(func(t *testing.T, body string) {
		r.tb = t
		got, err := r.roundTrip(body)
		if err != nil {
			var bad *Error
			if !errors.As(err, &bad) || bad.Line < 1 || bad.Column > len(body) {
				t.Fatalf("%q: %v has no place", body, err)
			}
			return
		}
		// What was accepted is valid JSON with a payload, and so is the answer.
		var in map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Fatalf("%q was accepted: %v", body, err)
		}
		again, err := r.roundTrip(`{"payload":` + got + `}`)
		if err != nil || again != got {
			t.Fatalf("%q became %q and then %q, %v", body, got, again, err)
		}
	})
}

// BenchmarkRequest does the C work of a request and reports the time of each
// stage beside the sum. STEPPER_BODY names a file with another body.
func BenchmarkRequest(b *testing.B) {
	for _, name := range []string{"tiny", "small", "medium", "large"} {
		b.Run(name, func(b *testing.B) {
			body := planBody(b, name)
			if file := os.Getenv("STEPPER_BODY"); file != "" {
				text, err := os.ReadFile(file)
				if err != nil {
					b.Fatal(err)
				}
				body = string(text)
			}
			r := newRig(b)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var stages [4]time.Duration
			for b.Loop() {
				times := [5]time.Time{time.Now()}
				doc, err := r.parse(body)
				times[1] = time.Now()
				if err != nil {
					b.Fatal(err)
				}
				if err := doc.Clone(r.heap); err != nil {
					b.Fatal(err)
				}
				times[2] = time.Now()
				if err := doc.Encode(r.heap); err != nil {
					b.Fatal(err)
				}
				times[3] = time.Now()
				doc.Free(r.heap)
				times[4] = time.Now()
				for i := range stages {
					stages[i] += times[i+1].Sub(times[i])
				}
			}
			for i, stage := range []string{"parse", "clone", "encode", "free"} {
				b.ReportMetric(float64(stages[i].Microseconds())/float64(b.N), stage+"-µs/op")
			}
		})
	}
}
