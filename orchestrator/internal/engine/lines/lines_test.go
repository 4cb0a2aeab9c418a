package lines

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestSplitter(t *testing.T) {
	check := func(want []string, pieces ...string) {
		t.Helper()
		var s Splitter
		var got []string
		for _, p := range pieces {
			got = append(got, s.Add(p)...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%.80q: %.80q; want %.80q", pieces, got, want)
		}
	}
	long := strings.Repeat("x", Most)
	check(nil)
	check(nil, "", "no end")
	check([]string{"a", "b", "c"}, "a\nb\r\n", "", "c", " \n\n \r\nd")
	check([]string{"abc", "d"}, "a", "b", "c\nd\n")
	check([]string{"50 %\r90 %"}, "50 %\r", "90 %\n")
	check([]string{long}, long+"\n")
	check([]string{long, "next"}, long+long+"\nnext\n")
	check([]string{long, "next"}, long, long, "y\nnext\n")
	check([]string{"90 %"}, long+"x\r90 %\n")
	check([]string{long}, "1 %\r"+long+"x\n")
}

// TestEndlessLine: a build may print without a line end for hours.
func TestEndlessLine(t *testing.T) {
	var s Splitter
	for range 1000 {
		s.Add(strings.Repeat("x", 1000))
		if len(s.rest) > Most {
			t.Fatalf("%d bytes are kept", len(s.rest))
		}
	}
	if got := s.Add("\n"); len(got) != 1 || len(got[0]) != Most {
		t.Errorf("%d lines", len(got))
	}
	for range 20_000 {
		s.Add("10 % of it\r")
	}
	if got := s.Add("done\n"); len(got) != 1 || !strings.HasSuffix(got[0], "\rdone") {
		t.Errorf("%d lines: %.60q", len(got), got)
	}
}

func TestLast(t *testing.T) {
	var l Last
	if l.Lines() != nil {
		t.Error("none were added")
	}
	for i := range mostKept + 5 {
		l.Add(strconv.Itoa(i))
	}
	if got := l.Lines(); len(got) != mostKept || got[0] != "5" || got[mostKept-1] != strconv.Itoa(mostKept+4) {
		t.Errorf("%q", got)
	}
}

func TestEnding(t *testing.T) {
	check := func(want string, pieces ...string) {
		t.Helper()
		var e Ending
		for _, p := range pieces {
			if n, err := e.Write([]byte(p)); n != len(p) || err != nil {
				t.Fatalf("%d of %d bytes, %v", n, len(p), err)
			}
		}
		if string(e.text) != want {
			t.Errorf("%d bytes end in %q; want %d, %q", len(e.text), e.text[max(0, len(e.text)-10):], len(want), want[max(0, len(want)-10):])
		}
	}
	long := strings.Repeat("0123456789", Most)
	check("", "")
	check("ab", "a", "b")
	check(long[len(long)-Most:], long)
	check(long[len(long)-Most+3:]+"end", long, "end")
	check(strings.Repeat("x", Most-1)+"y", strings.Repeat("x", Most), "y")

	lines := func(text string, n int, want ...string) {
		t.Helper()
		if got := (&Ending{[]byte(text)}).Lines(n); !slices.Equal(got, want) {
			t.Errorf("the last %d of %q are %q; want %q", n, text, got, want)
		}
	}
	lines("", 3)
	lines("\n", 3)
	lines("a\n\nb\n", 9, "a", "", "b")
	lines("a\n\nb", 2, "", "b")
	lines("a\nb\n", 0)
}
