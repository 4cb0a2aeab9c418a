package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/malloc"
)

// service is a running stepper without a sleep.
type service struct {
	*httptest.Server
	pool    *pool
	widgets *widgets
}

func newService(t *testing.T, workers int, stick bool, sleep time.Duration) *service {
	t.Helper()
	pool, err := newPool(workers, stick)
	if err != nil {
		t.Fatal(err)
	}
	onMain, ended, served := mainThread(make(chan func())), make(chan error), make(chan struct{})
	go func() {
		defer close(served)
		_ = onMain.serve(ended)
	}()
	w := &widgets{pool: pool, sleep: sleep, log: slog.New(slog.DiscardHandler)}
	s := &service{httptest.NewServer(routes(w, &introspector{pool: pool, widgets: w, stick: stick, main: onMain})), pool, w}
	t.Cleanup(func() {
		s.Close()
		pool.close()
		ended <- nil
		<-served
	})
	return s
}

// settled waits until no document is held and says what is live on the C heap.
func (s *service) settled(t *testing.T) malloc.Counters {
	t.Helper()
	for range 500 {
		if c := malloc.Count(s.pool.heaps()); s.widgets.held.Load() == 0 && c.Blocks == 0 {
			return c
		}
		time.Sleep(10 * time.Millisecond)
	}
	return malloc.Count(s.pool.heaps())
}

