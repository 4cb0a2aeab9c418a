package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/docker"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/process"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// The engines by their names. Auto is none itself: it is Docker where that can do
// the work, and otherwise local processes.
const (
	engineAuto    = "auto"
	engineDocker  = "docker"
	engineProcess = "process"
)

// engineNames lists what --engine takes, the default first.
var engineNames = []string{engineAuto, engineDocker, engineProcess}

// takes says which engine is to be taken.
type takes struct {
	engine  string      // one of engineNames
	instead string      // with process: why it was taken in place of Docker in what goes on
	memory  bench.Bytes // the limit of each variant; 0: none
}

// taken is the engine that was opened.
type taken struct {
	engine.Engine
	name    string
	instead string // why it is not Docker, where nobody has asked for it
}

// Info tells why it was taken, too.
func (t *taken) Info(ctx context.Context) (engine.Info, error) {
	info, err := t.Engine.Info(ctx)
	info.Instead = t.instead
	return info, err
}

// pinned is what takes the same engine again: one experiment has one.
func (t *taken) pinned(memory bench.Bytes) takes {
	return takes{engine: t.name, instead: t.instead, memory: memory}
}

// openEngine opens an engine. That local processes are taken where nobody has asked
// for them is told at once, with the reason, the mending and what insists on Docker.
func openEngine(ctx context.Context, want takes, view *console.View) (*taken, error) {
	log, again := view.Logger(), want.instead != ""
	if want.engine == engineAuto {
		eng, err := openDocker(ctx, log)
		if err == nil {
			return &taken{Engine: eng, name: engineDocker}, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if want.memory > 0 {
			return nil, &hint.Error{
				Err:    fmt.Errorf("a memory limit takes containers, and Docker cannot be used: %w", err),
				Advice: hint.Of(err) + "; or leave the limit (--memory) out to run variants as local processes",
			}
		}
		view.Warn(fmt.Sprintf("variants run as local processes, without containers: %v (%s; --engine docker insists on Docker)", err, hint.Of(err)))
		want = takes{engine: engineProcess, instead: err.Error()}
	}
	if want.engine == engineProcess {
		eng, err := process.New(process.Options{Root: ".", Log: log})
		if err != nil {
			return nil, err
		}
		if again {
			view.Warn("variants run as local processes, without containers, as before: " + want.instead)
		}
		return &taken{Engine: eng, name: engineProcess, instead: want.instead}, nil
	}
	eng, err := insistDocker(ctx, log)
	if err != nil {
		return nil, err
	}
	return &taken{Engine: eng, name: engineDocker}, nil
}

// insistDocker opens Docker where nothing else will do. What it cannot do is told
// by whoever finds out.
func insistDocker(ctx context.Context, log *slog.Logger) (*docker.Engine, error) {
	eng, _, err := answeringDocker(ctx, log)
	if err != nil && hint.Of(err) != "" {
		err = hint.With(err, hint.Of(err)+"; or use --engine process")
	}
	return eng, err
}

// openDocker opens Docker if it can do the lab's work here: it answers, and its
// containers are of this machine and can be looked into.
func openDocker(ctx context.Context, log *slog.Logger) (*docker.Engine, error) {
	eng, info, err := answeringDocker(ctx, log)
	if err != nil {
		return nil, err
	}
	if err := unfitDocker(info); err != nil {
		return nil, errors.Join(err, eng.Close())
	}
	return eng, nil
}

// unfitDocker says why a Docker that answers cannot do the lab's work; nil: it can,
// as far as it says.
func unfitDocker(info engine.Info) error {
	switch {
	case info.Remote:
		return hint.With(errors.New("docker runs its containers on another machine"), "run the lab there")
	case info.Blind != "":
		return hint.With(errors.New("what containers hold cannot be read: "+info.Blind), "run it as root")
	}
	return nil
}

// answeringDocker opens Docker and hears what it says of itself.
func answeringDocker(ctx context.Context, log *slog.Logger) (*docker.Engine, engine.Info, error) {
	eng, err := docker.New(docker.Options{Root: ".", Log: log})
	if err != nil {
		return nil, engine.Info{}, err
	}
	info, err := eng.Info(ctx)
	if err != nil {
		return nil, engine.Info{}, errors.Join(err, eng.Close())
	}
	return eng, info, nil
}
