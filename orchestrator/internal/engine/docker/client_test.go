package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/client"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func variants(v ...bench.Variant) []bench.Variant { return v }

func failed(t *testing.T, err error, step string) *engine.BuildError {
	t.Helper()
	var b *engine.BuildError
	if !errors.As(err, &b) || b.Step != step {
		t.Fatalf("%v; want a BuildError in step %q", err, step)
	}
	return b
}

// scripted is an engine whose daemon answers with handlers by "METHOD /path",
// the API's version cut off. Without a script there are no containers and no
// volumes, and a volume can be made; all else is a 404.
func scripted(t *testing.T, root string, answers map[string]http.HandlerFunc) *Engine {
	t.Helper()
	return scriptedOn(t, "tcp", root, answers)
}

// scriptedOn is the same, over a port or a unix socket.
func scriptedOn(t *testing.T, network, root string, answers map[string]http.HandlerFunc) *Engine {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(enginetest.ShortDir(t), "docker.sock")
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		path := r.URL.Path
		if rest, ok := strings.CutPrefix(path, "/v1.41"); ok {
			path = rest
		} else if path != "/_ping" {
			t.Errorf("%s: not the version that was agreed on", path)
		}
		w.Header().Set("Content-Type", "application/json")
		if h := answers[r.Method+" "+path]; h != nil {
			h(w, r)
			return
		}
		switch r.Method + " " + path {
		case "GET /_ping", "HEAD /_ping":
			return
		case "GET /containers/json":
			fmt.Fprint(w, `[]`)
			return
		case "GET /volumes":
			fmt.Fprint(w, `{}`)
			return
		case "POST /volumes/create":
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"Name":"marker"}`)
			return
		case "DELETE /volumes/marker":
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"message":"no such thing: %s"}`, path)
	})}}
	server.Start()
	t.Cleanup(server.Close)
	api, err := client.NewClientWithOpts(client.WithHost(network+"://"+listener.Addr().String()), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Root: root, Client: api, SocketRoot: enginetest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Close()
		// Instances that were not removed leave their mounts.
		dirs, err := filepath.Glob(filepath.Join(e.folders.Root, folderPrefix+"*", "*"))
		for _, dir := range dirs {
			err = errors.Join(err, runs.Unbound(dir))
		}
		if err != nil {
			t.Error(err)
		}
	})
	return e
}

func text(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s) }
}

func TestInfo(t *testing.T) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	here := strings.TrimSpace(string(release))
	check := func(kernel, system string, remote bool) {
		t.Helper()
		e := scripted(t, ".", map[string]http.HandlerFunc{
			"GET /info": text(fmt.Sprintf(`{"ServerVersion":"20.10.24","Driver":"overlay2","CgroupVersion":"2","OSType":"linux",
				"KernelVersion":%q,"OperatingSystem":%q}`, kernel, system)),
		})
		got, err := e.Info(t.Context())
		want := engine.Info{Name: "docker", Version: "20.10.24", Storage: "overlay2", CgroupV: 2, Remote: remote}
		if err != nil || got != want {
			t.Errorf("Info = %+v, %v; want %+v", got, err, want)
		}
	}
	check(here, "Debian GNU/Linux 12 (bookworm)", false) // over a port, and local
	check("", "", false)                                 // nothing is certain
	check(here+"-other", "Debian GNU/Linux 12 (bookworm)", true)
	check(here, "Docker Desktop", true)
}

func TestInfoWithoutDaemon(t *testing.T) {
	check := func(host, text, advice string) {
		t.Helper()
		choices(t, map[string]string{"DOCKER_HOST": host})
		_, err := asked(t.Context(), nil)
		mistaken(t, err, text, advice)

		// A client of the caller's own says less.
		api, err := client.NewClientWithOpts(client.WithHost(host))
		if err != nil {
			t.Fatal(err)
		}
		e, err := New(Options{Root: ".", Client: api})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		_, err = e.Info(t.Context())
		mistaken(t, err, text, "DOCKER_HOST")
	}
	dir := enginetest.ShortDir(t)
	missing, file, left := filepath.Join(dir, "none.sock"), filepath.Join(dir, "file"), filepath.Join(dir, "left.sock")
	write(t, file, "")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: left})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	check("unix://"+missing, "there is no "+missing, "unset DOCKER_HOST")
	check("unix://"+file+"/x.sock", "there is no "+file+"/x.sock", "unset DOCKER_HOST")
	check("unix://"+file, file+" is not a socket", "unset DOCKER_HOST")
	check("unix://"+left, "nothing listens on "+left, "start the daemon")
	check("tcp://127.0.0.1:1", "tcp://127.0.0.1:1: nothing listens there", "unset DOCKER_HOST")
}

