package plan

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
)

// withCSV reads a loop over the rows of a CSV file. Each is a mapping of the
// names in the first row to its fields, all of them text.
func (l *loader) withCSV(it *item) {
	e := it.get("with_items_from_csv")
	whole, quote := e.value, byte('"')
	if resolve(e.value) == kindMap {
		var ok bool
		if e, quote, ok = l.csvForm(it.f, e); !ok {
			l.loop(it, elements{}, "")
			return
		}
	}
	rows := l.elements(it, whole, func() elements { return l.rows(it.f, e, quote) })
	l.loop(it, rows, e.value.Value+" gives no rows")
}

// rows reads a CSV file, the path of which is the value of e.
func (l *loader) rows(f *file, e entry, quote byte) elements {
	name, text, ok := l.loopFile(f, e, "a CSV file")
	if !ok {
		return elements{}
	}
	rows := newCSV(text, quote)
	header := rows.next()
	if !utf8Row(header) {
		l.failAt(f, e.value, fmt.Sprintf("the first row of %s is not UTF-8", name), "save the file as UTF-8")
		return elements{}
	}
	bad := skipped{l: l, name: name}
	var values []any
	for row := rows.next(); row != nil; row = rows.next() {
		switch {
		case len(row) != len(header):
			bad.skip(rows.line, fmt.Sprintf("the row has %s and the first one %d", count(len(row), "field"), len(header)))
		case !utf8Row(row):
			bad.skip(rows.line, "the row is not UTF-8")
		default:
			value := make(map[string]any, len(header))
			for i, field := range row {
				value[header[i]] = field
			}
			values = append(values, value)
		}
	}
	bad.end("row")
	return elements{values, true}
}

// csvForm reads the mapping that a CSV file can be given as. It gives the entry
// with the path in it, and the byte that quotes.
func (l *loader) csvForm(f *file, e entry) (path entry, quote byte, ok bool) {
	list := entries(e.value)
	l.unknown(f, list, "with_items_from_csv", []string{"file_name", "quote_char"})
	path = get(list, "file_name")
	ok = resolve(path.value) == kindString
	switch {
	case path.value == nil:
		l.failAt(f, e.key, "with_items_from_csv has no file_name", unquoted(e.value))
	case !ok:
		l.failAt(f, path.key, fmt.Sprintf("file_name is %s: it must be a path", resolve(path.value)), unquoted(path.value))
	}
	quote = '"'
	q := get(list, "quote_char").value
	switch k := resolve(q); {
	case k == kindNull:
	case k != kindString:
		l.warn(f, q, fmt.Sprintf(`quote_char is %s, not text: it counts as "`, k), asText(q))
	case q.Value == "":
		l.failAt(f, q, "quote_char is empty", "it must be one character")
		ok = false
	default:
		if quote = q.Value[0]; len(q.Value) > 1 {
			l.warn(f, q, fmt.Sprintf("quote_char is longer than one byte: the first one, %q, counts", q.Value[:1]), "")
		}
	}
	return path, quote, ok
}

// withFile reads a loop over the lines of a file.
func (l *loader) withFile(it *item) {
	e := it.get("with_items_from_file")
	if k := resolve(e.value); k != kindString {
		l.failAt(it.f, e.key, fmt.Sprintf("with_items_from_file is %s: it must be a path", k), unquoted(e.value))
		l.loop(it, elements{}, "")
		return
	}
	lines := l.elements(it, e.value, func() elements { return l.lines(it.f, e) })
	l.loop(it, lines, e.value.Value+" gives no lines")
}

// lines reads a file, the path of which is the value of e.
func (l *loader) lines(f *file, e entry) elements {
	name, text, ok := l.loopFile(f, e, "a file of items")
	if !ok {
		return elements{}
	}
	bad := skipped{l: l, name: name}
	var values []any
	number := 0
	for line := range strings.Lines(text) {
		number++
		if !utf8.ValidString(line) {
			bad.skip(number, "the line is not UTF-8")
			continue
		}
		if rest, ok := strings.CutSuffix(line, "\n"); ok {
			line = strings.TrimSuffix(rest, "\r")
		}
		values = append(values, line)
	}
	bad.end("line")
	return elements{values, true}
}

// loopFile reads the file of a loop whole.
func (l *loader) loopFile(f *file, e entry, what string) (name, text string, ok bool) {
	if name, ok = l.path(f, e, what); !ok {
		return "", "", false
	}
	data, err := l.read(name)
	if err != nil {
		l.failAt(f, e.value, fmt.Sprintf("cannot open %s: %v", name, reason(err))+l.chain(), files.Hint(err))
		return "", "", false
	}
	return name, string(data), true
}

// mostSkips is how many rows that are skipped are told one by one; the rest is
// counted.
const mostSkips = 5

// skipped tells of the rows and lines of one file that cannot be used. As in
// drill they do not stop the load.
type skipped struct {
	l    *loader
	name string
	n    int
	rest Position // where those begin that are counted alone
}

func (s *skipped) skip(line int, why string) {
	pos := Position{s.name, line, 1}
	s.n++
	switch {
	case s.n <= mostSkips:
		s.l.warnAt(nil, pos, why+": it is skipped", "")
	case s.n == mostSkips+1:
		s.rest = pos
	}
}

func (s *skipped) end(thing string) {
	if more := s.n - mostSkips; more > 0 {
		s.l.warnAt(nil, s.rest, fmt.Sprintf("from here on %s more skipped", count(more, thing)), "")
	}
	s.l.plan.Skipped += s.n
}
