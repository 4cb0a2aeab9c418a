package store

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
)

// firstSchema had the samples of a trial as a list of objects, which a
// bench.Series reads too; all else is as in bench.Schema.
const firstSchema = "stair-stepper/experiment/v1"

// How much of a saved experiment is taken, in bytes.
const (
	mostDecoded = 384 << 20 // of it in memory; a run of a day with two variants takes a tenth
	mostValue   = 64 << 20  // of the text of a value that is passed over
)

// passedOver are the keys that reports add to an experiment. Whoever reports
// computes them anew.
var passedOver = map[string]bool{"summary": true, "aa": true, "verdict": true, "arranged": true}

// ReadExperiment reads an experiment that report.JSON wrote, of this version or
// the first one; what it gives is of this version. The file is not held in
// memory. Fields that are not known are kept in Experiment.Unknown, up to a bound
// that a Warning tells of.
//
// Errors say where: no JSON, a value of the wrong kind, a key that stands there
// twice, another schema, more than one value, more data than any run makes.
func ReadExperiment(r io.Reader) (*bench.Experiment, error) {
	d := &decoder{scanner: newScanner(r), left: mostDecoded, texts: map[string]string{}}
	switch b, err := d.peek(); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("read the experiment: the file is empty")
	case err != nil:
		return nil, d.cut(err)
	case b != '{':
		if _, err := d.value(mostValue); err != nil {
			return nil, err
		}
		return nil, d.misfit(place{1, 1}, kind(b), "an object")
	}
	exp := new(bench.Experiment)
	if err := d.experiment(exp); err != nil {
		return nil, err
	}
	switch b, err := d.peek(); {
	case err == nil:
		return nil, d.invalid(b, "after top-level value")
	case !errors.Is(err, io.EOF):
		return nil, d.cut(err)
	}
	exp.Schema = bench.Schema
	d.unknown.into(exp, "field", "fields")
	return exp, nil
}

// experiment reads the object of the file. A file of another kind is named as
// such and does not fail at the first field that differs: such an error waits for
// the schema.
func (d *decoder) experiment(exp *bench.Experiment) error {
	var schema *string
	var waits error
	var seen fieldSet
	v := reflect.ValueOf(exp).Elem()
	err := d.members(func(key string, at place) error {
		switch {
		case passedOver[key]:
			_, err := d.value(mostValue)
			return err
		case key == "unknown":
			return d.kept()
		}
		err := d.member(v, key, at, &seen)
		if wrong := (*misfit)(nil); errors.As(err, &wrong) && schema == nil {
			if waits == nil {
				waits = err
			}
			return d.leave(1)
		}
		if key != "schema" || err != nil {
			return err
		}
		schema = &exp.Schema
		if err := known(*schema); err != nil {
			return err
		}
		return waits
	})
	if err == nil && schema == nil {
		return hint.With(errors.New(`read the experiment: no key "schema"`), advice)
	}
	return err
}

const advice = "a saved experiment is the experiment.json of a results folder, or what --format json prints"

// known is an error for a schema that this version cannot read.
func known(schema string) error {
	if schema == bench.Schema || schema == firstSchema {
		return nil
	}
	return hint.With(fmt.Errorf("read the experiment: schema %q; this version reads %q", plain.Cut(schema, 100), bench.Schema), advice)
}

// kept reads fields that were not known to the version that wrote the file.
func (d *decoder) kept() error {
	b, err := d.peek()
	if err != nil {
		return d.cut(err)
	}
	if b != '{' {
		d.path = []step{{"unknown", -1}}
		return d.wrong("an object", mostValue)
	}
	return d.members(func(path string, at place) error { return d.keep(path, at) })
}

// keep takes a value of a field that is not known.
func (d *decoder) keep(path string, at place) error {
	raw, err := d.value(mostValue)
	if err != nil {
		return err
	}
	if d.unknown.has(path) {
		return d.twice(path, at)
	}
	if err := d.unknown.keep(path, raw); err != nil {
		return fmt.Errorf("read the experiment: %w", err)
	}
	return nil
}
