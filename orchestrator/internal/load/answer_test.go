package load

import (
	"bytes"
	"errors"
	"fmt"
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
	if len(r.buf) > headLimit {
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
	check("\r\n\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", answer{200, 0, true})
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
	check("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", answer{200, 2, true})
	check("HTTP/1.1 200 OK\r\ncontent-length: 2,2 ,\t02\r\nContent-Length: 2\r\n\r\nok", answer{200, 2, true})
	check("HTTP/1.1 200 OK\r\ncontent-length: 0, 0\r\n\r\n", answer{200, 0, true})
	for _, bad := range []string{"3, 4", "x", "+5", "", "5\r\ncontent-length: 6"} { // nothing goes by it
		check("HTTP/1.1 200 OK\r\ncontent-length: "+bad+"\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", answer{200, 2, false})
		check("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\ncontent-length: "+bad+"\r\n\r\nuntil the end", answer{200, 13, false})
		check("HTTP/1.1 304 Not Modified\r\ncontent-length: "+bad+"\r\n\r\n", answer{304, 0, false})
		check("HTTP/1.1 103 Hints\r\ncontent-length: "+bad+"\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", answer{200, 1, true})
	}

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
	check("HTTP/1.1 200 OK\r\na: b\r\n folded: c\r\n\r\n", failProtocol, 35)
	check("HTTP/1.1 200 OK\r\ncontent-length : 2\r\n\r\nok", failProtocol, 37)
	check("HTTP/1.1 200 OK\r\na\tb: c\r\n\r\n", failProtocol, 25)
	check(strings.Repeat("\r\n", 1<<18), failProtocol, headLimit)
	check("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", failProtocol, 39)
	check("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n", failProtocol, 57)
	check("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", failProtocol, 57)
	check("HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\nx", failProtocol, 41)
	check("HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\ncontent-length: 3\r\n\r\nok!", failProtocol, 60)
	for _, list := range []string{"", ",", "2,", ",2", "2,,2", "2;2", "2 2", "2, +2", "2, 0x2", "2, two", "2, 18446744073709551618"} {
		check("HTTP/1.1 200 OK\r\ncontent-length:"+list+"\r\n\r\nok", failProtocol, int64(36+len(list)))
	}
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", failProtocol, 52)
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n", failProtocol, 49)
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxyz\r\n", failProtocol, 55)
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n", failProtocol, 65)
	check("HTTP/1.1 200 OK\r\nx: "+strings.Repeat("y", 1<<20), failProtocol, 17)
	check(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1<<15), failProtocol, headLimit)
}

