// Package process is the engine that runs variants as plain local processes:
// for machines without Docker, and for tests. It builds with the host's
// compilers what the Dockerfiles say, and runs it with the environment that
// they give. There is no isolation and no memory limit.
package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Deadlines, so that nothing can hang a run.
const (
	quickTime = 20 * time.Second
	buildTime = 15 * time.Minute
)

// Options are the settings of an Engine. The zero value of each but Root has a
// meaning that suits most.
type Options struct {
	Root      string       // the project's folder: go.mod, Dockerfile.*, services
	Log       *slog.Logger // what the engine does; nil: nothing is logged
	Owner     runs.Owner   // who answers for what is started; zero: this process
	StateRoot string       // where runs have their folders; empty: runs.SocketRoot chooses
	CacheDir  string       // where binaries are kept; empty: stair-stepper in the user's cache folder
}

// Engine is an engine.Engine without containers.
type Engine struct {
	root     string
	log      *slog.Logger
	cacheDir string

	folders *runs.Folders // of runs, with their instances
	work    *runs.Folders // in the cache, of who is at work

	mu      sync.Mutex
	recipes map[string]recipe // by Image.Hash
}

var _ engine.Engine = (*Engine)(nil)

// New makes an Engine. Nothing is started and nothing is written yet.
func New(opts Options) (*Engine, error) {
	e := &Engine{log: opts.Log, recipes: map[string]recipe{}}
	var err error
	if e.root, err = filepath.Abs(opts.Root); err != nil {
		return nil, err
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.folders, err = runs.NewFolders(opts.StateRoot, folderPrefix, opts.Owner); err != nil {
		return nil, err
	}
	if opts.CacheDir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("where to keep binaries: %w", err)
		}
		opts.CacheDir = filepath.Join(cache, "stair-stepper")
	}
	if e.cacheDir, err = filepath.Abs(opts.CacheDir); err != nil {
		return nil, err
	}
	e.work = &runs.Folders{Root: e.cacheDir, Prefix: workPrefix, Owner: e.folders.Owner}
	return e, nil
}

// Info names the kernel as the version: there is nothing else between a variant
// and the machine.
func (e *Engine) Info(context.Context) (engine.Info, error) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return engine.Info{}, &hint.Error{
			Err:    fmt.Errorf("local processes need Linux: %w", err),
			Advice: "use --engine docker",
		}
	}
	return engine.Info{Name: "process", Version: "Linux " + strings.TrimSpace(string(release)), Children: true}, nil
}

// Close marks what is to be kept as kept. What shows that there is something
// stays with it.
func (e *Engine) Close() error {
	err := e.folders.Close()
	all, runsErr := e.folders.Runs()
	if slices.ContainsFunc(all, func(r runs.Run) bool { return r.Owner == e.folders.Owner.String() }) {
		return errors.Join(err, runsErr)
	}
	return errors.Join(err, runsErr, e.work.Close())
}

// announce shows this run at work, so that nobody takes binaries away.
func (e *Engine) announce() error {
	if err := os.MkdirAll(e.cacheDir, 0o755); err != nil {
		return err
	}
	return e.work.Announce(e.folders.Root)
}
