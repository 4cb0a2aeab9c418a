package docker

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
)

const ignoreFile = ".dockerignore"

// ignore takes out of a context what its .dockerignore keeps out, as the docker
// command does: the daemon leaves that to its clients. A Dockerfile.NAME that
// has a file of its own, Dockerfile.NAME.dockerignore, goes by that one alone.
// What was written for the build, and is not in the project's folder, stays.
func (b *builder) ignore(with tree) error {
	name := ignoreFile
	own := b.variant.Dockerfile + ignoreFile
	switch text, err := files.Read(filepath.Join(b.engine.root, filepath.FromSlash(own)), dockerfile.MostBytes); {
	case err == nil:
		name, with[ignoreFile] = own, text
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(with[ignoreFile]))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for file := range with {
		if file == ignoreFile || file == "go.mod" || strings.HasPrefix(file, "vendor/") {
			continue
		}
		out, err := matcher.MatchesOrParentMatches(file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if out {
			delete(with, file)
		}
	}
	return nil
}
