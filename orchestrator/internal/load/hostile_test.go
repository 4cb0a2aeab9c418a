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
	"github.com/google/go-cmp/cmp/cmpopts"
)

// check compares all but times. What want leaves out of SentBytes, Iterations
// and Groups is not compared.
func check(t *testing.T, got, want Result) {
	t.Helper()
	if want.SentBytes == 0 {
		got.SentBytes = 0
	}
	if want.Iterations == 0 {
		got.Iterations = 0
	}
	if want.Groups == nil {
		got.Groups = nil
	}
	ignore := cmpopts.IgnoreFields(Counts{}, "Latency", "FirstByte", "Attempts", "ReceivedBytes")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Result{}, "Start", "End", "Hints"), ignore); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

// failure is the result of n requests that all failed without an answer.
func failure(n int, class string) Result {
	return Result{Counts: Counts{Requests: n, Failed: n, Errors: map[string]int{class: n}, Statuses: map[string]int{}, Answers: map[string]int{}}}
}

// Whatever a server does, each request is one failure of one class, and the
// next request has its own chance.
func TestHostileServers(t *testing.T) {
	for name, c := range map[string]struct {
		reply string
		want  string
	}{
		"no answer":           {"", "eof"},
		"closed in the head":  {"HTTP/1.1 200 OK\r\ncontent-", "eof"},
		"closed in the body":  {"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", "eof"},
		"closed in a chunk":   {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nhalf", "eof"},
		"chunk without size":  {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "protocol"},
		"length is no number": {"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", "protocol"},
		"1 MB header line":    {"HTTP/1.1 200 OK\r\nx: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "protocol"},
		"endless headers":     {"HTTP/1.1 200 OK\r\n" + strings.Repeat("x: y\r\n", 1<<18), "protocol"},
		"endless waiting":     {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1<<16), "protocol"},
		"endless trailers":    {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("x: y\r\n", 1<<18), "protocol"},
		"length below zero":   {"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok", "protocol"},
		"two lengths":         {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!", "protocol"},
		"length beyond all":   {"HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\nok", "protocol"},
		"chunk too long":      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok!\r\n0\r\n\r\n", "protocol"},
		"chunks without end":  {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", "eof"},
		"another protocol":    {"SSH-2.0-OpenSSH_9.2\r\n", "protocol"},
		"TLS":                 {"\x15\x03\x01\x00\x02\x02\x50", "eof"},
	} {
		t.Run(name, func(t *testing.T) {
			bothNetworks(t, func(t *testing.T, network string) {
				target := (&recorder{reply: text(c.reply)}).listen(t, network)
				w := planOf(2, 4, ask("POST", "/", []byte("x")))
				check(t, mustRun(t, w, target, Options{}), failure(4, c.want))
			})
		})
	}
}

// What stands behind an answer, because its length is given too short or
// because nobody asked, belongs to no other request.
func TestGarbageAfterAnswer(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		rec := &recorder{reply: func(w net.Conn, s seen) bool {
			_, err := io.WriteString(w, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n")
			return err == nil
		}}
		target := rec.listen(t, network)
		got := mustRun(t, planOf(1, 5, ask("GET", "/", nil)), target, Options{})
		rec.stop()
		if got.Answers["200/2"] != 5 || got.Failed != 0 || rec.conns != 5 {
			t.Errorf("%+v over %d connections", got.Counts, rec.conns)
		}
	})
}

// Which answers leave a connection that can be used again, and which bodies are
// none.
func TestReuse(t *testing.T) {
	for name, c := range map[string]struct {
		method, reply, answer string
		conns                 int
	}{
		"HTTP/1.0":               {"GET", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", "200/2", 4},
		"HTTP/1.0, kept alive":   {"GET", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok", "200/2", 1},
		"close":                  {"GET", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok", "200/2", 4},
		"chunks":                 {"GET", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "200/2", 1},
		"interim answers":        {"POST", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "200/2", 1},
		"HEAD":                   {"HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", "200/0", 1},
		"HEAD with a body":       {"HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "200/0", 4},
		"204 with a body":        {"GET", "HTTP/1.1 204 No\r\ncontent-length: 2\r\n\r\nok", "204/0", 4},
		"304 with a length":      {"GET", "HTTP/1.1 304 Not\r\ncontent-length: 2\r\n\r\n", "304/0", 1},
		"another protocol":       {"GET", "HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\nhello", "101/0", 4},
		"an empty line too many": {"GET", "\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "200/2", 1},
	} {
		t.Run(name, func(t *testing.T) {
			bothNetworks(t, func(t *testing.T, network string) {
				rec := &recorder{reply: func(w net.Conn, _ seen) bool {
					_, err := io.WriteString(w, c.reply)
					return err == nil
				}}
				got := mustRun(t, planOf(1, 4, ask(c.method, "/", nil)), rec.listen(t, network), Options{})
				rec.stop()
				if got.Answers[c.answer] != 4 || rec.conns != c.conns || len(rec.requests) != 4 {
					t.Errorf("%+v over %d connections; want %s over %d", got.Counts, rec.conns, c.answer, c.conns)
				}
			})
		})
	}
}

// A buffer is as large as what a server sends, up to its limit.
func TestBuffer(t *testing.T) {
	for _, c := range []struct{ body, want int }{{100, smallBuffer}, {5000, 4 * smallBuffer}, {1 << 20, bufferSize}} {
		rec := &recorder{reply: func(w net.Conn, s seen) bool { return say(w, strings.Repeat("x", c.body)) }}
		w, stop := benchWorker(t, planOf(1, 1, ask("GET", "/", nil)), rec.listen(t, "tcp"))
		for range 3 {
			w.iterate(t.Context(), 0, 0)
		}
		if got := len(w.conns[0].in.buf); got != c.want || w.tally.groups[0].failed > 0 {
			t.Errorf("body of %d bytes: a buffer of %d; want %d", c.body, got, c.want)
		}
		stop()
		rec.stop()
	}
}

func TestReset(t *testing.T) {
	rec := &recorder{raw: func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1))
		if err := reset(c); err != nil {
			t.Error(err)
		}
	}}
	target := rec.listen(t, "tcp")
	w := planOf(1, 3, ask("GET", "/", nil))
	check(t, mustRun(t, w, target, Options{}), failure(3, "reset"))
}

// Slow heads and endless bodies end at the timeout, no earlier and little
// later, whatever trickles in meanwhile.
func TestTimeout(t *testing.T) {
	trickle := func(start, more string) func(net.Conn, seen) bool {
		return func(w net.Conn, _ seen) bool {
			_, err := io.WriteString(w, start)
			for err == nil {
				time.Sleep(100 * time.Millisecond)
				_, err = io.WriteString(w, more)
			}
			return false
		}
	}
	for name, rec := range map[string]*recorder{
		"slow head":       {reply: trickle("HTTP/1.1 200 OK\r\n", "x: y\r\n")},
		"endless body":    {reply: trickle("HTTP/1.1 200 OK\r\n\r\n", "more")},
		"endless chunks":  {reply: trickle("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n")},
		"endless waiting": {reply: trickle("", "HTTP/1.1 100 Continue\r\n\r\n")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := planOf(2, 4, ask("GET", "/", nil))
				got := mustPipe(t.Context(), t, w, rec, Options{Timeout: 8 * time.Second})
				check(t, got, failure(4, "timeout"))
				if h := got.Attempts; h.Min() < 8*time.Second || h.Max() > 8250*time.Millisecond {
					t.Errorf("%v to %v; want 8 s and at most 250 ms more", h.Min(), h.Max())
				}
				rec.handlers.Wait()
			})
		})
	}
}

// A server that takes no more of the body, and says nothing.
func TestTimeoutInRequest(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		hold := make(chan struct{})
		rec := &recorder{raw: func(net.Conn) { <-hold }}
		target := rec.listen(t, network)
		w := planOf(1, 2, ask("POST", "/", make([]byte, 20<<20)))
		got := mustRun(t, w, target, Options{Timeout: 50 * time.Millisecond})
		close(hold)
		check(t, got, failure(2, "timeout"))
	})
}

