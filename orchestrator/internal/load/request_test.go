package load

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRender(t *testing.T) {
	check := func(method, address string, headers []header, body, want string) {
		t.Helper()
		r, err := render(method, address, "localhost", headers, []byte(body))
		if err != nil {
			t.Errorf("%s %s: %v", method, address, err)
			return
		}
		got := string(r.parts[0]) + string(r.parts[1])
		if diff := cmp.Diff(strings.ReplaceAll(want, "\n", "\r\n")+body, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", method, address, diff)
		}
		if r.size != len(got) {
			t.Errorf("%s %s: size %d of %d bytes", method, address, r.size, len(got))
		}
	}
	const standard = "user-agent: drill\naccept: */*\n"
	check("GET", "/", nil, "", "GET / HTTP/1.1\nhost: localhost\n"+standard+"\n")
	check("GET", "http://example.org", nil, "", "GET / HTTP/1.1\nhost: example.org\n"+standard+"\n")
	check("GET", "http://example.org:81?a=b c#d", nil, "", "GET /?a=b%20c HTTP/1.1\nhost: example.org:81\n"+standard+"\n")
	check("GET", "/ü?x=http://y/", nil, "", "GET /%C3%BC?x=http://y/ HTTP/1.1\nhost: localhost\n"+standard+"\n")
	check("POST", "/a", []header{{"Content-Type", " application/json "}}, `{"b":1}`,
		"POST /a HTTP/1.1\nhost: localhost\n"+standard+"content-length: 7\ncontent-type: application/json\n\n")
	check("POST", "/a", []header{{"User-Agent", "x"}, {"HOST", "h"}, {"content-length", "3"}, {"Accept", "y"}, {"accept", "z"}}, "abc",
		"POST /a HTTP/1.1\nhost: h\nuser-agent: x\naccept: z\ncontent-length: 3\n\n")
	check("POST", "/a", []header{{"Transfer-Encoding", "chunked"}}, "abc",
		"POST /a HTTP/1.1\nhost: localhost\n"+standard+"content-length: 3\n\n")
	check("GET", "http://us%65r:p@h/", nil, "",
		"GET / HTTP/1.1\nhost: h\n"+standard+"authorization: Basic dXNlcjpw\n\n")
	check("POST", "/", nil, strings.Repeat("x", joinLimit+1),
		"POST / HTTP/1.1\nhost: localhost\n"+standard+"content-length: 65537\n\n")
}

func TestRenderConnection(t *testing.T) {
	for _, h := range []header{{"connection", "keep-alive, Close"}, {"content-length", "2"}} {
		if r, err := render("POST", "/", "h", []header{h}, []byte("abc")); err != nil || !r.last {
			t.Errorf("%v: the connection may be used after it (%v)", h, err)
		}
	}
	body := make([]byte, 1<<20)
	if r, err := render("POST", "/", "h", nil, body); err != nil || &r.parts[1][0] != &body[0] {
		t.Errorf("a large body was copied (%v)", err)
	}
}

func TestRenderBad(t *testing.T) {
	check := func(method, address string, headers []header, want string) {
		t.Helper()
		if _, err := render(method, address, "h", headers, nil); err == nil || err.Error() != want {
			t.Errorf("%s %s %v: %v; want %s", method, address, headers, err, want)
		}
	}
	check("", "/", nil, `"" is not a method`)
	check("GET /", "/", nil, `"GET /" is not a method`)
	check("GET", "", nil, `url "" is neither a path nor an http url`)
	check("GET", "a/b", nil, `url "a/b" is neither a path nor an http url`)
	check("GET", "https://a/", nil, `scheme "https" is not http`)
	check("GET", "http:///a", nil, "url has no valid host")
	check("GET", "http://a\r\nb/", nil, "url has no valid host")
	check("GET", "/", []header{{"a b", "c"}}, `"a b" is not a header name`)
	check("GET", "/", []header{{"Cookie", "s\r\nx: y"}}, "header cookie has a value with control characters")
}
