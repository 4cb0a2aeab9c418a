package load

import (
	"errors"
	"io"
	"math"
	"slices"
)

// skip reads n bytes of a body, and forgets them unless they are to be kept.
func (r *reader) skip(n int64) error {
	if r.want.body {
		if n > maxKept-int64(len(r.body)) {
			return r.bad(tooLarge)
		}
		r.body = slices.Grow(r.body, int(min(n, 1<<20))) // a promise is no reason for more
	}
	for {
		have := min(int64(r.w-r.r), n)
		r.keep(int(have))
		if n -= have; n == 0 {
			return nil
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

const tooLarge = "body is over 64 MB, too much to keep"

// keep uses n bytes of a body that lie in the buffer.
func (r *reader) keep(n int) {
	if r.want.body {
		r.body = append(r.body, r.buf[r.r:r.r+n]...)
	}
	r.use(n)
}

// untilEOF reads a body that ends with the connection.
func (r *reader) untilEOF() (int64, error) {
	start := r.at
	for {
		if r.want.body && len(r.body)+r.w-r.r > maxKept {
			return r.at - start, r.bad(tooLarge)
		}
		r.keep(r.w - r.r)
		switch err := r.fill(); {
		case err == nil:
		case errors.Is(err, io.ErrUnexpectedEOF):
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
		r.room, r.over = bufferSize, "what comes with a chunk is over 64 kB"
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
