package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// TestInsist: what passes is tried until it has passed or the time is up, what
// does not pass is an error at once.
func TestInsist(t *testing.T) {
	down := errdefs.ErrUnavailable.WithMessage("down")
	for _, c := range []struct {
		name         string
		upAfter      time.Duration
		err          error
		ok           bool
		least, most  time.Duration // that it takes
		fewest, many int           // tries
	}{
		{"up", 0, down, true, 0, 0, 1, 1},
		{"back soon", 500 * time.Millisecond, down, true, 500 * time.Millisecond, time.Second, 4, 6},
		{"back late", 50 * time.Second, down, true, 50 * time.Second, 51 * time.Second, 90, 120},
		{"gone", time.Hour, down, false, time.Minute, time.Minute, 100, 140},
		{"refused", time.Hour, errdefs.ErrPermissionDenied, false, 0, 0, 1, 1},
		{"given up", time.Hour, context.Canceled, false, 0, 0, 1, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began, tries := time.Now(), 0
			err := insist(ctx, func(context.Context) error {
				tries++
				if time.Since(began) >= c.upAfter {
					return nil
				}
				return c.err
			})
			took := time.Since(began)
			if (err == nil) != c.ok || err != nil && !errors.Is(err, c.err) || took < c.least || took > c.most || tries < c.fewest || tries > c.many {
				t.Errorf("%s: %v after %v and %d tries", c.name, err, took, tries)
			}
		})
	}
}

func TestPassing(t *testing.T) {
	for err, want := range map[error]bool{
		errdefs.ErrInternal:                true,
		errdefs.ErrUnavailable:             true,
		errdefs.ErrConflict:                true,
		fmt.Errorf("x: %w", syscall.EPIPE): true,
		context.DeadlineExceeded:           true,
		context.Canceled:                   false,
		errdefs.ErrNotFound:                false,
		errdefs.ErrInvalidArgument:         false,
		errdefs.ErrPermissionDenied:        false,
		errors.New("something"):            false,
	} {
		if passing(err) != want {
			t.Errorf("%v: %v, want %v", err, !want, want)
		}
	}
}

// restarting is a daemon that fails the first calls in all the ways in which one
// that restarts does, then answers with handler. Its socket refuses connections
// at first.
func restarting(t *testing.T, handler http.HandlerFunc) *Engine {
	t.Helper()
	path := filepath.Join(enginetest.ShortDir(t), "docker.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var calls, dials atomic.Int64
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/_ping" {
			return
		}
		switch calls.Add(1) {
		case 1:
			panic(http.ErrAbortHandler) // the connection ends
		case 2:
			w.Header().Set("Content-Length", "100") // and so it does, amid the answer
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "{")
		case 3:
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"message":"shutting down"}`)
		default:
			handler(w, r)
		}
	})}}
	server.Start()
	t.Cleanup(server.Close)
	api, err := client.NewClientWithOpts(client.WithHost("unix://"+path), client.WithVersion("1.41"),
		client.WithDialContext(func(ctx context.Context, _, _ string) (net.Conn, error) {
			switch dials.Add(1) {
			case 1:
				return nil, &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
			case 2:
				return nil, &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ENOENT)}
			}
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		}))
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Root: ".", Client: api, SocketRoot: enginetest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// TestRemoveWhileRestarting: the container and its folder go all the same.
func TestRemoveWhileRestarting(t *testing.T) {
	removals := 0
	e := restarting(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodDelete || !strings.HasSuffix(r.URL.Path, "/containers/c1") {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		removals++
		switch removals {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"message":"driver failed to remove root filesystem: device or resource busy"}`)
		case 2:
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"message":"removal of container c1 is already in progress"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"No such container: c1"}`)
		}
	})
	dir, err := e.folders.Add("r", "libc", "")
	if err != nil {
		t.Fatal(err)
	}
	in := &instance{engine: e, id: "c1", name: "stepper-libc", dir: dir}
	if err := in.Remove(t.Context()); err != nil || removals != 3 {
		t.Errorf("%v after %d removals", err, removals)
	}
	if left, err := os.ReadDir(e.folders.Root); err != nil || len(left) > 0 {
		t.Errorf("left in the socket folder: %v, %v", left, err)
	}
}

// TestRemovePatience: a daemon that stays away is an error when the time is up,
// which says what the matter was.
func TestRemovePatience(t *testing.T) {
	api, err := client.NewClientWithOpts(client.WithHost("unix:///nobody"), client.WithVersion("1.41"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Root: ".", Client: api, SocketRoot: enginetest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		err := (&instance{engine: e, id: "c1", name: "stepper-libc"}).Remove(ctx)
		if took := time.Since(began); !client.IsErrConnectionFailed(err) || !errors.Is(err, context.DeadlineExceeded) || took != time.Minute {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestCreateWhileRestarting: a container that was made though nobody was told
// does not stay.
func TestCreateWhileRestarting(t *testing.T) {
	var dir string
	var removed []string
	e := restarting(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodDelete:
			removed = append(removed, filepath.Base(r.URL.Path))
			w.WriteHeader(http.StatusNoContent)
		case strings.HasSuffix(r.URL.Path, "/containers/json"):
			fmt.Fprintf(w, `[{"Id":"another","Mounts":[{"Source":"/elsewhere","Destination":%[1]q}]},{"Id":"lost","Mounts":[{"Source":%[2]q,"Destination":%[1]q}]}]`, socketDir, dir)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"no such thing"}`)
		}
	})
	var err error
	if dir, err = e.folders.Add("r", "libc", ""); err != nil {
		t.Fatal(err)
	}
	in := &instance{engine: e, dir: dir}
	if err := in.create(t.Context(), engine.Spec{RunID: "r", Image: engine.Image{Variant: "libc", Name: "x"}}); !away(err) || !slices.Equal(removed, []string{"lost"}) {
		t.Errorf("%v, removed %q", err, removed)
	}
	var h *hint.Error
	if err := explain(syscall.ECONNRESET); !errors.As(err, &h) || !strings.Contains(h.Hint(), "restarted") {
		t.Errorf("no hint of what happened: %v", err)
	}
}

// TestMarkerWhileRestarting: nor does a marker.
func TestMarkerWhileRestarting(t *testing.T) {
	there := map[string]bool{}
	made := 0
	e := restarting(t, func(w http.ResponseWriter, r *http.Request) {
		switch name := filepath.Base(r.URL.Path); {
		case name == "create":
			var asked struct{ Name string }
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
				t.Error(err)
			}
			there[asked.Name] = true
			if made++; made == 1 {
				panic(http.ErrAbortHandler) // it is made, and nobody is told
			}
			fmt.Fprintf(w, `{"Name":%q}`, asked.Name)
		case r.Method == http.MethodDelete && len(there) == 1 && made < 3:
			made = 3
			panic(http.ErrAbortHandler)
		case r.Method == http.MethodDelete:
			delete(there, name)
			w.WriteHeader(http.StatusNoContent)
		default:
			fmt.Fprint(w, `{"Volumes":[]}`)
		}
	})
	if err := e.announce(t.Context()); err != nil || made != 2 || len(there) != 1 {
		t.Errorf("%v, %d made, there are %v", err, made, there)
	}
	if err := e.retire(t.Context()); err != nil || len(there) != 0 {
		t.Errorf("%v, left: %v", err, there)
	}
}
