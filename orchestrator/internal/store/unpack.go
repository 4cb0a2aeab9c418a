package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// unpacked takes the compression off, if there is one, and a byte order mark,
// which some editors put.
func unpacked(from io.Reader) io.Reader {
	text := bufio.NewReader(from)
	if head, _ := text.Peek(len(gzipMagic)); bytes.Equal(head, gzipMagic) {
		return &members{in: &tape{from: text}}
	}
	if head, _ := text.Peek(3); string(head) == "\ufeff" {
		_, _ = text.Discard(3) // it has been read
	}
	return text
}

// gzipMagic begins every member of a compressed file.
var gzipMagic = []byte{0x1f, 0x8b, 8}

// Bounds of the search behind damage.
const (
	mostTape  = 4 << 20 // bytes; our own members have a twentieth
	mostHoles = 1000
)

// holeError is a place where compressed data is damaged. What comes behind it
// begins a line of its own.
type holeError struct {
	At  int64 // bytes into the compressed file
	Err error
}

func (e *holeError) Error() string {
	return fmt.Sprintf("the compressed data is damaged at byte %d: %v", e.At, e.Err)
}
func (e *holeError) Unwrap() error { return e.Err }

// members reads a compressed file member by member. Reading goes on behind an
// error that is a *holeError: with the next member that can be read.
type members struct {
	in    *tape
	z     *gzip.Reader
	open  bool // z is in a member
	lost  bool // a member is searched for, which has been told
	holes int
}

// Read is that of an io.Reader.
func (m *members) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := m.read(p)
		switch {
		case n > 0:
			m.lost = false
			return n, nil // an error comes again, or the member's end
		case err == nil:
			m.open = false
			continue
		case m.in.broken != nil:
			return 0, m.in.broken
		case errors.Is(err, io.EOF):
			return 0, io.EOF
		}
		m.open = false
		hole := &holeError{m.in.offset(), err}
		if m.holes++; m.holes > mostHoles {
			return 0, errors.New("the compressed data is damaged in too many places")
		}
		m.in.seek()
		if !m.lost {
			m.lost = true
			return 0, hole
		}
	}
}

// read reads from the member, or from the next one. Nothing and no error is the
// end of a member, io.EOF that of the file.
func (m *members) read(p []byte) (int, error) {
	if !m.open {
		m.in.begin()
		var err error
		if m.z == nil {
			m.z, err = gzip.NewReader(m.in)
		} else {
			err = m.z.Reset(m.in)
		}
		if err != nil {
			return 0, err
		}
		m.z.Multistream(false)
		m.open = true
	}
	n, err := m.z.Read(p)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// tape keeps what was read of a member, so that a search can begin anew in it:
// damaged data may have led far beyond its end.
type tape struct {
	from   *bufio.Reader
	start  int64  // where kept is in the file
	kept   []byte // since begin
	at     int    // how much of kept is read
	full   bool   // kept is not all: it goes on from where it is
	broken error  // a failure to read, other than the end
}

// begin forgets what was read.
func (t *tape) begin() {
	t.start += int64(t.at)
	t.kept = append(t.kept[:0], t.kept[t.at:]...)
	t.at, t.full = 0, false
}

func (t *tape) offset() int64 { return t.start + int64(t.at) }

// ReadByte is that of an io.ByteReader: with it, nothing is read that is behind
// a member's end.
func (t *tape) ReadByte() (byte, error) {
	if t.at < len(t.kept) {
		t.at++
		return t.kept[t.at-1], nil
	}
	b, err := t.from.ReadByte()
	if err != nil {
		return 0, t.failed(err)
	}
	t.keep([]byte{b})
	return b, nil
}

// Read is that of an io.Reader.
func (t *tape) Read(p []byte) (int, error) {
	if t.at < len(t.kept) {
		n := copy(p, t.kept[t.at:])
		t.at += n
		return n, nil
	}
	n, err := t.from.Read(p)
	t.keep(p[:n])
	return n, t.failed(err)
}

func (t *tape) failed(err error) error {
	if err != nil && !errors.Is(err, io.EOF) {
		t.broken = err
	}
	return err
}

func (t *tape) keep(read []byte) {
	if len(t.kept)+len(read) > mostTape {
		t.start += int64(len(t.kept))
		t.kept, t.at, t.full = t.kept[:0], 0, true
	}
	if t.full {
		t.start += int64(len(read))
		return
	}
	t.kept = append(t.kept, read...)
	t.at = len(t.kept)
}

// seek goes to where a member may begin behind the start of the last one, or to
// the end.
func (t *tape) seek() {
	if !t.full && len(t.kept) > 0 {
		t.at = 1
	}
	t.begin()
	for {
		if i := bytes.Index(t.kept[t.at:], gzipMagic); i >= 0 {
			t.at += i
			return
		}
		t.at = max(t.at, len(t.kept)-len(gzipMagic)+1)
		t.begin()
		piece, err := t.from.Peek(max(t.from.Buffered(), 1))
		if err != nil {
			_ = t.failed(err)
			t.at = len(t.kept)
			return
		}
		t.kept = append(t.kept, piece...)
		_, _ = t.from.Discard(len(piece)) // it is buffered
	}
}
