// Package layout puts words in their places on a terminal and in Markdown: grids,
// lines that are wrapped, columns filled with spaces, colours. It knows nothing of
// what the words mean.
package layout

import (
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// Colours of a terminal.
const (
	Green  = "\x1b[32m"
	Red    = "\x1b[31m"
	Yellow = "\x1b[33m"
	Bold   = "\x1b[1m"
	Reset  = "\x1b[0m"
)

// Paint colours text; not for no colour, and not blanks.
func Paint(color, text string) string {
	if color == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return color + text + Reset
}

// Width counts the columns that text takes on a terminal.
func Width(text string) int { return plain.Width(text) }

// Left fills text with spaces up to n columns: the text is to the left.
func Left(text string, n int) string { return text + strings.Repeat(" ", max(0, n-Width(text))) }

// Right fills text with spaces up to n columns: the text is to the right.
func Right(text string, n int) string { return strings.Repeat(" ", max(0, n-Width(text))) + text }

// units stay on the line of their number.
var unitWords = map[string]bool{"%": true, "MiB": true, "GiB": true, "kB": true, "MB": true, "B": true, "s": true, "ms": true, "µs": true, "min": true}

// wordsOf splits text at spaces, a unit joined to its number.
func wordsOf(text string) []string {
	var all []string
	for word := range strings.FieldsSeq(text) {
		if bare := strings.TrimRight(word, ".,;:)"); unitWords[bare] && len(all) > 0 {
			all[len(all)-1] += " " + word
			continue
		}
		all = append(all, word)
	}
	return all
}

// mostText is how much of a text is wrapped, in columns.
const mostText = 4 * plain.LineWidth

// Wrap writes text in lines of at most limit columns: the first after head, the
// others indented as far. A word longer than a line gets a line of its own, and
// one longer than any name is cut. The text may be anything; head is fit already.
func Wrap(b *strings.Builder, head, text string, limit int) {
	indent := strings.Repeat(" ", Width(head))
	line, used := head, false
	for _, word := range wordsOf(plain.Cut(strings.Join(strings.Fields(text), " "), mostText)) {
		word = plain.Name(word)
		if used && Width(line)+1+Width(word) > limit {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, used = indent, false
		}
		if used {
			line += " "
		}
		line += word
		used = true
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// Fact is a line below a table: a name and what is to be said of it.
type Fact struct{ Name, Text string }

// Facts writes facts, the texts in one column.
func Facts(b *strings.Builder, facts []Fact, limit int) {
	names := 0
	for _, f := range facts {
		names = max(names, Width(f.Name))
	}
	for _, f := range facts {
		Wrap(b, Left(f.Name, names)+Gap, f.Text, limit)
	}
}
