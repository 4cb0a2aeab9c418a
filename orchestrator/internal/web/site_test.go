package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/page"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// wire is a network within the test, on which time is the test's.
type wire struct {
	conns chan net.Conn
	once  sync.Once
	over  chan struct{}
}

func newWire() *wire { return &wire{conns: make(chan net.Conn), over: make(chan struct{})} }

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.over:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.over) })
	return nil
}

func (w *wire) Addr() net.Addr { return &net.TCPAddr{} }

func (w *wire) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case w.conns <- there:
		return here, nil
	case <-w.over:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// place is a site that is served, and who looks at it.
type place struct {
	*Site
	t      *testing.T
	wire   *wire
	client *http.Client
}

// open serves a site until the end of the test.
func open(t *testing.T) *place {
	t.Helper()
	w := newWire()
	p := &place{serve(w, Address{Host: "127.0.0.1", Port: defaultPort}), t, w, &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return w.dial(ctx) },
	}}}
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// get gives what is under a path.
func (p *place) get(path string) string {
	p.t.Helper()
	answer, err := p.client.Get("http://127.0.0.1" + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s, %v: %s", path, answer.Status, err, text)
	}
	return string(text)
}

// shows sees that a text has some parts and not others, which begin with "!".
func shows(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		without := strings.HasPrefix(part, "!")
		if strings.Contains(text, strings.TrimPrefix(part, "!")) == without {
			t.Errorf("%q is wrong in:\n%s", part, text)
		}
	}
}

// put has the site read what happened in a trial, or in none.
func (p *place) put(of store.Of, records ...any) {
	for _, what := range records {
		p.Read(store.Record{Of: of, What: what})
	}
}

// told is an event.
type told struct {
	Kind    string
	Frame   string
	Figures int
	Values  map[string]string
}

// watcher is a browser that listens.
type watcher struct {
	events chan told
	stop   func()
}

// watch listens to events until stop, or until the server ends them.
func (p *place) watch() *watcher {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/events", http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || got != "text/event-stream" {
		p.t.Fatalf("%s, %s", answer.Status, got)
	}
	w := &watcher{events: make(chan told, 1000)}
	var done sync.WaitGroup
	done.Go(func() {
		defer answer.Body.Close()
		parseEvents(p.t, answer.Body, w.events)
		close(w.events)
	})
	w.stop = func() {
		cancel()
		done.Wait()
	}
	p.t.Cleanup(w.stop)
	return w
}

// parseEvents reads events as browsers do.
func parseEvents(t *testing.T, from io.Reader, to chan<- told) {
	kind, data := "message", ""
	for lines := bufio.NewScanner(from); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "data":
			data += value
		case "":
			if lines.Text() == "" && data != "" {
				e := told{Kind: kind}
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					t.Errorf("%s: %v", data, err)
				}
				to <- e
				kind, data = "message", ""
			}
		case "retry":
		default:
			t.Errorf("a line of events: %q", lines.Text())
		}
	}
}

// newest gives the newest event of those that have come within a second.
func (w *watcher) newest(t *testing.T) told {
	t.Helper()
	time.Sleep(time.Second)
	synctest.Wait()
	var e told
	for {
		select {
		case next, ok := <-w.events:
			if !ok {
				t.Fatal("the events have ended")
			}
			e = next
			continue
		default:
		}
		if e.Kind == "" {
			t.Fatal("nothing was told within a second")
		}
		return e
	}
}

var (
	libc1 = store.Of{Variant: "libc", Round: 1}
	musl1 = store.Of{Variant: "<b>musl", Round: 1}
)

// header is of two variants, one of which has a name that is no harm.
func header(rounds int) store.Header {
	return store.Header{
		Schema: store.Schema, RunID: "the-run", Command: "go run ./orchestrator compare", Started: time.Now(),
		Design: bench.Design{
			Variants: []bench.Variant{{Name: "libc"}, {Name: "<b>musl"}}, Baseline: "libc", Rounds: rounds, Batches: 2,
			Pause: 5 * time.Second, Idle: 30 * time.Second, SampleEvery: 50 * time.Millisecond,
		},
		Plan: bench.Plan{Iterations: 100, Concurrency: 10, Items: []bench.PlanItem{{Name: "put"}}},
	}
}

