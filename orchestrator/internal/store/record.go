// Package store keeps an experiment as what it is made of: a stream of records,
// one for each thing that happens, appended to a file line by line while it
// happens. Fold makes the Experiment of them, during the run or years later. A
// screen, a page and a wire read the same records as the file.
//
// docs/experiment.md describes the files for people.
package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Schema names the format of the stream. It changes when a record changes its
// meaning; a kind of record or a field that is new does not change it, for
// readers pass over what they do not know.
const Schema = "stair-stepper/records/v1"

// Record is one thing that happened.
type Record struct {
	Of   Of  // the trial it happened in; zero: it concerns the experiment
	What any // one of the types that are listed in kinds
}

// Of names a trial.
type Of struct {
	Variant string
	Round   int // from 1
}

// String gives "libc/3".
func (o Of) String() string { return o.Variant + "/" + strconv.Itoa(o.Round) }

// parseOf reads what String writes.
func parseOf(text string) (Of, error) {
	cut := strings.LastIndexByte(text, '/')
	if cut > 0 {
		if round, err := strconv.Atoi(text[cut+1:]); err == nil && round > 0 {
			return Of{text[:cut], round}, nil
		}
	}
	return Of{}, fmt.Errorf("%q does not name a trial, such as libc/3", text)
}

// What may happen to an experiment, beside what package bench has: Proof, Phase,
// Sample, Gauge, Edge, Batch, Warning and LeftOut.
type (
	// Header says what is done, where, and with which work. It comes first, and
	// again with each round: of two, the later one knows the newer Design.
	Header struct {
		Schema      string            `json:"schema"`
		RunID       string            `json:"run_id"`
		Command     string            `json:"command"` // for people
		Args        []string          `json:"args"`    // the same as it was given, to go on with
		Started     time.Time         `json:"started"`
		Design      bench.Design      `json:"design"`
		Environment bench.Environment `json:"environment"`
		Plan        bench.Plan        `json:"plan"`
		Images      []Image           `json:"images"`
	}

	// Image is what a variant is run from.
	Image struct {
		Variant string `json:"variant"`
		Name    string `json:"name"`
		ID      string `json:"id"`   // its digest
		Hash    string `json:"hash"` // of everything that it was made of
	}

	// Engine tells which engine has answered, before anything else happens.
	Engine struct {
		Text    string `json:"text"` // name, version and context, for people
		Storage string `json:"storage_driver,omitempty"`
	}

	// Step is one step in making the images ready.
	Step struct {
		Variant string        `json:"variant"` // or "base" for a base image
		Kind    string        `json:"kind"`    // one of those below
		Text    string        `json:"text"`
		Took    time.Duration `json:"took_ns,omitempty"` // with built
	}

	// Round begins a round.
	Round struct {
		Number  int           `json:"number"` // from 1
		Order   []string      `json:"order"`  // in which the variants are started
		Repeats int           `json:"repeats,omitempty"`
		Left    time.Duration `json:"left_ns,omitempty"` // it and those after it, at the pace so far; 0: not known
		// Of a group: the round of the design that it is of, which of its groups it
		// is, and how many there are.
		Turn   int `json:"turn,omitempty"`
		Group  int `json:"group,omitempty"`
		Groups int `json:"groups,omitempty"`
	}

	// Trial begins a trial: its container has been started.
	Trial struct {
		Started   time.Time `json:"started"` // every offset of the trial counts from here
		Image     string    `json:"image"`
		ImageID   string    `json:"image_id"`
		Container string    `json:"container"`
		Address   string    `json:"address"`
		Repeats   int       `json:"repeats,omitempty"`
		Turn      int       `json:"turn,omitempty"`
		Group     int       `json:"group,omitempty"`
	}

	// Progress is how far a batch is.
	Progress struct {
		Done   int `json:"done"` // requests
		Failed int `json:"failed"`
	}

	// Ended ends a trial.
	Ended struct {
		Error   string        `json:"error,omitempty"` // why it ended early
		Cut     bool          `json:"cut,omitempty"`   // it was the run that ended, not the trial
		Sampler bench.Sampler `json:"sampler"`
	}

	// Judged says whether a round counts. Its final idles may still go on.
	Judged struct {
		Round  int           `json:"round"`
		Void   string        `json:"void,omitempty"`  // why it does not count
		Again  int           `json:"again,omitempty"` // the round in which it is repeated
		Rounds int           `json:"rounds"`          // that the design has by now
		Last   bool          `json:"last,omitempty"`  // no other is begun
		Took   time.Duration `json:"took_ns"`
		// Demand is how many CPUs the variants of a group of the first round kept
		// busy: the groups of later rounds follow from it.
		Demand map[string]float64 `json:"demand,omitempty"`
	}

	// Resumed says that the run goes on after a round: what there is of later
	// ones, cut short as they were, counts no more.
	Resumed struct {
		At    time.Time `json:"at"`
		After int       `json:"after"` // a round's number; 0: before the first
	}

	// Note is something that people should see and that weakens no figure.
	Note struct {
		Text string `json:"text"`
	}

	// End ends the run.
	End struct {
		At          time.Time `json:"at"`
		Interrupted bool      `json:"interrupted,omitempty"` // the design was not carried out
	}

	// Unknown is a record of a newer version.
	Unknown struct {
		Kind  string
		Value []byte // JSON
	}
)

// The kinds of Step.
const (
	StepBuilding = "building" // work begins
	StepLog      = "log"      // one line of its log
	StepBuilt    = "built"    // made anew
	StepReused   = "reused"   // nothing had changed
	StepFailed   = "failed"   // there is no image, and why
)

// CodePlan is the code of warnings about the plan, which are known before
// anything happens.
const CodePlan = "plan"

// Passing says that a record is for those who watch: no figure rests on it, and
// no file keeps it.
func (r Record) Passing() bool {
	switch r.What.(type) {
	case Engine, Step, Progress, Note:
		return true
	}
	return false
}

// Sink takes records, from several goroutines at once.
type Sink interface {
	// Put takes a record. It does not wait for anything slow, such as a disk or a
	// terminal: a measurement is going on.
	Put(Record)
	// Sync returns when everything that was put is safe, or says why it is not.
	Sync() error
}

// frequent says that a record is one of many, of which some may be left out by
// those who only watch.
func frequent(r Record) bool {
	switch r.What.(type) {
	case bench.Sample, bench.Gauge, Progress:
		return true
	}
	return false
}
