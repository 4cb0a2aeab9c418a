// Package lines takes what builds and instances print apart into lines. They may
// print anything: without a line end for hours, or over the same line again and
// again. So a line has a bounded length, and so has what is kept of many.
package lines

import (
	"slices"
	"strings"
)

// Most bounds the length of a line, and what an Ending keeps, in bytes.
const Most = 64 << 10

// Splitter takes a stream apart as it comes, piece by piece. The zero Splitter is
// ready. It may be used by one goroutine at a time.
type Splitter struct {
	rest string // of a line that has not ended yet
}

// Add gives the lines that a piece ends, without their ends, blanks there
// included. Lines that say nothing are left out. Of one that is longer than Most
// it gives the last state, where it draws over itself, or else the beginning.
func (s *Splitter) Add(piece string) []string {
	var ended []string
	for {
		line, rest, end := strings.Cut(piece, "\n")
		s.rest = bounded(s.rest + bounded(line))
		if !end {
			return ended
		}
		if line = strings.TrimRight(s.rest, "\r "); line != "" {
			ended = append(ended, line)
		}
		s.rest, piece = "", rest
	}
}

// bounded gives what of a line is worth keeping: of a progress that draws over
// itself the last state, of anything else the beginning.
func bounded(line string) string {
	if len(line) <= Most {
		return line
	}
	if i := strings.LastIndexByte(line[:len(line)-1], '\r'); i >= 0 {
		line = line[i+1:]
	}
	return strings.Clone(line[:min(len(line), Most)]) // a part would hold on to the whole
}

// mostKept is how many lines Last keeps: enough to see why a build failed.
const mostKept = 20

// Last keeps the last lines of many. The zero Last is ready.
type Last struct{ lines []string }

// Add takes one more.
func (l *Last) Add(line string) {
	if len(l.lines) == mostKept {
		l.lines = slices.Delete(l.lines, 0, 1)
	}
	l.lines = append(l.lines, line)
}

// Lines gives those that were kept, in order.
func (l *Last) Lines() []string { return l.lines }

// Ending keeps the last Most bytes that are written to it. The zero Ending is
// ready.
type Ending struct{ text []byte }

// Write takes all of p. It never fails.
func (e *Ending) Write(p []byte) (int, error) {
	e.text = append(e.text, p[max(0, len(p)-Most):]...)
	if over := len(e.text) - Most; over > 0 {
		e.text = append(e.text[:0], e.text[over:]...)
	}
	return len(p), nil
}

// Lines gives the last n lines of what was kept, empty ones as well.
func (e *Ending) Lines(n int) []string {
	text := strings.TrimSuffix(string(e.text), "\n")
	if text == "" || n <= 0 {
		return nil
	}
	all := strings.Split(text, "\n")
	return all[max(0, len(all)-n):]
}
