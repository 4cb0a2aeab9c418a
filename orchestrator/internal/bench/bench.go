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

// Variant is one build under test: a Dockerfile.NAME, and environment.
type Variant struct {
	Name       string            `json:"name"`
	Dockerfile string            `json:"dockerfile"` // relative to the project's root, slash-separated
	Env        map[string]string `json:"env,omitempty"`
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

// Trial is one container's life: start, warm-up, batches with pauses, final
// idle, stop.
type Trial struct {
	Variant   string    `json:"variant"`
	Round     int       `json:"round"` // from 1
	Started   time.Time `json:"started"`
	Image     string    `json:"image"`     // name of the image
	ImageID   string    `json:"image_id"`  // its digest
	Container string    `json:"container"` // name of the instance
	Address   string    `json:"address"`   // host:port under which people reached it
	Proof     Proof     `json:"proof"`
	Phases    []Phase   `json:"phases"` // in order of time
	Batches   []Batch   `json:"batches"`
	Samples   Series    `json:"samples"` // in order of time
	Gauges    []Gauge   `json:"gauges"`  // in order of time
	Edges     []Edge    `json:"edges"`   // exact readings at phase edges
	Sampler   Sampler   `json:"sampler"`
	Warnings  []Warning `json:"warnings"`
	Error     string    `json:"error,omitempty"`   // why the trial ended early; what was measured until then stands
	Void      string    `json:"void,omitempty"`    // why the whole round does not count; nothing of it is in any figure
	Repeats   int       `json:"repeats,omitempty"` // the void round in whose place this one was run; 0: none
}

// Proof says which allocator a trial ran and how that is known.
type Proof struct {
	Promised  string            `json:"promised"`  // the allocator that the variant's name or image label promises
	Allocator string            `json:"allocator"` // what the allocator says of itself
	Version   string            `json:"version"`
	Linkage   string            `json:"linkage"`             // preloaded, linked or static
	Libraries []string          `json:"libraries"`           // allocator and C libraries in the memory maps
	Libc      string            `json:"libc"`                // name and version of the C library
	Arenas    int               `json:"arenas"`              // as the allocator counts them; 0: it does not say
	Knobs     map[string]string `json:"knobs"`               // read back from the allocator
	Workers   int               `json:"workers"`             // as the service says
	Threads   string            `json:"threads"`             // as the service says
	MaxProcs  int               `json:"gomaxprocs"`          // as the service says
	GoGC      int               `json:"gogc"`                // per cent
	GoMemory  Bytes             `json:"gomemlimit"`          // Go's own soft limit
	GoVersion string            `json:"go_version"`          // of the service
	UsableOf1 int               `json:"usable_of_one_bytes"` // malloc_usable_size of a one-byte block: the allocators differ in it
}

// Phase is a stretch of a trial.
type Phase struct {
	Kind  string        `json:"kind"` // PhaseWarmup, PhaseBatch, PhasePause or PhaseIdle
	Batch int           `json:"batch,omitempty"`
	Start time.Duration `json:"start_ns"`
	End   time.Duration `json:"end_ns"`
}

// The kinds of Phase.
const (
	PhaseWarmup = "warm-up"
	PhaseBatch  = "batch"
	PhasePause  = "pause"
	PhaseIdle   = "idle"
)

// Batch is one full execution of the plan against one variant.
type Batch struct {
	Number    int            `json:"number"` // from 1
	Start     time.Duration  `json:"start_ns"`
	End       time.Duration  `json:"end_ns"` // the response of the last request
	Requests  int            `json:"requests"`
	Failed    int            `json:"failed"`   // status outside 200-299, or no answer
	Errors    map[string]int `json:"errors"`   // failures by class
	Statuses  map[string]int `json:"statuses"` // answers by status code
	Answers   map[string]int `json:"answers"`  // answers by "status/body bytes": equal work gives equal maps
	SentBytes Bytes          `json:"sent_bytes"`
	Latency   Latency        `json:"latency"`
	CPU       time.Duration  `json:"cpu_ns"`  // of all the container's processes
	Wait      time.Duration  `json:"wait_ns"` // its threads' time ready to run without a CPU
	// HighWater is VmHWM less RssFile and RssShmem, summed over the processes,
	// after a reset at the batch's start; 0 where it could not be reset.
	HighWater Bytes `json:"high_water_bytes"`
	// CgroupPeak is the cgroup's own peak less page cache, where the kernel
	// keeps one that can be reset; otherwise 0.
	CgroupPeak Bytes `json:"cgroup_peak_bytes"`
	// Interrupted says that the batch did not come to its end.
	Interrupted bool `json:"interrupted,omitempty"`
	// Machine says what else the machine did meanwhile; nil: it was not read.
	Machine *Machine `json:"machine,omitempty"`
}

// Useless says that the batch came to its end without a single answer that the
// plan calls a success.
func (b Batch) Useless() bool { return !b.Interrupted && b.Failed == b.Requests }

// Machine is what a machine did over a stretch of time beside the work of the
// lab, and what happened to its clocks.
type Machine struct {
	Elapsed time.Duration `json:"elapsed_ns"` // by the monotonic clock
	CPUs    int           `json:"cpus"`
	// Others is the CPU time of all processes that are neither a variant's nor
	// the lab's own.
	Others time.Duration `json:"others_cpu_ns"`
	Lab    time.Duration `json:"lab_cpu_ns"`    // the lab's own: load, meter and all
	Stolen time.Duration `json:"stolen_cpu_ns"` // taken by the hypervisor for other machines
	Jumped time.Duration `json:"jumped_ns"`     // by how much the clock on the wall was set, forward or back
	Slept  time.Duration `json:"slept_ns"`      // suspended
}

// OthersShare is the share of the machine, all CPUs together, that others took.
func (m Machine) OthersShare() float64 { return m.share(m.Others) }

// StolenShare is the share of the machine that the hypervisor took away.
func (m Machine) StolenShare() float64 { return m.share(m.Stolen) }

func (m Machine) share(d time.Duration) float64 {
	if m.Elapsed <= 0 || m.CPUs <= 0 {
		return 0
	}
	return max(0, d.Seconds()/m.Elapsed.Seconds()/float64(m.CPUs))
}

// Latency holds quantiles of the time from the start of a request to the last
// byte of its answer, over the requests that were answered. An answer with a
// status outside 200-299 is one of them, though the request counts as failed; a
// request without an answer, such as a refused connect, is not. All are 0 where
// nothing was answered.
type Latency struct {
	Min  time.Duration `json:"min_ns"`
	Mean time.Duration `json:"mean_ns"`
	P50  time.Duration `json:"p50_ns"`
	P90  time.Duration `json:"p90_ns"`
	P99  time.Duration `json:"p99_ns"`
	P999 time.Duration `json:"p999_ns"`
	Max  time.Duration `json:"max_ns"`
}

// Sample is one memory reading of a container: sums over its processes.
type Sample struct {
	At      time.Duration `json:"t"`
	Anon    Bytes         `json:"anon"`              // RssAnon
	Hugetlb Bytes         `json:"hugetlb,omitempty"` // HugetlbPages: pages reserved as huge ones, which no RSS counts
	// Shmem is memory that can be shared, counted once: what the kernel charges
	// the container's cgroup for, mapped or not; where it has no cgroup of its
	// own, the sum of RssShmem.
	Shmem Bytes `json:"shmem"`
	Swap  Bytes `json:"swap,omitempty"` // VmSwap; not resident
	File  Bytes `json:"file"`           // RssFile; not part of the heap
}

// Resident is the resident heap A: anonymous memory, huge pages, and shared
// memory counted once. It is what tables call RSS.
func (s Sample) Resident() Bytes { return s.Anon + s.Hugetlb + s.Shmem }

// Gauge is one reading of the service's own counters (GET /memory).
type Gauge struct {
	At            time.Duration `json:"t"`
	LiveRequested Bytes         `json:"live_requested"` // bytes asked of malloc and not yet freed
	LiveUsable    Bytes         `json:"live_usable"`    // the same as malloc_usable_size counts them
	Allocs        uint64        `json:"allocs"`         // since the start
	Frees         uint64        `json:"frees"`
	GoLow         Bytes         `json:"go_low"`  // Go's share of RssAnon, at least: heap objects and stacks
	GoHigh        Bytes         `json:"go_high"` // at most: mapped by the runtime and not returned
	Staging       Bytes         `json:"staging"` // mapped buffers that bodies arrive in
	Threads       int           `json:"threads"` // OS threads
}

// Edge is an exact reading at the edge of a phase, by page walk (smaps_rollup)
// and by the cgroup's account, beside what the cheap instruments said at the
// same moment. Amounts are sums over the processes.
type Edge struct {
	At            time.Duration `json:"t"`
	Name          string        `json:"name"`      // such as "batch 1 start"
	Anon          Bytes         `json:"anon"`      // RssAnon of status
	Anonymous     Bytes         `json:"anonymous"` // Anonymous of smaps_rollup
	Hugetlb       Bytes         `json:"hugetlb,omitempty"`
	Shmem         Bytes         `json:"shmem,omitempty"` // as in Sample
	LazyFree      Bytes         `json:"lazy_free"`
	AnonHugePages Bytes         `json:"anon_huge_pages"`
	Swap          Bytes         `json:"swap"`
	MinorFaults   uint64        `json:"minor_faults"` // since the start
	Processes     int           `json:"processes,omitempty"`
	// Charged is what the kernel charges the container's cgroup for anonymous
	// memory, huge pages and shared memory, each page once; 0: it has no cgroup
	// of its own.
	Charged Bytes `json:"charged,omitempty"`
	// Proportional is the same by page walk: of every page, its part among the
	// processes that map it; 0: the kernel does not tell.
	Proportional Bytes `json:"proportional,omitempty"`
}

// Resident is the resident heap A by the cheap instruments.
func (e Edge) Resident() Bytes { return e.Anon + e.Hugetlb + e.Shmem }

// Sampler says how the readings were taken and what they cost.
type Sampler struct {
	Every    time.Duration `json:"every_ns"`
	Taken    int           `json:"taken"`
	Missed   int           `json:"missed"` // ticks that came too late to be taken
	Busy     time.Duration `json:"busy_ns"`
	HWMBound Bytes         `json:"hwm_bound_bytes"` // how far VmHWM may be off on this kernel and number of CPUs
}

// Warning is something that does not stop the work but weakens the result.
type Warning struct {
	Code string `json:"code"` // such as cpu-starved: stable, for programs
	Text string `json:"text"` // for people
}
