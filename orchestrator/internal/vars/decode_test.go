package vars

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeJSON(t *testing.T) {
	check := func(text string, want any) {
		t.Helper()
		got, err := DecodeJSON([]byte(text))
		if err != nil {
			t.Errorf("DecodeJSON(%.80s): %v", text, err)
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("DecodeJSON(%.80s) (-want +got):\n%s", text, diff)
		}
	}
	check("null", nil)
	check(" \t\r\ntrue \t\r\n", true)
	check("false", false)
	check(`""`, "")
	check(`"é \"\\\/\b\f\n\r\t\u00e9\uD83D\ude00\u0000`+"\x7f"+`"`, "é \"\\/\b\f\n\r\té😀\x00\x7f")
	check(`[]`, []any{})
	check(`[ 1 , [ ] , {} , "a" ]`, []any{int64(1), []any{}, map[string]any{}, "a"})
	check(`{ "a" : 1 , "b" : { "\u0061" : null } }`, map[string]any{"a": int64(1), "b": map[string]any{"a": nil}})
	check(`{"a": 1, "a": 2}`, map[string]any{"a": int64(2)})
	check(`"`+strings.Repeat("x", 100)+`"`, strings.Repeat("x", 100))
	check("["+strings.Repeat("[[]],", 200)+"0]", append(slicesOf(200), int64(0)))
}

func TestDecodeDeep(t *testing.T) {
	text := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	value, err := DecodeJSON([]byte(text))
	if got := string(AppendValue(nil, value)); err != nil || got != text {
		t.Errorf("got %s, %v, want %s", got, err, text)
	}
}

func slicesOf(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = []any{[]any{}}
	}
	return list
}

func TestDecodeNumbers(t *testing.T) {
	check := func(text string, want any, rendered string) {
		t.Helper()
		got, err := DecodeJSON([]byte(text))
		if err != nil || got != want {
			t.Errorf("DecodeJSON(%s) = %#v, %v, want %#v", text, got, err, want)
		}
		if s := string(AppendValue(nil, got)); s != rendered {
			t.Errorf("%s is rendered %s, want %s", text, s, rendered)
		}
	}
	check("0", int64(0), "0")
	check("-0", 0.0, "-0.0")
	check("-7", int64(-7), "-7")
	check("9223372036854775807", int64(math.MaxInt64), "9223372036854775807")
	check("9223372036854775808", uint64(1<<63), "9223372036854775808")
	check("18446744073709551615", uint64(math.MaxUint64), "18446744073709551615")
	check("18446744073709551616", 18446744073709551616.0, "1.8446744073709552e19")
	check("-9223372036854775808", int64(math.MinInt64), "-9223372036854775808")
	check("-9223372036854775809", -9223372036854775809.0, "-9.223372036854776e18")
	check("123456789012345678901234567890", 1.2345678901234568e29, "1.2345678901234568e29")
	check("1.0", 1.0, "1.0")
	check("-0.0", 0.0, "-0.0")
	check("0e9999999999999999999", 0.0, "0.0")
	check("1E2", 100.0, "100.0")
	check("1e+2", 100.0, "100.0")
	check("25e-3", 0.025, "0.025")
	check("0.1", 0.1, "0.1")
	check("3.141592653589793", math.Pi, "3.141592653589793")
	check("0.30000000000000004", 0.30000000000000004, "0.30000000000000004")
	check("1e16", 1e16, "1e16")
	check("1e-5", 1e-5, "0.00001")
	check("1e-7", 1e-7, "1e-7")
	check("1e308", 1e308, "1e308")
	check("5e-324", 5e-324, "5e-324")
	check("1e-400", 0.0, "0.0")
	check("-1e-99999999999999999999", 0.0, "-0.0")
	check("1."+strings.Repeat("0", 400), 1.0, "1.0")
	check("0."+strings.Repeat("0", 400)+"1e401", 1.0, "1.0")
	check("0.3333333333333333", 1.0/3, "0.3333333333333333")
}

