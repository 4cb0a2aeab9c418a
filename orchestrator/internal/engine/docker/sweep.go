package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
)

const folderPrefix = "stair-stepper-"

// Sweep removes containers, markers and folders of dead owners, and images that
// have lost their name. Networks there are none of: containers use the default
// one.
func (e *Engine) Sweep(ctx context.Context) (engine.Cleared, error) {
	owners := runs.Owners{Engine: "docker"}
	dead := func(b runs.Belonging) bool { return owners.Life(b) == runs.Dead }
	removed, err := e.removeOwned(ctx, &owners, func(labels map[string]string, dir string) bool {
		return dead(belonging(labels)) && !keptOn(labels, dir)
	}, func(r runs.Run) bool {
		return dead(r.Belonging) // one that was kept with its container goes once the container is gone
	})
	cleared := engine.Cleared{Removed: removed, Left: owners.Doubtful(time.Now())}
	if err != nil || owners.Busy() != nil {
		return cleared, err
	}
	images, err := e.removeNameless(ctx)
	cleared.Removed = append(cleared.Removed, images...)
	return cleared, err
}

// Clean removes all that this project made: kept containers too, images and
// base images. What belongs to a run that is alive, or may be, stays unless
// force is set, and with it every image: the run may be about to start them.
func (e *Engine) Clean(ctx context.Context, force bool) (cleared engine.Cleared, err error) {
	name, err := e.mark(ctx, cleaning)
	if err != nil {
		return cleared, fmt.Errorf("make this clean-up known to runs: %w", err)
	}
	defer func() { err = errors.Join(err, e.removeMarker(context.WithoutCancel(ctx), name)) }()

	owners := runs.Owners{Engine: "docker"}
	due := func(b runs.Belonging) bool { return force || owners.Life(b) == runs.Dead }
	removed, err := e.removeOwned(ctx, &owners, func(labels map[string]string, _ string) bool {
		return due(belonging(labels))
	}, func(r runs.Run) bool { return due(r.Belonging) })
	cleared = engine.Cleared{Removed: removed, Left: owners.Spared(time.Now())}
	// What could not be listed may be a run that needs them.
	if err := errors.Join(err, owners.Busy()); err != nil {
		return cleared, err
	}
	images, err := e.removeImages(ctx)
	cleared.Removed = append(cleared.Removed, images...)
	return cleared, err
}

// removeOwned removes what has an owner and matches, and spares the rest.
func (e *Engine) removeOwned(ctx context.Context, owners *runs.Owners, match func(labels map[string]string, dir string) bool, matchRun func(runs.Run) bool) ([]string, error) {
	removed, err := e.removeContainers(ctx, func(labels map[string]string, dir string) bool {
		due := match(labels, dir)
		if !due {
			owners.Spare(belonging(labels))
		}
		return due
	})
	markers, markerErr := e.removeMarkers(ctx, func(labels map[string]string) bool {
		b := belonging(labels)
		if b.Owner == e.folders.Owner.String() {
			return false
		}
		due := match(labels, "")
		if !due && labels[labelMarker] != cleaning {
			owners.Spare(b) // another clean-up needs nothing
		}
		return due
	})
	folders, folderErr := e.removeFolders(ctx, func(r runs.Run) bool {
		due := matchRun(r)
		if !due {
			e.folders.Spare(r, owners)
		}
		return due
	})
	return append(append(removed, markers...), folders...), errors.Join(err, markerErr, folderErr)
}

// alone says that no other run is alive, or may be, as far as the daemon's own
// objects and this user's folders tell.
func (e *Engine) alone(ctx context.Context) (bool, error) {
	owners := runs.Owners{Engine: "docker"}
	_, err := e.removeOwned(ctx, &owners,
		func(map[string]string, string) bool { return false },
		func(runs.Run) bool { return false })
	return err == nil && owners.Busy() == nil, err
}

