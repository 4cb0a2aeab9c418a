package docker

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

var spec = engine.Spec{Image: engine.Image{Variant: "libc", ID: "sha256:1", Name: "stair-stepper:libc"}, RunID: "r"}

// holding scripts a daemon whose one container has a first process of that
// number, and runs as long as running says so.
func holding(info string, pid int, running func() bool, removed *bool) map[string]http.HandlerFunc {
	id := strings.Repeat("c1", 32)
	return map[string]http.HandlerFunc{
		"GET /info":                         text(info),
		"POST /containers/create":           text(`{"Id":"` + id + `"}`),
		"POST /containers/" + id + "/start": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"DELETE /containers/" + id:          func(http.ResponseWriter, *http.Request) { *removed = true },
		"GET /containers/" + id + "/json": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"State":{"Running":%v,"Pid":%d,"StartedAt":"2026-01-02T03:04:05.6Z"},
				"NetworkSettings":{"Ports":{"3000/tcp":[{"HostIp":"127.0.0.1","HostPort":"32768"}]}}}`, running(), pid)
		},
	}
}

func always() bool { return true }

// foreign checks that an error says that /proc is another's, and what to do.
func foreign(t *testing.T, err error, why string) {
	t.Helper()
	var h *hint.Error
	if !errors.As(err, &h) || !strings.Contains(err.Error(), "this host's /proc is not the engine's: "+why) || !strings.Contains(h.Hint(), "--pid=host") {
		t.Errorf("%v; want that this /proc is not the engine's: %s", err, why)
	}
}

// The number that a daemon on another machine names is a stranger's here, if it
// is anybody's. How the daemon is reached makes no difference.
func TestStranger(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		for _, pid := range []int{os.Getpid(), 1} {
			t.Run(fmt.Sprintf("%s %d", network, pid), func(t *testing.T) {
				removed := false
				e := scriptedOn(t, network, ".", holding(linux, pid, always, &removed))
				began := time.Now()
				_, err := e.Start(t.Context(), spec)
				foreign(t, err, fmt.Sprintf("process %d, which docker names as the first of container stepper-libc, is a different one here: ", pid))
				if took := time.Since(began); took > hearTime/2 {
					t.Errorf("it took %v, though the process is older than the container", took)
				}
				if !removed {
					t.Error("the container stays")
				}
			})
		}
	}
}

// unused is a number that no process has: the kernel gives none as high.
const unused = 1 << 30

func TestNobody(t *testing.T) {
	t.Parallel() // it waits
	removed := false
	_, err := scripted(t, ".", holding(linux, unused, always, &removed)).Start(t.Context(), spec)
	foreign(t, err, fmt.Sprintf("process %d, which docker names as the first of container stepper-libc, does not exist here", unused))
}

// One that has just ended is not there either, and the daemon hears of it a
// little later.
func TestEndedMeanwhile(t *testing.T) {
	asked, removed := 0, false
	running := func() bool { asked++; return asked < 5 }
	in, err := scripted(t, ".", holding(linux, unused, running, &removed)).Start(t.Context(), spec)
	if err != nil || removed {
		t.Fatalf("%v, removed %v; want an instance whose State tells", err, removed)
	}
	if s, err := in.State(t.Context()); err != nil || s.Running {
		t.Errorf("State = %v, %v; want that it has ended", s, err)
	}
	if list, err := in.Processes(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("Processes = %v, %v; want none", list, err)
	}
}

// Without control groups, it is the socket that shows whose a process is.
func TestBySocket(t *testing.T) {
	const groupless = `{"OSType":"linux","CgroupDriver":"none"}`
	begin := func(pid int) engine.Instance {
		t.Helper()
		removed := false
		in, err := scripted(t, ".", holding(groupless, pid, always, &removed)).Start(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := in.Processes(t.Context()); err == nil {
			t.Errorf("Processes before anybody listens = %v; want an error", list)
		}
		l, err := net.Listen("unix", in.Socket())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return in
	}
	in := begin(os.Getpid()) // the one that listens
	for range 2 {
		list, err := in.Processes(t.Context())
		if err != nil || !slices.ContainsFunc(list, func(p bench.Process) bool { return p.PID == os.Getpid() }) {
			t.Errorf("Processes = %v, %v; want this one", list, err)
		}
	}
	other := exec.CommandContext(t.Context(), "sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = other.Process.Kill() // it sleeps
		_ = other.Wait()         // it was killed
	}()
	in = begin(other.Process.Pid)
	_, err := in.Processes(t.Context())
	foreign(t, err, fmt.Sprintf("process %d, which docker names as the first of container stepper-libc, is not the one that listens", other.Process.Pid))
}
