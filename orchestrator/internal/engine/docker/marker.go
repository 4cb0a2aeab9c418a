package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/volume"
)

// A marker shows everybody who uses the daemon that a run is at work, from
// before its first build to its end: between its containers, and while it has
// none, nothing else of it can be seen there. It is an empty volume. That needs
// no image, unlike a container, and takes no addresses, unlike a network; and
// docker system prune removes both of these, but no volume that has a name.
// Where it is removed all the same, the run has lost protection and nothing
// else.
type marker struct {
	mu   sync.Mutex
	name string // empty: none was made
}

// announce makes the marker.
func (e *Engine) announce(ctx context.Context) error {
	e.marker.mu.Lock()
	defer e.marker.mu.Unlock()
	if e.marker.name != "" {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// One that is broken off may be made all the same, and nobody would know.
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickTime)
	defer cancel()
	made, err := e.api.VolumeCreate(steady, volume.CreateOptions{
		Name:   folderPrefix + "at-work-" + strings.ToLower(rand.Text()),
		Driver: "local",
		Labels: map[string]string{
			labelMarker: "a run is at work",
			labelOwner:  e.folders.Owner.String(),
			labelMade:   time.Now().UTC().Format(time.RFC3339),
		},
	})
	if err != nil {
		return explain(err)
	}
	e.marker.name = made.Name
	return nil
}

// retire removes the marker.
func (e *Engine) retire(ctx context.Context) error {
	e.marker.mu.Lock()
	defer e.marker.mu.Unlock()
	if e.marker.name == "" {
		return nil
	}
	if err := e.removeMarker(ctx, e.marker.name); err != nil {
		return err
	}
	e.marker.name = ""
	return nil
}

func (e *Engine) removeMarker(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	err := e.api.VolumeRemove(ctx, name, false)
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("volume %s: %w", name, err)
	}
	return nil
}

// removeMarkers removes the markers that match.
func (e *Engine) removeMarkers(ctx context.Context, match func(labels map[string]string) bool) ([]string, error) {
	quick, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	list, err := e.api.VolumeList(quick, volume.ListOptions{Filters: ours(labelMarker)})
	if err != nil {
		return nil, err
	}
	var removed []string
	var failed error
	for _, v := range slices.DeleteFunc(list.Volumes, func(v *volume.Volume) bool { return v == nil || !match(v.Labels) }) {
		if err := e.removeMarker(ctx, v.Name); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		removed = append(removed, "volume "+v.Name)
	}
	return removed, failed
}
