package load

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// read parses one answer out of text, however the bytes are cut.
func read(t testing.TB, src io.Reader, head bool) (answer, error) {
	t.Helper()
	var r reader
	r.reset(src)
	a, err := r.answer(expect{head: head})
	if len(r.buf) > bufferSize {
		t.Errorf("the buffer grew to %d bytes", len(r.buf))
	}
	return a, err
}

func TestAnswer(t *testing.T) {
	check := func(text string, want answer) {
		t.Helper()
		for name, src := range map[string]io.Reader{
			"whole":        strings.NewReader(text),
			"byte by byte": iotest.OneByteReader(strings.NewReader(text)),
			"with EOF":     iotest.DataErrReader(strings.NewReader(text)),
		} {
			got, err := read(t, src, false)
			if err != nil || got != want {
				t.Errorf("%s: answer %.60q = %+v, %v; want %+v", name, text, got, err, want)
			}
		}
	}
	check("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", answer{200, 5, true})
	check("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", answer{200, 0, true})
	check("HTTP/1.1 200\r\nContent-Length:\t2 \r\n\r\nok", answer{200, 2, true})
	check("HTTP/1.1 200 OK\nCONTENT-LENGTH: 2\n\nok", answer{200, 2, true})
	check("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", answer{200, 2, false})
	check("HTTP/1.1 200 OK\r\nconnection: TE, Close\r\ncontent-length: 2\r\n\r\nok", answer{200, 2, false})
	check("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", answer{200, 2, false})
	check("HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 2\r\n\r\nok", answer{200, 2, true})
	check("HTTP/1.1 200 OK\r\n\r\nuntil the end", answer{200, 13, false})
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nuntil the end", answer{200, 13, false})
	check("HTTP/1.1 204 No Content\r\n\r\n", answer{204, 0, true})
	check("HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n", answer{304, 0, true})
	check("HTTP/1.1 101 Switching\r\n\r\n", answer{101, 0, false})
	check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", answer{200, 1, true})
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1a;x=y\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", answer{200, 31, true})
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n0\r\ntrailer: x\r\n\r\n", answer{200, 0, true})
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n", answer{200, 0, false})
	check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok", answer{200, 2, true})

	if got, err := read(t, strings.NewReader("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok!"), false); err != nil || got.reuse {
		t.Errorf("bytes beyond the answer: %+v, %v; want no reuse", got, err)
	}
	if got, err := read(t, strings.NewReader("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"), true); err != nil || got != (answer{200, 0, true}) {
		t.Errorf("answer to HEAD = %+v, %v", got, err)
	}
}

func TestBadAnswer(t *testing.T) {
	check := func(text string, want class, at int64) {
		t.Helper()
		_, err := read(t, strings.NewReader(text), false)
		var bad *protocolError
		if classify(err) != want || errors.As(err, &bad) && bad.at != at {
			t.Errorf("answer %.60q: %v (%v); want %v at byte %d", text, err, classify(err), want, at)
		}
	}
	check("", failEOF, 0)
	check("HTTP/1.1 200 OK\r\n", failEOF, 0)
	check("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell", failEOF, 0)
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel", failEOF, 0)
	check("HTTP/2 200\r\n\r\n", failProtocol, 12)
	check("HTTP/1.1 20 OK\r\n\r\n", failProtocol, 16)
	check("HTTP/1.1 099 OK\r\n\r\n", failProtocol, 17)
	check("HTTP/1.1 2000 OK\r\n\r\n", failProtocol, 18)
	check("\x16\x03\x01 TLS?\n", failProtocol, 9)
	check("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", failProtocol, 27)
	check("HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n", failProtocol, 32)
	check("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", failProtocol, 37)
	check("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n", failProtocol, 55)
	check("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", failProtocol, 55)
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", failProtocol, 52)
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n", failProtocol, 49)
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxyz\r\n", failProtocol, 55)
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n", failProtocol, 65)
	check("HTTP/1.1 200 OK\r\nx: "+strings.Repeat("y", 1<<20), failProtocol, 17)
	check(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1<<15), failProtocol, 65525)
}

// An endless stream of anything may be slow, but it must not grow. Here it
// has an end, so that the test has one.
func TestLongBody(t *testing.T) {
	const size = 1 << 28
	body := io.LimitReader(zeros{}, size)
	got, err := read(t, io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\n\r\n"), body), false)
	if err != nil || got != (answer{200, size, false}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// Whatever a server sends: no panic, no growth, the same outcome however the
// bytes are cut, and an error that is of a known class.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nt: u\r\n\r\n",
		"HTTP/1.0 304 x\nconnection: keep-alive, close\n\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, head bool) {
		want, wantErr := read(t, bytes.NewReader(text), head)
		got, err := read(t, iotest.OneByteReader(bytes.NewReader(text)), head)
		// Bytes beyond the answer may not have come yet when it is complete.
		want.reuse, got.reuse = false, false
		if got != want || classify(err) != classify(wantErr) {
			t.Errorf("whole: %+v, %v; byte by byte: %+v, %v", want, wantErr, got, err)
		}
		var bad *protocolError
		if errors.As(err, &bad) && (bad.at < 0 || bad.at > int64(len(text))) {
			t.Errorf("%v lies outside the answer", err)
		}
		if cause := classify(err); cause != answered && cause != failEOF && cause != failProtocol {
			t.Errorf("%v is of class %v", err, cause)
		}
	})
}
