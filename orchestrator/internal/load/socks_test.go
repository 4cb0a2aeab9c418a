package load

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/weburl"
)

// socksServer is a SOCKS5 proxy (RFC 1928, 1929) that notes what it is asked.
type socksServer struct {
	login string            // user:password that it wants; empty: none
	hosts map[string]string // where names and addresses lead; what is not there is unreachable

	mu    sync.Mutex
	asked []string
}

func (s *socksServer) note(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, text)
}

// serve takes one connection.
func (s *socksServer) serve(c net.Conn) {
	if s.greet(c) != nil {
		return
	}
	host, err := s.destination(c)
	if err != nil {
		return
	}
	s.note(host)
	server, err := net.Dial("tcp", s.hosts[host])
	if err != nil {
		_, _ = c.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0}) // host unreachable
		return
	}
	_, _ = c.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 1})
	go func() { _, _ = io.Copy(server, c); server.Close() }()
	_, _ = io.Copy(c, server)
}

// field reads a text with its length in front.
func field(c net.Conn) (string, error) {
	size := make([]byte, 1)
	if _, err := io.ReadFull(c, size); err != nil {
		return "", err
	}
	text := make([]byte, size[0])
	_, err := io.ReadFull(c, text)
	return string(text), err
}

// greet agrees on a method, and checks who is there.
func (s *socksServer) greet(c net.Conn) error {
	version := make([]byte, 1)
	if _, err := io.ReadFull(c, version); err != nil || version[0] != 5 {
		return errors.New("not SOCKS5")
	}
	methods, err := field(c)
	if err != nil {
		return err
	}
	method := byte(0)
	if s.login != "" {
		method = 2
	}
	if !strings.Contains(methods, string(rune(method))) {
		_, _ = c.Write([]byte{5, 0xff})
		return errors.New("no common method")
	}
	_, _ = c.Write([]byte{5, method})
	if s.login == "" {
		return nil
	}
	if _, err := io.ReadFull(c, version); err != nil {
		return err
	}
	user, err := field(c)
	if err != nil {
		return err
	}
	password, err := field(c)
	if err != nil {
		return err
	}
	if user+":"+password != s.login {
		_, _ = c.Write([]byte{1, 1})
		return errors.New("not welcome")
	}
	_, err = c.Write([]byte{1, 0})
	return err
}

// destination reads where the client wants to go.
func (s *socksServer) destination(c net.Conn) (string, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(c, head); err != nil || head[1] != 1 {
		return "", errors.New("not a CONNECT")
	}
	host := ""
	switch head[3] {
	case 3:
		name, err := field(c)
		if err != nil {
			return "", err
		}
		host = name
	case 1, 4:
		address := make([]byte, map[byte]int{1: 4, 4: 16}[head[3]])
		if _, err := io.ReadFull(c, address); err != nil {
			return "", err
		}
		a, _ := netip.AddrFromSlice(address)
		host = a.String()
	}
	port := make([]byte, 2)
	if _, err := io.ReadFull(c, port); err != nil {
		return "", err
	}
	return net.JoinHostPort(host, fmt.Sprint(binary.BigEndian.Uint16(port))), nil
}

// listen gives its address.
func (s *socksServer) listen(t *testing.T) string {
	return (&recorder{raw: s.serve}).listen(t, "tcp").Address
}

