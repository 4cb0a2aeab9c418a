package docker

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
)

// TestSweepFromElsewhere: what a run has at a real daemon stays when another one
// starts in a container with the daemon's socket, and is named there.
func TestSweepFromElsewhere(t *testing.T) {
	api := daemon(t)
	root, variant := enginetest.Project(t, false)
	variant.Name = "elsewhere"
	sockets := enginetest.ShortDir(t)
	if err := os.Chmod(sockets, 0o711); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	e, err := New(Options{Root: root, SocketRoot: sockets})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	markers := func() int {
		t.Helper()
		list, err := api.VolumeList(ctx, volume.ListOptions{Filters: ours(labelOwner + "=" + e.folders.Owner.String())})
		if err != nil {
			t.Fatal(err)
		}
		return len(list.Volumes)
	}
	stays := func(when, run string) {
		t.Helper()
		// It has a TMPDIR of its own, too.
		told := obeyed(ctx, t, foreignOrder{Root: root, Sockets: enginetest.ShortDir(t)})
		lines := strings.Split(told, "\n")
		if !slices.ContainsFunc(lines, func(l string) bool {
			return strings.HasPrefix(l, run) && strings.Contains(l, "in another PID namespace, cannot be seen from here; clean --engine docker --force removes it")
		}) {
			t.Errorf("%s: %q; want %s named", when, told, run)
		}
		if n := markers(); n != 1 {
			t.Errorf("%s: %d markers, want 1", when, n)
		}
	}
	images, err := engine.Images(e.Prepare(ctx, variants(variant), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := api.ImageRemove(context.Background(), images[0].Name, image.RemoveOptions{PruneChildren: true}); err != nil {
			t.Error(err)
		}
	}()
	stays("before the first container", "the run of process ")
	in, err := e.Start(ctx, engine.Spec{Image: images[0], RunID: "swept"})
	if err != nil {
		t.Fatal(err)
	}
	stays("beside a container", "run swept")
	if s, err := in.State(ctx); err != nil || !s.Running {
		t.Errorf("State = %+v, %v; want running", s, err)
	}
	if err := in.Remove(ctx); err != nil {
		t.Error(err)
	}
	if err := e.retire(ctx); err != nil {
		t.Error(err)
	}
	if n := markers(); n != 0 {
		t.Errorf("%d markers at the end, want none", n)
	}
}

// TestMarkerOfADeadRun is swept on a real daemon.
func TestMarkerOfADeadRun(t *testing.T) {
	daemon(t)
	owner := parent(t)
	owner.Start++
	dead, err := New(Options{Root: ".", SocketRoot: enginetest.ShortDir(t), Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	if err := dead.announce(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Root: ".", SocketRoot: enginetest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	swept, err := e.Sweep(t.Context())
	if line := "volume " + dead.marker.name; err != nil || !slices.Contains(swept.Removed, line) {
		t.Errorf("Sweep = %+v, %v; want %s among it", swept, err, line)
	}
}
