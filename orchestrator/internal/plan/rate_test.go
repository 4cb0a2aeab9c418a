package plan

import "testing"

func TestParseRate(t *testing.T) {
	check := func(text string, want float64, wantErr string) {
		t.Helper()
		got, err := ParseRate(text)
		if err == nil && wantErr != "" || err != nil && err.Error() != wantErr || got != want {
			t.Errorf("%q: %v, %v; want %v, %q", text, got, err, want, wantErr)
		}
	}
	check("40", 40, "")
	check("40/s", 40, "")
	check("2400/m", 40, "")
	check("1800/h", 0.5, "")
	check(" 0.5 / s ", 0.5, "")
	check("1e3", 1000, "")
	check("", 0, "is not a number")
	check("/s", 0, "is not a number")
	check("forty", 0, "is not a number")
	check("nan", 0, "is not a number")
	check("40/", 0, "is not per s, m or h")
	check("40/s/s", 0, "is not per s, m or h")
	check("0", 0, "is not above 0")
	check("-1/m", 0, "is not above 0")
	check(".inf", 0, "is out of range")
	check("1e400/h", 0, "is out of range")
	check("-.inf", 0, "is not above 0")
	check(".nan", 0, "is not a number")
	check("infinity", 0, "is not a number")
	check("0x1p4", 0, "is not a number")
	check("5e-324/h", 0, "is out of range")
}