func TestSOCKS(t *testing.T) {
	plain := (&recorder{reply: ok}).listen(t, "tcp").Address
	secure := strings.TrimPrefix(secureServer(t).URL, "https://")
	other := (&recorder{raw: func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }}).listen(t, "tcp").Address
	for name, c := range map[string]struct {
		login, variable, proxy, url string
		want                        []string
		class                       string
	}{
		"by name":              {proxy: "socks5h://%s", url: "http://h.test:81/", want: []string{"h.test:81"}},
		"by address":           {proxy: "socks5://%s", url: "http://h.test:81/", want: []string{"192.0.2.1:81", "192.0.2.2:81"}},
		"an address":           {proxy: "socks5h://%s", url: "http://192.0.2.2:81/", want: []string{"192.0.2.2:81"}},
		"an IPv6 address":      {proxy: "socks5://%s", url: "http://[2001:db8::1]:81/", want: []string{"[2001:db8::1]:81"}},
		"TLS":                  {proxy: "socks5h://%s", variable: "HTTPS_PROXY", url: "https://secure.test/", want: []string{"secure.test:443"}},
		"TLS, for all":         {proxy: "SOCKS5H://%s/", variable: "ALL_PROXY", url: "https://secure.test/", want: []string{"secure.test:443"}},
		"for all, in small":    {proxy: "socks5h://%s", variable: "all_proxy", url: "http://h.test:81/", want: []string{"h.test:81"}},
		"with a login":         {login: "me:p w:x", proxy: "socks5h://me:p%%20w:x@%s", url: "http://h.test:81/", want: []string{"h.test:81"}},
		"a login unasked":      {proxy: "socks5h://me:pw@%s", url: "http://h.test:81/", want: []string{"h.test:81"}},
		"with a wrong login":   {login: "me:pw", proxy: "socks5h://me:s3cret@%s", url: "http://h.test:81/", class: "connect"},
		"without a login":      {login: "me:pw", proxy: "socks5h://%s", url: "http://h.test:81/", class: "connect"},
		"a host that is not":   {proxy: "socks5h://%s", url: "http://nowhere.test/", want: []string{"nowhere.test:80"}, class: "connect"},
		"unreachable by name":  {proxy: "socks5://%s", url: "http://nowhere.test/", class: "connect"},
		"a proxy that is none": {proxy: "socks5h://" + other + "/%.0s", url: "http://h.test:81/", class: "connect"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &socksServer{login: c.login, hosts: map[string]string{
				"h.test:81": plain, "192.0.2.2:81": plain, "[2001:db8::1]:81": plain, "secure.test:443": secure,
			}}
			variable := c.variable
			if variable == "" {
				variable = "HTTP_PROXY"
			}
			env := vars.Env{variable: fmt.Sprintf(c.proxy, s.listen(t))}
			dir := &directory{addrs: map[string][]string{"h.test": {"192.0.2.1", "192.0.2.2"}}}
			var seen notes
			opt := Options{Env: env, Insecure: true, Observer: &seen}
			got, err := network{dialNet, dir.lookup}.run(t.Context(), planOf(1, 3, vary("GET", c.url, "")), Target{}, opt)
			if err != nil {
				t.Fatal(err)
			}
			if c.class != "" {
				check(t, got, Result{Counts: failure(3, c.class).Counts, Lookups: got.Lookups})
			} else if diff := cmp.Diff(c.want, s.asked); diff != "" || got.Statuses["200"] != 3 {
				t.Errorf("%+v: asked (-want +got):\n%s", got.Counts, diff)
			}
			if out := strings.Join(seen.lines, "\n"); strings.Contains(out, "s3cret") || t.Failed() {
				t.Error(out)
			}
			if strings.Contains(c.proxy, "socks5h") && dir.asked != nil {
				t.Errorf("names that the proxy looks up were looked up: %v", dir.asked)
			}
		})
	}
}

// The proxy itself may have a name, is left out where NO_PROXY says so, and what
// is silent does not hold up longer than the timeout.
func TestSOCKSRoute(t *testing.T) {
	rec := &recorder{reply: ok}
	address := rec.listen(t, "tcp").Address
	s := &socksServer{hosts: map[string]string{"h.test:80": address}}
	_, port, _ := net.SplitHostPort(s.listen(t))
	dir := &directory{addrs: map[string][]string{"proxy.test": {"127.0.0.1"}, "h.test": {"192.0.2.1"}}}
	env := vars.Env{"ALL_PROXY": "socks5h://proxy.test:" + port, "NO_PROXY": "127.0.0.0/8"}
	p := planOf(1, 6, vary("GET", "http://h.test/", ""), vary("GET", "http://"+address+"/direct", ""))
	got, err := network{dialNet, dir.lookup}.run(t.Context(), p, Target{}, Options{Env: env})
	rec.stop()
	if err != nil || got.Statuses["200"] != 12 || !slices.Equal(dir.asked, []string{"proxy.test"}) || !slices.Equal(s.asked, []string{"h.test:80"}) {
		t.Errorf("%+v, %v: looked up %v, asked for %v", got.Counts, err, dir.asked, s.asked)
	}
	if line := rec.requests[0].line; line != "GET / HTTP/1.1" && line != "GET /direct HTTP/1.1" {
		t.Errorf("the server was sent %q", line)
	}

	silent := (&recorder{raw: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }}).listen(t, "tcp").Address
	opt := Options{Env: vars.Env{"HTTP_PROXY": "socks5h://" + silent}, Timeout: 100 * time.Millisecond}
	check(t, mustRun(t, planOf(1, 2, vary("GET", "http://h.test/", "")), Target{}, opt), failure(2, "timeout"))

	behind := &socksServer{hosts: map[string]string{"h.test:443": silent}}
	opt.Env = vars.Env{"HTTPS_PROXY": "socks5h://" + behind.listen(t)}
	check(t, mustRun(t, planOf(1, 2, vary("GET", "https://h.test/", "")), Target{}, opt), failure(2, "timeout"))

	opt.Env = vars.Env{"HTTP_PROXY": "socks5h://" + silent}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	opt.Timeout = time.Minute
	if got := mustRunCtx(ctx, t, planOf(1, 2, vary("GET", "http://h.test/", "")), Target{}, opt); !got.Interrupted || got.Requests != 0 {
		t.Errorf("%+v", got)
	}
}

