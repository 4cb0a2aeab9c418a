package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// experimentFile is the name of a saved experiment in its folder.
const experimentFile = "experiment.json"

// roomForResults is the free space without which no run is started: a saved
// experiment takes a few megabytes for each ten minutes.
const roomForResults = 64 << 20

// results is a folder that one run alone saves to. The run claims it by the
// file's name, which it makes empty and replaces whenever it saves.
type results struct {
	dir  string
	made bool        // the folder, by this run
	file os.FileInfo // what this run last put there under the file's name
}

// claimResults claims the folder out, or, where out is empty, one below parent
// that is named after the time, and sees that it can take results. Of several
// runs that want the same one, one gets it.
func claimResults(out, parent string, now time.Time) (*results, error) {
	r := &results{dir: out}
	if err := r.makeFolder(parent, now); err != nil {
		return nil, hint.Mistake(fmt.Sprintf("no folder for the results: %v", err), "name another with --out")
	}
	err := checkFolder(r.dir)
	if err == nil {
		err = r.claim()
	}
	if err != nil {
		return nil, errors.Join(err, r.release())
	}
	return r, nil
}

// makeFolder makes the folder, or takes one that is there and was asked for.
func (r *results) makeFolder(parent string, now time.Time) error {
	asked := r.dir != ""
	plain := filepath.Join(parent, now.Format("2006-01-02T15-04-05"))
	if !asked {
		r.dir = plain
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(r.dir)), 0o755); err != nil {
		return err
	}
	for i := 2; ; i++ {
		err := os.Mkdir(r.dir, 0o755)
		if err == nil {
			r.made = true
			return nil
		}
		if !errors.Is(err, os.ErrExist) || !asked && i > 999 {
			return err
		}
		if asked {
			info, err := os.Stat(r.dir)
			if err == nil && !info.IsDir() {
				return &os.PathError{Op: "mkdir", Path: r.dir, Err: syscall.ENOTDIR}
			}
			return err
		}
		r.dir = plain + "-" + strconv.Itoa(i)
	}
}

func (r *results) path() string { return filepath.Join(r.dir, experimentFile) }

// claim makes the file, which only one can.
func (r *results) claim() error {
	file, err := os.OpenFile(r.path(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		if info, err := os.Lstat(r.path()); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
			return hint.Mistake(fmt.Sprintf("%s is another run's, which has saved nothing yet", r.dir),
				"name another folder with --out; if that run has died, remove "+r.path())
		}
		return hint.Mistake(fmt.Sprintf("%s already holds an experiment", r.dir), "name another folder with --out; results are never overwritten")
	}
	if err != nil {
		return hint.Mistake(fmt.Sprintf("cannot write to the results folder: %v", err), "name another with --out")
	}
	r.file, err = file.Stat()
	return errors.Join(err, file.Close())
}

// save puts the experiment in place of what the run saved before.
func (r *results) save(exp *bench.Experiment) error {
	err := files.Write(r.path(), func(w io.Writer) error { return report.JSON(w, exp) })
	if err == nil {
		r.file, err = os.Lstat(r.path())
	}
	return err
}

// release removes what the run itself made, when nothing was measured, and
// nothing else.
func (r *results) release() error {
	if r.file != nil {
		now, err := os.Lstat(r.path())
		if err == nil && os.SameFile(now, r.file) {
			err = os.Remove(r.path())
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if !r.made {
		return nil
	}
	err := os.Remove(r.dir)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, os.ErrNotExist) {
		return nil // somebody else has put something there, or taken it away
	}
	return err
}

// checkFolder sees that a folder can take results.
func checkFolder(out string) error {
	probe, err := os.CreateTemp(out, ".probe-*")
	if err != nil {
		return hint.Mistake(fmt.Sprintf("cannot write to the results folder: %v", err), "name another with --out")
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("try the results folder: %w", err)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(out, &fs); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", out, err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < roomForResults {
		return hint.Mistake(fmt.Sprintf("no room for the results: %s has %d MiB free", out, free>>20), "free some space, or name another folder with --out")
	}
	return nil
}

// mostExperiment bounds the length of a saved experiment, in bytes: a run of a
// day takes a third of it.
const mostExperiment = 2 << 30

// readExperiment reads a saved experiment, from its folder or the file itself.
func readExperiment(path string) (*bench.Experiment, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, experimentFile)
	}
	text, err := files.Read(path, mostExperiment)
	if errors.Is(err, os.ErrNotExist) {
		return nil, hint.Mistake("there is no "+path, "name a folder that compare has written, or its "+experimentFile)
	}
	if err != nil {
		return nil, err
	}
	if len(text) == 0 {
		return nil, hint.Mistake(path+" is empty", "its run has saved nothing yet, or died before it did")
	}
	exp, err := report.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return exp, nil
}
