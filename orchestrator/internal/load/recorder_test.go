package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seen is one request as a server saw it.
type seen struct {
	conn   int // number of its connection, from 1
	line   string
	header http.Header
	body   string
	at     time.Time
}

// recorder is a server that notes what it is sent. What it answers, and how
// badly, is up to reply: it gets the connection after the request was read.
// To hang up, reply returns false.
type recorder struct {
	reply func(w net.Conn, s seen) bool
	// raw, where set, takes a connection over before anything was read.
	raw func(c net.Conn)

	mu              sync.Mutex
	requests        []seen
	conns           int
	inFlight, peak  int
	open            map[net.Conn]bool
	handlers        sync.WaitGroup
	listener        net.Listener
	acceptorStopped chan struct{}
}

func ok(w net.Conn, _ seen) bool {
	_, err := io.WriteString(w, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
	return err == nil
}

// text makes a reply out of what is to be sent, after which it hangs up.
func text(s string) func(net.Conn, seen) bool {
	return func(w net.Conn, _ seen) bool {
		_, _ = io.WriteString(w, s)
		return false
	}
}

// shortDir is a folder whose name leaves room for a socket's, whatever TMPDIR
// says.
func shortDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/tmp", "load-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// listen starts it on a fresh unix socket or TCP port.
func (r *recorder) listen(t testing.TB, network string) Target {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(shortDir(t), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	r.listener, r.acceptorStopped = l, make(chan struct{})
	go func() {
		defer close(r.acceptorStopped)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.start(c)
		}
	}()
	t.Cleanup(r.stop)
	return Target{network, l.Addr().String()}
}

// pipe is a dialFunc that connects without the kernel, for tests whose clock
// is not the real one.
func (r *recorder) pipe(context.Context, Target, time.Time) (net.Conn, error) {
	client, server := net.Pipe()
	r.start(server)
	return client, nil
}

func (r *recorder) start(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		r.open = map[net.Conn]bool{}
	}
	r.conns++
	n := r.conns
	r.open[c] = true
	r.handlers.Go(func() {
		defer func() {
			c.Close()
			r.mu.Lock()
			delete(r.open, c)
			r.mu.Unlock()
		}()
		if r.raw != nil {
			r.raw(c)
			return
		}
		r.serve(c, n)
	})
}

func (r *recorder) openConns() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}

func (r *recorder) stop() {
	if r.listener != nil {
		r.listener.Close()
		<-r.acceptorStopped
	}
	r.mu.Lock()
	for c := range r.open {
		c.Close()
	}
	r.mu.Unlock()
	r.handlers.Wait()
}

func (r *recorder) serve(c net.Conn, n int) {
	in := bufio.NewReader(c)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		at := time.Now()
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		req.Header.Set("host", req.Host)
		s := seen{n, fmt.Sprintf("%s %s %s", req.Method, req.RequestURI, req.Proto), req.Header, string(body), at}
		r.mu.Lock()
		r.requests = append(r.requests, s)
		r.inFlight++
		r.peak = max(r.peak, r.inFlight)
		r.mu.Unlock()
		// Out of flight before the answer goes: the next request may come as
		// soon as the client has it.
		w := &landing{Conn: c, land: sync.OnceFunc(func() {
			r.mu.Lock()
			r.inFlight--
			r.mu.Unlock()
		})}
		goOn := r.reply(w, s)
		w.land()
		if !goOn {
			return
		}
	}
}

// landing tells when the answer to a request begins.
type landing struct {
	net.Conn
	land func()
}

func (l *landing) Write(b []byte) (int, error) {
	l.land()
	return l.Conn.Write(b)
}

// ask makes a request of a plan, for a path of http://localhost.
func ask(method, path string, body []byte, headers ...Field) *plan.Request {
	r := &plan.Request{
		Step: plan.Step{Name: method + " " + path}, Method: method,
		URL: vars.Parse("http://localhost" + path), Address: "http://localhost" + path,
		Body: plan.Body{Bytes: body},
	}
	for _, h := range headers {
		r.Headers = append(r.Headers, plan.Header{Name: h.Name, Value: vars.Parse(h.Value)})
	}
	return r
}

// rendered gives a request as it goes over the wire.
func rendered(t testing.TB, r *plan.Request) *message {
	t.Helper()
	prog, err := prepare(planOf(1, 1, r), Target{"tcp", "x"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &prog.steps[0].request.fixed.message
}

func sizeOf(t testing.TB, r *plan.Request) int { return rendered(t, r).size }

// planOf makes a plan of items.
func planOf[I plan.Item](concurrency, iterations int, items ...I) *plan.Plan {
	p := &plan.Plan{Concurrency: concurrency, Iterations: iterations}
	for _, item := range items {
		p.Items = append(p.Items, item)
	}
	return p
}

// mustRun runs a plan that has to be one that can be run.
func mustRun(t testing.TB, p *plan.Plan, target Target, opt Options) Result {
	t.Helper()
	return mustRunCtx(t.Context(), t, p, target, opt)
}

func mustRunCtx(ctx context.Context, t testing.TB, p *plan.Plan, target Target, opt Options) Result {
	t.Helper()
	result, err := Run(ctx, p, target, opt)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// mustPipe is mustRun against a recorder without the kernel.
func mustPipe(ctx context.Context, t testing.TB, p *plan.Plan, rec *recorder, opt Options) Result {
	t.Helper()
	opt.NoDNSCache = true
	result, err := network{rec.pipe, lookupNet}.run(ctx, p, Target{}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// reset closes a connection so that its peer sees a reset.
func reset(c net.Conn) error {
	tcp, isTCP := c.(*net.TCPConn)
	if !isTCP {
		return errors.New("not a TCP connection")
	}
	return tcp.SetLinger(0)
}
