package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// A run's folder is STATE/stepper-process-RUN; an instance's has its socket, its
// log and its pid. A run that is at work shows in the cache as well: there is
// what runs share, wherever TMPDIR had their own folders made.
const (
	folderPrefix = "stepper-process-"
	workPrefix   = "run-"
	recordFile   = "process" // PID START
)

// Sweep ends processes and removes folders of dead owners.
func (e *Engine) Sweep(ctx context.Context) (engine.Cleared, error) {
	owners := runs.Owners{Engine: "process"}
	removed, err := e.remove(ctx, &owners, func(r runs.Run) bool {
		return owners.Life(r.Belonging) == runs.Dead && !runs.Kept(r.Dir)
	})
	return engine.Cleared{Removed: removed, Left: owners.Doubtful(time.Now())}, err
}

// Clean ends all that runs, what was kept as well, and removes every folder and
// every binary. What belongs to a run that is alive stays unless force is set.
func (e *Engine) Clean(ctx context.Context, force bool) (engine.Cleared, error) {
	owners := runs.Owners{Engine: "process"}
	removed, err := e.remove(ctx, &owners, func(r runs.Run) bool {
		return force || owners.Life(r.Belonging) == runs.Dead
	})
	cleared := engine.Cleared{Removed: removed, Left: owners.Spared(time.Now())}
	if err == nil {
		err = owners.Busy()
	}
	if err != nil {
		return cleared, err
	}
	if _, err := os.Stat(e.cacheDir); errors.Is(err, fs.ErrNotExist) {
		return cleared, nil
	}
	if err := os.RemoveAll(e.cacheDir); err != nil {
		return cleared, err
	}
	cleared.Removed = append(cleared.Removed, "folder "+e.cacheDir)
	return cleared, nil
}

// remove removes the runs that match, wherever they have their folders, and
// spares the others.
func (e *Engine) remove(ctx context.Context, owners *runs.Owners, match func(runs.Run) bool) ([]string, error) {
	atWork, err := e.work.Runs()
	if err != nil {
		return nil, err
	}
	// TMPDIR may have been another one for them than it is now.
	roots := []string{e.folders.Root}
	for _, run := range atWork {
		if root := run.Place(); filepath.IsAbs(root) && !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	var removed []string
	var failed error
	left := map[string]bool{} // by owner: it still has a folder somewhere
	for _, root := range roots {
		folders := runs.Folders{Root: root, Prefix: folderPrefix, Owner: e.folders.Owner}
		all, err := folders.Runs()
		failed = errors.Join(failed, err)
		for _, run := range all {
			if !match(run) {
				folders.Spare(run, owners)
				left[run.Owner] = true
				continue
			}
			lines, err := endRun(ctx, &folders, run)
			removed = append(removed, lines...)
			if err != nil {
				failed = errors.Join(failed, err)
				left[run.Owner] = true
			}
		}
	}
	for _, run := range atWork {
		switch {
		case !match(run):
			e.work.Spare(run, owners)
		case !left[run.Owner]:
			failed = errors.Join(failed, e.removeWork(run))
		}
	}
	return removed, failed
}

// removeWork removes what shows a run at work, and what it was just making.
func (e *Engine) removeWork(run runs.Run) error {
	halves, err := run.Instances()
	for _, dir := range halves {
		err = errors.Join(err, e.work.Remove(dir))
	}
	return errors.Join(err, e.work.RemoveEmpty(run))
}

// mostRecord bounds the length of a process's record, in bytes.
const mostRecord = 4 << 10

// endRun ends a run's processes and removes its folders.
func endRun(ctx context.Context, folders *runs.Folders, run runs.Run) (removed []string, failed error) {
	dirs, failed := run.Instances()
	for _, dir := range dirs {
		if err := endRecorded(ctx, dir); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if err := folders.Remove(dir); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		removed = append(removed, "process stepper-"+filepath.Base(dir)+" of run "+filepath.Base(run.Dir)[len(folderPrefix):])
	}
	return removed, errors.Join(failed, folders.RemoveEmpty(run))
}

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
		return fmt.Errorf("%s: not the record of a process: %q", filepath.Join(dir, recordFile), text)
	}
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	for {
		now, running, err := proc.StartTime(pid)
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
