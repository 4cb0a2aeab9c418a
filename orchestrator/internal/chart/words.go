package chart

import (
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// A drawing cannot ask how wide a text is, for the reader's machine chooses the
// font. Widths here are those of DejaVu Sans, one of the widest that are common,
// in hundredths of the size: a text may take less, and hardly ever more.

// widthOf gives the width of a text of that size, in pixels at most.
func widthOf(text string, size float64) float64 {
	hundredths := 0
	for _, r := range text {
		hundredths += runeWidth(r)
	}
	return float64(hundredths) / 100 * size
}

func runeWidth(r rune) int {
	switch {
	case strings.ContainsRune(" .,:;|!'ijlItf()[]-·", r):
		return 39
	case strings.ContainsRune("mwMW@%…—−+<>=~", r):
		return 96
	case r >= 'A' && r <= 'Z':
		return 76
	case r < 0x7f:
		return 64
	}
	return 64 * max(1, plain.Width(string(r)))
}

// fit cuts a text to a width.
func fit(text string, size, width float64) string {
	width += 0.1 // what was laid out for a text is enough for it, whatever the rounding
	narrowest := float64(runeWidth('.')) / 100 * size
	columns := int(width / narrowest)
	if len(text) <= columns*4 && widthOf(text, size) <= width {
		return text
	}
	for ; columns > 1; columns-- {
		if cut := plain.Cut(text, columns); widthOf(cut, size) <= width {
			return cut
		}
	}
	return plain.Cut(text, 1)
}

// wrapped breaks a text into lines of that width, at most so many; the last one
// says where something is left out.
func wrapped(text string, size, width float64, most int) []string {
	var lines []string
	line := ""
	words := strings.Fields(text)
	for i, word := range words {
		joined := strings.TrimSpace(line + " " + word)
		if line == "" || widthOf(joined, size) <= width {
			line = joined
			continue
		}
		if len(lines) == most-1 {
			return append(lines, fit(line+" "+strings.Join(words[i:], " "), size, width))
		}
		lines = append(lines, fit(line, size, width))
		line = word
	}
	if line != "" {
		lines = append(lines, fit(line, size, width))
	}
	return lines
}
