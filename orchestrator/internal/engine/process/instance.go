package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/lines"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// instance is one process and what descends from it: a process group.
type instance struct {
	engine  *Engine
	name    string
	address string
	dir     string
	door    engine.Door
	pid     int
	first   bench.Process // pid beyond doubt
	done    chan struct{} // closed when it has ended; state is set then
	state   engine.State
}

// Start starts the variant's binary.
func (e *Engine) Start(ctx context.Context, spec engine.Spec) (engine.Instance, error) {
	in, err := e.start(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Image.Variant, err)
	}
	return in, nil
}

func (e *Engine) start(ctx context.Context, spec engine.Spec) (*instance, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	r, known := e.recipes[spec.Image.Hash]
	e.mu.Unlock()
	switch {
	case !known:
		return nil, fmt.Errorf("image %s: %w: it was not prepared here", spec.Image.Name, engine.ErrNotFound)
	case spec.Memory > 0:
		return nil, &hint.Error{
			Err:    errors.New("a local process cannot be given a memory limit"),
			Advice: "leave --memory out, or use --engine docker",
		}
	}
	in := &instance{engine: e, name: "stepper-" + engine.SafeName(spec.Image.Variant), done: make(chan struct{})}
	var err error
	if in.dir, err = e.folders.Add(spec.RunID, spec.Image.Variant, spec.KeepFor); err == nil {
		in.door = engine.Door{Path: in.Socket(), Owns: in.owns}
		err = runs.CheckSocket(in.Socket())
	}
	if err == nil {
		err = in.run(r, spec)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickTime)
		defer cancel()
		return nil, errors.Join(err, in.Remove(ctx))
	}
	return in, nil
}

// run starts the process and sees to it that it does not outlive this one,
// unless it is to be kept.
func (in *instance) run(r recipe, spec engine.Spec) error {
	// The port is free now; the moment until the service takes it is short, and
	// a service that cannot take it says so and ends.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	in.address = l.Addr().String()
	l.Close()

	// Nothing of the caller's own environment may tune an allocator.
	env := map[string]string{"PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME")}
	maps.Copy(env, r.env)
	maps.Copy(env, spec.Env)
	env["ADDR"], env["SOCKET"] = in.address, in.Socket()
	if err := r.ground.prepare(env); err != nil {
		return err
	}

	// A file, not a pipe: one that is kept must be able to print when nobody
	// listens any more.
	log, err := os.OpenFile(in.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := r.ground.command(r.binary)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = in.dir, environment(env), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if spec.KeepFor == "" {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}
	started := make(chan error)
	go in.attend(cmd, started)
	if err := <-started; err != nil {
		return err
	}
	return os.WriteFile(in.record(), fmt.Appendf(nil, "%d %d", in.first.PID, in.first.Start), 0o644)
}

// attend starts the process and waits for its end. The kernel takes the death
// of the thread that started a process for its parent's death, so the thread
// stays with it.
func (in *instance) attend(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(in.done)
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	// Nobody has waited for it yet, so the number is its own, ended or not.
	in.pid = cmd.Process.Pid
	start, _, err := proc.StartTime(in.pid)
	in.first = bench.Process{PID: in.pid, Start: start}
	started <- err
	// As long as it is a zombie nobody else can get its number, so the signal
	// to what is left of its group can meet no stranger.
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // ESRCH: nobody is left
	_ = cmd.Wait()                                      // an exit code is no error here
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled():
		in.state.ExitCode = 128 + int(status.Signal())
	default:
		in.state.ExitCode = cmd.ProcessState.ExitCode()
	}
}

func (in *instance) Name() string    { return in.name }
func (in *instance) Address() string { return in.address }
func (in *instance) Socket() string  { return filepath.Join(in.dir, "stepper.sock") }
func (in *instance) log() string     { return filepath.Join(in.dir, "log") }
func (in *instance) record() string  { return filepath.Join(in.dir, recordFile) }

func (in *instance) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := in.door.Dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.name, err)
	}
	return conn, nil
}

// owns says whether a process, the one that listens on the socket, is what was
// started here or descends from it.
func (in *instance) owns(p bench.Process) error {
	tree, err := proc.Tree(in.first)
	if err != nil || slices.Contains(tree, p) {
		return err
	}
	return engine.Stranger(p)
}

func (in *instance) ended() bool {
	select {
	case <-in.done:
		return true
	default:
		return false
	}
}

// Processes gives the process that was started here and what descends from it.
func (in *instance) Processes(context.Context) ([]bench.Process, error) {
	if in.ended() {
		return nil, nil
	}
	return proc.Tree(in.first)
}

// State knows of no kill for memory: the kernel tells nobody why it kills.
func (in *instance) State(context.Context) (engine.State, error) {
	// First, for another engine that swept it away may be ahead of our own wait.
	if _, err := os.Stat(in.dir); errors.Is(err, fs.ErrNotExist) {
		return engine.State{}, fmt.Errorf("%s: %w", in.name, engine.ErrNotFound)
	}
	if !in.ended() {
		return engine.State{Running: true}, nil
	}
	return in.state, nil
}

// Logs gives the last n lines, out of the last 64 KiB.
func (in *instance) Logs(_ context.Context, n int) ([]string, error) {
	// The service can put anything there.
	f, err := os.OpenFile(in.log(), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: logs: %w", in.name, engine.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: logs: the service has put something else in place of its log", in.name)
	}
	var end lines.Ending
	if _, err := io.Copy(&end, io.NewSectionReader(f, max(0, info.Size()-lines.Most), lines.Most)); err != nil {
		return nil, err
	}
	return end.Lines(n), nil
}

// kill ends it at once. Its number is its own as long as done is open.
func (in *instance) kill(ctx context.Context) error {
	if in.pid == 0 {
		return nil // it was never started
	}
	if !in.ended() {
		_ = syscall.Kill(-in.pid, syscall.SIGKILL) // it may just have ended
	}
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	select {
	case <-in.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("kill %s (pid %s): %w", in.name, strconv.Itoa(in.pid), ctx.Err())
	}
}

// Remove kills it and removes its folder.
func (in *instance) Remove(ctx context.Context) error {
	if err := in.kill(ctx); err != nil {
		return err
	}
	return in.engine.folders.Remove(in.dir)
}
