package load

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

func TestDecode(t *testing.T) {
	check := func(body, contentType, want string) {
		t.Helper()
		if got := decode([]byte(body), contentType); got != want {
			t.Errorf("%q as %s: %q; want %q", body, contentType, got, want)
		}
	}
	check("ü", "", "ü")
	check("\xef\xbb\xbfü", "text/plain; charset=latin1", "ü")
	check("\xfc\x80\x9f", "text/plain; Charset=\"ISO-8859-1\"", "ü€Ÿ")
	check("\xff\xfea\x00", "application/json", "a")
	check("\xfe\xff\x00a\xd8\x3d\xde\x00", "application/json", "a😀")
	check("\x00a", "text/plain; charset=utf-16be", "a")
	check("a\x00b", "text/plain; charset=utf-16", "a\ufffd")
	check("\x83\x65\x83X", "text/plain; charset=Shift_JIS", "テス")
	check("\xcf\xf0", "text/plain; charset= windows-1251 ", "Пр")
	check("\xa4", "text/plain; charset=iso-8859-15", "€")
	check("\xd6\xd0\xff", "text/plain; charset=gb2312", "中\ufffd")
	check("a\xff", "text/plain; charset=utf8", "a\ufffd")
	check("a\xd8", "text/plain; charset=utf-16be", "\u61d8")
	check("\xd8\x00\x00a", "text/plain; charset=utf-16be", "\ufffda")
	check("\xe2\x82a", "text/plain; charset=utf-8", "\ufffda")
	check("a\xff", "text/plain; charset=unheard-of", "a\ufffd")
}

func TestLossy(t *testing.T) {
	check := func(in, want string) {
		t.Helper()
		if got := lossy([]byte(in)); got != want {
			t.Errorf("%q: %q; want %q", in, got, want)
		}
	}
	const r = "\ufffd"
	check("aü€😀", "aü€😀")
	check("\xe2\x82", r)
	check("\xe2\x82a", r+"a")
	check("\xf0\x9f\x98", r)
	check("\xf0\x9f\x98\xf0\x9f\x98\x80", r+"😀")
	check("\xed\xa0\x80", r+r+r) // a surrogate is no character, nor the start of one
	check("\xc0\x80", r+r)
	check("\xf4\x90\x80\x80", r+r+r+r)
	check("\x80\x80", r+r)
}

// What an assigned answer looks like to a later item, and that the others
// leave nothing behind.
func TestAssigned(t *testing.T) {
	check := func(answer, text, want string) {
		t.Helper()
		rec := &recorder{reply: func(w net.Conn, s seen) bool {
			if s.line == "POST /end HTTP/1.1" {
				return ok(w, s)
			}
			_, err := io.WriteString(w, answer)
			return err == nil
		}}
		p := planOf(1, 1, assigning(vary("GET", "http://h/", ""), "x"), vary("POST", "http://h/end", text))
		got := mustRun(t, p, rec.listen(t, "tcp"), Options{})
		rec.stop()
		if len(rec.requests) != 2 || rec.requests[1].body != want {
			t.Errorf("%q of %.80q: %+v %v; want %q", text, answer, got.Mistakes, rec.lines(), want)
		}
	}
	const head = "HTTP/1.1 201 Made\r\nX-One: 1\r\nContent-Type: application/json; charset=latin1\r\nx-one:  2 \r\n"
	check(head+"content-length: 12\r\n\r\n{\"a\":\"\xfc\",\"b\"", "{{ x.status }} {{ x.body }}|{{ x.headers.x-one }}", "201 |2")
	check(head+"content-length: 9\r\n\r\n{\"a\":\"\xfc\"}", "{{ x.body.a }}", "ü")
	check(head+"transfer-encoding: chunked\r\n\r\n3\r\n[1,\r\n4\r\n2.0]\r\n0\r\n\r\n", "{{ x.body[1] }} {{ x.body }}", "2.0 [1,2.0]")
	check(head+"content-length: 0\r\n\r\n", "{{ x.body }}", "")
	large := `"` + strings.Repeat("x", 300_000) + `"`
	check(fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", len(large), large), "{{ x.body }}", large[1:len(large)-1])
}

// A body that does not come whole breaks the iteration; an answer that does not
// come at all leaves the variable as it was.
func TestAssignedBroken(t *testing.T) {
	check := func(answer, class, mistake string) {
		t.Helper()
		rec := &recorder{reply: func(w net.Conn, s seen) bool {
			if s.line == "GET /old HTTP/1.1" {
				return say(w, `"old"`)
			}
			if s.line == "GET /new HTTP/1.1" {
				_, _ = io.WriteString(w, answer)
				if strings.HasSuffix(answer, "slow") {
					_, _ = io.Copy(io.Discard, w) // until the client gives up
				}
				return false
			}
			return ok(w, s)
		}}
		p := planOf[plan.Item](1, 1,
			assigning(vary("GET", "http://h/old", ""), "x"), assigning(vary("GET", "http://h/new", ""), "x"),
			&plan.Assert{Key: "x.body", Value: "old"})
		got := mustRun(t, p, rec.listen(t, "tcp"), Options{Timeout: time.Second})
		rec.stop()
		if got.Errors[class] != 1 || got.Requests != 2 || len(got.Mistakes) != got.Broken || (got.Broken == 1) != (mistake != "") {
			t.Errorf("%q: %+v", answer, got)
		}
		if got.Broken == 1 && got.Mistakes[0].Text != mistake {
			t.Errorf("%q: %s; want %s", answer, got.Mistakes[0].Text, mistake)
		}
	}
	check("", "eof", "")
	check("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "eof", "the body to assign did not come whole: eof")
	check("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nslow", "timeout", "the body to assign did not come whole: timeout")
	check("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n", "protocol", "the body to assign did not come whole: body is over 64 MB, too much to keep")
	check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5000000\r\n", "protocol", "the body to assign did not come whole: body is over 64 MB, too much to keep")
}

// The variable that an answer was to become is unknown where there never was
// one.
func TestAssignedNever(t *testing.T) {
	p := planOf(1, 1, assigning(vary("GET", "http://127.0.0.1:1/", ""), "x"), vary("GET", "http://h/{{ x.status }}", ""))
	got := mustRun(t, p, Target{}, Options{Env: vars.Env{}})
	if diff := cmp.Diff([]Mistake{{Item: "http://h/{{ x.status }}", Text: "unknown variable x.status", N: 1}}, got.Mistakes); diff != "" || got.Errors["connect"] != 1 {
		t.Errorf("%+v (-want +got):\n%s", got, diff)
	}
}
