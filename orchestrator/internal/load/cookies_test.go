package load

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
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
