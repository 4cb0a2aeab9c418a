package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/debian"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// Patience bounds a look: one second of listening, and then everything at once.
const (
	sampleTime = time.Second
	Patience   = 7 * time.Second
)

// Place is where to look.
type Place struct {
	Root    string // the project's folder
	Results string // where experiments are saved
	// Docker asks the daemon who it is; the error says why the lab cannot use it.
	Docker func(context.Context) (engine.Info, error)
}

// Look reads the facts. It waits no longer than Patience and a second.
func Look(ctx context.Context, at Place) *Facts {
	f := &Facts{Suites: make([]Suite, len(variant.Suites()))}
	// By itself: what the others start is no work of strangers.
	f.Load = sample(ctx)
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	var all sync.WaitGroup
	for i, name := range variant.Suites() {
		all.Go(func() { f.Suites[i] = Suite{name, within(ctx, debian.Reach(ctx, name))} })
	}
	all.Go(func() {
		f.Docker.Info, f.Docker.Err = at.Docker(ctx)
		f.Docker.Err = within(ctx, f.Docker.Err)
	})
	all.Go(func() { f.Go = tool(ctx, "go", "version") })
	all.Go(func() { f.GCC = tool(ctx, "gcc", "--version") })
	f.here(at.Root)
	all.Wait()
	f.Rooms = rooms(f.Docker.Info, at.Results)
	return f
}

// here reads what needs no waiting.
func (f *Facts) here(root string) {
	_, f.Project = variant.Find(root, "libc")
	f.Machine, _ = meter.Environment(meter.Host) // what it could not read is empty
	f.Lacks = meter.Lacks(meter.Host, f.Machine.Kernel, f.Machine.CgroupV)
	f.Available, _ = meter.Host.Available() // 0 says so
	f.Sees, _ = proc.Capable(unix.CAP_SYS_PTRACE)
	if text, err := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource"); err == nil {
		f.Clock = string(bytes.TrimSpace(text))
	}
}

// within says in plain words that something took too long.
func within(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", Patience)
	}
	return err
}

// sample listens to what others do.
func sample(ctx context.Context) Load {
	m := meter.Machine{Variants: func() time.Duration { return 0 }, Children: true}
	from, err := m.Read()
	if err != nil {
		return Load{Err: err}
	}
	select {
	case <-ctx.Done():
		return Load{Err: ctx.Err()}
	case <-time.After(sampleTime):
	}
	did, err := m.Since(from)
	if err != nil {
		return Load{Err: err}
	}
	return Load{Share: did.OthersShare(), Over: did.Elapsed}
}

// tool asks a program for its version, which is the first line that it prints.
func tool(ctx context.Context, name string, args ...string) Tool {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return Tool{Err: within(ctx, err)}
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return Tool{Version: strings.TrimSpace(line)}
}

// rooms measures the places that the lab fills.
func rooms(docker engine.Info, results string) []Room {
	var all []Room
	if docker.Root != "" && !docker.Remote {
		own := room("docker", docker.Root, 4*bench.GiB)
		own.Shut = nil // it is the daemon that writes there
		all = append(all, own)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		all = append(all, Room{Name: "cache", Err: err})
	} else {
		all = append(all, room("cache", filepath.Join(cache, "stair-stepper"), 2*bench.GiB))
	}
	return append(all, room("results", results, 512*bench.MiB))
}

// room measures a place, which may be yet to be made.
func room(name, path string, wanted bench.Bytes) Room {
	r := Room{Name: name, Wanted: wanted}
	if r.Path, r.Err = filepath.Abs(path); r.Err != nil {
		return r
	}
	var s unix.Statfs_t
	at := r.Path
	for r.Err = unix.Statfs(at, &s); errors.Is(r.Err, unix.ENOENT) && at != "/"; r.Err = unix.Statfs(at, &s) {
		at = filepath.Dir(at)
	}
	r.Free = bench.Bytes(s.Bavail) * bench.Bytes(s.Bsize)
	r.Shut = unix.Access(at, unix.W_OK)
	return r
}
