package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// service asks a running variant about itself, over the same road as the load
// but on a connection of its own. What runs in a variant is not trusted: it is
// waited for no longer than patience, and no redirect of its is followed.
type service struct {
	client   *http.Client
	patience time.Duration // for an answer that takes no sleep
}

// dialer opens a connection to a service, as load.Options has it.
type dialer func(ctx context.Context) (net.Conn, error)

func newService(dial dialer, patience time.Duration) *service {
	return &service{
		client: &http.Client{
			Transport: &http.Transport{
				DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
				MaxIdleConnsPerHost:    2,
				MaxResponseHeaderBytes: 64 << 10,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		patience: patience,
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
	return s.ask(ctx, question{method: http.MethodGet, path: path, want: http.StatusOK, within: s.patience, into: v})
}

// healthy asks whether it serves, and waits no longer than within for an answer.
func (s *service) healthy(ctx context.Context, within time.Duration) error {
	return s.ask(ctx, question{method: http.MethodGet, path: "/healthz", want: http.StatusOK, within: min(within, s.patience)})
}

// warmUp sends one tiny request, so that what a first request alone brings
// about is there before the baseline is read. The handler sleeps meanwhile.
func (s *service) warmUp(ctx context.Context, handler time.Duration) error {
	return s.ask(ctx, question{
		method: http.MethodPost, path: "/widgets", body: `{"payload":[]}`,
		want: http.StatusCreated, within: s.patience + handler,
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

// gauge reads the service's counters. The allocator's own statistics are left
// out: their reading takes the allocator's locks and would disturb what is
// measured.
func (s *service) gauge(ctx context.Context, since time.Time) (bench.Gauge, error) {
	var m memoryAnswer
	if err := s.get(ctx, "/memory?statistics=false", &m); err != nil {
		return bench.Gauge{}, err
	}
	return bench.Gauge{
		At:            time.Since(since),
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
