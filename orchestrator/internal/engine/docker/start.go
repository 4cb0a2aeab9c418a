package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

const (
	port      = "3000/tcp"
	socketDir = "/run/stepper" // inside the container
	socket    = "stepper.sock"
	user      = 65532
)

// Start runs one container: isolated, without privileges, with equal shares of
// the CPU, and no set of CPUs of its own, which would re-tune some allocators
// and not others. If anything fails, nothing stays behind.
func (e *Engine) Start(ctx context.Context, spec engine.Spec) (engine.Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, slowTime)
	defer cancel()
	in, err := e.start(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Image.Variant, explain(err))
	}
	return in, nil
}

func (e *Engine) start(ctx context.Context, spec engine.Spec) (in *instance, err error) {
	in = &instance{engine: e}
	if in.before, err = ticksNow(); err != nil {
		return in, err
	}
	defer func() {
		if err != nil {
			// The caller's context may be what ended the start.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowTime)
			defer cancel()
			err = errors.Join(err, in.Remove(ctx))
		}
	}()
	if err := in.makeFolder(ctx, spec); err != nil {
		return in, err
	}
	if err := in.create(ctx, spec); err != nil {
		return in, err
	}
	if err := e.api.ContainerStart(ctx, in.id, container.StartOptions{}); err != nil {
		return in, err
	}
	if err := in.locate(ctx); err != nil {
		return in, err
	}
	if err := in.identify(ctx); err != nil {
		return in, err
	}
	if err := in.seeFolder(); err != nil {
		return in, err
	}
	return in, nil
}

// makeFolder makes the folder that the container creates its socket in:
// ROOT/stair-stepper-RUN/VARIANT.
func (in *instance) makeFolder(ctx context.Context, spec engine.Spec) error {
	info, err := in.engine.known(ctx)
	if err != nil {
		return err
	}
	if in.dir, err = in.engine.folders.Add(spec.RunID, spec.Image.Variant, spec.KeepFor); err != nil {
		return fmt.Errorf("folder for the socket: %w", err)
	}
	in.door = engine.Door{Path: in.Socket(), Owns: in.owns}
	in.groupless = info.CgroupDriver == "none"
	if err := shareable(in.dir, info.SecurityOptions); err != nil {
		return err
	}
	if err := runs.CheckSocket(in.Socket()); err != nil {
		return err
	}
	// The folder itself is what the daemon sees if the mount is out of its sight.
	if err := in.own(info.SecurityOptions); err != nil {
		return err
	}
	if in.bounded = runs.Bound(in.dir); !in.bounded {
		return nil
	}
	return in.own(info.SecurityOptions)
}

// seeFolder finds out whether the daemon sees the file system that bounds the
// folder, which it does not where it has mounts of its own, and else does
// without.
func (in *instance) seeFolder() error {
	if !in.bounded || in.first.PID == 0 {
		return nil
	}
	sees, err := runs.SeesFolder(in.first.PID, socketDir, in.dir)
	if err != nil || sees {
		return err
	}
	in.bounded = false
	return runs.Unbound(in.dir)
}

// own lets the container's user, and as few others as can be, into the folder.
func (in *instance) own(security []string) error {
	mapped := slices.ContainsFunc(security, func(s string) bool {
		return strings.Contains(s, "name=rootless") || strings.Contains(s, "name=userns")
	})
	switch uid := os.Getuid(); {
	case mapped:
		// The user inside is somebody outside whose number is not known here,
		// and the mount may be made by such a one.
		in.user = fmt.Sprintf("%d:%d", user, user)
		return errors.Join(os.Chmod(filepath.Dir(in.dir), 0o711), os.Chmod(in.dir, 0o777))
	case uid == 0:
		in.user = fmt.Sprintf("%d:%d", user, user)
		return os.Chown(in.dir, user, user)
	default:
		// Without the right to give a folder away, the container runs as the
		// user who owns it.
		in.user = fmt.Sprintf("%d:%d", uid, os.Getgid())
		return nil
	}
}

