package plan

import (
	"fmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// withCSV reads a loop over the rows of a CSV file. Each is a mapping of the
// names in the first row to its fields, all of them text.
func (l *loader) withCSV(it *item) {
	e := it.get("with_items_from_csv")
	whole, quote := e.value, byte('"')
	if resolve(e.value) == kindMap {
		var ok bool
		if e, quote, ok = l.csvForm(it.f, e); !ok {
			l.loop(it, nil, "")
			return
		}
	}
	rows := l.elements(it, whole, func() series { return l.rows(it.f, e, quote) })
	l.loop(it, rows, e.value.Value+" gives no rows")
}

// rows reads a CSV file, the path of which is the value of e.
func (l *loader) rows(f *file, e entry, quote byte) series {
	return l.loopFile(f, e, reading{"a CSV file", string(quote)}, func(name, text string) series {
		first := newCSV(text, quote)
		var header []string
		if first.scan() {
			if !first.isUTF8() {
				l.failAt(f, e.value, fmt.Sprintf("the first row of %s is not UTF-8", name), "save the file as UTF-8")
				return nil
			}
			header = first.fields()
			l.columns(name, first, header)
		}
		behind := first.at
		bad := &skipped{l: l, name: name, lines: first.lines}
		rows := newRecords(func(at int) reader {
			return newCSVReader(text, quote, header, max(at, behind))
		}, bad)
		bad.end("row")
		rows.fields = header
		return rows
	})
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
		l.loop(it, nil, "")
		return
	}
	lines := l.elements(it, e.value, func() series { return l.lines(it.f, e) })
	l.loop(it, lines, e.value.Value+" gives no lines")
}

// lines reads a file, the path of which is the value of e.
func (l *loader) lines(f *file, e entry) series {
	return l.loopFile(f, e, reading{what: "a file of items"}, func(name, text string) series {
		bad := &skipped{l: l, name: name}
		lines := newRecords(func(at int) reader { return &lineReader{text: text, at: at} }, bad)
		bad.end("line")
		return lines
	})
}

// loopFile reads the file of a loop whole, once for all items that read it in
// the same way.
func (l *loader) loopFile(f *file, e entry, as reading, read func(name, text string) series) series {
	name, ok := l.path(f, e, as.what)
	if !ok {
		return nil
	}
	key := fileKey{absolute(name), as}
	if known := l.files[key]; known != nil {
		return known
	}
	data, err := l.read(name)
	if err != nil {
		l.failAt(f, e.value, fmt.Sprintf("cannot open %s: %v", name, reason(err))+l.chain(), hint.Of(err))
		return nil
	}
	values := read(name, string(data))
	if values != nil {
		l.files[key] = values
	}
	return values
}

// reading is how the file of a loop is read.
type reading struct {
	what string // it is, for people
	how  string // what tells two ways to read it apart
}

// fileKey is a file of a loop and how it is read.
type fileKey struct {
	path string
	as   reading
}

// mostSkips is how many rows that are skipped are told one by one; the rest is
// counted.
const mostSkips = 5

// skipped tells of the rows and lines of one file that cannot be used. As in
// drill they do not stop the load.
type skipped struct {
	l     *loader
	name  string
	lines int // of the file before the part that is read
	n     int
	rest  Position // where those begin that are counted alone
}

func (s *skipped) skip(line int, why string) {
	pos := Position{s.name, s.lines + line, 1}
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
		s.l.warnAt(nil, s.rest, fmt.Sprintf("from here on %s more skipped", words.Plural(more, thing, thing+"s")), "")
	}
	s.l.plan.Skipped += s.n
}

// note tells of something that does not make a row or line useless.
func (s *skipped) note(line int, text string) {
	s.l.warnAt(nil, Position{s.name, s.lines + line, 1}, text, "")
}
