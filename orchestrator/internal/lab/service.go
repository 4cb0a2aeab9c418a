package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// healthWithin is what a service may take to answer that it serves. It is asked
// again.
const healthWithin = 2 * time.Second

// service is the subject in builds of our own service, asked over the same road
// as the load but on a connection of its own. What runs in a variant is not
// trusted: it is waited for no longer than is said, and no redirect of its is
// followed.
type service struct {
	terms
	client *http.Client
}

func newService(t terms) *service {
	return &service{terms: t, client: &http.Client{
		Transport: &http.Transport{
			DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return t.dial(ctx) },
			MaxIdleConnsPerHost:    2,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (s *service) env() map[string]string {
	return map[string]string{
		"SLEEP_MS": strconv.FormatInt(s.design.Sleep.Milliseconds(), 10),
		"WORKERS":  strconv.Itoa(s.design.Workers),
		"THREADS":  s.design.Threads,
	}
}

func (s *service) close() { s.client.CloseIdleConnections() }

// question is one request to a service, and what its answer is to be.
type question struct {
	method, path string
	body         string
	want         int           // the status
	within       time.Duration // for the whole answer
	into         any           // what its JSON is read into; nil: it is dropped
}

func (q question) String() string { return q.method + " " + q.path }

// get reads a JSON answer into v.
func (s *service) get(ctx context.Context, path string, v any) error {
	return s.ask(ctx, question{method: http.MethodGet, path: path, want: http.StatusOK, within: answerWithin, into: v})
}

func (s *service) ready(ctx context.Context) error {
	return s.ask(ctx, question{method: http.MethodGet, path: "/healthz", want: http.StatusOK, within: healthWithin})
}

// warmUp sends one tiny request. The handler sleeps meanwhile.
func (s *service) warmUp(ctx context.Context) error {
	return s.ask(ctx, question{
		method: http.MethodPost, path: "/widgets", body: `{"payload":[]}`,
		want: http.StatusCreated, within: answerWithin + s.design.Sleep,
	})
}

// ask sends a question and waits for its whole answer.
func (s *service) ask(ctx context.Context, q question) error {
	ctx, cancel := context.WithTimeoutCause(ctx, q.within, fmt.Errorf("no answer within %v", q.within))
	defer cancel()
	err := s.exchange(ctx, q)
	if err != nil && ctx.Err() != nil {
		// Whose time is up says more than that it is.
		return fmt.Errorf("%v: %w", q, context.Cause(ctx))
	}
	return err
}

func (s *service) exchange(ctx context.Context, q question) error {
	r, err := http.NewRequestWithContext(ctx, q.method, "http://localhost"+q.path, strings.NewReader(q.body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("%v: %w", q, err)
	}
	if answer.StatusCode != q.want {
		return fmt.Errorf("%v: answered %s: %s", q, plain.Name(answer.Status), plain.Name(string(text)))
	}
	if q.into == nil {
		return nil
	}
	if err := json.Unmarshal(text, q.into); err != nil {
		return fmt.Errorf("%v: %w", q, err)
	}
	return nil
}

// allocatorAnswer is what the lab reads of GET /allocator.
type allocatorAnswer struct {
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	File        string            `json:"file"`
	Linkage     string            `json:"linkage"`
	Libc        string            `json:"libc"`
	LibcVersion string            `json:"libc_version"`
	Arenas      int               `json:"arenas"`
	UsableOfOne int               `json:"usable_of_one_bytes"`
	Knobs       map[string]string `json:"knobs"`
	Program     string            `json:"program"`
	Binary      string            `json:"binary_sha256"`
	Workers     int               `json:"workers"`
	Threads     string            `json:"threads"`
	GoMaxProcs  int               `json:"gomaxprocs"`
	GoGC        int               `json:"gogc"`
	GoMemLimit  int64             `json:"gomemlimit"`
	GoVersion   string            `json:"go_version"`
	SleepMS     int64             `json:"sleep_ms"`
}

// memoryAnswer is what the lab reads of GET /memory.
type memoryAnswer struct {
	LiveRequested int64  `json:"live_requested_bytes"`
	LiveUsable    int64  `json:"live_usable_bytes"`
	Allocs        uint64 `json:"allocs"`
	Frees         uint64 `json:"frees"`
	GoLow         int64  `json:"go_low_bytes"`
	GoHigh        int64  `json:"go_high_bytes"`
	Staging       int64  `json:"staging_bytes"`
	OSThreads     int    `json:"os_threads"`
}

// gauge leaves the allocator's own statistics out: their reading takes the
// allocator's locks and would disturb what is measured.
func (s *service) gauge(ctx context.Context) (bench.Gauge, error) {
	var m memoryAnswer
	if err := s.get(ctx, "/memory?statistics=false", &m); err != nil {
		return bench.Gauge{}, err
	}
	return bench.Gauge{
		LiveRequested: bench.Bytes(m.LiveRequested),
		LiveUsable:    bench.Bytes(m.LiveUsable),
		Allocs:        m.Allocs,
		Frees:         m.Frees,
		GoLow:         bench.Bytes(m.GoLow),
		GoHigh:        bench.Bytes(m.GoHigh),
		Staging:       bench.Bytes(m.Staging),
		Threads:       m.OSThreads,
	}, nil
}
