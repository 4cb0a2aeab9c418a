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
	line  int // of the row that next gave, from 1
	lines int // ended so far
	field []byte
}

func newCSV(text string, quote byte) *csvRows {
	return &csvRows{text: strings.TrimPrefix(text, "\ufeff"), quote: quote}
}

// next gives the next row that is not blank, or nil at the end.
func (c *csvRows) next() []string {
	for c.at < len(c.text) && isBreak(c.text[c.at]) {
		c.step()
	}
	if c.at == len(c.text) {
		return nil
	}
	c.line = c.lines + 1
	var row []string
	for {
		field, last := c.cut()
		row = append(row, field)
		if last {
			return row
		}
	}
}

// cut gives the field that begins here. last says that its row ends with it.
func (c *csvRows) cut() (field string, last bool) {
	c.field = c.field[:0]
	quoted := c.at < len(c.text) && c.text[c.at] == c.quote
	if quoted {
		c.at++
	}
	for c.at < len(c.text) {
		switch b := c.text[c.at]; {
		case quoted && b == c.quote && strings.HasPrefix(c.text[c.at+1:], c.text[c.at:c.at+1]):
			c.field = append(c.field, b)
			c.at += 2
		case quoted && b == c.quote:
			quoted = false
			c.at++
		case !quoted && b == ',':
			c.at++
			return string(c.field), false
		case !quoted && isBreak(b):
			c.step()
			return string(c.field), true
		default:
			c.field = append(c.field, b)
			c.step()
		}
	}
	return string(c.field), true
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

// utf8Row says whether all fields are UTF-8.
func utf8Row(row []string) bool {
	for _, field := range row {
		if !utf8.ValidString(field) {
			return false
		}
	}
	return true
}