// project is one whose Dockerfile needs no base.
func project(t *testing.T) (string, bench.Variant) {
	t.Helper()
	root, variant := enginetest.Project(t, true)
	if err := os.WriteFile(filepath.Join(root, "Dockerfile.test"), []byte("FROM scratch\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return root, variant
}

func TestFailedBuildIsA200(t *testing.T) {
	root, variant := project(t)
	var lines strings.Builder
	for i := range 30 {
		lines.WriteString(fmt.Sprintf(`{"stream":"line %d\n"}`, i))
	}
	e := scripted(t, root, map[string]http.HandlerFunc{
		"POST /build": text(`{"stream":"Step 1/2 : FROM scratch"}{"stream":"\n"}{"stream":"Step 2/2 : RUN make\n"}` + lines.String() +
			`{"errorDetail":{"code":2,"message":"make: returned a non-zero code: 2"},"error":"make"}`),
	})
	var told []string
	_, err := engine.Images(e.Prepare(t.Context(), variants(variant), func(p engine.Progress) {
		if p.Event == engine.Log && p.Variant == variant.Name {
			told = append(told, p.Text)
		}
	}))
	b := failed(t, err, "2/2 : RUN make")
	if len(b.Log) != 20 || b.Log[19] != "line 29" {
		t.Errorf("log %q; want the last 20 lines", b.Log)
	}
	if len(told) != 32 || told[0] != "Step 1/2 : FROM scratch" {
		t.Errorf("%d lines were told: %q", len(told), told)
	}
	if got, want := err.Error(), "build test+knob: step 2/2 : RUN make: make: returned a non-zero code: 2"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestFullDisk(t *testing.T) {
	root, variant := project(t)
	e := scripted(t, root, map[string]http.HandlerFunc{
		"POST /build": text(`{"errorDetail":{"message":"write /x: no space left on device"}}`),
	})
	_, err := engine.Images(e.Prepare(t.Context(), variants(variant), nil))
	var h *hint.Error
	if !errors.As(err, &h) || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("%v; want a full disk, with advice", err)
	}
}

func TestCutStream(t *testing.T) {
	root, variant := project(t)
	e := scripted(t, root, map[string]http.HandlerFunc{
		"POST /build": text(`{"stream":"Step 1/1 : FROM scratch\n"}{"stre`),
	})
	_, err := engine.Images(e.Prepare(t.Context(), variants(variant), nil))
	failed(t, err, "1/1 : FROM scratch")
}

// TestCancelledBuild: that the caller gave up is not a failed build.
func TestCancelledBuild(t *testing.T) {
	root, variant := project(t)
	ctx, cancel := context.WithCancel(t.Context())
	e := scripted(t, root, map[string]http.HandlerFunc{
		"POST /build": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // what it holds does not matter
			cancel()
			<-r.Context().Done()
		},
	})
	_, err := engine.Images(e.Prepare(ctx, variants(variant), nil))
	var b *engine.BuildError
	if !errors.Is(err, context.Canceled) || errors.As(err, &b) {
		t.Errorf("%v; want the context's error", err)
	}
}

// TestNoClassicBuilder: a daemon has two ways to say that it wants BuildKit.
func TestNoClassicBuilder(t *testing.T) {
	root, variant := project(t)
	check := func(status int, refusal string) {
		t.Helper()
		var asked []string
		e := scripted(t, root, map[string]http.HandlerFunc{
			"POST /build": func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.FormValue("version"))
				if r.FormValue("version") != "2" {
					w.WriteHeader(status)
					fmt.Fprint(w, refusal)
				}
			},
			"GET /images/stair-stepper:test/json": func(w http.ResponseWriter, _ *http.Request) {
				if len(asked) < 2 {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				fmt.Fprint(w, `{"Id":"sha256:1","Config":{"Labels":{"stair-stepper.allocator":"glibc"}}}`)
			},
			"GET /images/json": text(`[]`),
		})
		images, err := engine.Images(e.Prepare(t.Context(), variants(variant), nil))
		if err != nil || images[0].ID != "sha256:1" || images[0].Allocator != "glibc" {
			t.Errorf("%s: %+v, %v", refusal, images, err)
		}
		if !slices.Equal(asked, []string{"1", "2"}) {
			t.Errorf("%s: builders asked for: %q", refusal, asked)
		}
	}
	check(http.StatusBadRequest, `{"message":"invalid version \"1\""}`)
	check(http.StatusOK, `{"errorDetail":{"message":"the --mount option requires BuildKit. Refer to the manual"}}`)
}

