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

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// A marker shows everybody who uses the daemon that a run is at work, from
// before its first build to its end: between its containers, and while it has
// none, nothing else of it can be seen there. It is an empty volume. That needs
// no image, unlike a container, and takes no addresses, unlike a network; and
// docker system prune removes both of these, but volumes only when it is asked
// to. Where one is removed all the same, the run has lost protection and nothing
// else.
//
// A clean-up shows itself in the same way. Whoever comes second sees the other:
// the clean-up leaves the run its images, or the run waits for its end.
type marker struct {
	mu   sync.Mutex
	name string // empty: none was made
}

// What a marker says, as the value of labelMarker.
const (
	atWork   = "a run is at work"
	cleaning = "a clean-up is going on"
)

// announce makes the marker of a run, and waits for clean-ups that began before.
func (e *Engine) announce(ctx context.Context) error {
	e.marker.mu.Lock()
	defer e.marker.mu.Unlock()
	if e.marker.name == "" {
		var err error
		if e.marker.name, err = e.mark(ctx, atWork); err != nil {
			return err
		}
	}
	return e.awaitCleaning(ctx)
}

// mark makes a marker. Where the engine, or a proxy before it, gives no volumes,
// the name is empty: the run does without.
func (e *Engine) mark(ctx context.Context, what string) (name string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	// One that is broken off may be made all the same, and nobody would know.
	steady, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickTime)
	defer cancel()
	options := volume.CreateOptions{
		Name:   folderPrefix + "marker-" + strings.ToLower(rand.Text()),
		Driver: "local",
		Labels: map[string]string{
			labelMarker: what,
			labelOwner:  e.folders.Owner.String(),
			labelMade:   time.Now().UTC().Format(time.RFC3339),
		},
	}
	// By its name it is made once, however often that is asked for.
	var made volume.Volume
	err = insistWhile(steady, away, func(ctx context.Context) error {
		made, err = e.api.VolumeCreate(ctx, options)
		return err
	})
	if noVolumes(err) {
		e.log.Warn("other users' clean-ups cannot see this one", "error", err)
		return "", nil
	}
	if err != nil {
		return "", explain(err)
	}
	return made.Name, nil
}

func noVolumes(err error) bool {
	return errdefs.IsNotFound(err) || errdefs.IsNotImplemented(err) || errdefs.IsPermissionDenied(err)
}

// markers lists those that are there.
func (e *Engine) markers(ctx context.Context) ([]*volume.Volume, error) {
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	list, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: ours(labelMarker)})
	if noVolumes(err) {
		return nil, nil
	}
	return slices.DeleteFunc(list.Volumes, func(v *volume.Volume) bool { return v == nil }), err
}

// awaitCleaning waits until nobody cleans up any more.
func (e *Engine) awaitCleaning(ctx context.Context) error {
	for began := time.Now(); ; {
		all, err := e.markers(ctx)
		if err != nil {
			return err
		}
		owners := runs.Owners{Engine: "docker"}
		for _, v := range all {
			if b := belonging(v.Labels); v.Labels[labelMarker] == cleaning && b.Owner != e.folders.Owner.String() {
				owners.Spare(b)
			}
		}
		left := owners.Spared(time.Now())
		if len(left) == 0 {
			return nil
		}
		if time.Since(began) > slowTime {
			return &hint.Error{
				Err:    fmt.Errorf("a clean-up of images has been running for %v: %s", slowTime, left[0]),
				Advice: "wait until it ends; if it has ended elsewhere, clean --force removes its marker",
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// retire removes the marker.
func (e *Engine) retire(ctx context.Context) error {
	e.marker.mu.Lock()
	defer e.marker.mu.Unlock()
	if err := e.removeMarker(ctx, e.marker.name); err != nil {
		return err
	}
	e.marker.name = ""
	return nil
}

func (e *Engine) removeMarker(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, removeTime)
	defer cancel()
	err := insistWhile(ctx, away, func(ctx context.Context) error { return e.api.VolumeRemove(ctx, name, false) })
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("volume %s: %w", name, err)
	}
	return nil
}

// removeMarkers removes the markers that match.
func (e *Engine) removeMarkers(ctx context.Context, match func(labels map[string]string) bool) ([]string, error) {
	all, err := e.markers(ctx)
	if err != nil {
		return nil, err
	}
	var removed []string
	var failed error
	for _, v := range all {
		if !match(v.Labels) {
			continue
		}
		if err := e.removeMarker(ctx, v.Name); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		removed = append(removed, "volume "+v.Name)
	}
	return removed, failed
}
