package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
)

// A run's folder is STATE/stepper-process-RUN; an instance's has its socket, its
// log and its pid.
const (
	folderPrefix = "stepper-process-"
	recordFile   = "process" // PID START
)

// Sweep ends processes and removes folders of dead owners.
func (e *Engine) Sweep(ctx context.Context) ([]string, error) {
	return e.remove(ctx, engine.Run.Leftover)
}

// Clean ends all that runs, what was kept as well, and removes every folder and
// every binary. What belongs to a run that is alive stays unless force is set.
func (e *Engine) Clean(ctx context.Context, force bool) ([]string, error) {
	removed, err := e.remove(ctx, func(r engine.Run) bool { return force || r.Owner.Dead() })
	if err == nil && !force {
		err = e.folders.Busy()
	}
	if err != nil {
		return removed, err
	}
	if _, err := os.Stat(e.cacheDir); errors.Is(err, fs.ErrNotExist) {
		return removed, nil
	}
	if err := os.RemoveAll(e.cacheDir); err != nil {
		return removed, err
	}
	return append(removed, "folder "+e.cacheDir), nil
}

// remove removes the runs that match.
func (e *Engine) remove(ctx context.Context, match func(engine.Run) bool) ([]string, error) {
	runs, err := e.folders.Runs()
	if err != nil {
		return nil, err
	}
	var removed []string
	var failed error
	for _, run := range runs {
		if !match(run) {
			continue
		}
		dirs, err := run.Instances()
		failed = errors.Join(failed, err)
		for _, dir := range dirs {
			if err := endRecorded(ctx, dir); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			if err := e.folders.Remove(dir); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			removed = append(removed, "process stepper-"+filepath.Base(dir)+" of run "+filepath.Base(run.Dir)[len(folderPrefix):])
		}
		failed = errors.Join(failed, e.folders.RemoveEmpty(run))
	}
	return removed, failed
}

// mostRecord bounds the length of a process's record, in bytes.
const mostRecord = 4 << 10

// endRecorded kills the process group that a folder tells of, if that pid still
// is the process that was started.
func endRecorded(ctx context.Context, dir string) error {
	text, err := files.Read(filepath.Join(dir, recordFile), mostRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it died before its process was started
	}
	if err != nil {
		return err
	}
	var pid int
	var start uint64
	if _, err := fmt.Sscan(string(text), &pid, &start); err != nil || pid <= 1 {
		return fmt.Errorf("%s: not a process's record: %q", filepath.Join(dir, recordFile), text)
	}
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	for {
		now, running, err := engine.StartTime(pid)
		if err != nil || !running || now != start {
			return err
		}
		if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill process group %d: %w", pid, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("kill process group %d: %w", pid, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
