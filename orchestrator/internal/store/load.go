package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// mostFile bounds the length of a file, in bytes: a run of a day with 16 variants
// takes a sixth of it.
const mostFile = 4 << 30

// Load reads a saved experiment: a results folder, or a file of one. Of a folder
// it is the fold, where the run is over, and else the stream: a run can be looked
// at while it goes on.
func Load(path string) (*bench.Experiment, error) {
	file, err := find(path)
	if err != nil {
		return nil, err
	}
	from, err := files.Open(file, mostFile)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	text := bufio.NewReader(from)
	if _, err := text.Peek(1); errors.Is(err, io.EOF) {
		return nil, hint.Mistake(file+" is empty", "its run has saved nothing yet, or died before it could")
	}
	var exp *bench.Experiment
	if strings.HasSuffix(file, ".jsonl") || strings.HasSuffix(file, ".jsonl.gz") {
		exp, err = Fold(Read(text))
	} else {
		exp, err = ReadExperiment(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return exp, nil
}

// find gives the file that holds the experiment of a path.
func find(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		for _, name := range []string{ExperimentFile, streamFile, packedFile} {
			file := filepath.Join(path, name)
			if _, err := os.Stat(file); err == nil {
				return file, nil
			}
		}
		path = filepath.Join(path, ExperimentFile)
		err = os.ErrNotExist
	}
	if errors.Is(err, os.ErrNotExist) {
		return "", hint.Mistake("there is no "+path, "name a folder that compare has written, or its "+ExperimentFile)
	}
	return path, err
}
