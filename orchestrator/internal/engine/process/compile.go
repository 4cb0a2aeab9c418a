package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/lines"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// compile runs the Dockerfile's own line in the project's folder, with tools in
// the place of those that this machine lacks.
func (p *preparation) compile(ctx context.Context, variant string, r recipe, t tools) error {
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	dir, err := os.MkdirTemp(p.dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out")
	extra, err := t.lay(dir)
	if err != nil {
		return err
	}

	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", r.command)
	cmd.Dir = p.engine.root
	cmd.Env = append(os.Environ(), environment(r.build)...)
	cmd.Env = append(append(cmd.Env, extra...), "OUT="+out)
	// The shell starts compilers: all of them are ended together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	log := &buildLog{tell: func(l string) { p.tell(engine.Progress{Variant: variant, Event: engine.Log, Text: l}) }}
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	io.WriteString(log, "\n")
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("build %s: %w", variant, context.Cause(ctx))
	case err != nil:
		failed := &engine.BuildError{Variant: variant, Step: r.step, Log: log.last.Lines(), Err: err}
		return &hint.Error{Err: failed, Advice: r.missing()}
	}
	return os.Rename(out, r.binary)
}

// missing says what a build that failed may have missed.
func (r recipe) missing() string {
	if _, err := exec.LookPath("gcc"); err != nil {
		return "there is no gcc on this machine: install it and the headers of the C library (Debian's packages gcc and libc6-dev)"
	}
	return "the build needs these Debian packages on this machine: " + strings.Join(r.buildPackages, " ")
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
