package load

import (
	"bytes"
	"io"
	"math"
	"strconv"
)

// bufferSize is what a worker reads with, and the limit of an answer's head:
// the lines before the body, those of interim answers and trailers included.
const bufferSize = 64 << 10

// protocolError is an answer that is not HTTP/1.x, or beyond the limits.
type protocolError struct {
	at   int64 // bytes of the answer before the trouble
	what string
}

func (e *protocolError) Error() string {
	return "answer, byte " + strconv.FormatInt(e.at, 10) + ": " + e.what
}

// answer is what is kept of a response.
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
}

// reader reads answers from a connection through one buffer of fixed size.
// However much a server sends, it does not grow.
type reader struct {
	src  io.Reader
	buf  []byte
	r, w int   // what lies in buf and was not used yet
	at   int64 // bytes of the present answer that were used
	room int   // bytes of head that may still come
}

// reset makes it read from another connection.
func (r *reader) reset(src io.Reader) {
	if r.buf == nil {
		r.buf = make([]byte, bufferSize)
	}
	r.src, r.r, r.w = src, 0, 0
}

// answer reads one answer to its end. With an error, the answer holds what
// was known by then: its status, if the head had come.
func (r *reader) answer(head bool) (answer, error) {
	r.at, r.room = 0, bufferSize
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
	}
	var err error
	switch {
	case a.status == 101:
		f.close = true
	case head, a.status == 204, a.status == 304:
	case f.chunked:
		f.close = f.close || f.length >= 0 // it says two things: trust neither for long
		a.body, err = r.chunks()
	case f.coded, f.length < 0:
		f.close = true
		a.body, err = r.untilEOF()
	default:
		a.body = f.length
		err = r.skip(f.length)
	}
	// Bytes beyond the answer belong to nothing that was asked.
	a.reuse = err == nil && !f.close && (f.minor == '1' || f.keep) && r.r == r.w
	return a, err
}

func (r *reader) bad(what string) error { return &protocolError{r.at, what} }

// fill reads once from the connection. The end of it is unexpected here.
func (r *reader) fill() error {
	if r.r == r.w {
		r.r, r.w = 0, 0
	} else if r.w == len(r.buf) {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
	// A reader may give nothing now and then, but not for ever.
	for range 100 {
		n, err := r.src.Read(r.buf[r.w:])
		r.w += n
		if n > 0 {
			return nil
		}
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// line reads a line of the head and gives it without its end. It is valid
// until the next read.
func (r *reader) line() ([]byte, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(r.buf[r.r+seen:r.w], '\n'); i >= 0 {
			n := seen + i + 1
			if r.room -= n; r.room < 0 {
				return nil, r.bad("head is over 64 kB")
			}
			line := r.buf[r.r : r.r+n-1]
			r.use(n)
			if n > 1 && line[n-2] == '\r' {
				line = line[:n-2]
			}
			return line, nil
		}
		if seen = r.w - r.r; seen >= r.room {
			return nil, r.bad("head is over 64 kB")
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

// skip reads n bytes of a body and forgets them.
func (r *reader) skip(n int64) error {
	for {
		have := int64(r.w - r.r)
		if have >= n {
			r.use(int(n))
			return nil
		}
		r.use(int(have))
		n -= have
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// untilEOF reads a body that ends with the connection.
func (r *reader) untilEOF() (int64, error) {
	start := r.at
	for {
		r.use(r.w - r.r)
		switch err := r.fill(); err {
		case nil:
		case io.ErrUnexpectedEOF:
			return r.at - start, nil
		default:
			return r.at - start, err
		}
	}
}

// chunks reads a chunked body and its trailers, and gives the body's size.
func (r *reader) chunks() (int64, error) {
	var total int64
	for {
		// Every chunk has a head, so the limit counts for each: else a long
		// answer in small chunks would exceed it.
		r.room = bufferSize
		line, err := r.line()
		if err != nil {
			return total, err
		}
		n, ok := chunkSize(line)
		if !ok || n > math.MaxInt64-total {
			return total, r.bad("bad chunk size")
		}
		if n == 0 {
			return total, r.trailers()
		}
		if err := r.skip(n); err != nil {
			return total, err
		}
		total += n
		if line, err = r.line(); err != nil {
			return total, err
		}
		if len(line) != 0 {
			return total, r.bad("chunk is longer than its size")
		}
	}
}

// trailers reads the lines after the last chunk, up to the empty one.
func (r *reader) trailers() error {
	for {
		line, err := r.line()
		if err != nil || len(line) == 0 {
			return err
		}
	}
}

// chunkSize reads the hexadecimal size before a chunk; an extension after a
// semicolon or blank is passed over.
func chunkSize(line []byte) (int64, bool) {
	var n int64
	for i, c := range line {
		var digit byte
		switch {
		case c >= '0' && c <= '9':
			digit = c - '0'
		case c >= 'a' && c <= 'f':
			digit = c - 'a' + 10
		case c >= 'A' && c <= 'F':
			digit = c - 'A' + 10
		case c == ';' || c == ' ' || c == '\t':
			return n, i > 0
		default:
			return 0, false
		}
		if n > math.MaxInt64>>4 {
			return 0, false
		}
		n = n<<4 | int64(digit)
	}
	return n, len(line) > 0
}
