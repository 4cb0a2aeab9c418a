// Package doctor says what a machine can do for the lab and what it cannot: Look
// reads the facts, and Findings, which reads nothing, says what they mean. Nothing
// is started that stays, and nothing is left.
package doctor

import (
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Verdict is how a finding stands.
type Verdict string

// The verdicts, from good to bad.
const (
	OK      Verdict = "ok"
	Without Verdict = "-"    // it is not there, and nothing needs it here
	Warn    Verdict = "warn" // the lab runs, and something is missing or weakens its figures
	Bad     Verdict = "bad"  // it takes something away that compare cannot do without
)

// Finding is one thing that was looked at.
type Finding struct {
	Name    string      `json:"name"`
	Verdict Verdict     `json:"verdict"`
	Text    string      `json:"text"`             // what was found
	Advice  string      `json:"advice,omitempty"` // what to do about it; of one that is ok there is none
	Bytes   bench.Bytes `json:"bytes,omitempty"`  // of a room or a memory: what is free
}

// Diagnosis is all that was found, and what follows for compare.
type Diagnosis struct {
	// Engine is the one that compare takes if none is asked for: docker or process;
	// empty: compare cannot run.
	Engine   string    `json:"engine"`
	Findings []Finding `json:"findings"`
}

// Diagnose says what facts mean.
func Diagnose(f *Facts) Diagnosis {
	d := Diagnosis{Engine: f.engine()}
	d.Findings = slices.Concat(
		[]Finding{f.project(), f.docker(), f.root(), f.goTool(), f.gcc()},
		f.suites(), f.rooms(),
		[]Finding{f.memory(), f.swap(), f.cpus(), f.load(), f.thp(), f.kernel(), f.clock()},
	)
	return d
}

// engine is what compare would take. Both engines need the go command: it knows
// what the service is made of.
func (f *Facts) engine() string {
	switch {
	case f.Project != nil || f.Go.Err != nil:
		return ""
	case f.Docker.Err == nil:
		return "docker"
	case f.GCC.Err == nil:
		return "process"
	}
	return ""
}
