package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Bounds of what is read: a stream may come from anywhere.
const (
	mostLine   = 16 << 20 // bytes of a record; the longest of ours are headers of large plans
	mostStream = 4 << 30  // bytes in all, unpacked; a day of 16 variants takes a quarter
)

// LineError is a line of a stream that is no record. The lines around it stand.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// NewerError is a record with something that this version does not know. The
// record comes all the same.
type NewerError struct {
	Line int
	What string // the kind of the record
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("line %d: a %s of a newer version", e.Line, e.What)
}

// Read reads a stream, compressed or not. With a record comes no error or a
// *NewerError; without one, a *LineError, after which it goes on, or what ends
// the reading early.
func Read(from io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		text, err := unpacked(from)
		if err != nil {
			yield(Record{}, err)
			return
		}
		lines := lineReader{from: bufio.NewReaderSize(text, 64<<10)}
		for {
			line, err := lines.next()
			if errors.Is(err, io.EOF) {
				return
			}
			var damaged *LineError
			if err != nil {
				if !yield(Record{}, err) || !errors.As(err, &damaged) {
					return
				}
				continue
			}
			if !yieldLine(line, lines.number, yield) {
				return
			}
		}
	}
}

// yieldLine yields the record of a line.
func yieldLine(line []byte, number int, yield func(Record, error) bool) (more bool) {
	if len(bytes.TrimSpace(line)) == 0 {
		return true
	}
	r, newer, err := parseLine(line)
	if err == nil {
		return yield(r, newerError(newer, number, r))
	}
	if !yield(Record{}, &LineError{number, err}) {
		return false
	}
	// A line without its end swallows the one behind it.
	if r, newer, ok := salvage(line); ok {
		return yield(r, newerError(newer, number, r))
	}
	return true
}

func newerError(newer bool, number int, r Record) error {
	if !newer {
		return nil
	}
	what := ""
	if u, ok := r.What.(Unknown); ok {
		what = u.Kind
	} else {
		what = nameOf(r.What)
	}
	return &NewerError{number, what}
}

// salvage finds the whole record at the end of a line whose beginning is
// another that was cut.
func salvage(line []byte) (r Record, newer, ok bool) {
	const mostTries = 16
	end := len(line)
	for range mostTries {
		at := bytes.LastIndex(line[:end], []byte(`{"`))
		if at <= 0 {
			break
		}
		if r, newer, err := parseLine(line[at:]); err == nil {
			if _, unknown := r.What.(Unknown); !unknown {
				return r, newer, true
			}
		}
		end = at + 1
	}
	return Record{}, false, false
}

// unpacked takes the compression off, if there is one.
func unpacked(from io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(from)
	if head, _ := buffered.Peek(2); len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
		return io.LimitReader(buffered, mostStream), nil
	}
	z, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, fmt.Errorf("unpack the records: %w", err)
	}
	return io.LimitReader(z, mostStream), nil
}

// lineReader reads lines within a bound.
type lineReader struct {
	from   *bufio.Reader
	number int // of the line that was read last, from 1
	line   []byte
	broken error // what the reading ended with
}

// next gives the next line, which is good until the next call. io.EOF is the
// end, a *LineError a line that is too long.
func (l *lineReader) next() ([]byte, error) {
	if l.broken != nil {
		return nil, l.broken
	}
	l.line = l.line[:0]
	l.number++
	long := false
	for {
		part, err := l.from.ReadSlice('\n')
		if long = long || len(l.line)+len(part) > mostLine; !long {
			l.line = append(l.line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			l.broken = io.EOF
		case err != nil:
			l.broken = fmt.Errorf("after line %d: %w", l.number-1, err)
		}
		break
	}
	if long {
		l.line = nil
		return nil, &LineError{l.number, fmt.Errorf("it is longer than %d MiB", mostLine>>20)}
	}
	if len(l.line) == 0 && l.broken != nil {
		return nil, l.broken
	}
	return l.line, nil
}
