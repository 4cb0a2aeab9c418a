package load

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// arrived waits until the next request has begun to come in, and does not take
// it.
func arrived(c net.Conn) error {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return err != syscall.EAGAIN
	})
}

// A server that gives up connections it had kept, just as a request comes in,
// cannot be told from one that took the request, so it is not sent again; but it
// is told apart from trouble within an exchange.
func TestDropped(t *testing.T) {
	secure := secureServer(t)
	serve := func(c net.Conn, over io.ReadWriter, again func(in *bufio.Reader)) {
		in := bufio.NewReader(over)
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(over, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
		if err := arrived(c); err != nil {
			t.Error(err)
		}
		again(in)
	}
	for name, c := range map[string]struct {
		network, want string
		secure        bool
		again         func(c net.Conn, in *bufio.Reader)
	}{
		"closed":          {"tcp", "closed by server while idle", false, func(net.Conn, *bufio.Reader) {}},
		"closed, socket":  {"unix", "closed by server while idle", false, func(net.Conn, *bufio.Reader) {}},
		"closed, TLS":     {"tcp", "closed by server while idle", true, func(net.Conn, *bufio.Reader) {}},
		"reset":           {"tcp", "closed by server while idle", false, func(c net.Conn, _ *bufio.Reader) { _ = reset(c) }},
		"reset in a head": {"tcp", "reset", false, func(c net.Conn, _ *bufio.Reader) { _, _ = io.WriteString(c, "HTTP/1.1 2") }},
		"reset after an interim answer": {"tcp", "reset", false, func(c net.Conn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}},
		"reset in a body": {"tcp", "reset", false, func(c net.Conn, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
		}},
		"read to its end": {"tcp", "eof", false, func(_ net.Conn, in *bufio.Reader) {
			if r, err := http.ReadRequest(in); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
			}
		}},
	} {
		for _, method := range []string{"GET", "POST"} {
			for _, size := range []int{0, 1000, 1 << 20} {
				if size > 0 && method == "GET" || c.want == "reset" && size > 1000 {
					continue
				}
				t.Run(fmt.Sprintf("%s, %s of %d bytes", name, method, size), func(t *testing.T) {
					rec := &recorder{raw: func(nc net.Conn) {
						if !c.secure {
							serve(nc, nc, func(in *bufio.Reader) { c.again(nc, in) })
							return
						}
						over := tls.Server(nc, secure.TLS)
						serve(nc, over, func(in *bufio.Reader) { c.again(nc, in) })
					}}
					target := rec.listen(t, c.network)
					var seen notes
					got := mustRun(t, planOf(1, 3, named(method, c.secure, target, size), named(method, c.secure, target, size)), Target{}, Options{Insecure: true, Observer: &seen})
					rec.stop()
					if got.Errors[c.want] != 3 || got.Statuses["200"] != 3 || rec.conns != 3 {
						t.Errorf("%+v over %d connections; want 3 %q", got.Counts, rec.conns, c.want)
					}
					if hinted := len(got.Hints) == 1 && got.Hints[0].Requests == 3; hinted != strings.Contains(c.want, "idle") {
						t.Errorf("hints %+v", got.Hints)
					}
				})
			}
		}
	}
}

// named makes a request for a target, by its URL.
func named(method string, secure bool, target Target, size int) *plan.Request {
	base := "http://" + target.Address
	switch {
	case secure:
		base = "https://" + target.Address
	case target.Network == "unix":
		base = "unix:" + target.Address + ":"
	}
	return vary(method, base+"/", strings.Repeat("x", size))
}
