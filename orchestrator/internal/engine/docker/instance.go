package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/lines"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
)

// instance is one container.
type instance struct {
	engine  *Engine
	id      string
	name    string
	user    string
	address string
	dir     string // on the host, bind-mounted into it
	door    engine.Door
	bounded bool // dir is a small file system of its own
	started time.Time

	// How its processes are known, see identify.
	before    uint64        // when nothing of it ran yet, in clock ticks since the boot
	groupless bool          // the daemon gives containers no control groups
	first     bench.Process // zero: it had ended before anybody saw it
	byGroup   bool          // that first is its own was shown by its control group
	bySocket  atomic.Bool   // it was shown by its socket
}

func (in *instance) Name() string    { return in.name }
func (in *instance) Address() string { return in.address }
func (in *instance) Socket() string  { return filepath.Join(in.dir, socket) }

func (in *instance) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := in.door.Dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.name, err)
	}
	return conn, nil
}

// State asks the daemon. Besides its flag for the container as a whole, the
// events tell when the kernel killed another process than the first.
func (in *instance) State(ctx context.Context) (engine.State, error) {
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	c, err := in.engine.api.ContainerInspect(ctx, in.id)
	if err != nil {
		return engine.State{}, in.wrap("state", err)
	}
	if c.State.Running && !in.bounded {
		// This is asked while a service that does not answer is waited for.
		if err := runs.CheckFolder(in.dir); err != nil {
			return engine.State{}, in.wrap("state", err)
		}
	}
	s := engine.State{Running: c.State.Running, OOMKilled: c.State.OOMKilled}
	if !s.Running {
		s.ExitCode = c.State.ExitCode
	}
	limited := c.HostConfig != nil && c.HostConfig.Memory > 0
	if !s.OOMKilled && limited {
		if s.OOMKilled, err = in.oom(ctx); err != nil {
			return engine.State{}, in.wrap("events", err)
		}
	}
	return s, nil
}

// oom says that the daemon has seen the kernel kill for memory in the container.
func (in *instance) oom(ctx context.Context) (bool, error) {
	stamp := func(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }
	// An end in the past makes this a look at the daemon's memory, not a wait.
	list, errs := in.engine.api.Events(ctx, events.ListOptions{
		Since: stamp(in.started.Add(-time.Second)),
		Until: stamp(time.Now()),
		Filters: filters.NewArgs(
			filters.Arg("type", "container"), filters.Arg("event", "oom"), filters.Arg("container", in.id)),
	})
	seen := false
	for {
		select {
		case <-list:
			seen = true
		case err := <-errs:
			if err == nil || errors.Is(err, io.EOF) {
				return seen, nil
			}
			return seen, err
		}
	}
}

// Logs gives the last n lines of both streams, in the order in which they came,
// out of the last 64 KiB.
func (in *instance) Logs(ctx context.Context, n int) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	r, err := in.engine.api.ContainerLogs(ctx, in.id, container.LogsOptions{
		ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(n),
	})
	if err != nil {
		return nil, in.wrap("logs", err)
	}
	defer r.Close()
	var end lines.Ending
	if _, err := stdcopy.StdCopy(&end, &end, r); err != nil {
		return nil, in.wrap("logs", err)
	}
	return end.Lines(n), nil
}

// Remove removes the container and its folder, in this order: nothing may be
// able to write into a folder that is being removed.
func (in *instance) Remove(ctx context.Context) error {
	if err := in.engine.discard(ctx, in.id, in.dir); err != nil {
		return in.wrap("remove", err)
	}
	return nil
}

// discard removes a container and its socket folder, if they are still there.
func (e *Engine) discard(ctx context.Context, id, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, slowTime)
	defer cancel()
	if id != "" {
		if err := e.removeContainer(ctx, id); err != nil {
			return err
		}
	}
	return e.folders.Remove(dir)
}

// wrap adds the container's name, and tells apart what is gone.
func (in *instance) wrap(what string, err error) error {
	if errdefs.IsNotFound(err) {
		err = fmt.Errorf("%w: %w", engine.ErrNotFound, err)
	}
	return fmt.Errorf("%s: %s: %w", in.name, what, err)
}
