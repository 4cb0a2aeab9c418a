package engine

import (
	"errors"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// ForeignProc is the error that this host's /proc does not show what the engine
// runs; why says what shows it.
func ForeignProc(why string) error {
	return &hint.Error{
		Err: errors.New("this host's /proc is not the engine's: " + why),
		Advice: "run the lab on the machine where the engine runs and in its PID namespace; " +
			"in a container, that takes docker run --pid=host --cgroupns=host --privileged; --engine process measures without containers",
	}
}
