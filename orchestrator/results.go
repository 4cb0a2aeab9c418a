package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// experimentFile is the name of a saved experiment in its folder.
const experimentFile = "experiment.json"

func saveExperiment(folder string, exp *bench.Experiment) error {
	return report.WriteFile(filepath.Join(folder, experimentFile), func(w io.Writer) error { return report.JSON(w, exp) })
}

// roomForResults is the free space without which no run is started: a saved
// experiment takes a few megabytes for each ten minutes.
const roomForResults = 64 << 20

// makeFolder makes the results folder, sees that it can take results, and says
// whether it is new.
func makeFolder(out string) (made bool, err error) {
	if _, err := os.Stat(filepath.Join(out, experimentFile)); err == nil {
		return false, usage(fmt.Sprintf("%s already holds an experiment", out), "name another folder with --out; results are never overwritten")
	}
	_, err = os.Stat(out)
	made = errors.Is(err, os.ErrNotExist)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return false, usage(fmt.Sprintf("no folder for the results: %v", err), "name another with --out")
	}
	if err := checkFolder(out); err != nil {
		return false, errors.Join(err, unmake(out, made))
	}
	return made, nil
}

// unmake removes what makeFolder made, when nothing was measured.
func unmake(out string, made bool) error {
	if err := os.Remove(filepath.Join(out, experimentFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if !made {
		return nil
	}
	return os.Remove(out)
}

// checkFolder sees that a folder can take results.
func checkFolder(out string) error {
	probe, err := os.CreateTemp(out, ".probe-*")
	if err != nil {
		return usage(fmt.Sprintf("cannot write to the results folder: %v", err), "name another with --out")
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return fmt.Errorf("try the results folder: %w", err)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(out, &fs); err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", out, err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < roomForResults {
		return usage(fmt.Sprintf("no room for the results: %s has %d MiB free", out, free>>20), "free some space, or name another folder with --out")
	}
	return nil
}

// readExperiment reads a saved experiment, from its folder or the file itself.
func readExperiment(path string) (*bench.Experiment, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, experimentFile)
	}
	file, err := os.Open(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, usage("there is no "+path, "name a folder that compare has written, or its "+experimentFile)
		}
		return nil, err
	}
	defer file.Close()
	exp, err := report.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return exp, nil
}
