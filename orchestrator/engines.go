package main

import (
	"fmt"
	"log/slog"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/docker"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/process"
)

// engineNames lists the engines, the default first.
var engineNames = []string{"docker", "process"}

// openEngine opens the engine of that name. Docker is never replaced by local
// processes behind the user's back: that would measure something else.
func openEngine(name string, log *slog.Logger) (engine.Engine, error) {
	switch name {
	case "docker":
		return docker.New(docker.Options{Root: ".", Log: log})
	case "process":
		return process.New(process.Options{Root: ".", Log: log})
	}
	return nil, fmt.Errorf("there is no engine %q", name)
}
