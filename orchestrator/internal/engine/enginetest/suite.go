package enginetest

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
)

// Subject is an engine under test.
type Subject struct {
	// New gives an engine on the same machine as all others that it gives. What
	// it starts belongs to owner; zero: this process.
	New func(t *testing.T, owner runs.Owner) engine.Engine
	// Variant is a build of the service of Project.
	Variant bench.Variant
	// Memory says that the engine can limit memory.
	Memory bool
	// Children says that its instances are processes of their own, and can start
	// others.
	Children bool
	// Bounds says that it bounds what an instance can put beside its socket.
	Bounds bool
}

// deadOwner is an owner on this host that cannot be alive: pid 1 has another
// start.
func deadOwner(t *testing.T) runs.Owner {
	t.Helper()
	owner, err := runs.Self()
	if err != nil {
		t.Fatal(err)
	}
	owner.Start++
	return owner
}

const runID = "conformance"

// Run is the suite.
func Run(t *testing.T, s Subject) {
	e := s.New(t, runs.Owner{})
	images, err := engine.Images(e.Prepare(t.Context(), []bench.Variant{s.Variant}, nil))
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{Subject: s, engine: e, image: images[0]}
	t.Run("info", h.info)
	t.Run("prepare again reuses", h.reuse)
	t.Run("serves on socket and port", h.serves)
	t.Run("dials the instance alone", h.impostors)
	if s.Children {
		t.Run("a folder full of things", h.full)
	}
	t.Run("environment", h.environment)
	t.Run("processes", h.processes)
	t.Run("exit code and logs", h.exit)
	t.Run("ends at once", h.endsAtOnce)
	t.Run("remove twice", h.removeTwice)
	t.Run("two of a variant", h.two)
	t.Run("cancelled start", h.cancelled)
	t.Run("sweep", h.sweep)
	t.Run("kept", h.kept)
	if s.Memory {
		t.Run("killed for memory", h.memory)
		t.Run("a child killed for memory", h.childMemory)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

type harness struct {
	Subject
	engine engine.Engine
	image  engine.Image
}

func (h *harness) spec(env map[string]string) engine.Spec {
	return engine.Spec{Image: h.image, Env: env, RunID: runID, Labels: map[string]string{"round": "1"}}
}

// start starts an instance that is removed with the test.
func (h *harness) start(t *testing.T, e engine.Engine, spec engine.Spec) engine.Instance {
	t.Helper()
	in, err := e.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return in
}

// get asks over the socket, or over the port, until there is an answer.
func get(t *testing.T, in engine.Instance, socket bool, path string) string {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	if socket {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return in.Dial(ctx)
		}
	}
	client := http.Client{Transport: transport, Timeout: 5 * time.Second}
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		res, err := client.Get("http://" + in.Address() + path)
		if err == nil {
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s: %s", path, res.Status, body)
			}
			return string(body)
		}
		if time.Since(began) > 20*time.Second {
			lines, _ := in.Logs(t.Context(), 20)
			t.Fatalf("%s: %v; its log: %q", path, err, lines)
		}
	}
}

// ended waits until it does not run.
func ended(t *testing.T, in engine.Instance) engine.State {
	t.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
		s, err := in.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !s.Running {
			return s
		}
	}
	t.Fatal("still runs")
	return engine.State{}
}
