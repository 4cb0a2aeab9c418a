package bench

import "testing"

func TestParseBytes(t *testing.T) {
	check := func(in string, want Bytes) {
		t.Helper()
		got, err := ParseBytes(in)
		if err != nil || got != want {
			t.Errorf("ParseBytes(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	check("0", 0)
	check("1048576", MiB)
	check("512MiB", 512*MiB)
	check("512m", 512*MiB)
	check(" 1.5 g ", 3*GiB/2)
	check("7b", 7)
	check("64KB", 64*KiB)

	for _, in := range []string{"", "m", "-1", "lots", "1e30", "NaN", "5 apples"} {
		if got, err := ParseBytes(in); err == nil {
			t.Errorf("ParseBytes(%q) = %d; want an error", in, got)
		}
	}
}
