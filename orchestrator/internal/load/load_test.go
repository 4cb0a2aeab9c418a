package load

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

func bothNetworks(t *testing.T, test func(t *testing.T, network string)) {
	t.Helper()
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) { test(t, network) })
	}
}

// What goes over the wire, in which order and over how many connections.
func TestRun(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		rec := &recorder{reply: ok}
		target := rec.listen(t, network)
		large := []byte(strings.Repeat("0123456789abcdef", 50_000))
		w := planOf(1, 3,
			ask("GET", "/first", nil),
			ask("POST", "/second", []byte("small"), Field{"Content-Type", "text/plain"}),
			ask("PUT", "/third", large),
		)
		var progress Progress
		got := mustRun(t, w, target, Options{Progress: &progress})
		rec.stop()

		var lines []string
		for _, s := range rec.requests {
			lines = append(lines, s.line)
			if s.conn != 1 {
				t.Errorf("%s came over connection %d", s.line, s.conn)
			}
			if s.header.Get("user-agent") != "drill" || s.header.Get("accept") != "*/*" || s.header.Get("host") != "localhost" {
				t.Errorf("%s has headers %v", s.line, s.header)
			}
			switch s.line {
			case "POST /second HTTP/1.1":
				if s.body != "small" || s.header.Get("content-type") != "text/plain" {
					t.Errorf("second: body %q, headers %v", s.body, s.header)
				}
			case "PUT /third HTTP/1.1":
				if s.body != string(large) {
					t.Errorf("third: %d bytes, not as sent", len(s.body))
				}
			}
		}
		one := []string{"GET /first HTTP/1.1", "POST /second HTTP/1.1", "PUT /third HTTP/1.1"}
		if diff := cmp.Diff(append(append(append([]string(nil), one...), one...), one...), lines); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}

		sent := 0
		for _, r := range w.Requests() {
			sent += 3 * sizeOf(t, r)
		}
		if got.Latency.Min() <= 0 || got.Latency.Quantile(0.5) < got.Latency.Min() || got.Latency.Max() < got.Latency.Quantile(0.999) || got.End.Before(got.Start) {
			t.Errorf("latency %+v from %v to %v", got.Latency, got.Start, got.End)
		}
		check(t, got, Result{Counts: Counts{
			Requests: 9, SentBytes: bench.Bytes(sent), Errors: map[string]int{},
			Statuses: map[string]int{"200": 9}, Answers: map[string]int{"200/2": 9},
		}})
		if progress.Done() != 9 || progress.Failed() != 0 {
			t.Errorf("progress: %d done, %d failed", progress.Done(), progress.Failed())
		}
	})
}

// As many iterations are in flight as asked for, each over one connection,
// and none twice.
func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &recorder{reply: func(w net.Conn, s seen) bool {
			time.Sleep(time.Second)
			return ok(w, s)
		}}
		w := planOf(4, 10, ask("GET", "/", nil), ask("GET", "/", nil))
		start := time.Now()
		got := mustPipe(t.Context(), t, w, rec, Options{})
		rec.handlers.Wait()
		if rec.peak != 4 || rec.conns != 4 || len(rec.requests) != 20 || got.Requests != 20 {
			t.Errorf("%d in flight over %d connections, %d requests; want 4, 4, 20", rec.peak, rec.conns, len(rec.requests))
		}
		if took := time.Since(start); took != 6*time.Second {
			t.Errorf("ten iterations of two seconds, four at a time, took %v; want 6s", took)
		}
		if l := got.Latency; l.Min() != time.Second || l.Max() != time.Second || l.Quantile(0.5) != time.Second || l.Mean() != time.Second {
			t.Errorf("latency %+v; want 1s throughout", l)
		}
	})
}

// Latency is of what was answered, with any status; all that was tried is beside
// it.
func TestLatencyOfAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &recorder{reply: func(w net.Conn, s seen) bool {
			if strings.Contains(s.line, "/hang") {
				time.Sleep(time.Millisecond)
				return false
			}
			time.Sleep(time.Second)
			_, err := io.WriteString(w, "HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n")
			return err == nil
		}}
		progress := &Progress{}
		got := mustPipe(t.Context(), t, planOf(1, 3, ask("GET", "/busy", nil), ask("GET", "/hang", nil)), rec, Options{Progress: progress})
		rec.handlers.Wait()
		for name, h := range map[string]*Histogram{
			"latency": got.Latency, "first byte": got.FirstByte, "progress": progress.Latency(), "group": got.Groups[0].Latency,
		} {
			if h.N() != 3 || h.Min() != time.Second || h.Max() != time.Second {
				t.Errorf("%s: %d from %v to %v; want 3 of 1s", name, h.N(), h.Min(), h.Max())
			}
		}
		if h := got.Groups[1].Latency; h.N() != 0 || h.Summary() != (bench.Latency{}) {
			t.Errorf("of no answer: %+v", h.Summary())
		}
		if h := got.Attempts; got.Failed != 6 || h.N() != 6 || h.Min() != time.Millisecond || h.Max() != time.Second {
			t.Errorf("%d failed; attempts %d from %v to %v", got.Failed, h.N(), h.Min(), h.Max())
		}
	})
}

