package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// place is where a byte stands, both from 1; columns count bytes.
type place struct{ line, column int }

// in gives the place of an offset in text that begins at p.
func (p place) in(text []byte, offset int64) place {
	before := text[:min(max(offset, 0), int64(len(text)))]
	if lines := bytes.Count(before, []byte("\n")); lines > 0 {
		return place{p.line + lines, len(before) - bytes.LastIndexByte(before, '\n')}
	}
	return place{p.line, p.column + len(before)}
}

// at gives an error a place.
func (p place) at(format string, args ...any) error {
	return fmt.Errorf("read the experiment: line %d, column %d: %w", p.line, p.column, fmt.Errorf(format, args...))
}

// scanner reads JSON from a stream, value by value, and knows where it is.
type scanner struct {
	r     *bufio.Reader
	here  place // of the next byte
	last  place // of the one before
	depth int   // objects and lists that are open
	raw   []byte
}

func newScanner(r io.Reader) scanner {
	return scanner{r: bufio.NewReaderSize(r, 64<<10), here: place{1, 1}, last: place{1, 1}}
}

// take reads a byte.
func (s *scanner) take() (byte, error) {
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, err
	}
	s.last = s.here
	s.here.column++
	if b == '\n' {
		s.here = place{s.here.line + 1, 1}
	}
	return b, nil
}

// peek passes over blanks and gives the byte after them, which stays. Its error
// is io.EOF at the end.
func (s *scanner) peek() (byte, error) {
	for {
		if _, err := s.r.Peek(1); err != nil {
			return 0, err
		}
		chunk, _ := s.r.Peek(s.r.Buffered())
		n := 0
		for n < len(chunk) && (chunk[n] == ' ' || chunk[n] == '\n' || chunk[n] == '\t' || chunk[n] == '\r') {
			n++
		}
		var b byte
		if n < len(chunk) {
			b = chunk[n]
		}
		if s.pass(chunk[:n]); n < len(chunk) {
			return b, nil
		}
	}
}

// cut is the error of a file that ends, or fails, where it should go on.
func (s *scanner) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return s.last.at("not JSON: unexpected end of JSON input")
	}
	return fmt.Errorf("read the experiment: %w", err)
}

// invalid is the error of a byte that should not be the next one.
func (s *scanner) invalid(b byte, where string) error {
	quoted := "'" + strconv.Quote(string(rune(b)))[1:]
	quoted = quoted[:len(quoted)-1] + "'"
	switch b {
	case '\'':
		quoted = `'\''`
	case '"':
		quoted = `'"'`
	}
	return s.here.at("not JSON: invalid character %s %s", quoted, where)
}

// value reads a whole value of at most that many bytes, and sees that it is
// JSON. What it gives holds until the next value is read.
func (s *scanner) value(most int) ([]byte, error) {
	raw, from, err := s.text(most)
	if err != nil {
		return nil, err
	}
	return raw, from.check(raw)
}

// check sees that text, which begins at p, is JSON.
func (p place) check(text []byte) error {
	var syntax *json.SyntaxError
	if err := json.Unmarshal(text, new(passed)); errors.As(err, &syntax) {
		// The text is the top level only for the standard library.
		return p.in(text, syntax.Offset-1).at("not JSON: %s", strings.Replace(err.Error(), "top-level value", "a value", 1))
	}
	return nil
}

// passed is a value that is passed over.
type passed struct{}

func (*passed) UnmarshalJSON([]byte) error { return nil }

// text is value without the check.
func (s *scanner) text(most int) (raw []byte, from place, err error) {
	first, err := s.peek()
	if err != nil {
		return nil, s.here, s.cut(err)
	}
	if ends(first) && first != '"' && first != '{' && first != '[' {
		return nil, s.here, s.invalid(first, "looking for beginning of value")
	}
	from, s.raw = s.here, s.raw[:0]
	whole := extent{word: !ends(first)}
	for {
		if _, err := s.r.Peek(1); err != nil {
			if errors.Is(err, io.EOF) && whole.word {
				return s.raw, from, nil
			}
			return nil, from, s.cut(err)
		}
		chunk, _ := s.r.Peek(s.r.Buffered())
		n, ended := whole.in(chunk)
		if len(s.raw)+n > most {
			return nil, from, from.at("a value of more than %d MiB", most>>20)
		}
		s.raw = append(s.raw, chunk[:n]...)
		s.pass(chunk[:n])
		if ended {
			return s.raw, from, nil
		}
	}
}

// pass takes bytes that were looked at.
func (s *scanner) pass(chunk []byte) {
	if len(chunk) > 0 {
		s.last = s.here.in(chunk, int64(len(chunk)-1))
		s.here = s.here.in(chunk, int64(len(chunk)))
		_, _ = s.r.Discard(len(chunk))
	}
}

// extent finds the end of a value.
type extent struct {
	depth           int  // objects and lists that are open
	quoted, escaped bool // in a text, after a backslash there
	word            bool // it is a number or a word, which has no end of its own
}

// in gives how many bytes of a chunk belong to the value, and whether it ends
// there.
func (e *extent) in(chunk []byte) (n int, ended bool) {
	for i, b := range chunk {
		switch {
		case e.word:
			if ends(b) {
				return i, true
			}
			continue
		case e.escaped:
			e.escaped = false
			continue
		case e.quoted && b == '\\':
			e.escaped = true
			continue
		case b == '"':
			e.quoted = !e.quoted
		case e.quoted:
			continue
		case b == '{' || b == '[':
			e.depth++
		case b == '}' || b == ']':
			e.depth--
		default:
			continue
		}
		if e.depth <= 0 && !e.quoted {
			return i + 1, true
		}
	}
	return len(chunk), false
}

// ends says whether a byte ends a number or a word.
func ends(b byte) bool {
	switch b {
	case ' ', '\t', '\r', '\n', ',', ':', '{', '}', '[', ']', '"':
		return true
	}
	return false
}

// open reads the start of an object or list.
func (s *scanner) open() {
	_, _ = s.take() // it was looked at
	s.depth++
}

// more goes on to the next element of an object or list that the closing byte
// ends, and says whether there is one. First is true before the first.
func (s *scanner) more(first bool, closing byte, where string) (bool, error) {
	b, err := s.peek()
	switch {
	case err != nil:
		return false, s.cut(err)
	case b == closing:
		_, _ = s.take()
		s.depth--
		return false, nil
	case first:
		return true, nil
	case b != ',':
		return false, s.invalid(b, where)
	}
	_, _ = s.take()
	return true, nil
}

// leave passes over what is left of the open objects and lists beyond that many.
func (s *scanner) leave(depth int) error {
	rest := extent{depth: s.depth - depth}
	for s.depth > depth {
		if _, err := s.r.Peek(1); err != nil {
			return s.cut(err)
		}
		chunk, _ := s.r.Peek(s.r.Buffered())
		n, ended := rest.in(chunk)
		s.pass(chunk[:n])
		if ended {
			s.depth = depth
		}
	}
	return nil
}