// The page is there before anything happens, says what does, and whoever comes
// later or again finds all of it.
func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t)
		shows(t, p.get("/"), "Waiting for the engine", `id="report"`, "EventSource", `http-equiv="refresh"`)
		first := p.watch()
		if e := first.newest(t); e.Kind != "message" || e.Values["head"] != "Waiting for the engine" {
			t.Errorf("%+v", e)
		}
		p.put(store.Of{}, store.Engine{Text: "docker 20"}, store.Step{Variant: "libc", Kind: store.StepBuilding, Text: "x"},
			store.Step{Variant: "libc", Kind: store.StepLog, Text: "Step 1/9 <b>"})
		e := first.newest(t)
		if e.Values["head"] != "Building image libc" || e.Values["image0.line"] != "Step 1/9 <b>" || e.Values["image0.state"] != "building · 0:01" {
			t.Errorf("%+v", e)
		}
		shows(t, p.get("/"), "Building image libc", "Step 1/9 &lt;b&gt;", "!Step 1/9 <b>")
		p.put(store.Of{}, store.Step{Variant: "libc", Kind: store.StepBuilt, Took: 9 * time.Second}, header(2), store.Round{Number: 1})
		p.put(libc1, store.Trial{Started: time.Now(), Container: "stepper-libc"}, bench.Phase{Kind: bench.PhaseBatch, Batch: 1},
			bench.Sample{Anon: 70 * bench.MiB}, store.Progress{Done: 25, Failed: 2})
		e = first.newest(t)
		want := map[string]string{
			"head": "Round 1 of 2", "0.phase": "batch 1 of 2", "0.requests": "25 / 100", "0.share": "0.2500", "0.failed": "2 failed",
			"0.memory": "70 MiB", "0.bad": "true", "1.phase": "starts", "1.memory": "", "whole.left": e.Values["whole.left"],
		}
		for key, value := range want {
			if e.Values[key] != value || value == "" && key == "whole.left" {
				t.Errorf("%s is %q, want %q", key, e.Values[key], value)
			}
		}
		if !strings.HasPrefix(e.Values["0.line"], "M") || e.Values["1.line"] != "" || !strings.Contains(e.Values["log"], "batch 1/2 begins") {
			t.Errorf("%+v", e.Values)
		}
		shows(t, p.get("/"), "Round 1 of 2", "25 / 100", "&lt;b&gt;musl", "!<b>musl")

		// A second browser, and a reload.
		second := p.watch()
		if later := second.newest(t); later.Frame != e.Frame || later.Figures != e.Figures || later.Values["head"] != "Round 1 of 2" {
			t.Errorf("%+v", later)
		}
		second.stop()
		shows(t, p.get("/now"), "25 / 100", "!<html", "!http-equiv")
		if e = first.newest(t); e.Values["0.passed"] == "" {
			t.Error("the first browser is told no more")
		}
	})
}

// When a trial has ended, browsers are told that there are new figures, which are
// drawn once for all.
func TestFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t)
		p.put(store.Of{}, header(1), store.Round{Number: 1})
		p.put(libc1, store.Trial{Started: time.Now()}, bench.Sample{Anon: bench.MiB})
		w := p.watch()
		before := w.newest(t).Figures
		empty := p.get("/report")
		p.put(libc1, bench.Sample{At: time.Second, Anon: bench.MiB})
		if e := w.newest(t); e.Figures != before {
			t.Error("a sample is taken for new figures")
		}
		p.put(libc1, store.Ended{})
		if e := w.newest(t); e.Figures == before {
			t.Error("nobody is told that a trial has ended")
		}
		if p.get("/report") == empty {
			t.Error("the report is the same as before")
		}
		one, err := p.report()
		if err != nil {
			t.Fatal(err)
		}
		two, err := p.report()
		if err != nil || &one.body[0] != &two.body[0] || &one.whole[0] != &two.whole[0] {
			t.Errorf("it is drawn twice: %v", err)
		}
	})
}

// Nothing is made for nobody, and nothing is sent that says nothing new.
func TestNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t)
		p.put(store.Of{}, header(1), store.Round{Number: 1})
		time.Sleep(time.Minute)
		if last := p.latest(); last != nil || p.drawn.whole != nil {
			t.Error("something is made for nobody")
		}
		w := p.watch()
		w.newest(t)
		p.Failed("no reason")
		w.newest(t)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(w.events); n > 0 {
			t.Errorf("%d events say the same", n)
		}
	})
}

// saved makes a results folder of a run that is over, by way of the stream.
func saved(t *testing.T, interrupted bool, records ...store.Record) string {
	t.Helper()
	f, err := store.Create(t.TempDir()+"/out", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		f.Put(r)
	}
	f.Put(store.Record{What: store.End{At: time.Now(), Interrupted: interrupted}})
	conclude(t, f, interrupted)
	return f.Dir
}

// conclude ends the run of a folder.
func conclude(t *testing.T, f *store.Folder, interrupted bool) {
	t.Helper()
	exp, err := f.Experiment()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Conclude(interrupted, func(w io.Writer) error { return json.NewEncoder(w).Encode(exp) }); err != nil {
		t.Fatal(err)
	}
}

