package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
)

// drillServer is what the scripts of drill send to. It answers as the path says
// and takes down what it was sent.
type drillServer struct {
	mu   sync.Mutex
	seen []string
	more chan struct{} // closed, and made anew, with each request
}

// startDrillServer puts the address of a server of its own into URL, that of one
// with an old TLS into OLD_URL, and the path of its socket into SOCKET.
func startDrillServer(t *testing.T, env *testscript.Env) error {
	s := &drillServer{more: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /log", s.log)
	mux.HandleFunc("GET /await/{n}", s.await)
	mux.HandleFunc("/status/{code}", s.taken(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		code, _ := strconv.Atoi(r.PathValue("code"))
		w.WriteHeader(code)
	}))
	mux.HandleFunc("/slow/{ms}", s.taken(func(_ http.ResponseWriter, r *http.Request, _ []byte) {
		ms, _ := strconv.Atoi(r.PathValue("ms"))
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
		case <-r.Context().Done():
		}
	}))
	mux.HandleFunc("/redirect", s.taken(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, "/target", http.StatusFound)
	}))
	mux.HandleFunc("/enter", s.taken(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.SetCookie(w, &http.Cookie{Name: "entered", Value: "yes"})
		http.Redirect(w, r, "/target", http.StatusFound)
	}))
	mux.HandleFunc("/login", s.taken(func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "s3cret"})
		fmt.Fprint(w, `{"token": "t-7", "users": [{"id": 41}, {"id": 42}]}`)
	}))
	mux.HandleFunc("/", s.taken(func(w http.ResponseWriter, _ *http.Request, body []byte) { _, _ = w.Write(body) }))

	server := httptest.NewServer(mux)
	env.Defer(server.Close)
	env.Setenv("URL", server.URL)
	old := httptest.NewUnstartedServer(mux)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.StartTLS()
	env.Defer(old.Close)
	env.Setenv("OLD_URL", old.URL)
	socket := filepath.Join(enginetest.ShortDir(t), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	local := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = local.Serve(listener) }()
	env.Defer(func() { _ = local.Close(); <-ended })
	env.Setenv("SOCKET", socket)
	return nil
}

// taken takes a request down before it is answered.
func (s *drillServer) taken(answer func(w http.ResponseWriter, r *http.Request, body []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		line := fmt.Sprintf("%s %s", r.Method, r.RequestURI)
		if cookie := r.Header.Get("Cookie"); cookie != "" {
			line += " cookie=" + cookie
		}
		if token := r.Header.Get("Authorization"); token != "" {
			line += " authorization=" + token
		}
		if len(body) > 100 {
			line += fmt.Sprintf(" %d bytes", len(body))
		} else if len(body) > 0 {
			line += " " + string(body)
		}
		s.mu.Lock()
		s.seen = append(s.seen, line)
		close(s.more)
		s.more = make(chan struct{})
		s.mu.Unlock()
		answer(w, r, body)
	}
}

// log answers with what was sent since the last time.
func (s *drillServer) log(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(w, strings.Join(s.seen, "\n"))
	s.seen = nil
}

// await answers when so many requests have come.
func (s *drillServer) await(_ http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.PathValue("n"))
	for {
		s.mu.Lock()
		seen, more := len(s.seen), s.more
		s.mu.Unlock()
		if seen >= n {
			return
		}
		select {
		case <-more:
		case <-r.Context().Done():
			return
		}
	}
}

// checkJSON is a command of scripts: it holds one JSON value in a file against
// path=value pairs, where a path is of keys and indexes.
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: json file path=value...")
	}
	var all any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &all))
	for _, arg := range args[1:] {
		path, want, _ := strings.Cut(arg, "=")
		value := all
		for key := range strings.SplitSeq(path, ".") {
			switch v := value.(type) {
			case map[string]any:
				value = v[key]
			case []any:
				i, err := strconv.Atoi(key)
				ts.Check(err)
				if i >= len(v) {
					ts.Fatalf("%s: there are %d", path, len(v))
				}
				value = v[i]
			default:
				ts.Fatalf("%s: nothing at %s", path, key)
			}
		}
		if got := fmt.Sprint(value); got != want {
			ts.Fatalf("%s is %s, want %s", path, got, want)
		}
	}
}
