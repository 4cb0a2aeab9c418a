package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// firstSchema had the samples as a list of objects, which a Series reads too.
const firstSchema = "stair-stepper/experiment/v1"

// Read reads an experiment that JSON wrote; as it may be huge, data is not copied
// for that. The summary in it is passed over:
// whoever reports computes it anew. Unknown keys are passed over too, for a
// later version of the same schema may add some. Errors say where: no JSON, a
// value of the wrong kind, another schema, more than one value.
func Read(data []byte) (*bench.Experiment, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("read the experiment: the file is empty")
	}
	// The schema goes first: a file of another kind should be named as such and
	// not fail at the first field that differs.
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, located(data, err)
	}
	const advice = "a saved experiment is the experiment.json of a results folder, or what --format json prints"
	switch {
	case head.Schema == nil:
		return nil, hint.With(errors.New(`read the experiment: no key "schema"`), advice)
	case *head.Schema != bench.Schema && *head.Schema != firstSchema:
		return nil, hint.With(fmt.Errorf("read the experiment: schema %q; this version reads %q", *head.Schema, bench.Schema), advice)
	}
	exp := new(bench.Experiment)
	if err := json.Unmarshal(data, exp); err != nil {
		return nil, located(data, err)
	}
	exp.Schema = bench.Schema
	return exp, nil
}

// located adds line and column to an error of encoding/json.
func located(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		line, column := position(data, syntax.Offset)
		return fmt.Errorf("read the experiment: line %d, column %d: not JSON: %w", line, column, err)
	case errors.As(err, &kind):
		line, column := position(data, kind.Offset)
		if kind.Field == "" {
			return fmt.Errorf("read the experiment: line %d, column %d: %s where an object is needed", line, column, kind.Value)
		}
		return fmt.Errorf("read the experiment: line %d, column %d: %s where %q needs %s", line, column, kind.Value, kind.Field, kind.Type)
	}
	return fmt.Errorf("read the experiment: %w", err)
}

// position gives line and column, both from 1 and in bytes, of the byte before
// offset: encoding/json counts the bytes that it has read.
func position(data []byte, offset int64) (line, column int) {
	before := data[:min(max(offset-1, 0), int64(len(data)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