func (s *service) do(t *testing.T, method, path, contentType, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestAnswers(t *testing.T) {
	s := newService(t, 2, false, 0)
	const jsonType = "application/json"
	uuid := regexp.MustCompile(`^\{"id":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}","size":(\d+)\}$`)
	padded := func(n int) string { // a valid body of n bytes
		const head, tail = `{"payload":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	const syntax = "Failed to parse the request body as JSON: "
	const data = "Failed to deserialize the JSON body into the target type: "
	const notJSON = "Expected request with `Content-Type: application/json`"

	for _, c := range []struct {
		name, method, path, contentType, body string
		status                                int
		want                                  string // the text, or with 201 the size
	}{
		{"valid", "POST", "/widgets", jsonType, `{"payload": {"b": [1, 2.50], "a": "é"}}`, 201, "22"},
		{"parameters", "POST", "/widgets", jsonType + "; charset=utf-8", `{"payload":1}`, 201, "1"},
		{"odd parameters", "POST", "/widgets", jsonType + "; charset", `{"payload":1}`, 201, "1"},
		{"suffix", "POST", "/widgets", "application/cloudevents+json", `{"payload":1}`, 201, "1"},
		{"other type", "POST", "/widgets", "text/json", `{"payload":1}`, 415, notJSON},
		{"jsonp", "POST", "/widgets", "application/jsonp", `{"payload":1}`, 415, notJSON},
		{"no type", "POST", "/widgets", "", `{"payload":1}`, 415, notJSON},
		{"other fields", "POST", "/widgets", jsonType, `{"a":[1,{"b":2}],"payload":"xyz","c":null}`, 201, "5"},
		{"empty", "POST", "/widgets", jsonType, ``, 400, syntax + "EOF while parsing a value at line 1 column 0"},
		{"cut", "POST", "/widgets", jsonType, `{"payload":`, 400, syntax + "payload: EOF while parsing a value at line 1 column 11"},
		{"lone surrogate", "POST", "/widgets", jsonType, `{"payload":"\ud800"}`, 400, syntax + "payload: unexpected end of hex escape at line 1 column 19"},
		{"invalid UTF-8", "POST", "/widgets", jsonType, "{\"payload\":\"\xff\"}", 400, syntax + "payload: invalid unicode code point at line 1 column 14"},
		{"control", "POST", "/widgets", jsonType, "{\"payload\":\"\n\"}", 400, syntax + "payload: control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0"},
		{"out of range", "POST", "/widgets", jsonType, `{"payload":1e400}`, 400, syntax + "payload: number out of range at line 1 column 16"},
		{"trailing bytes", "POST", "/widgets", jsonType, `{"payload":1}{}`, 400, syntax + "trailing characters at line 1 column 14"},
		{"missing", "POST", "/widgets", jsonType, `{}`, 422, data + "missing field `payload` at line 1 column 2"},
		{"twice", "POST", "/widgets", jsonType, `{"payload":1,"payload":1}`, 422, data + "duplicate field `payload` at line 1 column 22"},
		{"array", "POST", "/widgets", jsonType, `[1]`, 422, data + "invalid type: sequence, expected a map with a field `payload` at line 1 column 3"},
		{"largest", "POST", "/widgets", jsonType, padded(maxBody), 201, fmt.Sprint(maxBody - len(`{"payload":}`))},
		{"too large", "POST", "/widgets", jsonType, padded(maxBody + 1), 413, "Failed to buffer the request body: length limit exceeded"},
		{"get", "GET", "/widgets", "", "", 405, ""},
		{"head", "HEAD", "/widgets", "", "", 405, ""},
		{"options", "OPTIONS", "/widgets", "", "", 405, ""},
		{"put", "PUT", "/widgets", jsonType, `{"payload":1}`, 405, ""},
		{"slash", "POST", "/widgets/", jsonType, `{"payload":1}`, 404, ""},
		{"two slashes", "POST", "//widgets", jsonType, `{"payload":1}`, 404, ""},
		{"root", "GET", "/", "", "", 404, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, body := s.do(t, c.method, c.path, c.contentType, c.body)
			if answer.StatusCode != c.status {
				t.Fatalf("status %d, want %d: %s", answer.StatusCode, c.status, body)
			}
			wantType := "text/plain; charset=utf-8"
			switch c.status {
			case 201:
				wantType = jsonType
				m := uuid.FindStringSubmatch(body)
				if m == nil || m[1] != c.want {
					t.Errorf("answered %s, want size %s", body, c.want)
				}
			case 404, 405:
				wantType = ""
				fallthrough
			default:
				if body != c.want {
					t.Errorf("answered %q, want %q", body, c.want)
				}
			}
			if got := answer.Header.Get("Content-Type"); got != wantType {
				t.Errorf("content type %q, want %q", got, wantType)
			}
			if allow := answer.Header.Get("Allow"); (c.status == 405) != (allow == "POST") {
				t.Errorf("Allow: %q", allow)
			}
			if left := s.settled(t); left.Requested != 0 || left.Usable != 0 || left.Blocks != 0 {
				t.Errorf("%d bytes in %d blocks stay live", left.Requested, left.Blocks)
			}
		})
	}
}

// TestChunkedBody sends bodies whose length is not known before.
func TestChunkedBody(t *testing.T) {
	s := newService(t, 1, false, 0)
	for _, c := range []struct{ size, status int }{{1000, 201}, {maxBody, 201}, {maxBody + 1, 413}} {
		body := `{"payload":"` + strings.Repeat("x", c.size-14) + `"}`
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/widgets", io.MultiReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%d bytes in chunks: %s", c.size, answer.Status)
		}
	}
}

// TestHangUp ends the connection in the middle of the body and in the middle of
// the sleep: everything is freed.
func TestHangUp(t *testing.T) {
	s := newService(t, 2, false, time.Minute)
	for _, sent := range []string{`{"payload":[1,2`, `{"payload":[1,2,3]}`} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /widgets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n%s", sent)
		for s.widgets.staging.inUse.Load() == 0 && s.widgets.held.Load() == 0 {
			time.Sleep(time.Millisecond) // until the service has begun to read
		}
		if len(sent) == 19 {
			for s.widgets.held.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		for range 500 {
			if s.widgets.staging.inUse.Load() == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if left := s.settled(t); left.Blocks != 0 || s.widgets.held.Load() != 0 || s.widgets.staging.inUse.Load() != 0 {
			t.Errorf("after %q %d blocks stay live, %d buffers in use", sent, left.Blocks, s.widgets.staging.inUse.Load())
		}
	}
}

func TestMemoryAndAllocator(t *testing.T) {
	s := newService(t, 3, true, 300*time.Millisecond)
	var before, during, after memoryAnswer
	read := func(v any, path string) {
		t.Helper()
		_, body := s.do(t, "GET", path, "", "")
		if err := json.Unmarshal([]byte(body), v); err != nil {
			t.Fatal(err)
		}
	}
	read(&before, "/memory")
	var requests sync.WaitGroup
	requests.Go(func() {
		s.do(t, "POST", "/widgets", "application/json", `{"payload":["abcdefgh"]}`)
	})
	for s.widgets.held.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	read(&during, "/memory?statistics=false")
	requests.Wait()
	s.settled(t)
	read(&after, "/memory")

	// An array of 4 values, its clone of one, the string twice, the buffer.
	if want := int64(4*32 + 32 + 8 + 8 + 128); during.LiveRequested != want || during.LiveBlocks != 5 || during.Documents != 1 {
		t.Errorf("during the sleep: %+v, want %d bytes in 5 blocks", during, want)
	}
	if during.LiveUsable < during.LiveRequested || during.Allocator != nil {
		t.Errorf("during the sleep: %+v", during)
	}
	if after.LiveRequested != 0 || after.Allocs <= before.Allocs || after.Allocs != after.Frees {
		t.Errorf("after: %+v", after)
	}
	if after.GoLow <= 0 || after.GoHigh < after.GoLow || after.OSThreads < 3 {
		t.Errorf("Go's share and threads: %+v", after)
	}

	var a allocatorAnswer
	read(&a, "/allocator")
	if a.Name == "" || a.Name == "unknown" || a.Workers != 3 || a.Threads != threadsStick || a.SleepMS != 300 || a.GoVersion == "" {
		t.Errorf("GET /allocator: %+v", a)
	}
	if answer, body := s.do(t, "GET", "/healthz", "", ""); answer.StatusCode != 200 {
		t.Errorf("GET /healthz: %s %s", answer.Status, body)
	}
}

// TestBallastShows has a service with ballast say so and give the same answers,
// and all of its memory back.
func TestBallastShows(t *testing.T) {
	s := newService(t, 2, false, 0)
	plain := func() string {
		_, body := s.do(t, "POST", "/widgets", "application/json", `{"payload":["abcdefgh",{"a":"b"}]}`)
		return regexp.MustCompile(`"id":"[^"]*"`).ReplaceAllString(body, "")
	}
	knobs := func() map[string]string {
		var a allocatorAnswer
		_, body := s.do(t, "GET", "/allocator", "", "")
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			t.Fatal(err)
		}
		return a.Knobs
	}
	want, none := plain(), knobs()
	without := s.settled(t).Allocs
	s.widgets.ballast.percent = 200
	if got := plain(); got != want {
		t.Errorf("with ballast the answer is %s, not %s", got, want)
	}
	with := s.settled(t)
	if with.Allocs <= 2*without || with.Requested != 0 {
		t.Errorf("%d blocks without ballast, %d more with; %d bytes are left", without, with.Allocs-without, with.Requested)
	}
	if _, told := none["env.BALLAST"]; told || knobs()["env.BALLAST"] != "200" {
		t.Errorf("GET /allocator says %v, and without ballast %v", knobs(), none)
	}
}

func TestConfig(t *testing.T) {
	read := func(env map[string]string) (config, error) {
		return readConfig(func(name string) string { return env[name] })
	}
	c, err := read(nil)
	if err != nil || c.addr != ":3000" || c.socket != "" || c.sleep != 150*time.Millisecond || c.workers < 1 || c.stick {
		t.Errorf("defaults: %+v, %v", c, err)
	}
	c, err = read(map[string]string{"ADDR": "127.0.0.1:1", "SOCKET": "/s", "SLEEP_MS": "0", "WORKERS": "10", "THREADS": "stick", "BALLAST": "20", "TRIM_MS": "500"})
	if want := (config{"127.0.0.1:1", "/s", 0, 10, true, 20, 500 * time.Millisecond}); err != nil || c != want {
		t.Errorf("all set: %+v, %v; want %+v", c, err, want)
	}
	for _, bad := range []map[string]string{
		{"SLEEP_MS": "-1"},
		{"SLEEP_MS": "1.5"},
		{"SLEEP_MS": "abc"},
		{"SLEEP_MS": "99999999999"},
		{"WORKERS": "0"},
		{"WORKERS": "many"},
		{"THREADS": "jump"},
		{"BALLAST": "-1"},
		{"BALLAST": "20%"},
		{"BALLAST": "1001"},
		{"TRIM_MS": "0"},
		{"TRIM_MS": "-5"},
		{"TRIM_MS": "1s"},
	} {
		for name := range bad {
			if _, err := read(bad); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%v: error %v does not name it", bad, err)
			}
		}
	}
}

// TestTrimming: it happens again and again, on the main thread, until the end.
func TestTrimming(t *testing.T) {
	m, ended, served := mainThread(make(chan func())), make(chan error), make(chan struct{})
	go func() {
		defer close(served)
		_ = m.serve(ended)
	}()
	ctx, stop := context.WithCancel(t.Context())
	times := make(chan struct{})
	over := make(chan struct{})
	go func() {
		defer close(over)
		m.every(ctx, time.Millisecond, func() {
			select {
			case times <- struct{}{}:
			case <-ctx.Done():
			}
		})
	}()
	<-times
	<-times
	stop()
	<-over
	ended <- nil
	<-served
}

// TestRun starts the whole service, replaces a stale socket, and ends it
// gracefully in the middle of a request.
func TestRun(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "stepper-") // a folder of TMPDIR may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "s")
	stale, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	env := map[string]string{"ADDR": "127.0.0.1:0", "SOCKET": socket, "SLEEP_MS": "500", "WORKERS": "2"}
	go func() { ended <- run(ctx, func(name string) string { return env[name] }, io.Discard) }()

	var conn net.Conn
	for range 500 {
		if conn, err = net.Dial("unix", socket); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /widgets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n%s", `{"payload":1}`)
	time.Sleep(100 * time.Millisecond) // into the handler's sleep
	stop()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the request under way was not answered: %v", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != 201 {
		t.Errorf("the request under way: %s", answer.Status)
	}
	if err := <-ended; err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestRunErrors(t *testing.T) {
	for _, env := range []map[string]string{
		{"ADDR": "127.0.0.1:notaport", "WORKERS": "1"},
		{"ADDR": "127.0.0.1:0", "SOCKET": filepath.Join(t.TempDir(), "no", "such", "folder"), "WORKERS": "1"},
		{"SLEEP_MS": "x"},
	} {
		if err := run(t.Context(), func(name string) string { return env[name] }, io.Discard); err == nil {
			t.Errorf("%v: run gave no error", env)
		}
	}
}