// Where digits or exponent are large, drill's floats are not the nearest ones.
func TestDecodeFloatsAsDrill(t *testing.T) {
	for text, want := range map[string]string{
		"1626175065.5934923":                  "1626175065.5934925",
		"0.333333333333333333333333333333333": "0.33333333333333337",
		"12345678901234567890.5e-30":          "1.2345678901234567e-11",
	} {
		v, err := DecodeJSON([]byte(text))
		if got := string(AppendValue(nil, v)); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	check := func(text, want string) {
		t.Helper()
		v, err := DecodeJSON([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("DecodeJSON(%.80q) = %v, %v, want %s", text, v, err, want)
		}
	}
	for _, text := range []string{"", "nul", "True", "x", "]", "NaN", ".5", "+1", "'a'", "\x00", "\ufeff1"} {
		check(text, "byte 0: no value")
	}
	check(" \u00a01", "byte 1: no value")
	check("[1,]", "byte 3: no value")
	check("[1 2]", "byte 3: neither comma nor ]")
	check("[1", "byte 2: neither comma nor ]")
	check(`{"a":1,}`, "byte 7: no key")
	check(`{a:1}`, "byte 1: no key")
	check(`{1:1}`, "byte 1: no key")
	check(`{"a" 1}`, "byte 5: no colon")
	check(`{"a":}`, "byte 5: no value")
	check(`{"a":1`, "byte 6: neither comma nor }")
	check(`[1}`, "byte 2: neither comma nor ]")
	check(`null x`, "byte 5: more than one value")
	check(`nullx`, "byte 4: more than one value")
	check("1\x00", "byte 1: zero byte")
	check(`"a`, "byte 2: control character or end in a string")
	check("\"a\n\"", "byte 2: control character or end in a string")
	check(`"\`, "byte 3: unknown escape")
	check(`"\x"`, "byte 3: unknown escape")
	check(`"\u12"`, `byte 3: no four digits after \u`)
	check(`"\u12g4"`, `byte 3: no four digits after \u`)
	check(`"\u+123"`, `byte 3: no four digits after \u`)
	check(`"\ud800"`, "byte 7: half of a surrogate pair")
	check(`"\ud800\n"`, "byte 7: half of a surrogate pair")
	check(`"\udc00\ud800"`, "byte 13: half of a surrogate pair")
	check(`"\ud800\u0061"`, "byte 13: half of a surrogate pair")
	check("\"\xff\"", "not UTF-8")
	for _, text := range []string{"-", "01", "-01", "00", "-x"} {
		v, err := DecodeJSON([]byte(text))
		if err == nil || !strings.HasSuffix(err.Error(), "no number") {
			t.Errorf("DecodeJSON(%s) = %v, %v", text, v, err)
		}
	}
	check("1.", "byte 2: no digit after the point")
	check("1.e1", "byte 2: no digit after the point")
	check("1e", "byte 2: no digit in the exponent")
	check("1e+-1", "byte 3: no digit in the exponent")
	check("1e309", "byte 5: number out of range")
	check("10e308", "byte 6: number out of range")
	check("-1e99999999999999999999", "byte 23: number out of range")
	check(strings.Repeat("[", maxDepth+1), "byte 127: nested too deep")
	check(strings.Repeat(`{"":`, 1<<20), "byte 508: nested too deep")
}

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0,1.5e-7,"\ud83d\ude00\n",null,true],"a":{}}`, `"\ud800"`, "18446744073709551616", "[[[", "\ufeff1", "1e309", " 1 ", `{"":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := DecodeJSON(text)
		if err != nil {
			stricter := errors.Is(err, errDepth) || errors.Is(err, errSurrogate) || errors.Is(err, errRange)
			if json.Valid(text) && utf8.Valid(text) && !stricter {
				t.Fatalf("DecodeJSON(%q): %v, but it is JSON", text, err)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("DecodeJSON(%q) takes what is not JSON", text)
		}
		rendered := appendJSON(nil, value)
		again, err := DecodeJSON(rendered)
		// The largest floats and those of many digits are not read exactly.
		if err != nil && !errors.Is(err, errRange) {
			t.Fatalf("%q is rendered %s: %v", text, rendered, err)
		}
		if err == nil && !same(value, again) {
			t.Fatalf("%q is rendered %s, which is another value", text, rendered)
		}
		var theirs any
		if err := json.Unmarshal(rendered, &theirs); err != nil {
			t.Fatalf("%q is rendered %s: %v", text, rendered, err)
		}
	})
}

// same compares values. It takes floats for equal that are next to each other.
func same(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= 1e-15*math.Abs(a)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, same)
	}
	return a == b
}

func BenchmarkDecodeJSON(b *testing.B) {
	text := []byte(`[` + strings.Repeat(`{"id":17,"name":"a name","price":1.25,"tags":["a","b\n"],"none":null},`, 1000) + `0]`)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := DecodeJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}