// A head may be as large as drill's client takes them, in one line or in many,
// and nothing that comes later may.
func TestLargeHead(t *testing.T) {
	const start, end = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", "\r\nok"
	line := func(n int) string { return "x: " + strings.Repeat("y", n-5) + "\r\n" }
	room := headLimit - len(start) - len("\r\n")
	for name, c := range map[string]struct {
		head string
		good bool
	}{
		"70 kB in a line":     {start + line(70_000) + end, true},
		"70 kB in lines":      {start + strings.Repeat(line(70), 1000) + end, true},
		"as much as can be":   {start + line(room) + end, true},
		"a byte more":         {start + line(room+1) + end, false},
		"in lines":            {start + strings.Repeat(line(100), room/100) + end, true},
		"a line more":         {start + strings.Repeat(line(100), room/100+1) + end, false},
		"with an interim one": {"HTTP/1.1 103 Early Hints\r\n" + line(200_000) + "\r\n" + start + line(200_000) + end, true},
		"with two of them":    {strings.Repeat("HTTP/1.1 103 Early Hints\r\n"+line(200_000)+"\r\n", 2) + start + line(200_000) + end, false},
	} {
		for how, src := range map[string]io.Reader{"whole": strings.NewReader(c.head), "in pieces": &pieces{[]byte(c.head), 7}} {
			got, err := read(t, src, false)
			switch {
			case c.good && (err != nil || got != answer{200, 2, true}):
				t.Errorf("%s, %s: %+v, %v", name, how, got, err)
			case !c.good && (classify(err) != failProtocol || !strings.HasSuffix(err.Error(), "head is over 400 kB")):
				t.Errorf("%s, %s: %v", name, how, err)
			}
		}
	}
	const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"extensions of 60 kB": {chunked + "2;" + strings.Repeat("x", 60_000) + "\r\nok\r\n0\r\n\r\n", true},
		"extensions of 70 kB": {chunked + "2;" + strings.Repeat("x", 70_000) + "\r\nok\r\n0\r\n\r\n", false},
		"trailers of 60 kB":   {chunked + "2\r\nok\r\n0\r\n" + line(60_000) + "\r\n", true},
		"trailers of 70 kB":   {chunked + "2\r\nok\r\n0\r\n" + strings.Repeat(line(70), 1000) + "\r\n", false},
	} {
		got, err := read(t, strings.NewReader(c.text), false)
		if c.good && (err != nil || got.body != 2) || !c.good && classify(err) != failProtocol {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
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

// pieces is a reader that cuts a text at places that a seed chooses.
type pieces struct {
	text []byte
	seed uint32
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	p.seed = p.seed*1664525 + 1013904223
	n := copy(b, p.text[:min(1+int(p.seed>>24), len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

// outcomeOf is all that a reader says of an answer, however it was cut.
func outcomeOf(t *testing.T, src io.Reader, want expect) string {
	t.Helper()
	var r reader
	r.reset(src)
	a, err := r.answer(want)
	if len(r.buf) > headLimit || len(r.fields) > headLimit {
		t.Errorf("a buffer of %d bytes, %d of fields", len(r.buf), len(r.fields))
	}
	if cause := classify(err); cause != answered && cause != failEOF && cause != failProtocol {
		t.Errorf("%v is of class %v", err, cause)
	}
	// Bytes beyond the answer may not have come yet when it is complete.
	a.reuse = false
	fields := ""
	if err == nil {
		fields = string(r.fields)
		r.each(func(name string, value []byte) {
			if name == "" || strings.ToLower(name) != name && !strings.ContainsFunc(name, func(c rune) bool { return c >= 0x80 }) {
				t.Errorf("a field with the name %q", name)
			}
		})
	}
	return fmt.Sprintf("%+v %v %q %q", a, err, fields, r.body)
}

// Whatever a server sends: no panic, no growth, the same outcome however the
// bytes are cut, and an error that is of a known class and inside the answer.
func FuzzAnswer(f *testing.F) {
	for i, seed := range []string{
		"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nLocation: /\r\n\r\nuntil the end",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nt: u\r\n\r\n",
		"HTTP/1.0 304 x\nconnection: keep-alive, close\n\n",
		"HTTP/1.1 200 OK\r\nx: " + strings.Repeat("y", smallBuffer) + "\r\ncontent-length: 9999\r\n\r\n" + strings.Repeat("z", 9999),
	} {
		f.Add([]byte(seed), uint32(i), false, false)
		f.Add([]byte(seed), uint32(i), true, true)
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint32, head, keep bool) {
		want := expect{head: head, body: keep, fields: keep}
		whole := outcomeOf(t, bytes.NewReader(text), want)
		for name, src := range map[string]io.Reader{
			"byte by byte": iotest.OneByteReader(bytes.NewReader(text)),
			"in pieces":    &pieces{text, seed},
		} {
			if got := outcomeOf(t, src, want); got != whole {
				t.Errorf("whole: %s; %s: %s", whole, name, got)
			}
		}
		var r reader
		r.reset(bytes.NewReader(text))
		_, err := r.answer(want)
		var bad *protocolError
		var cut *readError
		switch {
		case errors.As(err, &bad) && (bad.at < 0 || bad.at > int64(len(text))):
			t.Errorf("%v lies outside the answer", err)
		case errors.As(err, &cut) && cut.at != int64(len(text)):
			t.Errorf("%v: there are %d bytes", err, len(text))
		case err != nil && bad == nil && cut == nil:
			t.Errorf("%v has no place", err)
		}
	})
}