// An answer that comes before the request is out is an answer.
func TestEarlyAnswer(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		for name, after := range map[string]func(c net.Conn){
			"closed":   func(net.Conn) {},
			"not read": func(c net.Conn) { time.Sleep(200 * time.Millisecond) },
		} {
			for _, size := range []int{1000, 20 << 20} {
				rec := &recorder{raw: func(c net.Conn) {
					_, _ = c.Read(make([]byte, 100))
					_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\ncontent-length: 5\r\nconnection: close\r\n\r\nlarge")
					after(c)
				}}
				target := rec.listen(t, network)
				w := planOf(1, 3, ask("POST", "/", make([]byte, size)))
				got := mustRun(t, w, target, Options{})
				if got.Statuses["413"] != 3 || got.Failed != 3 || got.Errors["status 413"] != 3 || got.Latency.Max() > DefaultTimeout/2 {
					t.Errorf("%s, body of %d bytes: %+v", name, size, got)
				}
			}
		}
	})
}

// A server that sends while it still reads would wait for ever on a client
// that only writes.
func TestEcho(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		req := ask("POST", "/", make([]byte, 20<<20))
		size := sizeOf(t, req)
		rec := &recorder{raw: func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
			_, _ = io.CopyN(c, c, int64(size))
		}}
		target := rec.listen(t, network)
		w := planOf(1, 1, req)
		got := mustRun(t, w, target, Options{})
		check(t, got, Result{Counts: Counts{
			Requests: 1, Errors: map[string]int{},
			Statuses: map[string]int{"200": 1}, Answers: map[string]int{fmt.Sprintf("200/%d", size): 1},
		}})
	})
}

