package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// preparation is one call of Prepare.
type preparation struct {
	engine *Engine
	inputs string // what every binary depends on
	dir    string // for what is being made, in the cache; removed at the end
	tell   func(engine.Progress)
	trees  trees
}

// Prepare builds the variants' binaries, one after the other.
func (e *Engine) Prepare(ctx context.Context, variants []bench.Variant, progress func(engine.Progress)) ([]engine.Made, error) {
	if progress == nil {
		progress = func(engine.Progress) {}
	}
	// Nobody is to take binaries away from here on.
	if err := e.announce(); err != nil {
		return nil, runs.TempHint(fmt.Errorf("make this run known to others: %w", err), e.folders.Root)
	}
	inputs, err := e.inputs(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := e.work.Temp("making-")
	if err != nil {
		return nil, noRoom(err, e.cacheDir)
	}
	defer os.RemoveAll(dir)
	p := &preparation{engine: e, inputs: inputs, dir: dir, tell: progress}
	p.trees = trees{dir: filepath.Join(e.cacheDir, treesDir), temp: dir, tell: progress}
	all := make([]engine.Made, len(variants))
	for i, v := range variants {
		image, err := p.make(ctx, v)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			if _, built := errors.AsType[*engine.BuildError](err); !built {
				err = fmt.Errorf("variant %s: %w", v.Name, err)
			}
			err = noRoom(err, e.cacheDir)
			image.Variant = v.Name
		}
		all[i] = engine.Made{Image: image, Err: err}
	}
	return all, nil
}

// mostModules bounds the length of go.mod and go.sum, in bytes.
const mostModules = 64 << 20

// inputs is everything but the Dockerfile, and what that names, that a binary depends on, as one
// string.
func (e *Engine) inputs(ctx context.Context) (string, error) {
	source, err := dockerfile.Source(e.root)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := files.Read(filepath.Join(e.root, name), mostModules)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		source[name] = text
	}
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	// What go env tells are the settings that go into a binary.
	settings, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOARCH", "GOAMD64", "GOARM64", "GOFLAGS", "GOEXPERIMENT",
		"CC", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_LDFLAGS").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", &hint.Error{Err: err, Advice: "install Go (https://go.dev/dl) and put it on the PATH"}
	}
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	// Neither need be there, and musl's loader fails even as it tells its version.
	compilers, _ := exec.CommandContext(ctx, "/bin/sh", "-c", "gcc --version; /lib/ld-musl-*.so.1").CombinedOutput()
	if ctx.Err() != nil {
		return "", fmt.Errorf("gcc --version: %w", ctx.Err())
	}
	return engine.Digest(string(settings), string(compilers), digest(source)), nil
}

// digest hashes files by their names.
func digest(tree map[string][]byte) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		parts = append(parts, name, string(tree[name]))
	}
	return engine.Digest(parts...)
}

// make makes one variant ready to run.
func (p *preparation) make(ctx context.Context, v bench.Variant) (engine.Image, error) {
	e := p.engine
	d, err := dockerfile.Read(filepath.Join(e.root, filepath.FromSlash(v.Dockerfile)))
	if err != nil {
		return engine.Image{}, err
	}
	d = d.Given(v.Args)
	r, err := read(v, d)
	if err != nil {
		return engine.Image{}, err
	}
	named, err := d.Named(e.root)
	if err != nil {
		return engine.Image{}, err
	}
	tools, err := p.tools(ctx, v.Name, &r)
	if err != nil {
		return engine.Image{}, err
	}
	built := engine.Digest(p.inputs, digest(named), fmt.Sprint(r.command, r.build), tools.version) // maps print sorted
	r.binary = filepath.Join(e.cacheDir, r.name+"-"+built[:16])
	if _, err := os.Stat(r.binary); err == nil {
		p.tell(engine.Progress{Variant: v.Name, Event: engine.Reused, Text: r.binary})
	} else {
		began := time.Now()
		p.tell(engine.Progress{Variant: v.Name, Event: engine.Building, Text: r.binary})
		if err := p.compile(ctx, v.Name, r, tools); err != nil {
			return engine.Image{}, err
		}
		if err := e.removeOlder(r.name, r.binary); err != nil {
			e.log.Warn("replaced binaries were not removed", "error", err)
		}
		p.tell(engine.Progress{Variant: v.Name, Event: engine.Built, Text: r.binary, Took: time.Since(began)})
	}
	if r.ground, err = p.ground(ctx, v.Name, r); err != nil {
		return engine.Image{}, err
	}
	hash := engine.Digest(built, fmt.Sprint(r.env, r.labels), fmt.Sprint(r.ground))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recipes[hash] = r
	return engine.Image{Variant: v.Name, Name: r.binary, ID: hash, Hash: hash, Allocator: r.labels[variant.AllocatorLabel]}, nil
}
