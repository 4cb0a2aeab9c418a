package load

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Cookies live as long as the iteration, go to every server, sorted by name,
// and never end.
func TestCookies(t *testing.T) {
	set := map[string][]string{
		"GET /one":   {"set-cookie: sid=a\"b; Path=/x; Domain=elsewhere", "Set-Cookie: a = 1 ", "set-cookie: nothing", "set-cookie: =x"},
		"GET /two":   {"set-cookie: sid=2; Max-Age=0"},
		"GET /three": {"set-cookie: z=3"},
	}
	rec := &recorder{}
	rec.reply = func(w net.Conn, s seen) bool {
		return say(w, "{}", set[rec.lines()[len(rec.lines())-1]]...)
	}
	p := planOf(1, 2,
		ask("GET", "/one", nil),
		ask("GET", "/two", nil),
		ask("GET", "/three", nil, Field{"Cookie", "own=1"}),
		vary("POST", "http://h/four", "{{ cookies }} {{ cookies.sid }}"),
	)
	got := mustRun(t, p, rec.listen(t, "tcp"), Options{})
	rec.stop()
	var cookies []string
	for _, s := range rec.requests {
		cookies = append(cookies, s.header.Get("cookie"))
	}
	one := []string{"", `a=1; sid=a"b`, "own=1", "a=1; sid=2; z=3"}
	if diff := cmp.Diff(append(one, one...), cookies); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	if body := rec.requests[3].body; body != `{"a":"1","sid":"2","z":"3"} 2` || got.Broken != 0 {
		t.Errorf("variable cookies: %s; %+v", body, got.Mistakes)
	}
}

// hops are what servers say at a path: set-cookie fields, and where to go.
type hops map[string][]string

func (h hops) reply(w net.Conn, s seen) bool {
	path := strings.Fields(s.line)[1]
	head := "HTTP/1.1 200 OK\r\n"
	for _, field := range h[path] {
		if strings.HasPrefix(field, "location") {
			head = strings.Replace(head, "200 OK", "302 Found", 1)
		}
		head += field + "\r\n"
	}
	_, err := io.WriteString(w, head+"content-length: 0\r\n\r\n")
	return err == nil
}

// shown is what a server saw: each request's path and cookies.
func (r *recorder) shown() []string {
	var list []string
	for _, s := range r.requests {
		list = append(list, strings.TrimSpace(strings.Fields(s.line)[1]+" "+s.header.Get("cookie")))
	}
	return list
}