// A connection that the server closed while it was idle costs no failure: the
// request goes out on a new one, once.
func TestIdleClose(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		for _, size := range []int{0, 1 << 20} {
			rec := &recorder{reply: func(w net.Conn, s seen) bool { ok(w, s); return false }}
			target := rec.listen(t, network)
			c := newConn(&route{dial: target}, DefaultTimeout, &dialer{dial: dialNet}, &lifeline{})
			msg := rendered(t, ask("POST", "/", make([]byte, size)))
			for range 3 {
				ans, sent, err := c.do(t.Context(), msg, expect{}, time.Now())
				if err != nil || !sent || !ans.reuse {
					t.Errorf("body of %d bytes: %+v, %v, %v", size, ans, sent, err)
				}
				for rec.openConns() > 0 {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(2 * idleLimit)
			}
			c.close()
			rec.stop()
			if rec.conns != 3 || len(rec.requests) != 3 {
				t.Errorf("%d requests over %d connections; want 3 over 3", len(rec.requests), rec.conns)
			}
		}
	})
}

// The same where the client has had no time to notice: the request went out, and
// never came to the server. From then on nothing is risked.
func TestSilentClose(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		for _, size := range []int{0, 1 << 20} {
			rec := &recorder{reply: func(w net.Conn, s seen) bool { ok(w, s); return false }}
			target := rec.listen(t, network)
			c := newConn(&route{dial: target}, DefaultTimeout, &dialer{dial: dialNet}, &lifeline{})
			msg := rendered(t, ask("POST", "/", make([]byte, size)))
			start := time.Now()
			for i := range 4 {
				c.used = start // too short a while ago to look
				ans, sent, err := c.do(t.Context(), msg, expect{}, start)
				if err != nil || !sent || !ans.reuse || c.single != (i > 0 && network == "tcp") {
					t.Errorf("request %d, body of %d bytes: %+v, %v, %v", i, size, ans, sent, err)
				}
				for rec.openConns() > 0 {
					time.Sleep(time.Millisecond)
				}
			}
			c.close()
			rec.stop()
			if rec.conns != 4 || len(rec.requests) != 4 {
				t.Errorf("%d requests over %d connections; want 4 over 4", len(rec.requests), rec.conns)
			}
		}
	})
}

// A request that a server took and did not answer may have been carried out:
// it is not sent again.
func TestNoSecondTry(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		rec := &recorder{}
		rec.reply = func(w net.Conn, s seen) bool { return strings.HasPrefix(s.line, "GET /good") && ok(w, s) }
		target := rec.listen(t, network)
		w := planOf(1, 3,
			ask("GET", "/good", nil),
			ask("GET", "/bad", nil),
		)
		got := mustRun(t, w, target, Options{})
		check(t, got, Result{Counts: Counts{
			Requests: 6, Failed: 3, Errors: map[string]int{"eof": 3},
			Statuses: map[string]int{"200": 3}, Answers: map[string]int{"200/2": 3},
		}})
		rec.stop()
		if len(rec.requests) != 6 {
			t.Errorf("the server saw %d requests; want 6", len(rec.requests))
		}
	})
}

// Ever other sizes of answers are counted, but not each for itself.
func TestManySizes(t *testing.T) {
	tallies := newTallies(1, 1)
	for i := range 5000 {
		tallies[0].record(0, &outcome{took: time.Millisecond, sent: 1, status: 200, body: int64(i)})
	}
	tallies[0].record(0, &outcome{took: time.Hour, cause: failTimeout})
	var r Result
	report(&r, tallies, []string{"one"})
	if len(r.Answers) != maxSizes+1 || r.Answers["200/other"] != 4000 {
		t.Errorf("%d sizes, %d others", len(r.Answers), r.Answers["200/other"])
	}
	if r.Attempts.Max() != time.Hour || r.Failed != 1 || r.SentBytes != 5000 || r.Latency.Max() != time.Millisecond {
		t.Errorf("attempts to %v, latency to %v", r.Attempts.Max(), r.Latency.Max())
	}
}
