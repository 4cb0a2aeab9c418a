package docker

import (
	"strings"
	"testing"
)

func TestEnding(t *testing.T) {
	check := func(want string, pieces ...string) {
		t.Helper()
		var e ending
		for _, p := range pieces {
			if n, err := e.Write([]byte(p)); n != len(p) || err != nil {
				t.Fatalf("%d of %d bytes, %v", n, len(p), err)
			}
		}
		if string(e.text) != want {
			t.Errorf("%d bytes end in %q; want %d, %q", len(e.text), e.text[max(0, len(e.text)-10):], len(want), want[max(0, len(want)-10):])
		}
	}
	long := strings.Repeat("0123456789", mostLogs)
	check("", "")
	check("ab", "a", "b")
	check(long[len(long)-mostLogs:], long)
	check(long[len(long)-mostLogs+3:]+"end", long, "end")
	check(strings.Repeat("x", mostLogs-1)+"y", strings.Repeat("x", mostLogs), "y")
}

// TestEndlessLine: a build may print without a line end for hours.
func TestEndlessLine(t *testing.T) {
	var got []string
	s := stream{line: func(l string) { got = append(got, l) }}
	piece := strings.Repeat("x", 1000)
	for range 1000 {
		s.text(piece)
	}
	for range 1000 {
		s.text("10 % of it\r")
	}
	s.text("done\nnext\n")
	if len(got) != 2 || len(got[0]) > 128<<10 || got[1] != "next" {
		t.Errorf("%d lines, the first of %d bytes", len(got), len(got[0]))
	}
}
