package enginetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// FakeInstance is an instance of a Fake.
type FakeInstance struct {
	Spec engine.Spec // as it was started with; Env with ADDR and SOCKET

	fake    *Fake
	owner   runs.Owner
	server  *http.Server
	address string
	socket  string
	folder  string // of the socket; empty: there is none
	dial    func(context.Context) (net.Conn, error)
	serving sync.WaitGroup

	mu       sync.Mutex
	lines    []string
	state    engine.State
	replaced error // what Dial fails with; nil: it does not
	removed  bool
	done     chan struct{} // closed when it has ended
}

var _ engine.Instance = (*FakeInstance)(nil)

// listen opens the ways in and answers on them.
func (in *FakeInstance) listen() error {
	listeners, err := in.open()
	if err != nil {
		return err
	}
	if in.Spec.Env == nil {
		in.Spec.Env = map[string]string{}
	}
	in.Spec.Env["ADDR"], in.Spec.Env["SOCKET"] = in.address, in.socket
	in.state = engine.State{Running: true}
	in.server = &http.Server{} // before Handler, which may end the instance already
	var handler http.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	if in.fake.Handler != nil {
		handler = in.fake.Handler(in)
	}
	in.server.Handler = handler
	for _, l := range listeners {
		in.serving.Go(func() { _ = in.server.Serve(l) }) // it ends with ErrServerClosed
	}
	return nil
}

// open makes a port and a socket, or what stands for them in memory.
func (in *FakeInstance) open() ([]net.Listener, error) {
	if in.fake.Memory {
		in.address, in.socket = "127.0.0.1:0", "memory:"+in.Name()
		l := newPipes(in.socket)
		in.dial = l.dial
		return []net.Listener{l}, nil
	}
	dir, err := os.MkdirTemp("/tmp", "fake-") // a folder of TMPDIR may be too long for a socket
	if err != nil {
		return nil, err
	}
	in.folder, in.socket = dir, filepath.Join(dir, "s")
	door := &engine.Door{Path: in.socket, Owns: in.owns}
	in.dial = door.Dial
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	in.address = tcp.Addr().String()
	unix, err := net.Listen("unix", in.socket)
	if err != nil {
		return nil, errors.Join(err, tcp.Close(), os.Remove(dir))
	}
	return []net.Listener{tcp, unix}, nil
}

// Print adds a line to the log.
func (in *FakeInstance) Print(line string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lines = append(in.lines, line)
}

// Exit ends the instance as if it had died by itself, connections and all. It
// may be called by its own handler.
func (in *FakeInstance) Exit(s engine.State) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.state.Running {
		return
	}
	s.Running = false
	in.state = s
	_ = in.server.Close() // its listeners are closed in any case
	close(in.done)
}

// Done is closed when the instance has ended.
func (in *FakeInstance) Done() <-chan struct{} { return in.done }

// Name is stepper-VARIANT.
func (in *FakeInstance) Name() string { return "stepper-" + engine.SafeName(in.Spec.Image.Variant) }

// Address is where it listens.
func (in *FakeInstance) Address() string { return in.address }

// Socket is where it listens too.
func (in *FakeInstance) Socket() string { return in.socket }

// Dial connects to it as a real engine does.
func (in *FakeInstance) Dial(ctx context.Context) (net.Conn, error) {
	in.mu.Lock()
	replaced := in.replaced
	in.mu.Unlock()
	if replaced != nil {
		return nil, replaced
	}
	return in.dial(ctx)
}

// Replace has Dial fail from now on, as if the service had put something else in
// the place of its socket.
func (in *FakeInstance) Replace(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.replaced = err
}

// owns takes the test's own process alone, whatever PIDs say.
func (in *FakeInstance) owns(p bench.Process) error {
	if p.PID != os.Getpid() {
		return engine.Stranger(p)
	}
	return nil
}

// dead says that its owner has certainly ended.
func (in *FakeInstance) dead() bool { return runs.Judge(in.owner.String()).Life == runs.Dead }

func (in *FakeInstance) kept() bool {
	in.fake.mu.Lock()
	defer in.fake.mu.Unlock()
	return in.Spec.KeepFor != "" && in.fake.closed
}

// Processes gives the Fake's PIDs while it runs, those that have ended left out.
func (in *FakeInstance) Processes(context.Context) ([]bench.Process, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.state.Running {
		return nil, nil
	}
	pids := in.fake.PIDs
	if pids == nil {
		pids = []int{os.Getpid()}
	}
	var processes []bench.Process
	for _, pid := range pids {
		start, running, err := proc.StartTime(pid)
		if err != nil {
			return nil, err
		}
		if running {
			processes = append(processes, bench.Process{PID: pid, Start: start})
		}
	}
	return processes, nil
}

// State gives what Exit left.
func (in *FakeInstance) State(ctx context.Context) (engine.State, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.removed {
		return engine.State{}, fmt.Errorf("%s: %w", in.Name(), engine.ErrNotFound)
	}
	if err := in.fake.FailState[in.Spec.Image.Variant]; err != nil {
		return engine.State{}, err
	}
	return in.state, ctx.Err()
}

// Logs gives the last lines of Print.
func (in *FakeInstance) Logs(_ context.Context, n int) ([]string, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.removed {
		return nil, fmt.Errorf("%s: %w", in.Name(), engine.ErrNotFound)
	}
	return slices.Clone(in.lines[max(0, len(in.lines)-n):]), nil
}

// Remove ends it and removes its socket.
func (in *FakeInstance) Remove(context.Context) error {
	in.fake.call("remove %s", in.Spec.Image.Variant)
	if err := in.fake.FailRemove[in.Spec.Image.Variant]; err != nil {
		return err
	}
	in.Exit(engine.State{ExitCode: 137})
	in.serving.Wait()
	in.mu.Lock()
	in.removed = true
	in.mu.Unlock()
	w := in.fake.world()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = slices.DeleteFunc(w.running, func(other *FakeInstance) bool { return other == in })
	if in.folder == "" {
		return nil
	}
	return os.RemoveAll(in.folder)
}