// Cookies of every answer in a chain are kept, also where the chain ends badly;
// drill keeps those of the last one alone.
func TestRedirectCookies(t *testing.T) {
	for name, c := range map[string]struct {
		hops         hops
		items        []*plan.Request
		want, compat []string
	}{
		"a login": {
			hops{"/login": {"set-cookie: sid=1; Path=/", "location: /home"}},
			[]*plan.Request{ask("POST", "/login", []byte("x")), ask("GET", "/after", nil)},
			[]string{"/login", "/home sid=1", "/after sid=1"},
			[]string{"/login", "/home", "/after"},
		},
		"several, the last one counts": {
			hops{"/a": {"set-cookie: x=1", "set-cookie: y=1", "location: /b"}, "/b": {"set-cookie: x=2", "location: /c"}, "/c": {"set-cookie: z=3"}},
			[]*plan.Request{ask("GET", "/a", nil), ask("GET", "/after", nil)},
			[]string{"/a", "/b x=1; y=1", "/c x=2; y=1", "/after x=2; y=1; z=3"},
			[]string{"/a", "/b", "/c", "/after z=3"},
		},
		"beside those from before": {
			hops{"/one": {"set-cookie: a=0", "set-cookie: b=0"}, "/two": {"set-cookie: a=1", "location: /three"}},
			[]*plan.Request{ask("GET", "/one", nil), ask("GET", "/two", nil), ask("GET", "/after", nil)},
			[]string{"/one", "/two a=0; b=0", "/three a=1; b=0", "/after a=1; b=0"},
			[]string{"/one", "/two a=0; b=0", "/three a=0; b=0", "/after a=0; b=0"},
		},
		"the plan's own header": {
			hops{"/a": {"set-cookie: x=1", "location: /b"}},
			[]*plan.Request{ask("GET", "/a", nil, Field{"Cookie", "own=1"}), ask("GET", "/after", nil)},
			[]string{"/a own=1", "/b own=1", "/after x=1"},
			[]string{"/a own=1", "/b own=1", "/after"},
		},
		"a redirect that is refused": {
			hops{"/a": {"set-cookie: x=1", "location: ftp://h/"}},
			[]*plan.Request{ask("GET", "/a", nil), ask("GET", "/after", nil)},
			[]string{"/a", "/after x=1"},
			[]string{"/a", "/after"},
		},
		"a redirect to nowhere is an answer": {
			hops{"/a": {"set-cookie: x=1", "location: http://["}},
			[]*plan.Request{ask("GET", "/a", nil), ask("GET", "/after", nil)},
			[]string{"/a", "/after x=1"},
			[]string{"/a", "/after x=1"},
		},
	} {
		for _, compat := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, compat %v", name, compat), func(t *testing.T) {
				rec := &recorder{reply: c.hops.reply}
				target := rec.listen(t, "tcp")
				mustRun(t, planOf(1, 2, c.items...), target, Options{CompatCookies: compat})
				rec.stop()
				want := c.want
				if compat {
					want = c.compat
				}
				if diff := cmp.Diff(append(want, want...), rec.shown()); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Another server is shown what it has set itself in the chain, and the first one
// all again when the chain leads back.
func TestRedirectCookiesElsewhere(t *testing.T) {
	here, there := &recorder{}, &recorder{}
	first, second := "http://"+here.listen(t, "tcp").Address, "http://"+there.listen(t, "tcp").Address
	here.reply = hops{
		"/start": {"set-cookie: state=1", "location: " + second + "/login"},
		"/back":  {"set-cookie: sid=2", "location: /home"},
	}.reply
	there.reply = hops{
		"/login": {"set-cookie: there=3", "location: /check"},
		"/check": {"location: " + first + "/back"},
	}.reply
	p := planOf(1, 1, vary("GET", first+"/start", ""), vary("GET", first+"/after", ""))
	mustRun(t, p, Target{}, Options{})
	here.stop()
	there.stop()
	if diff := cmp.Diff([]string{"/start", "/back state=1; there=3", "/home sid=2; state=1; there=3", "/after sid=2; state=1; there=3"}, here.shown()); diff != "" {
		t.Errorf("the first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/login", "/check there=3"}, there.shown()); diff != "" {
		t.Errorf("the second (-want +got):\n%s", diff)
	}
}

// Two servers that have set a cookie of the same name are shown their own, in the
// chain and after it; drill's way is that the last one counts for all.
func TestCookiesOfOneName(t *testing.T) {
	for _, compat := range []bool{false, true} {
		here, there := &recorder{}, &recorder{}
		first, second := "http://"+here.listen(t, "tcp").Address, "http://"+there.listen(t, "tcp").Address
		here.reply = hops{"/start": {"set-cookie: sid=a", "location: " + second + "/login"}}.reply
		there.reply = hops{
			"/login": {"set-cookie: sid=b", "location: /check"},
			"/check": {"location: " + first + "/back"},
			"/set":   {"set-cookie: sid=c"},
		}.reply
		p := planOf(1, 1, vary("GET", first+"/start", ""), vary("GET", first+"/after", ""), vary("GET", second+"/after", ""),
			vary("GET", second+"/set", ""), vary("GET", first+"/last", ""))
		mustRun(t, p, Target{}, Options{CompatCookies: compat})
		here.stop()
		there.stop()
		wantHere := []string{"/start", "/back sid=a", "/after sid=a", "/last sid=a"}
		wantThere := []string{"/login", "/check sid=b", "/after sid=b", "/set sid=b"}
		if compat {
			wantHere = []string{"/start", "/back", "/after", "/last sid=c"}
			wantThere = []string{"/login", "/check", "/after", "/set"}
		}
		if diff := cmp.Diff(wantHere, here.shown()); diff != "" {
			t.Errorf("compat %v: the first (-want +got):\n%s", compat, diff)
		}
		if diff := cmp.Diff(wantThere, there.shown()); diff != "" {
			t.Errorf("compat %v: the second (-want +got):\n%s", compat, diff)
		}
	}
}
