package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// bounds limit what is read: a stream may come from anywhere.
type bounds struct {
	line   int   // bytes of a record; the longest of ours are headers of large plans
	stream int64 // bytes in all, unpacked
	bad    int   // lines that are no records
	sought int   // bytes of damaged lines that are searched for records
}

// usual are for all streams. A day of 16 variants takes a quarter of the bytes.
var usual = bounds{line: 16 << 20, stream: 4 << 30, bad: 100_000, sought: 64 << 20}

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
	Text []byte // all of it
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("line %d: a %s of a newer version", e.Line, e.What)
}

// Read reads a stream, compressed or not. With a record comes no error or a
// *NewerError; without one, a *LineError, after which it goes on, or what ends
// the reading early. Of a line that is damaged, whole records are saved: a line
// that was cut swallows none of its neighbours.
func Read(from io.Reader) iter.Seq2[Record, error] { return usual.read(from) }

func (b bounds) read(from io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		text := &limited{from: unpacked(from), left: b.stream}
		p := lineParser{
			lineReader: lineReader{from: bufio.NewReaderSize(text, 64<<10), most: b.line},
			yield:      yield, bad: b.bad, sought: b.sought,
		}
		for p.next() {
		}
	}
}

// lineParser makes records of lines.
type lineParser struct {
	lineReader
	yield  func(Record, error) bool
	bad    int // lines that may still be none
	sought int // bytes that may still be searched
}

// next yields what the next line holds, and says whether to go on.
func (p *lineParser) next() bool {
	line, err := p.lineReader.next()
	var damaged *LineError
	switch {
	case err == nil:
	case errors.As(err, &damaged):
		return p.damage(err)
	case errors.Is(err, io.EOF):
		return false
	default:
		p.yield(Record{}, err)
		return false
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return p.count()
	}
	r, newer, err := parseLine(line)
	if err == nil {
		return p.record(r, newer, line)
	}
	return p.pieces(line, err)
}

// record yields a record.
func (p *lineParser) record(r Record, newer bool, text []byte) bool {
	if !newer {
		return p.yield(r, nil)
	}
	kind := nameOf(r.What)
	if u, ok := r.What.(Unknown); ok {
		kind = u.Kind
	}
	return p.yield(r, &NewerError{p.number, kind, bytes.Clone(text)})
}

// damage yields the error of a line.
func (p *lineParser) damage(err error) bool { return p.yield(Record{}, err) && p.count() }

// count counts a line that is no record.
func (p *lineParser) count() bool {
	if p.bad--; p.bad >= 0 {
		return true
	}
	p.yield(Record{}, fmt.Errorf("after line %d: too many lines are no records", p.number))
	return false
}

// pieces yields the whole records of a line that is none, for the reason of err:
// what was cut is in front of another, or two stand on one line.
func (p *lineParser) pieces(line []byte, err error) bool {
	told := false
	tell := func(err error) bool {
		if told {
			return true
		}
		told = true
		return p.damage(&LineError{p.number, err})
	}
	for first := true; p.sought > 0; first = false {
		d := json.NewDecoder(bytes.NewReader(line))
		var failed error
		for failed == nil {
			var value json.RawMessage
			if failed = d.Decode(&value); failed != nil {
				break
			}
			r, newer, wrong := parseLine(value)
			if _, unknown := r.What.(Unknown); wrong == nil && unknown && !first {
				wrong = err // rather a part of another
			}
			if wrong == nil && !p.record(r, newer, value) || wrong != nil && !tell(wrong) {
				return false
			}
		}
		if errors.Is(failed, io.EOF) {
			return true
		}
		if !tell(err) {
			return false
		}
		p.sought -= len(line)
		next := nextStart(line[d.InputOffset():])
		if next < 0 {
			return true
		}
		line = line[int(d.InputOffset())+next:]
	}
	return tell(err)
}

// nextStart finds where the next record may begin, not at the start; -1: nowhere.
func nextStart(line []byte) int {
	for at := 1; at < len(line); {
		i := bytes.Index(line[at:], []byte(`{"`))
		if i < 0 {
			break
		}
		at += i
		name, _, ok := bytes.Cut(line[at+2:min(len(line), at+40)], []byte(`":`))
		if ok && (string(name) == "of" || kinds[string(name)] != nil) {
			return at
		}
		at++
	}
	return -1
}

// limited gives an error where there is more than a bound.
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errors.New("the stream is too long")
	}
	return n, err
}

// lineReader reads lines within a bound.
type lineReader struct {
	from   *bufio.Reader
	most   int // bytes of a line
	number int // of the line that was read last, from 1
	line   []byte
	broken error // what the reading ended with
}

// next gives the next line, which is good until the next call. io.EOF is the
// end, a *LineError a line that is too long or was not there in whole.
func (l *lineReader) next() ([]byte, error) {
	if l.broken != nil {
		return nil, l.broken
	}
	l.line = l.line[:0]
	l.number++
	long := false
	var hole *holeError
	for {
		part, err := l.from.ReadSlice('\n')
		if long = long || len(l.line)+len(part) > l.most; !long {
			l.line = append(l.line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.As(err, &hole):
			return nil, &LineError{l.number, hole}
		case errors.Is(err, io.EOF):
			l.broken = io.EOF
		case err != nil:
			l.broken = fmt.Errorf("after line %d: %w", l.number-1, err)
		}
		break
	}
	if long {
		l.line = nil
		return nil, &LineError{l.number, fmt.Errorf("it is longer than %d MiB", l.most>>20)}
	}
	if len(l.line) == 0 && l.broken != nil {
		return nil, l.broken
	}
	return l.line, nil
}
