// Package plain makes text of others fit to be printed. Names, answers, logs and
// saved files may hold anything: escape sequences that clear the screen or paint
// over what was said, marks that turn the reading direction, signs that nobody
// sees, lines of megabytes. Whatever this project prints and did not write
// itself goes through here, at the place where it enters a printed line: a filter
// behind it would take away the project's own colours too.
//
// What cannot be seen is written as Go writes it in a literal: \x1b, \u202e.
// Text that is fit already comes back as it is, without a copy.
package plain

import (
	"regexp"
	"slices"
	"strings"
)

// How long a text may get, in columns of a terminal.
const (
	NameWidth = 200  // a name, a figure, a line of a log
	LineWidth = 2000 // a line that is to be read
)

// mostText is how long a text of several lines may get, in bytes.
const mostText = 64 << 10

// Name gives a text as one line of at most NameWidth columns.
func Name(text string) string { return Cut(text, NameWidth) }

// Line gives a text as one line of at most LineWidth columns.
func Line(text string) string { return Cut(text, LineWidth) }

// Whole gives a text as one line, however long.
func Whole(text string) string { return escape(text, "") }

// Lines gives a text whose lines and tabs are meant, however long.
func Lines(text string) string { return escape(text, "\n\t") }

// Text gives a text whose lines and tabs are meant, such as the message of an
// error with an excerpt: each line at most LineWidth columns, all of them at
// most 64 KiB.
func Text(text string) string {
	if len(text) <= LineWidth && multiline(text) {
		return text
	}
	var b strings.Builder
	for rest, more := text, true; more; {
		var line string
		line, rest, more = strings.Cut(rest, "\n")
		line = cut(strings.TrimSuffix(line, "\r"), LineWidth, "\t")
		if more {
			line += "\n"
		}
		if b.Len()+len(line) > mostText-len(longestMark) {
			return b.String() + mark(len(text), LineWidth)
		}
		b.WriteString(line)
	}
	return b.String()
}

// multiline says that a text holds but visible ASCII, blanks, tabs and line
// ends.
func multiline(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < ' ' || c > '~') && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// sequence is an escape sequence of a terminal that is complete: a control
// sequence such as a colour, or a command to the system such as a title.
var sequence = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)`)

// mostLog is how much of a line of a log is looked at, in bytes.
const mostLog = 64 << 10

// Log gives a line of a program's log as its reader is meant to see it: without
// colours, and of a progress that draws over itself the last state. It has at
// most NameWidth columns.
func Log(line string) string {
	size := len(line)
	line = strings.TrimRight(line, "\r\n\t ")
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:]
	}
	long := len(line) > mostLog
	if long {
		line = line[:mostLog]
	}
	if strings.IndexByte(line, '\x1b') >= 0 {
		line = sequence.ReplaceAllString(line, "")
	}
	line = strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), " ")
	if !long {
		size = len(line)
	}
	return cutOf(size, line, NameWidth, "")
}

// mostWords is how many lines of a log help after a death.
const mostWords = 10

// LastWords gives the last lines of a log that say something, ten at most.
func LastWords(log []string) []string {
	var words []string
	for i := len(log) - 1; i >= 0 && len(words) < mostWords; i-- {
		if line := Log(log[i]); line != "" {
			words = append(words, line)
		}
	}
	slices.Reverse(words)
	return words
}
