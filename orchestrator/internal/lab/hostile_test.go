package lab

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
)

// decoy is a server that a service would like the lab to talk to, as the
// engine's own socket is one. It counts who comes.
func decoy(t *testing.T) (path string, hits *atomic.Int64) {
	t.Helper()
	path = filepath.Join(enginetest.ShortDir(t), "d")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	hits = &atomic.Int64{}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		w.WriteHeader(http.StatusCreated)
	})}
	server.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			hits.Add(1)
		}
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) }) // it ends with ErrServerClosed
	t.Cleanup(func() { server.Close(); serving.Wait() })
	return path, hits
}

// What a service puts in the place of its socket, at whatever moment, is not
// talked to, and its trial ends with the reason.
func TestSocketReplaced(t *testing.T) {
	replace := map[string]func(socket, decoy string) error{
		"a symbolic link": func(socket, decoy string) error { return os.Symlink(decoy, socket) },
		"a FIFO":          func(socket, _ string) error { return unix.Mkfifo(socket, 0o666) },
		"a folder":        func(socket, _ string) error { return os.Mkdir(socket, 0o777) },
		"a plain file":    func(socket, _ string) error { return os.WriteFile(socket, []byte("x"), 0o666) },
	}
	for what, put := range replace {
		for _, moment := range []string{"GET /healthz", "GET /allocator", "POST /widgets", "the load"} {
			t.Run(what+" at "+moment, func(t *testing.T) {
				t.Parallel()
				trap, hits := decoy(t)
				f := honest(nil)
				conf := config(t, f)
				conf.real()
				conf.Design.Variants, conf.Design.Baseline = conf.Design.Variants[1:], "jemalloc"
				replaceAt(f, moment, func(in *enginetest.FakeInstance) {
					if err := errors.Join(os.Remove(in.Socket()), put(in.Socket(), trap)); err != nil {
						t.Error(err)
					}
				})
				exp, err := conf.run(t.Context())
				said := strings.Join(errorsOf(exp), "")
				if err != nil {
					said += err.Error()
				}
				redirected := strings.Contains(said, "307") && moment != "the load"
				if !redirected && !strings.Contains(said, what+" is in the place of the service's socket") {
					t.Errorf("the lab says %q", said)
				}
				if n := hits.Load(); n != 0 {
					t.Errorf("the lab came to the decoy %d times", n)
				}
				noneLeft(t, f)
			})
		}
	}
}

// replaceAt has jemalloc's instances do something, once each, when they are asked
// what moment says, and answer that with a redirect.
func replaceAt(f *enginetest.Fake, moment string, do func(*enginetest.FakeInstance)) {
	var once sync.Once
	behind(f, "jemalloc", func(in *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler) {
		var body []byte
		if r.Method == http.MethodPost {
			body, _ = io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
		}
		now := r.Method + " " + r.URL.Path
		if now == "POST /widgets" && string(body) == "{}" {
			now = "the load"
		}
		w.Header().Set("Connection", "close") // the next question needs a new connection
		if now != moment {
			plain.ServeHTTP(w, r)
			return
		}
		once.Do(func() { do(in) })
		w.Header().Set("Location", "/containers/victim/kill?signal=KILL")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
}

// So it is in the pauses and at the end, when nobody but the gauges asks.
func TestSocketReplacedAtRest(t *testing.T) {
	for moment, at := range map[string]struct{ kind, want string }{
		"the pause after batch 1": {bench.PhasePause, "warm-up until 5.11s, batch until 5.66s, pause until 10.66s"},
		"the final idle":          {bench.PhaseIdle, "warm-up until 5.11s, batch until 5.66s, pause until 10.66s, batch until 11.21s, idle until 41.21s"},
	} {
		t.Run(moment, func(t *testing.T) {
			faked(t, func(t *testing.T) {
				f := honest(nil)
				behind(f, "jemalloc", func(_ *enginetest.FakeInstance, w http.ResponseWriter, r *http.Request, plain http.Handler) {
					w.Header().Set("Connection", "close")
					plain.ServeHTTP(w, r)
				})
				conf := config(t, f)
				conf.read = whenPhase(func(variant, kind string) {
					if variant == "jemalloc" && kind == at.kind {
						for _, in := range f.Instances() {
							if in.Spec.Labels["variant"] == variant {
								in.Replace(&engine.NoSocketError{Path: "s", Kind: "a symbolic link"})
							}
						}
					}
				})
				exp, err := conf.run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				checkTrial(t, exp.Trials[0])
				replaced := exp.Trials[1]
				if replaced.Error != "ended in "+moment+": a symbolic link is in the place of the service's socket: s" || timetable(replaced) != at.want {
					t.Errorf("%q; %s", replaced.Error, timetable(replaced))
				}
				noneLeft(t, f)
			})
		})
	}
}
