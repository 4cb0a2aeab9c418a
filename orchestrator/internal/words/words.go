// Package words writes numbers and lists as people read them. It has one home
// because every room has something to count.
package words

import (
	"strconv"
	"strings"
)

// Count writes a number with separators: 12,500.
func Count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Plural writes a number and its noun: 1 round, 6 rounds, 2 batches.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Series joins parts as a sentence does: "a, b and c".
func Series(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

// Choice joins alternatives as a sentence does: "a, b or c".
func Choice(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " or " + parts[last]
}

// Body writes the size of a body of bytes in powers of ten, as HTTP and plans
// count: 605 kB.
func Body(bytes int64) string {
	switch {
	case bytes >= 1e6:
		return strconv.FormatFloat(float64(bytes)/1e6, 'f', 2, 64) + " MB"
	case bytes >= 1e3:
		return strconv.FormatFloat(float64(bytes)/1e3, 'f', 0, 64) + " kB"
	}
	return strconv.FormatInt(bytes, 10) + " B"
}
