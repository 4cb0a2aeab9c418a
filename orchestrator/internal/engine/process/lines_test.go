package process

import (
	"io"
	"strings"
	"testing"
)

// TestEndlessLine: a build may print without a line end for hours.
func TestEndlessLine(t *testing.T) {
	var got []string
	log := &lines{tell: func(l string) { got = append(got, l) }}
	write := func(text string) {
		t.Helper()
		if _, err := io.WriteString(log, text); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		write(strings.Repeat("x", 1000))
	}
	write("\nnext\n")
	for range 20_000 {
		write("10 % of it\r")
	}
	write("done\n")
	if len(got) != 3 || len(got[0]) > 128<<10 || got[1] != "next" || !strings.HasSuffix(got[2], "\rdone") || len(got[2]) > 128<<10 {
		t.Errorf("%d lines: %.60q", len(got), got)
	}
}
