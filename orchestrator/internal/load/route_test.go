package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// secureServer answers over TLS with the protocol it was asked by.
func secureServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
		_, _ = io.WriteString(w, r.Proto+" "+r.Host)
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestTLS(t *testing.T) {
	s := secureServer(t)
	p := planOf(2, 6, vary("POST", s.URL+"/", "b"), vary("POST", s.URL+"/", strings.Repeat("x", 1<<20)))
	got := mustRun(t, p, Target{}, Options{Insecure: true})
	check(t, got, Result{Counts: Counts{
		Requests: 12, Errors: map[string]int{}, Statuses: map[string]int{"200": 12}, Answers: got.Answers,
	}})
	check(t, mustRun(t, p, Target{}, Options{}), failure(12, "tls"))
}

// What is no TLS is a failure of that class, what is nothing at all is not.
func TestTLSGarbage(t *testing.T) {
	for name, c := range map[string]struct {
		raw  func(c net.Conn)
		want string
	}{
		"plain HTTP": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1000))
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}, "tls"},
		"garbage":  {func(c net.Conn) { _, _ = c.Write(make([]byte, 1000)); _, _ = io.Copy(io.Discard, c) }, "tls"},
		"hangs up": {func(net.Conn) {}, "connect"},
		"silence":  {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := &recorder{raw: c.raw}
			p := planOf(1, 2, vary("GET", "https://"+rec.listen(t, "tcp").Address+"/", ""))
			var opt Options
			if c.want == "timeout" {
				opt.Timeout = 200 * time.Millisecond
			}
			check(t, mustRun(t, p, Target{}, opt), failure(2, c.want))
		})
	}
}

// A server that takes no more of a body holds nothing up beyond the timeout,
// over TLS as well.
func TestTLSTimeout(t *testing.T) {
	s := secureServer(t)
	hold := make(chan struct{})
	rec := &recorder{raw: func(c net.Conn) {
		if tls.Server(c, s.TLS).Handshake() == nil {
			<-hold
		}
	}}
	p := planOf(1, 2, vary("POST", "https://"+rec.listen(t, "tcp").Address+"/", strings.Repeat("x", 20<<20)))
	start := time.Now()
	check(t, mustRun(t, p, Target{}, Options{Insecure: true, Timeout: 300 * time.Millisecond}), failure(2, "timeout"))
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("two requests that time out after 0.3 s took %v", took)
	}
	close(hold)
}

// The end of the context ends the wait for a server that is silent before the
// first request.
func TestCancelConnect(t *testing.T) {
	rec := &recorder{raw: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }}
	address := rec.listen(t, "tcp").Address
	for name, env := range map[string]vars.Env{"TLS": nil, "proxy": {"HTTPS_PROXY": address}} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		start := time.Now()
		got := mustRunCtx(ctx, t, planOf(2, 2, vary("GET", "https://"+address+"/", "")), Target{}, Options{Env: env})
		cancel()
		if took := time.Since(start); took > 2*time.Second || !got.Interrupted || got.Requests != 0 {
			t.Errorf("%s: after %v: %+v", name, took, got)
		}
	}
}

// A worker has a connection for each server, and keeps it.
func TestOrigins(t *testing.T) {
	tcp, unix := &recorder{reply: ok}, &recorder{reply: ok}
	base := "http://" + tcp.listen(t, "tcp").Address
	socket := unix.listen(t, "unix").Address
	p := planOf(1, 3, vary("GET", base+"/a", ""), vary("GET", "/{{ iteration }}?x", ""))
	p.Base = "unix:" + socket
	got := mustRun(t, p, Target{}, Options{})
	tcp.stop()
	unix.stop()
	if got.Failed != 0 || tcp.conns != 1 || unix.conns != 1 {
		t.Errorf("%+v over %d and %d connections", got, tcp.conns, unix.conns)
	}
	if diff := cmp.Diff([]string{"GET /0?x", "GET /1?x", "GET /2?x"}, unix.lines()); diff != "" || unix.requests[0].header.Get("host") != "localhost" {
		t.Error(diff, unix.requests[0].header)
	}
}

