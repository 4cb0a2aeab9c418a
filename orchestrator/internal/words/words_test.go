package words

import (
	"math"
	"testing"
)

func TestWords(t *testing.T) {
	check := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
	check(Count(0), "0")
	check(Count(999), "999")
	check(Count(12500), "12,500")
	check(Count(-1234567), "-1,234,567")
	check(Count(-123), "-123")
	check(Count(math.MinInt64), "-9,223,372,036,854,775,808")
	check(Plural(1, "batch", "batches"), "1 batch")
	check(Plural(0, "batch", "batches"), "0 batches")
	check(Plural(2500, "round", "rounds"), "2,500 rounds")
	check(Series(nil), "")
	check(Series([]string{"a"}), "a")
	check(Series([]string{"a", "b", "c"}), "a, b and c")
	check(Choice(nil), "")
	check(Choice([]string{"a"}), "a")
	check(Choice([]string{"a", "b"}), "a or b")
	check(Choice([]string{"a", "b", "c"}), "a, b or c")
	check(Body(999), "999 B")
	check(Body(604_800), "605 kB")
	check(Body(1_970_000), "1.97 MB")
}
