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
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
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
				handler := f.Handler
				f.Handler = func(in *enginetest.FakeInstance) http.Handler {
					plain := handler(in)
					if in.Spec.Labels["variant"] != "jemalloc" {
						return plain
					}
					var once sync.Once
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
						once.Do(func() {
							if err := errors.Join(os.Remove(in.Socket()), put(in.Socket(), trap)); err != nil {
								t.Error(err)
							}
						})
						w.Header().Set("Location", "/containers/victim/kill?signal=KILL")
						w.WriteHeader(http.StatusTemporaryRedirect)
					})
				}
				exp, err := config(t, f).run(t.Context())
				said := ""
				if err != nil {
					said = err.Error()
				}
				if exp != nil {
					for _, trial := range exp.Trials {
						if trial.Variant == "jemalloc" {
							said += trial.Error
						}
					}
				}
				redirected := strings.Contains(said, "307") && moment != "the load"
				if !redirected && !strings.Contains(said, what+" is in the place of the service's socket") {
					t.Errorf("the lab says %q", said)
				}
				if n := hits.Load(); n != 0 {
					t.Errorf("the lab came to the decoy %d times", n)
				}
				if len(left(f)) != 0 {
					t.Errorf("left running: %v", left(f))
				}
			})
		}
	}
}

// phases knows which one each variant is in.
type phases struct {
	mu  sync.Mutex
	now map[string]string
}

func (p *phases) begin(variant, kind string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil {
		p.now = map[string]string{}
	}
	p.now[variant] = kind
}

func (p *phases) of(variant string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now[variant]
}

// So it is in the pauses and at the end, when nobody but the gauges asks.
func TestSocketReplacedAtRest(t *testing.T) {
	for moment, phase := range map[string]string{"the pause after batch 1": bench.PhasePause, "the final idle": bench.PhaseIdle} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			trap, hits := decoy(t)
			now := &phases{}
			f := honest(nil)
			handler := f.Handler
			f.Handler = func(in *enginetest.FakeInstance) http.Handler {
				plain := handler(in)
				var once sync.Once
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Connection", "close")
					if in.Spec.Labels["variant"] == "jemalloc" && now.of("jemalloc") == phase {
						once.Do(func() {
							if err := errors.Join(os.Remove(in.Socket()), os.Symlink(trap, in.Socket())); err != nil {
								t.Error(err)
							}
						})
					}
					plain.ServeHTTP(w, r)
				})
			}
			conf := config(t, f)
			conf.read = whenPhase(now.begin)
			conf.gaugeEvery = 5 * time.Millisecond
			conf.Design.Pause, conf.Design.Idle = time.Second, time.Second
			exp, err := conf.run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, trial := range exp.Trials {
				want := ""
				if trial.Variant == "jemalloc" {
					want = "ended in " + moment + ": "
				}
				if wrong := strings.Contains(trial.Error, "a symbolic link is in the place of"); wrong != (want != "") || !strings.HasPrefix(trial.Error, want) {
					t.Errorf("%s: %q; want %q", trial.Variant, trial.Error, want)
				}
			}
			if n := hits.Load(); n != 0 {
				t.Errorf("the lab came to the decoy %d times", n)
			}
		})
	}
}

// A service that does not answer a question is waited for no longer than is
// said, and is named.
func TestDeaf(t *testing.T) {
	for _, question := range []string{"GET /allocator", "POST /widgets"} {
		for _, how := range []string{"says nothing", "says it byte by byte"} {
			t.Run(question+" "+how, func(t *testing.T) {
				f := honest(nil)
				handler := f.Handler
				f.Handler = func(in *enginetest.FakeInstance) http.Handler {
					plain := handler(in)
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if in.Spec.Labels["variant"] != "jemalloc" || r.Method+" "+r.URL.Path != question {
							plain.ServeHTTP(w, r)
							return
						}
						tick := time.NewTicker(10 * time.Millisecond)
						defer tick.Stop()
						if how == "says nothing" {
							tick.Stop()
						}
						for {
							select {
							case <-in.Done():
								return
							case <-tick.C:
								_, _ = w.Write([]byte("{"))
								_ = http.NewResponseController(w).Flush()
							}
						}
					})
				}
				conf := config(t, f)
				conf.patience = 200 * time.Millisecond
				exp, err := conf.run(t.Context())
				said := ""
				if err != nil {
					said = err.Error()
				}
				if exp != nil {
					for _, trial := range exp.Trials {
						if trial.Error != "" {
							said += trial.Variant + " " + trial.Error
						}
					}
				}
				if !strings.Contains(said, "jemalloc") || !strings.Contains(said, question+": no answer within 200ms") {
					t.Errorf("the lab says %q", said)
				}
				if len(left(f)) != 0 {
					t.Errorf("left running: %v", left(f))
				}
			})
		}
	}
}

// While a service is waited for that says nothing, the engine is asked for it,
// which sees what the service does meanwhile.
func TestDeafAtTheStart(t *testing.T) {
	full := errors.New("it has filled its folder")
	f := honest(nil)
	f.FailState = map[string]error{"jemalloc": full}
	handler := f.Handler
	f.Handler = func(in *enginetest.FakeInstance) http.Handler {
		plain := handler(in)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if in.Spec.Labels["variant"] == "jemalloc" {
				<-in.Done()
				return
			}
			plain.ServeHTTP(w, r)
		})
	}
	conf := config(t, f)
	conf.patience = 50 * time.Millisecond
	_, err := conf.run(t.Context())
	if !errors.Is(err, full) || !strings.Contains(err.Error(), "variant jemalloc: ") {
		t.Errorf("the lab says %v", err)
	}
	f.FailState = nil
	if len(left(f)) != 0 {
		t.Errorf("left running: %v", left(f))
	}
}