const linux = `{"OSType":"linux"}`

// TestNameTaken: a container of somebody else keeps its name.
func TestNameTaken(t *testing.T) {
	var names []string
	e := scripted(t, ".", map[string]http.HandlerFunc{
		"GET /info": text(linux),
		"POST /containers/create": func(w http.ResponseWriter, r *http.Request) {
			name := r.FormValue("name")
			names = append(names, name)
			if name == "stepper-libc" {
				w.WriteHeader(http.StatusConflict)
				fmt.Fprint(w, `{"message":"the name is in use"}`)
				return
			}
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"Id":"c1"}`)
		},
		"GET /containers/stepper-libc/json": text(`{"Id":"other","Config":{"Labels":{}}}`),
		"POST /containers/c1/start":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"GET /containers/c1/json":           text(`{"Id":"c1","State":{"Running":false,"ExitCode":1,"StartedAt":"2026-01-02T03:04:05.6Z"}}`),
	})
	in, err := e.Start(t.Context(), engine.Spec{Image: engine.Image{Variant: "libc", ID: "sha256:1", Name: "stair-stepper:libc"}, RunID: "20260102-abcdefgh"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "stepper-libc-abcdefgh"; in.Name() != want {
		t.Errorf("%s; want %s; tried %q", in.Name(), want, names)
	}
	// It had ended before it could be looked at, which its State tells.
	if processes, err := in.Processes(t.Context()); err != nil || len(processes) != 0 {
		t.Errorf("Processes = %v, %v; want none", processes, err)
	}
}

// TestStartFails: what was created and could not be started is removed.
func TestStartFails(t *testing.T) {
	removed := false
	e := scripted(t, ".", map[string]http.HandlerFunc{
		"GET /info":               text(linux),
		"POST /containers/create": text(`{"Id":"c1"}`),
		"POST /containers/c1/start": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"message":"no such runtime"}`)
		},
		"DELETE /containers/c1": func(http.ResponseWriter, *http.Request) { removed = true },
	})
	_, err := e.Start(t.Context(), engine.Spec{Image: engine.Image{Variant: "libc"}, RunID: "r"})
	if err == nil || !strings.Contains(err.Error(), "start libc: ") || !strings.Contains(err.Error(), "no such runtime") {
		t.Errorf("error %v", err)
	}
	if !removed {
		t.Error("the container stays")
	}
	if left, _ := os.ReadDir(e.folders.Root); len(left) > 0 {
		t.Errorf("left in the socket folder: %v", left)
	}
}

func TestLostContainer(t *testing.T) {
	in := &instance{engine: scripted(t, ".", nil), id: "c1", name: "stepper-libc"}
	if _, err := in.State(t.Context()); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("State: %v; want ErrNotFound", err)
	}
	if err := in.Remove(t.Context()); err != nil {
		t.Errorf("Remove: %v; want none, it is gone", err)
	}
}

// TestLimitDiscarded: a daemon that cannot limit memory only warns.
func TestLimitDiscarded(t *testing.T) {
	removed := false
	e := scripted(t, ".", map[string]http.HandlerFunc{
		"GET /info":               text(linux),
		"POST /containers/create": text(`{"Id":"c1","Warnings":["Your kernel does not support memory limit capabilities. Limitation discarded."]}`),
		"DELETE /containers/c1":   func(http.ResponseWriter, *http.Request) { removed = true },
	})
	_, err := e.Start(t.Context(), engine.Spec{Image: engine.Image{Variant: "libc"}, RunID: "r", Memory: bench.GiB})
	var h *hint.Error
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), "--memory") || !removed {
		t.Errorf("%v, removed %v; want an error with advice, and no container", err, removed)
	}
}

// TestLiteralBase: an image that a FROM names itself cannot be stood in for.
func TestLiteralBase(t *testing.T) {
	root, variant := enginetest.Project(t, true)
	if err := os.WriteFile(filepath.Join(root, "Dockerfile.test"), []byte("ARG A=debian:bookworm\nFROM ${A}\nFROM debian:bookworm\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := engine.Images(scripted(t, root, nil).Prepare(t.Context(), variants(variant), nil))
	var h *hint.Error
	if !errors.As(err, &h) || !strings.Contains(h.Hint(), "name it in an ARG") {
		t.Errorf("%v; want one that wants an ARG", err)
	}
}

func TestProxies(t *testing.T) {
	t.Setenv("http_proxy", "http://proxy:1")
	if got := proxies()["http_proxy"]; got == nil || *got != "http://proxy:1" {
		t.Errorf("http_proxy = %v", got)
	}
}