// create makes the container, under the plain name if that is free.
func (in *instance) create(ctx context.Context, spec engine.Spec) error {
	plain := "stepper-" + engine.SafeName(spec.Image.Variant)
	run := engine.SafeName(spec.RunID)
	if len(run) > 8 {
		run = run[len(run)-8:]
	}
	// A create that is broken off may come to its end in the daemon all the
	// same, and nobody would know of the container.
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowTime)
	defer cancel()
	image := spec.Image.Name // what docker ps shows
	if img, err := in.engine.inspectImage(ctx, image); err != nil || img.ID != spec.Image.ID && spec.Image.ID != "" {
		image = spec.Image.ID // the name has moved on while a long run goes on
	}
	for _, name := range []string{plain, plain, plain + "-" + run, plain + "-" + run + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)} {
		config, host := in.config(spec, image)
		made, err := in.engine.api.ContainerCreate(steady, config, host, nil, nil, name)
		if err == nil {
			in.id, in.name = made.ID, name
			return errors.Join(ctx.Err(), in.heed(made.Warnings, spec))
		}
		if away(err) {
			return errors.Join(err, in.engine.removeLost(ctx, in.dir))
		}
		if !errdefs.IsConflict(err) {
			return err
		}
		if err := in.engine.evict(ctx, name); err != nil {
			return err
		}
	}
	return fmt.Errorf("the name %s is taken", plain)
}

// heed reads what the daemon has to say of a container that it made: a limit
// that it cannot set is no error to it.
func (in *instance) heed(warnings []string, spec engine.Spec) error {
	for _, w := range warnings {
		low := strings.ToLower(w)
		if spec.Memory > 0 && (strings.Contains(low, "memory") || strings.Contains(low, "swap")) {
			return &hint.Error{
				Err:    fmt.Errorf("the engine cannot limit memory: %s", w),
				Advice: "leave --memory out, or start the kernel with cgroup_enable=memory swapaccount=1",
			}
		}
		in.engine.log.Warn("the engine warns", "container", in.name, "warning", w)
	}
	return nil
}

// evict removes the container of that name if its owner is dead.
func (e *Engine) evict(ctx context.Context, name string) error {
	c, err := e.api.ContainerInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	dir := mountOf(c.Mounts)
	if c.Config == nil || keptOn(c.Config.Labels, dir) || runs.Judge(c.Config.Labels[labelOwner]).Life != runs.Dead {
		return nil
	}
	return e.discard(ctx, c.ID, dir)
}

func (in *instance) config(spec engine.Spec, image string) (*container.Config, *container.HostConfig) {
	env := map[string]string{}
	maps.Copy(env, spec.Env)
	env["ADDR"] = ":" + strings.TrimSuffix(port, "/tcp")
	env["SOCKET"] = socketDir + "/" + socket

	labels := map[string]string{}
	for k, v := range spec.Labels {
		labels[prefix+k] = v
	}
	labels[labelRun] = spec.RunID
	labels[labelVariant] = spec.Image.Variant
	labels[labelAllocator] = spec.Image.Allocator
	labels[labelOwner] = in.engine.folders.Owner.String()
	labels[labelMade] = time.Now().UTC().Format(time.RFC3339)
	if spec.KeepFor != "" {
		labels[labelKept] = spec.KeepFor
	}
	pids := int64(4096)
	config := &container.Config{
		Image:        image,
		User:         in.user,
		Env:          strings.Split(strings.TrimSuffix(sorted(env), "\n"), "\n"),
		Labels:       labels,
		ExposedPorts: nat.PortSet{port: {}},
		StopSignal:   "SIGTERM",
	}
	host := &container.HostConfig{
		PortBindings: nat.PortMap{port: {{
			HostIP: "127.0.0.1", // an empty port: the daemon picks one
		}}},
		RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyDisabled},
		CapDrop:        []string{"ALL"},
		SecurityOpt:    []string{"no-new-privileges"},
		ReadonlyRootfs: true,
		Tmpfs:          map[string]string{"/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777"},
		Resources: container.Resources{
			CPUShares: 1024,
			Memory:    int64(spec.Memory),
			// Equal to Memory: no swap, for swapped pages would hide from RSS.
			MemorySwap: int64(spec.Memory),
			PidsLimit:  &pids,
		},
	}
	share(host, in.dir)
	return config, host
}

// locate asks where the started container can be reached. One that has ended
// by itself in the meantime has no address; its State tells the rest.
func (in *instance) locate(ctx context.Context) error {
	for {
		c, err := in.engine.api.ContainerInspect(ctx, in.id)
		if err != nil {
			return err
		}
		if in.started, err = time.Parse(time.RFC3339Nano, c.State.StartedAt); err != nil {
			return fmt.Errorf("read when it started: %w", err)
		}
		if !c.State.Running {
			return nil
		}
		for _, b := range c.NetworkSettings.Ports[port] {
			in.address = net.JoinHostPort(b.HostIP, b.HostPort)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no port was published: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
