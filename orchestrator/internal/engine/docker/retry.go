package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

const (
	firstPause   = 50 * time.Millisecond // between two tries; the next ones are twice as long
	longestPause = 500 * time.Millisecond
)

// insist does what must not be left undone, until it is done, fails for good, or
// ctx ends: a daemon that restarts is back within seconds.
func insist(ctx context.Context, do func(context.Context) error) error {
	return insistWhile(ctx, passing, do)
}

// insistWhile does something until it is done, fails otherwise than for a while,
// or ctx ends.
func insistWhile(ctx context.Context, forAWhile func(error) bool, do func(context.Context) error) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := do(ctx)
		if err == nil || !forAWhile(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (given up: %w)", err, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// passing says that the same call may succeed a little later: the daemon could
// not be reached, has trouble of its own, or is at it already.
func passing(err error) bool {
	return away(err) || errors.Is(err, context.DeadlineExceeded) || errdefs.IsInternal(err) || errdefs.IsConflict(err)
}

// away says that the daemon is not there, as while it restarts. What it was asked
// to do may be done all the same.
func away(err error) bool {
	return client.IsErrConnectionFailed(err) || broke(err) || errdefs.IsUnavailable(err)
}

// removeContainer removes a container, which may be gone already.
func (e *Engine) removeContainer(ctx context.Context, id string) error {
	return insist(ctx, func(ctx context.Context) error {
		try, cancel := context.WithTimeout(ctx, quickTime)
		defer cancel()
		err := e.api.ContainerRemove(try, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		if errdefs.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// removeLost removes the container that has its socket in dir: the daemon may
// have made one and not have come to say so.
func (e *Engine) removeLost(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowTime)
	defer cancel()
	return insist(ctx, func(ctx context.Context) error {
		list, err := e.owned(ctx)
		for _, c := range list {
			if mountOf(c.Mounts) == dir {
				err = errors.Join(err, e.removeContainer(ctx, c.ID))
			}
		}
		return err
	})
}