// URLs that name ever other servers do not make a worker keep ever more
// connections.
func TestManyOrigins(t *testing.T) {
	var urls []string
	for range 2 * maxServers {
		urls = append(urls, "http://"+(&recorder{reply: ok}).listen(t, "tcp").Address+"/")
	}
	w, stop := benchWorker(t, planOf(1, 1, vary("GET", "{{ item }}", "")), Target{})
	defer stop()
	for _, url := range urls {
		r := &request{Request: looped(vary("GET", "{{ item }}", ""), url)}
		if err := w.each(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.conns) != maxServers || len(w.lifeline.open) != maxServers || w.tally.groups[0].failed > 0 {
		t.Errorf("%d connections, %d open, %d failed", len(w.conns), len(w.lifeline.open), w.tally.groups[0].failed)
	}
}

// A scheme that nobody speaks fails when it is sent, as a connect does.
func TestForeignScheme(t *testing.T) {
	var seen notes
	got := mustRun(t, planOf(1, 2, vary("GET", "ftp://me:pw@h/x", "")), Target{}, Options{Observer: &seen, Verbose: true})
	check(t, got, failure(2, "connect"))
	if diff := cmp.Diff("ftp://me:pw@h/x ftp://h/x 0 connect: connect: the url is not http or https", seen.lines[0]); diff != "" {
		t.Error(diff)
	}
}

func TestProxyFor(t *testing.T) {
	check := func(url, env, want string) {
		t.Helper()
		u, err := weburl.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		if got := shownProxy(vars.Environ(strings.Fields(env)), u); got != want {
			t.Errorf("%s with %s: %q; want %q", url, env, got, want)
		}
	}
	check("http://localhost/", "", "")
	check("http://localhost/", "HTTP_PROXY=http://p:1", "http://p:1")
	check("http://localhost/", "http_proxy=p:1", "http://p:1")
	check("http://localhost/", "http_proxy=http://a HTTP_PROXY=http://user:pw@b", "http://b")
	check("https://localhost/", "HTTP_PROXY=http://p:1", "")
	check("https://localhost/", "HTTPS_PROXY=http://p:1 ALL_PROXY=http://q", "http://p:1")
	check("https://localhost/", "all_proxy=https://q", "https://q")
	check("http://localhost/", "HTTP_PROXY=http://p REQUEST_METHOD=GET", "")
	check("http://localhost/", "HTTP_PROXY=socks5://p:1", "socks5://p:1")
	check("https://localhost/", "ALL_PROXY=SOCKS5H://user:pw@P:1080", "socks5h://p")
	check("http://localhost/", "all_proxy=socks5://p:80", "socks5://p:80")
	check("http://localhost/", "HTTP_PROXY=socks4://p:1", "")
	check("http://localhost/", "HTTP_PROXY=127.0.0.1:9x", "")
	check("http://localhost/", "HTTP_PROXY=ftp://p ALL_PROXY=socks5h://q:1", "socks5h://q:1")
	check("http://localhost/", "ALL_PROXY=socks5://p NO_PROXY=localhost", "")
	check("unix:/run/x", "ALL_PROXY=socks5://p", "")
	check("http://localhost/", "HTTP_PROXY= ALL_PROXY=q", "http://q")
	check("unix:/run/x", "ALL_PROXY=q", "")
	for entry, bypass := range map[string]bool{
		"h.org": true, ".h.org": true, "org": true, "*": true, "a,H.ORG ": true, "x.h.org": false, ".org": true, "rg": false, "": false,
	} {
		want := map[bool]string{true: "", false: "http://p"}[bypass]
		check("http://h.org/", "HTTP_PROXY=p NO_PROXY="+strings.ReplaceAll(entry, " ", ""), want)
	}
	check("http://localhost/", "HTTP_PROXY= http_proxy=p:1", "http://p:1")
	check("http://localhost/", "HTTP_PROXY=x:y http_proxy=p:1 ALL_PROXY=q", "http://p:1")
	check("http://localhost/", "ALL_PROXY=socks4://x all_proxy=socks5://p:1", "socks5://p:1")
	check("https://localhost/", "HTTPS_PROXY= https_proxy=user:pw@p:1", "http://p:1")
	check("http://localhost/", "HTTP_PROXY=p NO_PROXY= no_proxy=localhost", "http://p")
	for entry, bypass := range map[string]bool{
		"h.org:81": true, ".h.org:81": true, "*.h.org": true, "*.org:81": true, "*:81": true, "h.org.": true,
		"h.org:80": false, "*:82": false, "h.org:x": false, "http://h.org": false, "*h.org": false, "h.*": false, ":81": false,
	} {
		want := map[bool]string{true: "", false: "http://p"}[bypass]
		check("http://h.org:81/", "HTTP_PROXY=p NO_PROXY="+entry, want)
		check("http://h.org.:81/", "HTTP_PROXY=p NO_PROXY=x,"+entry+",y", want)
	}
	if u, _ := weburl.Parse("http://h.org/"); shownProxy(vars.Env{"HTTP_PROXY": " p:1 ", "NO_PROXY": "a.org  b.org\th.org"}, u) != "" {
		t.Error("a list with blanks is not split")
	}
	check("http://10.1.2.3/", "HTTP_PROXY=p NO_PROXY=10.0.0.0/8", "")
	check("http://10.1.2.3:80/", "HTTP_PROXY=p NO_PROXY=10.1.2.3:80", "")
	check("http://10.1.2.3/", "HTTP_PROXY=p NO_PROXY=10.1.2.3:81", "http://p")
	check("http://[::1]:81/", "HTTP_PROXY=p NO_PROXY=[::1]:81", "")
	check("http://[::1]:81/", "HTTP_PROXY=p NO_PROXY=[::1]", "")
	check("http://[::ffff:10.1.2.3]/", "HTTP_PROXY=p NO_PROXY=10.0.0.0/8", "")
	check("http://10.1.2.3/", "HTTP_PROXY=p NO_PROXY=*", "")
	check("http://10.1.2.3/", "HTTP_PROXY=p no_proxy=10.1.2.3", "")
	check("http://10.1.2.3/", "HTTP_PROXY=p no_proxy=2.3", "http://p")
	check("http://[::1]/", "HTTP_PROXY=p no_proxy=::1", "")
}

// A plain request goes to the proxy whole, its URL in the first line.
func TestProxyPlain(t *testing.T) {
	rec := &recorder{reply: ok}
	env := vars.Env{"HTTP_PROXY": "http://user:pw@" + rec.listen(t, "tcp").Address}
	p := planOf(1, 2, ask("GET", "/a?b", nil), vary("POST", "http://example.org:81/{{ iteration }}", "x"))
	got := mustRun(t, p, Target{}, Options{Env: env})
	rec.stop()
	want := []string{"GET http://localhost/a?b", "POST http://example.org:81/0 x", "GET http://localhost/a?b", "POST http://example.org:81/1 x"}
	if diff := cmp.Diff(want, rec.lines()); diff != "" || got.Failed != 0 {
		t.Errorf("%+v (-want +got):\n%s", got, diff)
	}
	if h := rec.requests[1].header; h.Get("host") != "example.org:81" || h.Get("proxy-authorization") != "Basic dXNlcjpwdw==" {
		t.Errorf("headers %v", h)
	}

	direct := &recorder{reply: ok}
	p = planOf(1, 1, vary("GET", "http://"+direct.listen(t, "tcp").Address+"/", ""))
	mustRun(t, p, Target{}, Options{Env: env, NoProxy: true})
	direct.stop()
	if diff := cmp.Diff([]string{"GET /"}, direct.lines()); diff != "" {
		t.Error(diff)
	}
}

// For TLS the proxy is asked for a connection, over which nothing is said that
// it can read.
func TestProxyConnect(t *testing.T) {
	s := secureServer(t)
	address := strings.TrimPrefix(s.URL, "https://")
	var mu sync.Mutex
	var asked []string
	rec := &recorder{raw: func(c net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		mu.Lock()
		asked = append(asked, req.Method+" "+req.RequestURI+" "+req.Host)
		mu.Unlock()
		server, err := net.Dial("tcp", req.RequestURI)
		if err != nil {
			_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 Connected\r\n\r\n")
		go func() { _, _ = io.Copy(server, c); server.Close() }()
		_, _ = io.Copy(c, server)
	}}
	env := vars.Env{"HTTPS_PROXY": rec.listen(t, "tcp").Address}
	got := mustRun(t, planOf(1, 3, vary("GET", s.URL+"/x", "")), Target{}, Options{Env: env, Insecure: true})
	if got.Statuses["200"] != 3 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"CONNECT " + address + " " + address}, asked); diff != "" {
		t.Error(diff)
	}
	var seen notes
	got = mustRun(t, planOf(1, 1, vary("GET", "https://127.0.0.1:1/", "")), Target{}, Options{Env: env, Observer: &seen})
	check(t, got, failure(1, "connect"))
	if !strings.HasSuffix(seen.lines[0], "the proxy refuses with status 502") {
		t.Error(seen.lines[0])
	}
	rec.stop()
}
