package plan

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// file is one file of a plan.
type file struct {
	name   string
	path   string     // cleaned, absolute where possible
	number int        // how many were opened before it
	text   string     // whole, less a byte order mark
	root   *yaml.Node // of the document that counts; nil: null, or a mistake
	bad    bool       // the text could not be parsed, and that was reported
	lines  []int      // offset of each line, made when first needed

	// Where the parsed text begins: it is trimmed first, and the parser counts
	// from what is left.
	skippedLines, skippedColumns int
}

// pos is the place of a node.
func (f *file) pos(n *yaml.Node) Position { return f.at(n.Line, n.Column) }

// at is a place that the parser gave, in terms of the whole text.
func (f *file) at(line, column int) Position {
	if line == 1 {
		column += f.skippedColumns
	}
	return Position{File: f.name, Line: line + f.skippedLines, Column: column}
}

// inside moves a place behind the end, where the parser finds that something
// is missing, to the end.
func (f *file) inside(pos Position) Position {
	if end := f.offset(len(strings.TrimRightFunc(f.text, unicode.IsSpace))); pos.Line > end.Line {
		return end
	}
	return pos
}

// offset is the place of a byte of the whole text.
func (f *file) offset(at int) Position {
	f.line(1) // fills lines
	line := 1
	for line < len(f.lines) && f.lines[line] <= at {
		line++
	}
	return Position{File: f.name, Line: line, Column: 1 + utf8.RuneCountInString(f.text[f.lines[line-1]:at])}
}

// line gives a line of the text without its end; "" where there is none.
func (f *file) line(number int) string {
	if f.lines == nil {
		f.lines = lineStarts(f.text)
	}
	if number < 1 || number > len(f.lines) {
		return ""
	}
	text := f.text[f.lines[number-1]:]
	if number < len(f.lines) {
		text = text[:f.lines[number]-f.lines[number-1]]
	}
	return strings.TrimRight(text, "\r\n\u0085\u2028\u2029")
}

// lineStarts cuts where the YAML parser does, which is also at three rarer
// characters, so that its line numbers fit.
func lineStarts(text string) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n', c == '\r' && !strings.HasPrefix(text[i+1:], "\n"):
			starts = append(starts, i+1)
		case c == 0xc2 && strings.HasPrefix(text[i:], "\u0085"):
			starts = append(starts, i+2)
		case c == 0xe2 && (strings.HasPrefix(text[i:], "\u2028") || strings.HasPrefix(text[i:], "\u2029")):
			starts = append(starts, i+3)
		}
	}
	return starts
}

// find is the place of a text inside a scalar, or else of the scalar.
func (f *file) find(n *yaml.Node, text string) Position {
	pos := f.pos(n)
	f.line(1) // fills lines
	at := f.lines[pos.Line-1]
	for i := 1; i < pos.Column && at < len(f.text); i++ {
		_, size := utf8.DecodeRuneInString(f.text[at:])
		at += size
	}
	if i := strings.Index(f.text[at:], text); i >= 0 {
		return f.offset(at + i)
	}
	return pos
}