// removeContainers removes the containers of ours that match, each with its
// folder.
func (e *Engine) removeContainers(ctx context.Context, match func(labels map[string]string, dir string) bool) ([]string, error) {
	list, err := e.owned(ctx)
	if err != nil {
		return nil, err
	}
	var removed []string
	var failed error
	for _, c := range list {
		dir := mountOf(c.Mounts)
		if !match(c.Labels, dir) {
			continue
		}
		if err := e.discard(ctx, c.ID, dir); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		name := short(c.ID)
		if len(c.Names) > 0 {
			name = strings.TrimPrefix(c.Names[0], "/")
		}
		removed = append(removed, "container "+name)
	}
	return removed, failed
}

// owned lists the containers that have an owner.
func (e *Engine) owned(ctx context.Context) ([]container.Summary, error) {
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	return e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: ours(labelOwner)})
}

// mountOf is the host's folder that a container has its socket in.
func mountOf(mounts []container.MountPoint) string {
	for _, m := range mounts {
		if m.Destination == socketDir {
			return m.Source
		}
	}
	return ""
}

// removeFolders removes the folders of the runs that match, unless a container
// that was kept still has its socket there.
func (e *Engine) removeFolders(ctx context.Context, match func(runs.Run) bool) ([]string, error) {
	all, err := e.folders.Runs()
	if err != nil {
		return nil, err
	}
	list, err := e.owned(ctx)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, c := range list {
		used[mountOf(c.Mounts)] = true
	}
	var removed []string
	var failed error
	for _, run := range all {
		if !match(run) {
			continue
		}
		dirs, err := run.Instances()
		failed = errors.Join(failed, err)
		dirs = slices.DeleteFunc(dirs, func(dir string) bool { return used[dir] })
		for _, dir := range dirs {
			failed = errors.Join(failed, e.folders.Remove(dir))
		}
		if len(dirs) > 0 {
			removed = append(removed, "folder "+run.Dir)
		}
		failed = errors.Join(failed, e.folders.RemoveEmpty(run))
	}
	return removed, failed
}

// removeImages removes every image of ours that no container uses. Labels pass
// on to whatever somebody else builds from an image, so what has a name goes by
// the name: one that is not ours is never taken off.
func (e *Engine) removeImages(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, slowTime)
	defer cancel()
	var removed []string
	// Images first that others build on last: the daemon refuses otherwise.
	for _, label := range []string{labelHash, labelStage, labelBase} {
		list, err := e.api.ImageList(ctx, image.ListOptions{Filters: ours(label)})
		if err != nil {
			return removed, err
		}
		for _, img := range list {
			for _, name := range img.RepoTags {
				if !strings.HasPrefix(name, "stair-stepper:") && !strings.HasPrefix(name, "stair-stepper/") {
					continue
				}
				done, err := e.removeImage(ctx, name)
				if err != nil {
					return removed, err
				}
				if done {
					removed = append(removed, "image "+name)
				}
			}
		}
	}
	nameless, err := e.removeNameless(ctx)
	return append(removed, nameless...), err
}

// removeNameless removes images of ours that have lost their name to a newer
// one, and says which. None may go while another run is alive, which may have
// begun with them.
func (e *Engine) removeNameless(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, slowTime)
	defer cancel()
	var removed []string
	for _, label := range []string{labelHash, labelStage, labelBase} {
		list, err := e.api.ImageList(ctx, image.ListOptions{Filters: ours(label, filters.Arg("dangling", "true"))})
		if err != nil {
			return removed, err
		}
		for _, img := range list {
			if label == labelBase {
				// All that is built on a stand-in has this label too.
				if made, err := e.inspectImage(ctx, img.ID); err != nil || made.Comment != standInComment {
					continue
				}
			}
			done, err := e.removeImage(ctx, img.ID)
			if err != nil {
				return removed, err
			}
			if done {
				removed = append(removed, "image "+short(img.ID))
			}
		}
	}
	return removed, nil
}
