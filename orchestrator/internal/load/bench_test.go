package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// minimalServer answers every request as soon as its body is read, with as
// little work as can be: a benchmark is about the other side.
func minimalServer(tb testing.TB, network string) Target {
	tb.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(shortDir(tb), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveMinimal(c)
		}
	}()
	tb.Cleanup(func() { l.Close(); <-done })
	return Target{network, l.Addr().String()}
}

func serveMinimal(c net.Conn) {
	defer c.Close()
	in := bufio.NewReaderSize(c, 64<<10)
	reply := []byte("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: Mon, 23 Nov 2026 08:00:00 GMT\r\n\r\nok")
	for {
		length := 0
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			if len(line) <= 2 {
				break
			}
			const name = "content-length: "
			if len(line) > len(name) && string(line[:len(name)]) == name {
				length, _ = strconv.Atoi(string(line[len(name) : len(line)-2]))
			}
		}
		if _, err := in.Discard(length); err != nil {
			return
		}
		if _, err := c.Write(reply); err != nil {
			return
		}
	}
}

// BenchmarkExchange is the hot path: one request, one answer, one connection.
// The time and the CPU are of both sides, the allocations are ours: the server
// makes none.
func BenchmarkExchange(b *testing.B) {
	for _, c := range []struct {
		name, network, method string
		body                  int
	}{
		{"get/unix", "unix", "GET", 0},
		{"get/tcp", "tcp", "GET", 0},
		{"post31k/unix", "unix", "POST", 31_000},
		{"post31k/tcp", "tcp", "POST", 31_000},
		{"post605k/unix", "unix", "POST", 605_000},
		{"post605k/tcp", "tcp", "POST", 605_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			target := minimalServer(b, c.network)
			p := planOf(1, 1, ask(c.method, "/", make([]byte, c.body)))
			w, stop := benchWorker(b, p, target)
			defer stop()
			w.iterate(b.Context(), 0, 0)
			b.ReportAllocs()
			b.SetBytes(int64(sizeOf(b, p.Requests()[0])))
			before := cpuTime(b)
			for b.Loop() {
				w.iterate(b.Context(), 0, 0)
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/1e3, "cpu-µs/op")
			if g := &w.tally.groups[0]; g.failed > 0 {
				b.Fatalf("%d of %d requests failed: %v", g.failed, g.requests, g.failures)
			}
		})
	}
}

// BenchmarkInterpolated is a POST of 31 kB that is different in each iteration,
// in its body and in a header.
func BenchmarkInterpolated(b *testing.B) {
	target := minimalServer(b, "unix")
	half := strings.Repeat("x", 15_500)
	p := planOf(1, 1, vary("POST", "http://localhost/{{ iteration }}", half+"{{ iteration }}"+half, Field{"x-id", "{{ iteration }}"}))
	w, stop := benchWorker(b, p, target)
	defer stop()
	b.ReportAllocs()
	before := cpuTime(b)
	i := int64(0)
	for b.Loop() {
		w.iterate(b.Context(), i, 0)
		i++
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/1e3, "cpu-µs/op")
	if w.tally.groups[0].failed > 0 || w.broken > 0 {
		b.Fatalf("%d failed, %d broken", w.tally.groups[0].failed, w.broken)
	}
}

// A request that no variable changes allocates nothing, whatever is counted of
// it.
func TestNoAllocations(t *testing.T) {
	for name, items := range map[string][]*plan.Request{
		"get":   {ask("GET", "/", nil)},
		"post":  {ask("POST", "/", make([]byte, 31_000), Field{"content-type", "text/plain"})},
		"large": {ask("POST", "/", make([]byte, 605_000))},
		"two":   {ask("GET", "/a", nil), ask("GET", "/b", nil)},
	} {
		target := minimalServer(t, "tcp")
		w, stop := benchWorker(t, planOf(1, 1, items...), target)
		run := func() { w.iterate(t.Context(), 0, 0) }
		for range 100 {
			run() // a histogram takes room when it meets the first value of an octave
		}
		if n := testing.AllocsPerRun(200, run); n >= 1 {
			t.Errorf("%s: %v allocations for an iteration", name, n)
		}
		stop()
	}
}

// benchWorker makes the only worker of a plan.
func benchWorker(b testing.TB, p *plan.Plan, target Target) (w *worker, stop func()) {
	b.Helper()
	prog, err := prepare(p, target, Options{Timeout: DefaultTimeout})
	if err != nil {
		b.Fatal(err)
	}
	prog.dialer.dial = dialNet
	w = newWorker(prog, newTallies(1, len(prog.groups))[0])
	return w, func() {
		for _, c := range w.conns {
			c.close()
		}
	}
}

// cpuTime is the user and system time of this process so far.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkNetHTTP is the same over the standard client, for comparison.
func BenchmarkNetHTTP(b *testing.B) {
	target := minimalServer(b, "unix")
	transport := &http.Transport{
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialNet(ctx, target, time.Now().Add(time.Second))
		},
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		answer, err := client.Get("http://localhost/")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			b.Fatal(err)
		}
		answer.Body.Close()
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/1e3, "cpu-µs/op")
}
