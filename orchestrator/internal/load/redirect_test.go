package load

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// Which method, body and headers go to the next place.
func TestRedirect(t *testing.T) {
	for _, c := range []struct {
		status                  int
		method, want, body, typ string
	}{
		{301, "GET", "GET", "", ""},
		{301, "POST", "GET", "", ""},
		{302, "POST", "GET", "", ""},
		{302, "PUT", "PUT", "body", "text/plain"},
		{302, "PATCH", "PATCH", "body", "text/plain"},
		{302, "DELETE", "DELETE", "", ""},
		{303, "POST", "GET", "", ""},
		{303, "PUT", "GET", "", ""},
		{303, "DELETE", "GET", "", ""},
		{303, "HEAD", "HEAD", "", ""},
		{307, "POST", "POST", "body", "text/plain"},
		{308, "PUT", "PUT", "body", "text/plain"},
	} {
		t.Run(fmt.Sprintf("%d %s", c.status, c.method), func(t *testing.T) {
			rec := &recorder{reply: func(w net.Conn, s seen) bool {
				if strings.Contains(s.line, " /a ") {
					_, err := fmt.Fprintf(w, "HTTP/1.1 %d x\r\nlocation: b?c\r\nset-cookie: kept=1\r\ncontent-length: 0\r\n\r\n", c.status)
					return err == nil
				}
				if strings.HasPrefix(s.line, "HEAD") {
					_, err := io.WriteString(w, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n")
					return err == nil
				}
				return ok(w, s)
			}}
			body, headers := "", []Field{{"Authorization", "me"}}
			if strings.HasPrefix(c.method, "P") {
				body, headers = "body", append(headers, Field{"Content-Type", "text/plain"})
			}
			target := rec.listen(t, "tcp")
			p := planOf(1, 1, vary(c.method, "http://"+target.Address+"/a", body, headers...), vary("GET", "http://"+target.Address+"/after", ""))
			got := mustRun(t, p, Target{}, Options{})
			rec.stop()
			if diff := cmp.Diff([]string{strings.TrimSpace(c.method + " /a " + body), strings.TrimSpace(c.want + " /b?c " + c.body), "GET /after"}, rec.lines()); diff != "" {
				t.Fatalf("requests (-want +got):\n%s", diff)
			}
			h := rec.requests[1].header
			if h.Get("referer") != "http://"+target.Address+"/a" || h.Get("content-type") != c.typ || h.Get("authorization") != "me" || h.Get("host") != target.Address {
				t.Errorf("headers %v", h)
			}
			if got.Requests != 2 || got.Statuses["200"] != 2 || rec.conns != 1 {
				t.Errorf("%+v over %d connections", got.Statuses, rec.conns)
			}
			for i, want := range []string{"", "kept=1", "kept=1"} {
				if got := rec.requests[i].header.Get("cookie"); got != want {
					t.Errorf("request %d: cookie %q, want %q", i, got, want)
				}
			}
		})
	}
}

// What is no redirect that can be followed is the answer, or a failure.
func TestRedirectEnds(t *testing.T) {
	check := func(head, status, class string, requests int) {
		t.Helper()
		rec := &recorder{reply: func(w net.Conn, s seen) bool {
			_, err := io.WriteString(w, head+"content-length: 0\r\n\r\n")
			return err == nil
		}}
		target := rec.listen(t, "tcp")
		got := mustRun(t, planOf(1, 1, vary("GET", "http://"+target.Address+"/", "")), Target{}, Options{})
		rec.stop()
		if got.Failed != 1 || got.Statuses[status] != len(status)/3 || got.Errors[class] != 1 || len(rec.requests) != requests || got.Broken != 0 {
			t.Errorf("%q: %+v %+v, %d requests", head, got.Statuses, got.Errors, len(rec.requests))
		}
	}
	check("HTTP/1.1 302 x\r\n", "302", "status 302", 1)
	check("HTTP/1.1 302 x\r\nlocation: http://[\r\n", "302", "status 302", 1)
	check("HTTP/1.1 300 x\r\nlocation: /b\r\n", "300", "status 300", 1)
	check("HTTP/1.1 304 x\r\nlocation: /b\r\n", "304", "status 304", 1)
	check("HTTP/1.1 302 x\r\nlocation: ftp://h/\r\n", "", "redirect", 1)
	check("HTTP/1.1 302 x\r\nlocation: /\r\n", "", "redirect", 11)
}

// Another host or port is told nothing that was meant for the first.
func TestRedirectElsewhere(t *testing.T) {
	other := &recorder{reply: ok}
	there := other.listen(t, "tcp").Address
	rec := &recorder{reply: func(w net.Conn, s seen) bool {
		_, err := fmt.Fprintf(w, "HTTP/1.1 307 x\r\nlocation: http://%s/x\r\ncontent-length: 0\r\n\r\n", there)
		return err == nil
	}}
	here := rec.listen(t, "tcp").Address
	p := planOf[plan.Item](1, 2, vary("POST", "http://user:pw@"+here+"/", "body", Field{"Cookie", "a=b"}, Field{"X-Mine", "y"}))
	var events notes
	got := mustRun(t, p, Target{}, Options{Observer: &events, Verbose: true})
	rec.stop()
	other.stop()
	if got.Statuses["200"] != 2 || rec.conns != 1 || other.conns != 1 {
		t.Errorf("%+v over %d and %d connections", got, rec.conns, other.conns)
	}
	first, second := rec.requests[0].header, other.requests[0].header
	if first.Get("authorization") != "Basic dXNlcjpwdw==" || first.Get("cookie") != "a=b" {
		t.Errorf("first: %v", first)
	}
	if second.Get("authorization") != "" || second.Get("cookie") != "" || second.Get("x-mine") != "y" || other.requests[0].body != "body" ||
		second.Get("host") != there || second.Get("referer") != "http://"+here+"/" {
		t.Errorf("second: %v", second)
	}
	want := []string{
		"> POST http://" + here + "/ [{user-agent drill} {authorization Basic dXNlcjpwdw==} {cookie a=b} {x-mine y}]",
		"http://user:pw@" + here + "/ http://" + here + "/ 200 < http://" + there + "/x [{content-length 2}]",
	}
	if diff := cmp.Diff(want, events.lines[:2]); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// A plan's own Host header stays as long as the server is the same.
func TestRedirectHost(t *testing.T) {
	rec := &recorder{reply: func(w net.Conn, s seen) bool {
		if s.line == "GET /b HTTP/1.1" {
			return ok(w, s)
		}
		_, err := io.WriteString(w, "HTTP/1.1 302 x\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n")
		return err == nil
	}}
	p := planOf(1, 1, vary("GET", "http://"+rec.listen(t, "tcp").Address+"/a", "", Field{"Host", "mine"}))
	mustRun(t, p, Target{}, Options{})
	rec.stop()
	if len(rec.requests) != 2 || rec.requests[1].header.Get("host") != "mine" {
		t.Errorf("%+v", rec.requests)
	}
}

// The time that a request may take is that of all its hops together.
func TestRedirectTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &recorder{reply: func(w net.Conn, s seen) bool {
			time.Sleep(3 * time.Second)
			_, err := io.WriteString(w, "HTTP/1.1 302 x\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")
			return err == nil
		}}
		got := mustPipe(t.Context(), t, planOf(1, 2, ask("GET", "/", nil)), rec, Options{Timeout: 8 * time.Second})
		check(t, got, failure(2, "timeout"))
		if h := got.Attempts; h.Min() < 8*time.Second || h.Max() > 8250*time.Millisecond {
			t.Errorf("it took %v to %v", h.Min(), h.Max())
		}
		rec.handlers.Wait()
	})
}
