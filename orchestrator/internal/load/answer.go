package load

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"
)

const (
	// headLimit is the limit of an answer's head: the lines before the body,
	// those of interim answers included. It is what drill's client takes, about.
	// A line has to fit in a reader's buffer, which grows so far for one that
	// long and for nothing else.
	headLimit = 400 << 10

	// bufferSize is as far as a reader's buffer grows otherwise. It is also the
	// limit of the line before a chunk, and with the last one of the trailers.
	bufferSize = 64 << 10

	// smallBuffer is what a reader begins with: nearly all answers fit, and
	// there may be ten thousand readers.
	smallBuffer = 4 << 10

	// maxKept bounds a body that is kept, and what a command prints.
	maxKept = 64 << 20
)

// protocolError is an answer that is not HTTP/1.x, or beyond the limits.
type protocolError struct {
	at   int64 // bytes of the answer before the trouble
	what string
}

func (e *protocolError) Error() string {
	return "answer, byte " + strconv.FormatInt(e.at, 10) + ": " + e.what
}

// readError is an answer that was cut short.
type readError struct {
	at  int64 // bytes of the answer that had come
	err error
}

func (e *readError) Error() string {
	return "answer, byte " + strconv.FormatInt(e.at, 10) + ": " + e.err.Error()
}

func (e *readError) Unwrap() error { return e.err }

// expect is what an answer is read for.
type expect struct {
	head   bool // it answers a HEAD request: there is no body
	body   bool // its body is kept
	fields bool // all of its header fields are kept, not only those that concern the client
}

// answer is what is known of a response.
type answer struct {
	status int   // 0: its head did not come
	body   int64 // bytes, without the framing of chunks
	reuse  bool  // the connection can carry another request
}

// framing is what the head says about the body and the connection.
type framing struct {
	minor   byte  // of HTTP/1.x
	length  int64 // -1: not given
	coded   bool  // some transfer-encoding
	chunked bool  // the last one
	close   bool
	keep    bool

	missized bool // a content-length is none, or differs from another
}

// reader reads answers from a connection through one buffer. However much a
// server sends, the buffer does not grow beyond headLimit.
type reader struct {
	src  io.Reader
	buf  []byte
	r, w int    // what lies in buf and was not used yet
	full bool   // the last read filled all the room there was
	at   int64  // bytes of the present answer that were used
	room int    // bytes of head that may still come
	over string // what is wrong where more do

	want   expect
	fields []byte // the fields that are kept of the last head, as lines "name:value", names in lower case
	body   []byte // the body that is kept; never used again, so that it can be given away

	reads int       // of the present answer
	first time.Time // when its first bytes came
	end   time.Time // when it was complete
}

// reset makes it read from another connection.
func (r *reader) reset(src io.Reader) {
	if r.buf == nil {
		r.buf = make([]byte, smallBuffer)
	}
	r.src, r.r, r.w, r.full = src, 0, 0, false
}

// begin makes it ready for another answer.
func (r *reader) begin(want expect) {
	r.at, r.reads, r.want, r.body = 0, 0, want, nil
	r.room, r.over = headLimit, "head is over 400 kB"
}

// answer reads one answer to its end. With an error, the answer holds what
// was known by then: its status, if the head had come.
func (r *reader) answer(want expect) (answer, error) {
	r.begin(want)
	var a answer
	var f framing
	for {
		var err error
		if a.status, f, err = r.head(); err != nil {
			return answer{}, err
		}
		// 100-continue and its like come before the answer itself. After
		// 101 the connection speaks another protocol.
		if a.status >= 200 || a.status == 101 {
			break
		}
		if r.r == r.w {
			r.reads = 0 // the first byte of the answer itself is still to come
		}
	}
	var err error
	switch {
	case a.status == 101:
		f.close = true
	case want.head, a.status == 204, a.status == 304:
		f.close = f.close || f.missized
	case f.chunked:
		f.close = f.close || f.length >= 0 || f.missized // it says two things: trust neither for long
		a.body, err = r.chunks()
	case f.missized && !f.coded:
		return answer{}, r.bad("bad content-length")
	case f.coded, f.length < 0:
		f.close = true
		a.body, err = r.untilEOF()
	default:
		a.body = f.length
		err = r.skip(f.length)
	}
	r.end = r.first
	if r.reads > 1 {
		r.end = time.Now()
	}
	// Bytes beyond the answer belong to nothing that was asked.
	a.reuse = err == nil && !f.close && (f.minor == '1' || f.keep) && r.r == r.w
	return a, err
}

func (r *reader) bad(what string) error { return &protocolError{r.at, what} }

// fill reads once from the connection. The end of it is unexpected here.
func (r *reader) fill() error {
	r.makeRoom()
	// A reader may give nothing now and then, but not for ever.
	for range 100 {
		n, err := r.src.Read(r.buf[r.w:])
		r.w += n
		if n > 0 {
			if r.reads++; r.reads == 1 {
				r.first = time.Now()
			}
			r.full = r.w == len(r.buf)
			return nil
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		var secure *tlsError
		if errors.As(err, &secure) {
			return err // it is no part of the answer, so it has no place in it
		}
		if err != nil {
			return &readError{r.at + int64(r.w-r.r), err}
		}
	}
	return &readError{r.at + int64(r.w-r.r), io.ErrNoProgress}
}

// makeRoom sees to it that there is something to read into. A buffer that a
// read has filled is too small for what the server sends.
func (r *reader) makeRoom() {
	limit := bufferSize
	if r.w-r.r == len(r.buf) { // all of it is one line
		limit = headLimit
	}
	if r.full && len(r.buf) < limit {
		buf := make([]byte, min(4*len(r.buf), limit))
		r.w = copy(buf, r.buf[r.r:r.w])
		r.r, r.buf = 0, buf
		return
	}
	if r.r > 0 {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
}

// line reads a line of the head and gives it without its end. It is valid
// until the next read.
func (r *reader) line() ([]byte, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(r.buf[r.r+seen:r.w], '\n'); i >= 0 {
			n := seen + i + 1
			if r.room -= n; r.room < 0 {
				return nil, r.bad(r.over)
			}
			line := r.buf[r.r : r.r+n-1]
			r.use(n)
			if n > 1 && line[n-2] == '\r' {
				line = line[:n-2]
			}
			return line, nil
		}
		if seen = r.w - r.r; seen >= r.room {
			return nil, r.bad(r.over)
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

func (r *reader) use(n int) {
	r.r += n
	r.at += int64(n)
}