// What cannot be understood is told, without what may be secret in it.
func TestProxyMistakes(t *testing.T) {
	check := func(want []string, pairs ...string) {
		t.Helper()
		for url, none := range map[string]bool{"http://h/": false, "https://h/": false, "unix:/run/x": true, "": false} {
			r := vary("GET", "{{ x }}", "")
			if url != "" {
				r.Parsed, _ = weburl.Parse(url)
			}
			want := want
			if none {
				want = nil
			}
			if diff := cmp.Diff(want, proxyMistakes(vars.Environ(pairs), planOf(1, 1, r))); diff != "" {
				t.Errorf("%s, %q (-want +got):\n%s", url, pairs, diff)
			}
		}
	}
	const spoken = "://, and only http, https, socks5 and socks5h are supported"
	check(nil)
	check(nil, "HTTP_PROXY=", "HTTPS_PROXY= ", "ALL_PROXY=socks5h://u:p@h:1", "https_proxy=h:1")
	check(nil, "HTTP_PROXY=h:1", "http_proxy=http://bad:port")
	check([]string{"http_proxy is passed over: it is not a URL: invalid port"}, "HTTP_PROXY= ", "http_proxy=http://bad:port")
	check([]string{"HTTP_PROXY is passed over: it is not a URL: invalid port"}, "HTTP_PROXY=h:65536", "http_proxy=h:65535")
	check(nil, "HTTP_PROXY=127.0.0.1:3128", "https_proxy=https://h", "all_proxy=h", "NO_PROXY=*, a.b,.c,10.0.0.0/8,fd00::/8,::1,")
	check([]string{"HTTP_PROXY is passed over: it is not a URL: invalid port"}, "HTTP_PROXY=127.0.0.1:9x")
	check([]string{"HTTPS_PROXY is passed over: it is not a URL: invalid port"}, "HTTPS_PROXY=h:99999")
	check([]string{"HTTP_PROXY is passed over: it is not a URL: invalid port"}, "HTTP_PROXY=http://user:s3/cret@h")
	check([]string{"http_proxy is passed over: it begins with socks4" + spoken}, "http_proxy=socks4://u:s3cret@h:1")
	check([]string{"HTTPS_PROXY is passed over: it begins with ftp" + spoken, "all_proxy is passed over: it begins with unix" + spoken},
		"HTTPS_PROXY=ftp://h", "all_proxy=unix:///run/x")
	check([]string{"ALL_PROXY is passed over: it has no host"}, "ALL_PROXY=socks5://")
	check([]string{"ALL_PROXY is passed over: it has no host"}, "ALL_PROXY=http://:8080")
	check([]string{"ALL_PROXY is passed over: it is not a URL: invalid IPv6 address"}, "ALL_PROXY=http://[::1")
	check([]string{"ALL_PROXY is passed over: it is not a URL: invalid IPv4 address"}, "ALL_PROXY=http://1.2.3.400:80")
	check([]string{"ALL_PROXY is passed over: it is not a URL"}, "ALL_PROXY=1http://h")
	check([]string{"HTTP_PROXY is passed over: REQUEST_METHOD is set too, and for scripts of a web server a visitor's header may be what it holds"},
		"HTTP_PROXY=h:1", "REQUEST_METHOD=GET")
	check([]string{`no_proxy: its entry "10.0.0.0/99" is passed over: it is neither a host nor a network`}, "no_proxy=a, 10.0.0.0/99")
	check([]string{`NO_PROXY: its entry "http://h" is passed over: it is neither a host nor a network`}, "NO_PROXY=http://h h:80,[::1]:80")
	check([]string{`NO_PROXY: its entry "h:80x" is passed over: it is neither a host nor a network`}, "NO_PROXY=*.a,h:80x")
	if got := proxyMistakes(vars.Environ([]string{"HTTP_PROXY=x:y"}), planOf[plan.Item](1, 1, &plan.Delay{})); got != nil {
		t.Errorf("without a request: %v", got)
	}
}
