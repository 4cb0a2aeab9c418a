package bench

import (
	"fmt"
	"time"
)

// Trial is one container's life: start, warm-up, batches with pauses, final
// idle, stop.
type Trial struct {
	Variant   string    `json:"variant"`
	Round     int       `json:"round"` // from 1; where rounds have groups, the number of the group over all rounds
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
	Turn      int       `json:"turn,omitempty"`    // where rounds have groups: the round of the design, from 1
	Group     int       `json:"group,omitempty"`   // and the group of it, from 1
}

// RoundName names a round for people: "round 3". Where rounds have groups it is a
// group that has the number, and turn is the round of the design: "round 1, group 3".
func RoundName(number, turn, group int) string {
	if group > 0 {
		return fmt.Sprintf("round %d, group %d", turn, group)
	}
	return fmt.Sprintf("round %d", number)
}

// RoundName names the trial's round for people.
func (t *Trial) RoundName() string { return RoundName(t.Round, t.Turn, t.Group) }

// Proof says which allocator a trial ran and how that is known.
type Proof struct {
	Promised  string            `json:"promised"`  // the allocator that the variant's name or image label promises
	Allocator string            `json:"allocator"` // what the allocator says of itself
	Version   string            `json:"version"`
	Linkage   string            `json:"linkage"`             // preloaded, linked or static
	Binary    string            `json:"binary,omitempty"`    // SHA-256, in hex, of the service's own executable file
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
