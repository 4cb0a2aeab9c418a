package process

import (
	"io"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/lines"
)

// TestEndlessLine: a build may print without a line end for hours.
func TestEndlessLine(t *testing.T) {
	var got []string
	log := &buildLog{tell: func(l string) { got = append(got, l) }}
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
	if len(got) != 2 || len(got[0]) > lines.Most || got[1] != "next" || len(log.last.Lines()) != 2 {
		t.Errorf("%d lines: %.60q", len(got), got)
	}
}
