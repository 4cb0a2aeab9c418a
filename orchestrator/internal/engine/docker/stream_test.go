package docker

import (
	"slices"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	check := func(in string, want ...string) {
		t.Helper()
		var got []string
		s := stream{line: func(l string) { got = append(got, l) }}
		if err := s.follow(strings.NewReader(in)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", in, got, err, want)
		}
	}
	check(`{"stream":"\u001b[91mwarning: x\n\u001b[0m"}{"stream":"next\n"}`, "warning: x", "next")
	check(`{"status":"Pulling from library/debian","id":"bookworm"}{"status":"Downloading","progress":"[=> ] 1/9","id":"a"}{"status":"Digest: d"}`,
		"bookworm: Pulling from library/debian", "Digest: d")
}

// TestBrokenTrace: progress that cannot be read harms nothing.
func TestBrokenTrace(t *testing.T) {
	whole := []byte{0x0a, 3, 0x1a, 1, 'x', 0x1a, 4, 0x22, 2, 'o', 'k', 0x08, 1, 0x09, 1, 2, 3, 4, 5, 6, 7, 8}
	for cut := range whole {
		count := 0
		fields(whole[:cut], func(uint64, []byte) { count++ })
		if want := min(cut/5, 1) + min(cut/11, 1); count != want {
			t.Errorf("cut at %d: %d fields, want %d", cut, count, want)
		}
	}
	(&stream{}).trace([]byte(`"AAA`))
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