// finished is the page of what a folder has.
func finished(t *testing.T, dir string) string {
	t.Helper()
	exp, err := store.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := page.Write(&b, exp); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// some are the records of a run that has measured something.
func some() []store.Record {
	return []store.Record{
		{What: header(1)},
		{What: store.Round{Number: 1}},
		{Of: libc1, What: store.Trial{Started: time.Now()}},
		{Of: libc1, What: bench.Sample{At: 1, Anon: bench.MiB}},
		{Of: libc1, What: store.Ended{}},
		{Of: musl1, What: store.Trial{Started: time.Now()}},
		{Of: musl1, What: store.Ended{}},
		{What: store.Judged{Round: 1}},
	}
}

// When the run is over, the page is the saved one, byte for byte, and those that
// are open are told to load it.
func TestOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t)
		for _, r := range some() {
			p.Read(r)
		}
		w := p.watch()
		w.newest(t)
		p.put(store.Of{}, store.End{})
		if e := w.newest(t); e.Values["head"] != "The run is over: its result is being saved" {
			t.Errorf("%+v", e)
		}
		dir := saved(t, false, some()...)
		if err := p.Saved(dir); err != nil || !p.Over() {
			t.Error(err)
		}
		if e := w.newest(t); e.Kind != "over" {
			t.Errorf("%+v", e)
		}
		if p.get("/") != finished(t, dir) {
			t.Error("it is not the saved page")
		}
		if e := p.watch().newest(t); e.Kind != "over" {
			t.Errorf("one that comes later is told %+v", e)
		}
		if err := p.Saved(t.TempDir()); err == nil {
			t.Error("nothing is saved, and no error")
		}
	})
}

// A run without a result says why, also to those who see the page close.
func TestFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t)
		p.put(store.Of{}, store.Engine{Text: "docker"})
		w := p.watch()
		w.newest(t)
		p.Failed("build musl: \x1b[1m<i>no")
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		var last told
		for e := range w.events {
			last = e
		}
		if last.Values["note"] != `build musl: \x1b[1m<i>no` || last.Values["head"] != "The run has ended without a result" {
			t.Errorf("%+v", last)
		}
	})
}

// A browser that never reads what it is told holds nobody up, and is left.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t)
		conn, err := p.wire.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(p.streams) != 1 {
			t.Fatalf("%d browsers listen", len(p.streams))
		}
		kept := &list{}
		s := store.NewStream(kept)
		end := s.Follow(p.Read)
		begin := time.Now()
		s.Put(store.Record{What: header(1)})
		s.Put(store.Record{What: store.Round{Number: 1}})
		for i := range 30_000 {
			s.Put(store.Record{Of: libc1, What: bench.Sample{At: time.Duration(i) * 50 * time.Millisecond, Anon: bench.MiB}})
		}
		end()
		// The clock stands still as long as nobody waits for it.
		if took := time.Since(begin); took > 0 {
			t.Errorf("records wait for %v", took)
		}
		if w := p.watch(); w.newest(t).Values["0.line"] == "" {
			t.Error("another browser is told nothing")
		}
		time.Sleep(eventWithin)
		synctest.Wait()
		if len(p.streams) != 1 {
			t.Errorf("%d browsers listen; want the one that reads", len(p.streams))
		}
	})
}

// list is a Sink that keeps records in memory.
type list struct {
	mu  sync.Mutex
	all []store.Record
}

func (l *list) Put(r store.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
}

func (l *list) Sync() error { return nil }

// So many pages may be open, and no more; who goes makes room.
func TestTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t)
		var all []*watcher
		for range mostStreams {
			all = append(all, p.watch())
		}
		answer, err := p.client.Get("http://127.0.0.1/events")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s", answer.Status)
		}
		all[0].stop()
		synctest.Wait()
		p.watch().newest(t)
	})
}

// A page that is open does not hold the end up, nor does one that sends nothing.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t)
		w := p.watch()
		w.newest(t)
		silent, err := p.wire.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		if _, err := io.WriteString(silent, "GET / HT"); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > closeWithin {
			t.Errorf("it takes %v", took)
		}
		for range w.events {
		}
	})
}

// TestNews: somebody who comes takes no news from those who are there.
func TestNews(t *testing.T) {
	s := newState()
	h := newHub(s)
	wake, leave, ok := h.join()
	if !ok {
		t.Fatal("nobody may join")
	}
	defer leave()
	h.tick()
	<-wake
	s.Failed("the disk is full")
	h.at = time.Time{} // the newest event is not fresh any more
	if news := h.newest(); !bytes.Contains(news, []byte("the disk is full")) {
		t.Fatalf("who comes is told %q", news)
	}
	h.tick()
	select {
	case <-wake:
	default:
		t.Error("who was there before is not told")
	}
	h.tick()
	if len(wake) > 0 {
		t.Error("the same is told twice")
	}
}
