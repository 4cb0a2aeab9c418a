package store

import (
	"encoding/json"
	"io"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// ReadExperiment stands in.
func ReadExperiment(r io.Reader) (*bench.Experiment, error) {
	exp := new(bench.Experiment)
	return exp, json.NewDecoder(r).Decode(exp)
}
