package load

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// The bytes on the wire.
func TestMessage(t *testing.T) {
	check := func(method, address string, headers []Field, body, want string) {
		t.Helper()
		r := ask(method, "/", []byte(body), headers...)
		r.URL, r.Address = vars.Parse(address), address
		m := rendered(t, r)
		got := string(m.parts[0]) + string(m.parts[1])
		if diff := cmp.Diff(strings.ReplaceAll(want, "\n", "\r\n")+body, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", method, address, diff)
		}
		if m.size != len(got) {
			t.Errorf("%s %s: size %d of %d bytes", method, address, m.size, len(got))
		}
	}
	const standard = "user-agent: drill\naccept: */*\n"
	check("GET", "http://example.org", nil, "", "GET / HTTP/1.1\nhost: example.org\n"+standard+"\n")
	check("GET", "http://example.org:81?a=b c#d", nil, "", "GET /?a=b%20c HTTP/1.1\nhost: example.org:81\n"+standard+"\n")
	check("GET", "http://h/ü?x=http://y/", nil, "", "GET /%C3%BC?x=http://y/ HTTP/1.1\nhost: h\n"+standard+"\n")
	check("POST", "http://h/a", []Field{{"Content-Type", " application/json "}}, `{"b":1}`,
		"POST /a HTTP/1.1\nhost: h\n"+standard+"content-type: application/json\ncontent-length: 7\n\n")
	check("POST", "http://h/a", []Field{{"User-Agent", "x"}, {"HOST", "i"}, {"content-length", "3"}, {"Accept", "y"}}, "abc",
		"POST /a HTTP/1.1\nhost: i\nuser-agent: x\naccept: y\ncontent-length: 3\n\n")
	check("POST", "http://h/a", []Field{{"Transfer-Encoding", "chunked"}}, "abc",
		"POST /a HTTP/1.1\nhost: h\n"+standard+"content-length: 3\n\n")
	check("POST", "http://h/a", nil, "", "POST /a HTTP/1.1\nhost: h\n"+standard+"\n")
	check("GET", "http://us%65r:p@h/", nil, "",
		"GET / HTTP/1.1\nhost: h\n"+standard+"authorization: Basic dXNlcjpw\n\n")
	check("GET", "http://user:p@h/", []Field{{"Authorization", "mine"}}, "",
		"GET / HTTP/1.1\nhost: h\n"+standard+"authorization: mine\n\n")
	check("POST", "http://h/", nil, strings.Repeat("x", joinLimit+1),
		"POST / HTTP/1.1\nhost: h\n"+standard+"content-length: 65537\n\n")
}

func TestMessageLast(t *testing.T) {
	for _, h := range []Field{{"connection", "keep-alive, Close"}, {"content-length", "2"}} {
		if m := rendered(t, ask("POST", "/", []byte("abc"), h)); !m.last {
			t.Errorf("%v: the connection may be used after it", h)
		}
	}
}

// A large body goes out from where it is, also where a header is different in
// each iteration.
func TestLargeBodyIsShared(t *testing.T) {
	body := make([]byte, 1<<20)
	check := func(m *message) {
		t.Helper()
		if &m.parts[1][0] != &body[0] {
			t.Error("a large body was copied")
		}
	}
	r := ask("POST", "/", body)
	check(rendered(t, r))
	r.Headers = []plan.Header{{Name: "x", Value: vars.Parse("{{ iteration }}")}}
	prog, err := prepare(planOf(1, 1, r), Target{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := newComposer(prog)
	c.begin("7")
	call, err := c.compose(prog.steps[0].request)
	if err != nil || !strings.Contains(string(call.parts[0]), "\r\nx: 7\r\n") {
		t.Fatalf("%s (%v)", call.parts[0], err)
	}
	check(&call.message)
}

// What is shown of a URL is its text as it stands in the plan, behind the base,
// but for user and password.
func TestShown(t *testing.T) {
	check := func(base, url, want, host string) {
		t.Helper()
		p := planOf(1, 1, vary("GET", url, ""))
		p.Base = base
		prog, err := prepare(p, Target{}, Options{Env: vars.Env{"v": "w"}})
		if err != nil {
			t.Fatal(err)
		}
		c := newComposer(prog)
		c.begin("0")
		call, err := c.compose(prog.steps[0].request)
		if err != nil || call.shown != want || call.route.dial.Address != host {
			t.Errorf("%s %s: %q at %q (%v); want %q at %q", base, url, call.shown, call.route.dial.Address, err, want, host)
		}
	}
	check("", "http://user:pa@ss@Host/{{ v }} x@y", "http://Host/w x@y", "host:80")
	check("http://u@h:81/api", "/{{ v }}", "http://h:81/api/w", "h:81")
	check("http://h", "/a@b", "http://h/a@b", "h:80")
	check("unix:/run/x@y.sock", "/{{ v }}", "unix:/run/x@y.sock:/w", "/run/x@y.sock")
	check("unix:/run/x.sock:/api", "/{{ v }}", "unix:/run/x.sock:/api/w", "/run/x.sock")
	check("", "https://[::1]", "https://[::1]", "[::1]:443")
}
