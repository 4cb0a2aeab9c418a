package store

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// How much of what is not known is kept.
const (
	mostKept    = 1 << 20 // bytes, all together
	mostUnknown = 1000    // values
)

// CodeNotKept is the code of the Warning that a newer version wrote too much for
// it to be kept.
const CodeNotKept = "newer-not-kept"

// unknown keeps what a newer version wrote and this one does not know, as JSON
// by the place where it stood.
type unknown struct {
	values map[string]json.RawMessage
	size   int
	lost   int // values for which there was no room
}

// has says whether something stood at a place.
func (u *unknown) has(path string) bool {
	_, ok := u.values[path]
	return ok
}

// keep takes a value, which is valid JSON.
func (u *unknown) keep(path string, raw []byte) error {
	u.size += len(path) + len(raw)
	if u.size > mostKept || len(u.values) == mostUnknown {
		u.lost++
		return nil
	}
	// In the form in which it is written again.
	var compact bytes.Buffer
	if err := json.Compact(&compact, bytes.ToValidUTF8(raw, []byte("\ufffd"))); err != nil {
		return err
	}
	if u.values == nil {
		u.values = map[string]json.RawMessage{}
	}
	u.values[path] = plain.JSON(compact.Bytes())
	return nil
}

// into gives what was kept to an experiment, and a Warning of what was not.
func (u *unknown) into(exp *bench.Experiment, one, many string) {
	exp.Unknown = u.values
	if u.lost > 0 {
		exp.Warnings = append(exp.Warnings, bench.Warning{Code: CodeNotKept, Text: fmt.Sprintf("%s of a newer version are too large to keep, and are lost if this is saved",
			words.Plural(u.lost, one, many))})
	}
}
