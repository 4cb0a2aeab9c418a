package docker

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/enginetest"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// TestOneBinary: on every suite, with every allocator, and compiled once more,
// the service is the same file.
func TestOneBinary(t *testing.T) {
	needs.Patience(t, "builds images of three suites")
	api := daemon(t)
	e, err := New(Options{Root: root, SocketRoot: enginetest.ShortDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	mimalloc, _ := variant.ReleaseIn("mimalloc", "bookworm")
	// The same path in other words, which no layer of an older build has.
	again := "/out/" + strings.Repeat("./", 1+rand.IntN(1000)) + "stepper"
	all, err := engine.Images(e.Prepare(t.Context(), variants(
		bench.Variant{Name: "libc", Dockerfile: "Dockerfile.libc"},
		bench.Variant{Name: "libc@trixie", Dockerfile: "Dockerfile.libc", Suite: "trixie"},
		bench.Variant{Name: "jemalloc@sid", Dockerfile: "Dockerfile.jemalloc", Suite: "sid"},
		bench.Variant{Name: "mimalloc", Dockerfile: preload, Suite: mimalloc.Suite, Args: mimalloc.Args("mimalloc")},
		bench.Variant{Name: "again", Dockerfile: "Dockerfile.libc", Args: map[string]string{"OUT": again}},
	), nil))
	if err != nil {
		t.Fatal(err)
	}
	first := sumOf(t, api, all[0].ID, "/stepper")
	for _, img := range all[1:] {
		if sum := sumOf(t, api, img.ID, "/stepper"); sum != first {
			t.Errorf("%s has another binary than libc: %s, %s", img.Variant, sum, first)
		}
	}
	made := all[len(all)-1].Name
	for _, name := range []string{made, strings.Replace(made, ":", "/stage:", 1) + "-build"} {
		if _, err := api.ImageRemove(context.Background(), name, image.RemoveOptions{PruneChildren: true}); err != nil {
			t.Error(err)
		}
	}
}

// sumOf hashes a file of an image.
func sumOf(t *testing.T, api *client.Client, id, file string) string {
	t.Helper()
	made, err := api.ContainerCreate(t.Context(), &container.Config{Image: id}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := api.ContainerRemove(context.Background(), made.ID, container.RemoveOptions{}); err != nil {
			t.Error(err)
		}
	}()
	content, _, err := api.CopyFromContainer(t.Context(), made.ID, file)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	files := tar.NewReader(content)
	sum := sha256.New()
	if _, err := files.Next(); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(sum, files); err != nil || n == 0 {
		t.Fatalf("%d bytes of %s, %v", n, file, err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}