// Very many workers count as exactly as a few.
func TestManyWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &recorder{reply: func(w net.Conn, s seen) bool {
			time.Sleep(time.Second)
			return ok(w, s)
		}}
		w := planOf(0, 300, ask("GET", "/", nil))
		got := mustPipe(t.Context(), t, w, rec, Options{})
		rec.handlers.Wait()
		if rec.peak != 300 || got.Requests != 300 || got.Answers["200/2"] != 300 || got.Latency.Max() != time.Second {
			t.Errorf("%d in flight; %+v", rec.peak, got)
		}
	})
}

func TestDue(t *testing.T) {
	s := schedule{spread: 1 << 40, rampup: 24 * time.Hour}
	if got := s.due(1 << 39); got != 12*time.Hour {
		t.Errorf("half of the iterations are due at %v", got)
	}
}

// A connect that is refused is a failure of its request, and costs little.
func TestDeadTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := planOf(4, 200, ask("GET", "/", nil))
		target := Target{"unix", filepath.Join(shortDir(t), "none")}
		start := time.Now()
		got := mustRun(t, w, target, Options{})
		check(t, got, Result{Counts: Counts{
			Requests: 200, Failed: 200, Errors: map[string]int{"connect": 200},
			Statuses: map[string]int{}, Answers: map[string]int{},
		}})
		if took := time.Since(start); took < 200*time.Millisecond || took > time.Second {
			t.Errorf("200 refused connects took %v", took)
		}
	})
}

// The end of the context ends every kind of wait at once.
func TestCancel(t *testing.T) {
	bothNetworks(t, func(t *testing.T, network string) {
		hold := make(chan struct{})
		for name, rec := range map[string]*recorder{
			"before the answer": {reply: func(net.Conn, seen) bool { <-hold; return false }},
			"inside the body": {reply: func(w net.Conn, _ seen) bool {
				_, _ = w.Write([]byte("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"))
				<-hold
				return false
			}},
			"inside the request": {raw: func(net.Conn) { <-hold }},
		} {
			target := rec.listen(t, network)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			w := planOf(3, 9, ask("POST", "/", make([]byte, 20<<20)))
			start := time.Now()
			got := mustRunCtx(ctx, t, w, target, Options{})
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%s: it took %v to stop", name, took)
			}
			check(t, got, Result{Interrupted: true, Counts: Counts{Errors: map[string]int{}, Statuses: map[string]int{}, Answers: map[string]int{}}})
		}
		close(hold)
	})
}

func TestCancelRampupAndBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &recorder{reply: ok}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		w := planOf(2, 10, ask("GET", "/", nil))
		w.Rampup = 20 * time.Second
		start := time.Now()
		got := mustPipe(ctx, t, w, rec, Options{})
		rec.handlers.Wait()
		if took := time.Since(start); took != 5*time.Second || !got.Interrupted || got.Requests != 3 {
			t.Errorf("stopped after %v with %d requests, interrupted %v; want 5s, 3, true", took, got.Requests, got.Interrupted)
		}
	})
}

func TestRefuse(t *testing.T) {
	check := func(p *plan.Plan, target Target, want string) {
		t.Helper()
		if _, err := Run(t.Context(), p, target, Options{}); err == nil || err.Error() != want {
			t.Errorf("got %v; want %s", err, want)
		}
	}
	one := planOf(1, 1, ask("GET", "/", nil))
	check(one, Target{"udp", "x"}, `network "udp" is neither unix nor tcp`)
	check(one, Target{"tcp", ""}, "target has no address")
	check(planOf(1, 1, &plan.Delay{}), Target{"tcp", "x"}, "plan has no requests")
	check(planOf[plan.Item](1, 1), Target{}, "plan has no items")
	check(planOf(1, -1, ask("GET", "/", nil)), Target{}, "plan has -1 iterations")
	check(planOf(1, 1, ask("GET /", "/", nil)), Target{}, `request "GET / /": "GET /" is not a method`)
	check(planOf(1, 1, ask("GET", "/", nil, Field{"a b", "c"})), Target{}, `request "GET /": "a b" is not a header name`)
	check(planOf(1, 1, ask("GET", "/", nil, Field{"Cookie", "s\r\nx: y"})), Target{}, `request "GET /": header cookie has a value with control characters`)
}
