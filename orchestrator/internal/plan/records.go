package plan

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// records are the rows or lines of a file that a loop goes through. Only the
// text is kept, and where some of them begin: a file of a million rows takes
// little more memory than its size, however short the rows are. One is read
// when a request is made of it.
type records struct {
	read   func(at int) reader // begins at a byte of the text
	fields []string            // of each record; nil: it is a text
	marks  []mark              // in order
	n      int
}

// mark is where a record begins.
type mark struct{ number, at int }

// markEvery is how many bytes are between two marks, or more where the records
// are longer: what is marked takes a quarter of a file, and no record is far
// from a mark.
const markEvery = 64

// reader goes through the records of a text.
type reader interface {
	scan() bool      // goes to the next one
	begin() (at int) // where it begins
	flaw() string    // what makes it unfit to be used; empty: nothing
	oddity() string  // what is strange about it although it is used; empty: nothing
	lineNumber() int // from 1; of a reader that began at the start
	value() any      // what the variable item is
}

// newRecords goes through a text once, and reports what cannot be used.
func newRecords(read func(at int) reader, bad *skipped) *records {
	r := &records{read: read}
	for rows := read(0); rows.scan(); {
		if why := rows.flaw(); why != "" {
			bad.skip(rows.lineNumber(), why)
			continue
		}
		if at := rows.begin(); r.n == 0 || at-r.marks[len(r.marks)-1].at >= markEvery {
			r.marks = append(r.marks, mark{r.n, at})
		}
		r.n++
		if odd := rows.oddity(); odd != "" {
			bad.note(rows.lineNumber(), odd)
		}
	}
	r.marks = append(make([]mark, 0, len(r.marks)), r.marks...) // with no room to grow
	return r
}

// Len implements series.
func (r *records) Len() int { return r.n }

// At implements series.
func (r *records) At(i int) any {
	after := sort.Search(len(r.marks), func(k int) bool { return r.marks[k].number > i })
	m := r.marks[after-1]
	rows := r.read(m.at)
	for number := m.number; rows.scan(); {
		if rows.flaw() != "" {
			continue
		}
		if number == i {
			return rows.value()
		}
		number++
	}
	return nil // the text has not changed
}

// csvReader reads rows behind a first one that names their fields.
type csvReader struct {
	csvRows
	header []string
}

// newCSVReader begins at a byte, which is behind the first row.
func newCSVReader(text string, quote byte, header []string, at int) *csvReader {
	return &csvReader{csvRows{text: text, quote: quote, at: at, spans: make([]span, 0, len(header))}, header}
}

func (c *csvReader) begin() int      { return c.spans[0].at }
func (c *csvReader) lineNumber() int { return c.line }

func (c *csvReader) flaw() string {
	switch {
	case len(c.spans) != len(c.header) && c.open:
		return openQuote
	case len(c.spans) != len(c.header):
		return "the row has " + words.Plural(len(c.spans), "field", "fields") + " and the first one " + strconv.Itoa(len(c.header))
	case !c.isUTF8():
		return "the row is not UTF-8"
	}
	return ""
}

const openQuote = "the row has a quote that is not closed, so all behind it is one field"

func (c *csvReader) oddity() string {
	if c.open {
		return openQuote
	}
	return ""
}

// value gives a mapping. Of fields with one name the last one counts.
func (c *csvReader) value() any {
	fields := c.fields()
	row := make(map[string]any, len(fields))
	for i, field := range fields {
		row[c.header[i]] = field
	}
	return row
}

// lineReader reads lines.
type lineReader struct {
	text      string
	at, start int
	number    int
}

// scan takes the empty line behind the last line break for none.
func (l *lineReader) scan() bool {
	if l.at == len(l.text) {
		return false
	}
	l.start = l.at
	if i := strings.IndexByte(l.text[l.at:], '\n'); i >= 0 {
		l.at += i + 1
	} else {
		l.at = len(l.text)
	}
	l.number++
	return true
}

func (l *lineReader) begin() int      { return l.start }
func (l *lineReader) lineNumber() int { return l.number }

func (l *lineReader) flaw() string {
	if !utf8.ValidString(l.text[l.start:l.at]) {
		return "the line is not UTF-8"
	}
	return ""
}

func (l *lineReader) oddity() string { return "" }

func (l *lineReader) value() any {
	line := l.text[l.start:l.at]
	if rest, ok := strings.CutSuffix(line, "\n"); ok {
		line = strings.TrimSuffix(rest, "\r")
	}
	return line
}
