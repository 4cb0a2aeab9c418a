package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/lines"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// recipe is what a Dockerfile says of how to build and how to run.
type recipe struct {
	command       string            // the shell line that writes ${OUT}
	step          string            // the same as the Dockerfile has it, with its line
	build         map[string]string // ARG and ENV at that line
	env           map[string]string // ENV of the last stage
	labels        map[string]string // LABEL of the last stage
	buildPackages []string          // Debian packages that the build asks for
	runPackages   []string          // and those that running asks for
	hash          string
	binary        string
}

// read takes a recipe out of a Dockerfile.
func read(file string, d *dockerfile.File) (recipe, error) {
	r := recipe{
		buildPackages: d.Packages("", dockerfile.BuildPackages),
		runPackages:   d.Packages("", dockerfile.RunPackages),
	}
	for i := range d.Stages {
		d.Walk(i, nil, func(s dockerfile.Step, v dockerfile.Vars) {
			if s.Keyword != "RUN" || !strings.Contains(s.Text, "${OUT}") && !strings.Contains(s.Text, "$OUT") {
				return
			}
			r.command, r.step = s.Text, fmt.Sprintf("%s:%d: RUN %s", file, s.Line, s.Text)
			r.build = maps.Clone(v.Args)
			maps.Copy(r.build, v.Env)
		})
	}
	if r.command == "" {
		return r, &hint.Error{
			Err:    fmt.Errorf("%s has no step that writes ${OUT}", file),
			Advice: "without Docker the build is the RUN that names ${OUT}: ARG OUT=/out/stepper, RUN go build -o \"${OUT}\" " + dockerfile.Service,
		}
	}
	last := d.Walk(len(d.Stages)-1, nil, nil)
	r.env, r.labels = last.Env, last.Labels
	return r, nil
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
	all := make([]engine.Made, len(variants))
	for i, v := range variants {
		image, err := e.prepare(ctx, v, inputs, progress)
		if err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			if _, built := errors.AsType[*engine.BuildError](err); !built {
				err = fmt.Errorf("variant %s: %w", v.Name, err)
			}
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

func (e *Engine) prepare(ctx context.Context, v bench.Variant, inputs string, tell func(engine.Progress)) (engine.Image, error) {
	file := filepath.Join(e.root, filepath.FromSlash(v.Dockerfile))
	d, err := dockerfile.Read(file)
	if err != nil {
		return engine.Image{}, err
	}
	r, err := read(v.Dockerfile, d)
	if err != nil {
		return engine.Image{}, err
	}
	named, err := d.Named(e.root)
	if err != nil {
		return engine.Image{}, err
	}
	r.hash = engine.Digest(inputs, digest(named), fmt.Sprint(r.command, r.build, r.env, r.labels)) // maps print sorted
	name := engine.SafeName(strings.TrimPrefix(path.Base(v.Dockerfile), "Dockerfile."))
	r.binary = filepath.Join(e.cacheDir, name+"-"+r.hash[:16])
	if err := r.checkPreload(ctx); err != nil {
		return engine.Image{}, err
	}
	img := engine.Image{Variant: v.Name, Name: r.binary, ID: r.hash, Hash: r.hash, Allocator: r.labels[variant.AllocatorLabel]}
	if _, err := os.Stat(r.binary); err == nil {
		tell(engine.Progress{Variant: v.Name, Event: engine.Reused, Text: r.binary})
	} else {
		began := time.Now()
		tell(engine.Progress{Variant: v.Name, Event: engine.Building, Text: r.binary})
		if err := e.build(ctx, v.Name, r, tell); err != nil {
			return engine.Image{}, err
		}
		if err := e.removeOlder(name, r.binary); err != nil {
			e.log.Warn("replaced binaries were not removed", "error", err)
		}
		tell(engine.Progress{Variant: v.Name, Event: engine.Built, Text: r.binary, Took: time.Since(began)})
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recipes[r.hash] = r
	return img, nil
}

// build runs the Dockerfile's own line in the project's folder.
func (e *Engine) build(ctx context.Context, variant string, r recipe, tell func(engine.Progress)) error {
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	if err := os.MkdirAll(e.cacheDir, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(e.cacheDir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out")

	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", r.command)
	cmd.Dir = e.root
	cmd.Env = append(os.Environ(), environment(r.build)...)
	cmd.Env = append(cmd.Env, "OUT="+out)
	// The shell starts compilers: all of them are ended together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	log := &buildLog{tell: func(l string) { tell(engine.Progress{Variant: variant, Event: engine.Log, Text: l}) }}
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	io.WriteString(log, "\n")
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("build %s: %w", variant, context.Cause(ctx))
	case err != nil:
		failed := &engine.BuildError{Variant: variant, Step: r.step, Log: log.last.Lines(), Err: err}
		return &hint.Error{Err: failed, Advice: "the build needs these Debian packages on this machine: " + strings.Join(r.buildPackages, " ")}
	}
	return os.Rename(out, r.binary)
}

// removeOlder removes the binaries that this one replaces, unless another run is
// alive: it may be about to start one. One that still runs keeps running.
func (e *Engine) removeOlder(name, current string) error {
	var owners runs.Owners
	all, err := e.work.Runs()
	if err != nil {
		return err
	}
	for _, run := range all {
		e.work.Spare(run, &owners)
	}
	if owners.Busy() != nil {
		return nil
	}
	older, err := filepath.Glob(filepath.Join(e.cacheDir, name+"-"+strings.Repeat("[0-9a-f]", 16)))
	if err != nil {
		return err
	}
	for _, f := range older {
		if f != current {
			if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// checkPreload asks the dynamic loader itself whether it finds what LD_PRELOAD
// names: a library that is missing is no error to it, the program would
// silently run with another allocator.
func (r recipe) checkPreload(ctx context.Context) error {
	preload := r.env["LD_PRELOAD"]
	if preload == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/true")
	cmd.Env = []string{"LD_PRELOAD=" + preload, "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	if err == nil && len(out) == 0 {
		return nil
	}
	return &hint.Error{
		Err:    fmt.Errorf("LD_PRELOAD names %s, which this machine cannot load: %s", preload, bytes.TrimSpace(out)),
		Advice: "install the Debian package " + strings.Join(r.runPackages, " "),
	}
}

// environment is a map as NAME=value, sorted.
func environment(m map[string]string) []string {
	env := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		env = append(env, k+"="+m[k])
	}
	return env
}

// buildLog tells the lines of a build as they come, and keeps the last.
type buildLog struct {
	tell  func(string)
	parts lines.Splitter
	last  lines.Last
}

// Write takes a piece. One goroutine copies both of the build's streams.
func (l *buildLog) Write(p []byte) (int, error) {
	for _, line := range l.parts.Add(string(p)) {
		l.last.Add(line)
		l.tell(line)
	}
	return len(p), nil
}
