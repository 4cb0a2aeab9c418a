package enginetest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

func (h *harness) info(t *testing.T) {
	info, err := h.engine.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Name == "" || info.Version == "" {
		t.Errorf("Info = %+v: no name or no version", info)
	}
}

func (h *harness) reuse(t *testing.T) {
	var events []engine.Event
	images, err := engine.Images(h.engine.Prepare(t.Context(), []bench.Variant{h.Variant}, func(p engine.Progress) {
		if p.Variant == h.Variant.Name {
			events = append(events, p.Event)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(events, []engine.Event{engine.Reused}) {
		t.Errorf("progress %v, want Reused alone", events)
	}
	if images[0] != h.image {
		t.Errorf("image %+v, was %+v", images[0], h.image)
	}
}

func (h *harness) serves(t *testing.T) {
	in := h.start(t, h.engine, h.spec(nil))
	get(t, in, true, "/healthz")
	get(t, in, false, "/healthz")
	if s, err := in.State(t.Context()); err != nil || s != (engine.State{Running: true}) {
		t.Errorf("State = %+v, %v; want running", s, err)
	}
	if want := "stepper-test-knob"; !strings.HasPrefix(in.Name(), want) {
		t.Errorf("Name = %q, want %q", in.Name(), want)
	}
	if host, _, _ := net.SplitHostPort(in.Address()); host != "127.0.0.1" {
		t.Errorf("Address = %q, want one on 127.0.0.1", in.Address())
	}
}

func (h *harness) environment(t *testing.T) {
	in := h.start(t, h.engine, h.spec(map[string]string{"KNOB": "a b=c $d"}))
	if got := get(t, in, true, "/env?name=KNOB"); got != "a b=c $d" {
		t.Errorf("KNOB = %q", got)
	}
	if got := get(t, in, true, "/env?name=SOCKET"); got == "" {
		t.Error("no SOCKET")
	}
}

func (h *harness) processes(t *testing.T) {
	in := h.start(t, h.engine, h.spec(nil))
	get(t, in, true, "/healthz")
	count := func() int {
		t.Helper()
		processes, err := in.Processes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range processes {
			if running, err := proc.Running(p); err != nil || !running {
				t.Errorf("process %+v: running = %v, %v", p, running, err)
			}
		}
		return len(processes)
	}
	if n := count(); n != 1 {
		t.Errorf("%d processes, want 1", n)
	}
	if h.Children {
		get(t, in, true, "/child")
		if n := count(); n != 2 {
			t.Errorf("%d processes with a child, want 2", n)
		}
	}
	get(t, in, true, "/exit")
	if s := ended(t, in); s != (engine.State{}) {
		t.Errorf("State = %+v, want exit 0", s)
	}
	if n := count(); n != 0 {
		t.Errorf("%d processes after the end, want none", n)
	}
}

func (h *harness) exit(t *testing.T) {
	in := h.start(t, h.engine, h.spec(map[string]string{"EXIT": "7"}))
	if s := ended(t, in); s != (engine.State{ExitCode: 7}) {
		t.Errorf("State = %+v, want exit 7", s)
	}
	lines, err := in.Logs(t.Context(), 10)
	slices.Sort(lines)
	if want := []string{"hello to stderr", "hello to stdout"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("Logs = %q, %v; want %q", lines, err, want)
	}
	if lines, err := in.Logs(t.Context(), 1); err != nil || len(lines) != 1 {
		t.Errorf("Logs(1) = %q, %v; want one line", lines, err)
	}
}

// endsAtOnce: a service that fails while it starts is an instance that ended,
// not a failure of Start, so that its log can be read.
func (h *harness) endsAtOnce(t *testing.T) {
	for range 3 {
		in := h.start(t, h.engine, h.spec(map[string]string{"EXIT": "3"}))
		if s := ended(t, in); s.ExitCode != 3 {
			t.Errorf("State = %+v, want exit 3", s)
		}
	}
}

func (h *harness) removeTwice(t *testing.T) {
	in := h.start(t, h.engine, h.spec(nil))
	get(t, in, true, "/healthz")
	for range 2 {
		if err := in.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	gone(t, in)
}

// gone checks that nothing of an instance is left.
func gone(t *testing.T, in engine.Instance) {
	t.Helper()
	if _, err := in.State(t.Context()); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("State after removal: %v; want ErrNotFound", err)
	}
	if _, err := os.Stat(in.Socket()); err == nil {
		t.Errorf("%s is still there", in.Socket())
	}
	if c, err := net.Dial("tcp", in.Address()); err == nil {
		c.Close()
		t.Errorf("%s still answers", in.Address())
	}
}

func (h *harness) two(t *testing.T) {
	a, b := h.start(t, h.engine, h.spec(nil)), h.start(t, h.engine, h.spec(nil))
	get(t, a, true, "/healthz")
	get(t, b, true, "/healthz")
	if a.Address() == b.Address() || a.Socket() == b.Socket() {
		t.Errorf("%s %s and %s %s are not apart", a.Address(), a.Socket(), b.Address(), b.Socket())
	}
	if err := a.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	get(t, b, true, "/healthz")
}

func (h *harness) cancelled(t *testing.T) {
	dead := h.New(t, deadOwner(t))
	for _, after := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		in, err := dead.Start(ctx, h.spec(nil))
		cancel()
		if err == nil { // it was faster than that
			if err := in.Remove(t.Context()); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Start cancelled after %v: %v; want the context's error", after, err)
		}
	}
	// A dead owner's leftovers would be found here.
	if removed, err := h.swept(t); err != nil || len(removed) > 0 {
		t.Errorf("left behind: %q, %v", removed, err)
	}
}

func (h *harness) sweep(t *testing.T) {
	alive := h.start(t, h.engine, h.spec(nil))
	dead := h.New(t, deadOwner(t))
	left, err := dead.Start(t.Context(), engine.Spec{Image: h.prepared(t, dead), RunID: runID + "-dead"})
	if err != nil {
		t.Fatal(err)
	}
	get(t, left, true, "/healthz")
	get(t, alive, true, "/healthz")
	removed, err := h.swept(t)
	if err != nil || len(removed) == 0 {
		t.Errorf("Sweep = %q, %v; want what was left", removed, err)
	}
	gone(t, left)
	get(t, alive, true, "/healthz")
	if removed, err := h.swept(t); err != nil || len(removed) != 0 {
		t.Errorf("second Sweep = %q, %v; want nothing", removed, err)
	}
}

// swept sweeps, and gives what instances left: on a machine that the tests have
// not for themselves, images of others may be due as well.
func (h *harness) swept(t *testing.T) ([]string, error) {
	t.Helper()
	cleared, err := h.engine.Sweep(t.Context())
	return slices.DeleteFunc(cleared.Removed, func(l string) bool { return strings.HasPrefix(l, "image ") }), err
}

// prepared is the image as another engine knows it.
func (h *harness) prepared(t *testing.T, e engine.Engine) engine.Image {
	t.Helper()
	images, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{h.Variant}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return images[0]
}

// kept: what a run meant to keep stays if it came to its end, and is swept if
// it was killed.
func (h *harness) kept(t *testing.T) {
	killed := h.New(t, deadOwner(t))
	spec := engine.Spec{Image: h.prepared(t, killed), RunID: runID + "-killed", KeepFor: "asked for with --keep"}
	left := h.start(t, killed, spec)
	get(t, left, true, "/healthz")
	if removed, err := h.swept(t); err != nil || len(removed) == 0 {
		t.Errorf("Sweep = %q, %v; want what the killed run left", removed, err)
	}
	gone(t, left)

	dead := h.New(t, deadOwner(t))
	spec = engine.Spec{Image: h.prepared(t, dead), RunID: runID + "-kept", KeepFor: "asked for with --keep"}
	in := h.start(t, dead, spec)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	if removed, err := h.swept(t); err != nil || len(removed) != 0 {
		t.Errorf("Sweep = %q, %v; want nothing", removed, err)
	}
	get(t, in, true, "/healthz")
}

func (h *harness) memory(t *testing.T) {
	spec := h.spec(nil)
	spec.Memory = 32 * bench.MiB
	in := h.start(t, h.engine, spec)
	get(t, in, true, "/healthz")
	client := http.Client{Timeout: 20 * time.Second}
	if res, err := client.Get("http://" + in.Address() + "/eat"); err == nil {
		res.Body.Close()
	}
	if s := ended(t, in); !s.OOMKilled || s.ExitCode != 137 {
		t.Errorf("State = %+v, want killed for memory with exit 137", s)
	}
}

// childMemory: that a process in it was killed for memory shows although the
// service goes on.
func (h *harness) childMemory(t *testing.T) {
	spec := h.spec(nil)
	spec.Memory = 32 * bench.MiB
	in := h.start(t, h.engine, spec)
	get(t, in, true, "/child?what=eat")
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		s, err := in.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Running && s.OOMKilled {
			return
		}
		if !s.Running || time.Since(began) > 20*time.Second {
			t.Fatalf("State = %+v, want running, and killed for memory", s)
		}
	}
}
