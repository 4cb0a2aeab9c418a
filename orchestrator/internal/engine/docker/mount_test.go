package docker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func TestShare(t *testing.T) {
	for dir, bind := range map[string]string{"/tmp/x": "/tmp/x:" + socketDir + ":rw,z", "/tmp/x y": "/tmp/x y:" + socketDir + ":rw,z", "/tmp/a:b": "", "/tmp/a:ro": "", "/:": ""} {
		var host container.HostConfig
		share(&host, dir)
		switch {
		case bind != "" && (len(host.Binds) != 1 || host.Binds[0] != bind || len(host.Mounts) != 0):
			t.Errorf("%s: binds %q, mounts %+v", dir, host.Binds, host.Mounts)
		case bind == "" && (len(host.Mounts) != 1 || host.Mounts[0].Source != dir || host.Mounts[0].Target != socketDir || len(host.Binds) != 0):
			t.Errorf("%s: binds %q, mounts %+v", dir, host.Binds, host.Mounts)
		}
	}
	selinux := []string{"name=seccomp,profile=default", "name=selinux"}
	for _, c := range []struct {
		dir      string
		security []string
		ok       bool
	}{{"/tmp/x", selinux, true}, {"/tmp/a:b", selinux, false}, {"/tmp/a:b", selinux[:1], true}, {"/tmp/a:b", nil, true}, {"/tmp/\xff", nil, false}, {"/tmp/ünï \n,\"", selinux, true}} {
		err := shareable(c.dir, c.security)
		var h *hint.Error
		if (err == nil) != c.ok || err != nil && (!errors.As(err, &h) || !strings.Contains(h.Hint(), "TMPDIR")) {
			t.Errorf("%s, %q: %v", c.dir, c.security, err)
		}
	}
}

// TestColon: a container shares a folder with a colon in its name.
func TestColon(t *testing.T) {
	api := daemon(t)
	root, variant := enginetest.Project(t, false)
	variant.Name = "colon"
	sockets := filepath.Join(enginetest.ShortDir(t), "a:ro")
	if err := os.Mkdir(sockets, 0o711); err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Root: root, SocketRoot: sockets})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	images, err := engine.Images(e.Prepare(ctx, variants(variant), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := api.ImageRemove(context.Background(), images[0].Name, image.RemoveOptions{PruneChildren: true}); err != nil {
			t.Error(err)
		}
	}()
	in, err := e.Start(ctx, engine.Spec{Image: images[0], RunID: "colon"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := api.ContainerInspect(ctx, in.(*instance).id)
	if err != nil || mountOf(c.Mounts) != filepath.Dir(in.Socket()) || !strings.Contains(in.Socket(), "a:ro") {
		t.Errorf("mounts %+v, socket %s, %v", c.Mounts, in.Socket(), err)
	}
	if err := in.Remove(ctx); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(sockets); err != nil || len(left) > 1 { // the engine's own, until it is closed
		t.Errorf("left in the socket folder: %v, %v", left, err)
	}
}

// TestFull: a folder that has no bound of its own is looked at whenever somebody
// waits for its container.
func TestFull(t *testing.T) {
	api := daemon(t)
	root, variant := enginetest.Project(t, false)
	variant.Name = "full"
	e, err := New(Options{Root: root, SocketRoot: enginetest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	images, err := engine.Images(e.Prepare(ctx, variants(variant), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := api.ImageRemove(context.Background(), images[0].Name, image.RemoveOptions{PruneChildren: true}); err != nil {
			t.Error(err)
		}
	}()
	started, err := e.Start(ctx, engine.Spec{Image: images[0], RunID: "full"})
	if err != nil {
		t.Fatal(err)
	}
	in := started.(*instance)
	in.bounded = false // as where nobody may mount
	if state, err := in.State(ctx); err != nil || !state.Running {
		t.Errorf("before: %v, %v", state, err)
	}
	if err := os.Mkdir(filepath.Join(in.dir, "inner"), 0o755); err != nil {
		t.Fatal(err)
	}
	for what, ask := range map[string]func() error{
		"state":     func() error { _, err := in.State(ctx); return err },
		"processes": func() error { _, err := in.Processes(ctx); return err },
	} {
		if err := ask(); err == nil || !strings.Contains(err.Error(), "a folder into the folder of its socket: inner") {
			t.Errorf("%s: %v", what, err)
		}
	}
	done, failed := e.api.ContainerWait(ctx, in.id, container.WaitConditionNextExit)
	if err := e.api.ContainerKill(ctx, in.id, "KILL"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case err := <-failed:
		t.Fatal(err)
	}
	if state, err := in.State(ctx); err != nil || state.Running {
		t.Errorf("after its end: %v, %v", state, err)
	}
	if err := in.Remove(ctx); err != nil {
		t.Error(err)
	}
}
