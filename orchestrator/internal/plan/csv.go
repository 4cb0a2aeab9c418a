package plan

import (
	"strings"
	"unicode/utf8"
)

// csvRows cuts a text into rows of fields as drill does. It differs from
// encoding/csv: no row is a mistake, whatever its quotes; a quote inside an
// unquoted field is text, and text after a closing quote goes on with the
// field; a lone carriage return ends a row as well; and any byte can quote.
type csvRows struct {
	text  string
	quote byte
	at    int
	line  int // of the row that scan found, from 1
	lines int // ended so far

	// Of the row that scan found, in buffers that are used again:
	buf   []byte // the fields, one behind the other
	spans []span
	open  bool // a quote is not closed, so that the last field is the rest of the text
}

// span is where a field begins in the text, and where it ends in the buffer.
type span struct{ at, end int }

func newCSV(text string, quote byte) *csvRows {
	c := &csvRows{text: text, quote: quote}
	if strings.HasPrefix(text, byteOrderMark) {
		c.at = len(byteOrderMark)
	}
	return c
}

const byteOrderMark = "\ufeff"

// next gives the next row that is not blank, or nil at the end.
func (c *csvRows) next() []string {
	if !c.scan() {
		return nil
	}
	return c.fields()
}

// scan goes to the next row that is not blank. It is false at the end.
func (c *csvRows) scan() bool {
	for c.at < len(c.text) && isBreak(c.text[c.at]) {
		c.step()
	}
	if c.at == len(c.text) {
		return false
	}
	c.line = c.lines + 1
	c.buf, c.spans = c.buf[:0], c.spans[:0]
	for last := false; !last; {
		at := c.at
		last = c.cut()
		c.spans = append(c.spans, span{at, len(c.buf)})
	}
	return true
}

// fields gives those of the row that scan found, which share their memory.
func (c *csvRows) fields() []string {
	all := string(c.buf)
	row := make([]string, len(c.spans))
	from := 0
	for i, s := range c.spans {
		row[i] = all[from:s.end]
		from = s.end
	}
	return row
}

// cut reads the field that begins here. It says whether the row ends with it.
func (c *csvRows) cut() (last bool) {
	quoted := c.at < len(c.text) && c.text[c.at] == c.quote
	if quoted {
		c.at++
	}
	for c.at < len(c.text) {
		switch b := c.text[c.at]; {
		case quoted && b == c.quote && strings.HasPrefix(c.text[c.at+1:], c.text[c.at:c.at+1]):
			c.buf = append(c.buf, b)
			c.at += 2
		case quoted && b == c.quote:
			quoted = false
			c.at++
		case !quoted && b == ',':
			c.at++
			return false
		case !quoted && isBreak(b):
			c.step()
			return true
		default:
			c.buf = append(c.buf, b)
			c.step()
		}
	}
	c.open = quoted
	return true
}

// step goes one byte on, and counts a line where one ends.
func (c *csvRows) step() {
	b := c.text[c.at]
	c.at++
	if b == '\r' && c.at < len(c.text) && c.text[c.at] == '\n' {
		return // the line ends with the next byte
	}
	if isBreak(b) {
		c.lines++
	}
}

func isBreak(b byte) bool { return b == '\n' || b == '\r' }

// isUTF8 says whether all fields of the row that scan found are UTF-8.
func (c *csvRows) isUTF8() bool {
	from := 0
	for _, s := range c.spans {
		if !utf8.Valid(c.buf[from:s.end]) {
			return false
		}
		from = s.end
	}
	return true
}
