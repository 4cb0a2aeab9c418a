package doctor

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
)

// Facts are what was read. A fact that could not be read has an error.
type Facts struct {
	Project   error // why there are no variants here; nil: there are
	Docker    Docker
	Sees      bool // this process may read what other users' processes hold
	Go, GCC   Tool
	Suites    []Suite
	Rooms     []Room
	Machine   bench.Environment
	Available bench.Bytes // memory that processes can have; 0: not known
	Load      Load
	Lacks     []kernel.Feature
	Clock     string // the kernel's source of time; empty: not told
}

// Docker is what the daemon says of itself.
type Docker struct {
	engine.Info
	Err error // why the lab cannot use it, though it may have answered
}

// Tool is a program.
type Tool struct {
	Version string
	Err     error
}

// Suite is a suite of Debian's.
type Suite struct {
	Name string
	Err  error // why its packages cannot be had
}

// Room is a place that the lab fills.
type Room struct {
	Name   string // what is kept there
	Path   string
	Free   bench.Bytes // for this user
	Wanted bench.Bytes // what a first run with its bases takes, and some to spare
	Shut   error       // why this user cannot write there
	Err    error
}

// Load is what others do while nothing of ours runs.
type Load struct {
	Share float64       // of the whole machine
	Over  time.Duration // in which it was read
	Err   error
}
