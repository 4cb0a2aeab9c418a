package docker

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
)

// daemon connects to the daemon, where there is one.
func daemon(t *testing.T) *client.Client {
	t.Helper()
	var api *client.Client
	chosen, err := choose(slog.New(slog.DiscardHandler))
	if err == nil {
		api, _, err = chosen.connect()
	}
	if err == nil {
		t.Cleanup(func() { api.Close() })
		ctx, cancel := context.WithTimeout(t.Context(), infoTime)
		defer cancel()
		_, err = api.Info(ctx)
	}
	enginetest.Daemon(t, err)
	return api
}

func TestConformance(t *testing.T) {
	api := daemon(t)
	root, variant := enginetest.Project(t, false)
	sockets := enginetest.ShortDir(t)
	if err := os.Chmod(sockets, 0o711); err != nil {
		t.Fatal(err)
	}
	defer func() {
		// Not Clean: images that people want to use again are on this daemon.
		for _, name := range []string{"stair-stepper:test", "stair-stepper/stage:test-build"} {
			if _, err := api.ImageRemove(context.Background(), name, image.RemoveOptions{PruneChildren: true}); err != nil {
				t.Error(err)
			}
		}
	}()
	enginetest.Run(t, enginetest.Subject{
		New: func(t *testing.T, owner runs.Owner) engine.Engine {
			e, err := New(Options{Root: root, SocketRoot: sockets, Owner: owner})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { e.Close() })
			return e
		},
		Variant:  variant,
		Memory:   true,
		Children: true, Bounds: true,
	})
	list, err := api.ContainerList(context.Background(), container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", labelVariant+"="+variant.Name)),
	})
	if err != nil || len(list) > 0 {
		t.Errorf("containers left: %v, %v", list, err)
	}
	if left, err := os.ReadDir(sockets); err != nil || len(left) != 0 {
		t.Errorf("left in the socket folder: %v, %v", left, err)
	}
}

// TestBuildFailure asks a real daemon what a failed build looks like.
func TestBuildFailure(t *testing.T) {
	daemon(t)
	root, variant := enginetest.Project(t, false)
	if err := os.WriteFile(root+"/Dockerfile.test", []byte("FROM scratch\nCOPY nothing /\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Root: root, SocketRoot: enginetest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = engine.Images(e.Prepare(ctx, variants(variant), nil))
	failed(t, err, "2/3 : COPY nothing /")
}

// TestBuildKit: what the classic builder cannot do is done all the same.
func TestBuildKit(t *testing.T) {
	api := daemon(t)
	root, _ := enginetest.Project(t, false)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(root+"/Dockerfile.kit", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("FROM scratch\nCOPY --chmod=0755 services/stepper/binary /stepper\n")
	kit := variants(bench.Variant{Name: "kit", Dockerfile: "Dockerfile.kit"})
	e, err := New(Options{Root: root, SocketRoot: enginetest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	images, err := engine.Images(e.Prepare(ctx, kit, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.ImageRemove(ctx, images[0].Name, image.RemoveOptions{PruneChildren: true}); err != nil {
		t.Error(err)
	}

	// Its log comes in a format of its own.
	write("FROM scratch\nCOPY --chmod=0755 services/stepper/binary /stepper\nRUN [\"/nothing\"]\n")
	var told []string
	_, err = engine.Images(e.Prepare(ctx, kit, func(p engine.Progress) { told = append(told, p.Text) }))
	failed(t, err, `[2/2] RUN ["/nothing"]`)
	if step := "[1/2] COPY --chmod=0755 services/stepper/binary /stepper"; !slices.Contains(told, step) {
		t.Errorf("told %q; want %s", told, step)
	}
}
