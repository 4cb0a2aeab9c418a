// Package bench holds the plain data of an experiment: what was to be done
// (Design), where (Environment), with which work (Plan) and what was measured
// (Trials). It has no behaviour beyond formatting and depends on the standard
// library alone, so that a saved experiment can be read anywhere.
//
// Conventions: memory is in bytes, durations are nanoseconds in JSON, and every
// offset counts from the start of its trial.
package bench

import (
	"encoding/json"
	"time"
)

// Schema names the format of a saved Experiment. It changes when a field
// changes its meaning or goes away.
const Schema = "stair-stepper/experiment/v2"

// Experiment is everything that a run measured: the saved file.
type Experiment struct {
	Schema      string      `json:"schema"`
	RunID       string      `json:"run_id"`
	Command     string      `json:"command"` // the command line that made it
	Started     time.Time   `json:"started"`
	Ended       time.Time   `json:"ended"`
	Interrupted bool        `json:"interrupted"` // stopped before the design was carried out
	Design      Design      `json:"design"`
	Environment Environment `json:"environment"`
	Plan        Plan        `json:"plan"`
	Trials      []Trial     `json:"trials"`
	Warnings    []Warning   `json:"warnings"`
	// LeftOut are the variants of the design that could not be measured.
	LeftOut []LeftOut `json:"left_out,omitempty"`
	// Unknown holds what a file has of a later version: values as JSON by their
	// paths, such as trials[3].batches[0].future. No figure rests on them.
	Unknown map[string]json.RawMessage `json:"unknown,omitempty"`
}

// Design is what is to be done.
type Design struct {
	Variants    []Variant     `json:"variants"`
	Baseline    string        `json:"baseline"` // name of the variant that the others are compared with
	Rounds      int           `json:"rounds"`
	Batches     int           `json:"batches"`      // per trial
	Pause       time.Duration `json:"pause_ns"`     // between two batches of a variant
	Idle        time.Duration `json:"idle_ns"`      // after the last batch
	Sleep       time.Duration `json:"sleep_ns"`     // in the handler, tree, clone and bytes alive
	Workers     int           `json:"workers"`      // OS threads that do the C-heap work
	Threads     string        `json:"threads"`      // Hop or Stick
	Transport   string        `json:"transport"`    // Unix or TCP
	MemoryLimit Bytes         `json:"memory_limit"` // per container; 0: none
	SampleEvery time.Duration `json:"sample_every_ns"`
	Seed        uint64        `json:"seed"`                // of the order in which a round starts its variants
	Quick       bool          `json:"quick"`               // the preset for a first look
	Preset      string        `json:"preset,omitempty"`    // name of the preset
	Mode        string        `json:"mode,omitempty"`      // Together or Apart; empty: Together
	Twin        string        `json:"twin,omitempty"`      // name of the second, identical baseline; empty: there is none
	LoneIdle    bool          `json:"lone_idle,omitempty"` // the next round waits for the end of every final idle
	Until       time.Duration `json:"until_ns,omitempty"`  // no round is started that would not end within this time; 0: no bound
	// Fill says that rounds are added as long as they fit into Until.
	Fill bool `json:"fill,omitempty"`
	// VoidAt is the share of the machine that others may take in a batch before
	// its round does not count; 0: it counts in any case.
	VoidAt float64 `json:"void_at,omitempty"`
	// AtOnce is how many variants a group was asked to have; 0: as many as fit.
	AtOnce int `json:"at_once,omitempty"`
	// Groups says how a round is divided; nil: all its variants are up at the same
	// time.
	Groups *Groups `json:"groups,omitempty"`
}

// Groups says how the variants of a round are divided that are too many to run
// at the same time. Its groups run one after the other, each with the baseline.
type Groups struct {
	CPUs int `json:"cpus"` // that the variants of a group may keep busy together
	// Demand is how many CPUs each variant keeps busy while it is loaded: expected
	// before the first round is over, measured in it afterwards.
	Demand map[string]float64 `json:"demand"`
}

// The two ways in which a round may load its variants.
const (
	Together = "together" // all at the same time: their memory is compared
	Apart    = "apart"    // one after the other: their latency and CPU are their own
)

// The two ways in which a request may meet the worker threads.
const (
	Hop   = "hop"   // the free may run on any worker
	Stick = "stick" // a request stays on one worker, round robin
)

// The two roads of the load to the service.
const (
	Unix = "unix" // the socket in a bind-mounted folder
	TCP  = "tcp"  // the port published on 127.0.0.1
)

// Variant is one build under test: a Dockerfile, the Debian suite it runs on, and
// its knobs. Variants that differ in Name and Env alone are run from one image.
type Variant struct {
	Name       string            `json:"name"`
	Dockerfile string            `json:"dockerfile"`      // relative to the project's root, slash-separated
	Suite      string            `json:"suite,omitempty"` // bookworm, trixie or sid; empty: the one that the Dockerfile names
	Args       map[string]string `json:"args,omitempty"`  // build arguments
	Env        map[string]string `json:"env,omitempty"`   // knobs: what it is started with beside the design's own
}

// LeftOut is a variant that could not be built, or did not prove what it runs.
type LeftOut struct {
	Variant string `json:"variant"`
	Why     string `json:"why"`
	Advice  string `json:"advice,omitempty"` // what to do about it
	Round   int    `json:"round,omitempty"`  // as in Trial; 0: before the first
}

// Environment is where it was done.
type Environment struct {
	Host        string `json:"host"`
	OS          string `json:"os"` // PRETTY_NAME of os-release
	Kernel      string `json:"kernel"`
	Arch        string `json:"arch"`
	CPUModel    string `json:"cpu_model"`
	CPUs        int    `json:"cpus"` // online
	MemoryTotal Bytes  `json:"memory_total_bytes"`
	SwapTotal   Bytes  `json:"swap_total_bytes"`
	CgroupV     int    `json:"cgroup_version"` // 1 or 2
	THP         string `json:"thp"`            // always, madvise or never
	Engine      string `json:"engine"`         // docker or process
	EngineV     string `json:"engine_version"`
	Context     string `json:"engine_context,omitempty"` // the docker command's name for the daemon; empty: the default
	Instead     string `json:"engine_instead,omitempty"` // why it was taken in place of docker, where nobody asked for it
	Storage     string `json:"storage_driver,omitempty"`
	GoVersion   string `json:"go_version"` // of the orchestrator
}

// Plan records the work that each variant was sent in each batch.
type Plan struct {
	File        string   `json:"file"`
	SHA256      string   `json:"sha256"` // over everything that is sent, in order
	Tags        []string `json:"tags"`
	SkipTags    []string `json:"skip_tags"`
	Concurrency int      `json:"concurrency"`
	Iterations  int      `json:"iterations"` // per batch
	RampupS     float64  `json:"rampup_s"`
	// ArrivalRate is how many iterations are started a second, whatever the
	// answers do; 0: a closed loop, in which each waits for another to end.
	ArrivalRate float64    `json:"arrival_rate,omitempty"`
	Items       []PlanItem `json:"items"`
}

// PlanItem is one request of a plan.
type PlanItem struct {
	Name      string   `json:"name"`
	Method    string   `json:"method"`
	URL       string   `json:"url"`
	BodyBytes Bytes    `json:"body_bytes"`
	Tags      []string `json:"tags"`
	// Times is how often an iteration sends it, for each element of a loop; 0:
	// once.
	Times int `json:"times,omitempty"`
}

// PerIteration is how many requests an iteration sends.
func (p *Plan) PerIteration() int {
	n := 0
	for i := range p.Items {
		n += max(p.Items[i].Times, 1)
	}
	return n
}
