package vars

import (
	"math"
	"testing"
)

func TestAppendValue(t *testing.T) {
	check := func(value any, want, inside string) {
		t.Helper()
		if got := string(AppendValue([]byte("="), value)); got != "="+want {
			t.Errorf("AppendValue(%#v) = %q, want %q", value, got, "="+want)
		}
		if got := string(AppendValue(nil, []any{value})); got != "["+inside+"]" {
			t.Errorf("AppendValue([%#v]) = %s, want [%s]", value, got, inside)
		}
	}
	same := func(value any, want string) {
		t.Helper()
		check(value, want, want)
	}
	check(nil, "", "null")
	same(true, "true")
	same(false, "false")
	same(7, "7")
	same(int64(math.MinInt64), "-9223372036854775808")
	same(uint64(math.MaxUint64), "18446744073709551615")

	same(0.0, "0.0")
	same(math.Copysign(0, -1), "-0.0")
	same(1.0, "1.0")
	same(-1.5, "-1.5")
	same(0.1, "0.1")
	same(0.30000000000000004, "0.30000000000000004")
	same(1e-5, "0.00001")
	same(0.00012345, "0.00012345")
	same(9.9e-6, "9.9e-6")
	same(1e-7, "1e-7")
	same(1e15, "1000000000000000.0")
	same(9007199254740993.0, "9007199254740992.0")
	same(9999999999999998.0, "9999999999999998.0")
	same(1e16, "1e16")
	same(-1.25e16, "-1.25e16")
	same(1e100, "1e100")
	same(5e-324, "5e-324")
	same(math.MaxFloat64, "1.7976931348623157e308")
	check(math.NaN(), "", "null")
	check(math.Inf(1), "", "null")
	check(math.Inf(-1), "", "null")

	check("", "", `""`)
	check("a\"b\\c/d", "a\"b\\c/d", `"a\"b\\c/d"`)
	check("<é&日>\u2028\x7f", "<é&日>\u2028\x7f", "\"<é&日>\u2028\x7f\"")
	check("\b\f\n\r\t\x00\x1f", "\b\f\n\r\t\x00\x1f", `"\b\f\n\r\t\u0000\u001f"`)

	same([]any{}, "[]")
	same(map[string]any{}, "{}")
	same([]any{nil, "a", []any{1.0}}, `[null,"a",[1.0]]`)
	same(map[string]any{"b": nil, "a": int64(1), "é": "x", "B": map[string]any{"\n": false}}, `{"B":{"\n":false},"a":1,"b":null,"é":"x"}`)
}
