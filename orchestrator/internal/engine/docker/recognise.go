package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// hearTime is how long the daemon may take to learn that a container's process
// has ended.
const hearTime = 5 * time.Second

// claim is what the control groups say of whose a process is.
type claim int

const (
	unclaimed claim = iota // they say nothing: the process has none, or has ended
	itsOwn                 // a path has the container's id
	anothers               // there are paths, and none has it
)

// claimOf asks the control groups of a process. A path that is seen through a
// namespace, as ../../docker/ID, has the id too.
func claimOf(p bench.Process, id string) (claim, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/cgroup")
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
		return unclaimed, err
	}
	// What was read by number is this process's if it has the number still.
	running, err := proc.Running(p)
	switch {
	case err != nil || !running || len(text) == 0:
		return unclaimed, err
	case id != "" && strings.Contains(string(text), id):
		return itsOwn, nil
	}
	return anothers, nil
}

// identify finds the container's first process here. That the daemon names its
// number proves nothing: where this /proc is another's, the number is nobody's
// or a stranger's. A container that has ended meanwhile is no error; its State
// tells the rest.
func (in *instance) identify(ctx context.Context) error {
	heard, cancel := context.WithTimeout(ctx, hearTime)
	defer cancel()
	for {
		c, err := in.engine.api.ContainerInspect(ctx, in.id)
		if err != nil {
			return err
		}
		if !c.State.Running {
			return nil
		}
		why, certain, err := in.recognise(c.State.Pid)
		if err != nil || why == "" {
			return err
		}
		foreign := engine.ForeignProc(fmt.Sprintf("process %d, which docker names as the first of container %s, %s", c.State.Pid, in.name, why))
		if certain {
			return foreign
		}
		// Or it has just ended, and the daemon has not heard of it yet.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-heard.Done():
			return foreign
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// recognise takes a process as the container's first, or says why it is not,
// and whether that is certain.
func (in *instance) recognise(pid int) (why string, certain bool, err error) {
	start, running, err := proc.StartTime(pid)
	if err != nil {
		return "", false, err
	}
	if !running {
		return "does not exist here", false, nil
	}
	p := bench.Process{PID: pid, Start: start}
	whose, err := claimOf(p, in.id)
	if err != nil {
		return "", false, err
	}
	switch {
	case whose == itsOwn:
		in.first, in.byGroup = p, true
		return "", false, nil
	case whose == unclaimed || in.groupless:
		// It has just ended, or there are no groups: then its socket will tell.
		if running, err := proc.Running(p); err != nil || !running {
			return "does not exist here", false, err
		}
		in.first = p
		return "", false, nil
	}
	// One that is older than the container never was its process.
	return "is a different one here: " + describe(pid), p.Start < in.before, nil
}

// describe names a process for people.
func describe(pid int) string {
	name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	return strconv.Quote(strings.TrimSpace(string(name)))
}

// Processes reads /proc, which is cheap enough to be asked every second: what a
// container runs descends from its first process, for orphans are given to that
// one. Each is held against its control group, or, where there are none, the
// first one against the process that listens on the container's socket.
func (in *instance) Processes(ctx context.Context) ([]bench.Process, error) {
	if in.first.PID == 0 {
		return nil, nil // it had ended before anybody saw it
	}
	if !in.bounded {
		// This is asked all the time, so what fills a disk is found before long.
		if err := runs.CheckFolder(in.dir); err != nil {
			return nil, in.wrap("processes", err)
		}
	}
	tree, err := proc.Tree(in.first)
	if err != nil || len(tree) == 0 {
		return nil, err
	}
	if !in.byGroup {
		return tree, in.askSocket(ctx)
	}
	shown := tree[:0]
	for _, p := range tree {
		whose, err := claimOf(p, in.id)
		if err != nil {
			return nil, in.wrap("processes", err)
		}
		if whose == itsOwn {
			shown = append(shown, p)
		}
	}
	return shown, nil
}

// askSocket shows, once, that the processes are the container's by who listens
// on the socket in its folder.
func (in *instance) askSocket(ctx context.Context) error {
	if in.bySocket.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	conn, err := in.door.Dial(ctx)
	if err != nil {
		return in.wrap("processes", fmt.Errorf("neither a control group nor its socket shows whose process %d is: %w", in.first.PID, err))
	}
	return conn.Close()
}

// owns says whether a process, the one that listens on the socket, is the
// container's: by its control group, or, where there are none, by its descent.
func (in *instance) owns(p bench.Process) error {
	if in.byGroup {
		whose, err := claimOf(p, in.id)
		switch {
		case err != nil || whose == itsOwn:
			return err
		case whose == unclaimed:
			return fmt.Errorf("process %d, which opened its socket, has ended", p.PID)
		}
		return engine.Stranger(p)
	}
	tree, err := proc.Tree(in.first)
	if err != nil {
		return err
	}
	if !slices.Contains(tree, p) {
		return engine.ForeignProc(fmt.Sprintf("process %d, which docker names as the first of container %s, is not the one that listens on its socket", in.first.PID, in.name))
	}
	in.bySocket.Store(true)
	return nil
}

// ticksNow is the time since the boot, as /proc counts it.
func ticksNow() (uint64, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0, err
	}
	return uint64(time.Duration(t.Nano()) / (10 * time.Millisecond)), nil
}
