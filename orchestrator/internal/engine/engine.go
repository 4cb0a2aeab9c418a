// Package engine is the contract between the lab and whatever builds and runs
// variants: Docker (package docker) or plain local processes (package process).
// The lab knows this package alone.
package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Engine builds images and runs instances of them. All methods may be called
// from several goroutines. Every call honours its context and carries a
// deadline of its own as well, so that a hung engine is an error, not a hang.
type Engine interface {
	// Info asks the engine who it is. It is the first call of a run: an
	// engine that does not answer fails here, with a hint.
	Info(ctx context.Context) (Info, error)
	// Prepare makes the images of the variants, in order, and says of each what
	// became of it. Images whose inputs did not change are reused. Progress is
	// told step by step. The error is one that leaves no variant any hope, such as
	// the end of ctx; what is wrong with one variant is in its Made.
	Prepare(ctx context.Context, variants []bench.Variant, progress func(Progress)) ([]Made, error)
	// Start runs one instance and returns as soon as it was started; it may
	// not answer requests yet.
	Start(ctx context.Context, spec Spec) (Instance, error)
	// Sweep removes what runs whose owner is dead left behind. Of what it left
	// alone it names the runs of whose owner nothing certain can be told.
	Sweep(ctx context.Context) (Cleared, error)
	// Clean removes every instance, image and file that this project made. While
	// another run is alive, or may be, its instances stay, and so do all images,
	// unless force is set.
	Clean(ctx context.Context, force bool) (Cleared, error)
	// Close gives back what the Engine itself holds. It stops no instance; those
	// that were to be kept are kept from now on.
	Close() error
}

// Cleared is what a clean-up did, in lines for people.
type Cleared struct {
	Removed []string // such as "container stepper-libc"
	Left    []string // runs that were left alone, and why
}

// Info is what an engine says of itself.
type Info struct {
	Name    string // docker or process
	Version string
	Context string // the docker command's name for where it runs; empty: the default
	Storage string // storage driver, where there is one
	Root    string // where it keeps images, as its own host names it; empty: nowhere, or unknown
	CgroupV int    // 1 or 2; 0: unknown
	// Remote says that instances certainly run where this host's /proc does not
	// show them. Where that is not known yet, Start finds it out.
	Remote bool
	// Blind says why this process cannot read the memory of what the engine runs;
	// empty: it can, as far as is known yet.
	Blind string
	// Instead says why this engine was taken in place of the one that is preferred,
	// where nobody has asked for it; empty: it is the one, or was asked for.
	Instead string
	// Children says that instances are children of this process: the kernel
	// adds their CPU time to its own accounts when they have ended.
	Children bool
}

// String names the engine: docker 20.10.24, context "x".
func (i Info) String() string {
	text := strings.TrimSpace(i.Name + " " + i.Version)
	if i.Context != "" {
		text += fmt.Sprintf(", context %q", i.Context)
	}
	return text
}

// Progress is one step of Prepare.
type Progress struct {
	Variant string        // or "base" while a base image is made
	Event   Event         // what happened
	Text    string        // a line of the build's log, or what is being done
	Took    time.Duration // with Built
}

// Event is a kind of Progress.
type Event int

// The kinds of Progress.
const (
	Building Event = iota // work begins
	Log                   // one line of the log
	Built                 // made anew
	Reused                // nothing had changed
)

// Image is a variant made ready to run.
type Image struct {
	Variant   string
	Name      string // such as stair-stepper:jemalloc
	ID        string // content digest
	Allocator string // what its label stair-stepper.allocator promises; empty: it has none
	Hash      string // of everything that went into the build
}

// Made is what became of a variant: its image, or why it has none.
type Made struct {
	Image
	Err error // a *BuildError where a step of its Dockerfile failed
}

// Images gives what Prepare made, or all the reasons why it could not make
// everything.
func Images(all []Made, err error) ([]Image, error) {
	images := make([]Image, 0, len(all))
	for _, m := range all {
		images = append(images, m.Image)
		err = errors.Join(err, m.Err)
	}
	if err != nil {
		return nil, err
	}
	return images, nil
}

// Spec is what one instance is to be.
type Spec struct {
	Image   Image
	Env     map[string]string
	Memory  bench.Bytes       // limit; 0: none
	Labels  map[string]string // beside the engine's own; keys without prefix, such as run, variant, round, plan
	RunID   string
	KeepFor string // with --keep: the text for people why it stays after Close; empty: the owner's death makes it a leftover
}

// Instance is one running variant.
type Instance interface {
	// Name is what people see: the container's name.
	Name() string
	// Address is the host:port on 127.0.0.1 under which the service answers.
	Address() string
	// Socket is the path, on this host, of the service's unix socket. It is for
	// people; Dial is how to get there.
	Socket() string
	// Dial connects to that socket, and to nothing else that the service may
	// have put in its place, as Door does.
	Dial(ctx context.Context) (net.Conn, error)
	// Processes lists the instance's processes, as this host numbers them. None
	// is given that was not shown to be the instance's. It is empty when the
	// instance has ended.
	Processes(ctx context.Context) ([]bench.Process, error)
	// State says whether it runs, and why not.
	State(ctx context.Context) (State, error)
	// Logs gives the last n lines that it printed.
	Logs(ctx context.Context, n int) ([]string, error)
	// Remove kills it, if it still runs, and removes every trace, its socket
	// folder included. Removing twice is no error.
	Remove(ctx context.Context) error
}

// State is how an instance fares.
type State struct {
	Running   bool
	ExitCode  int  // when it does not run; 128+n after signal n
	OOMKilled bool // the kernel killed it, or a process in it, for memory
}

// String says it in words: "running", "killed for memory (exit 137)", "exit 1".
func (s State) String() string {
	switch {
	case s.Running:
		return "running"
	case s.OOMKilled:
		return "killed for memory (exit " + strconv.Itoa(s.ExitCode) + ")"
	default:
		return "exit " + strconv.Itoa(s.ExitCode)
	}
}

// ErrNotFound is matched by errors about something that the engine does not have.
var ErrNotFound = errors.New("not found")

// BuildError is a build that failed in a step of its Dockerfile.
type BuildError struct {
	Variant string
	Step    string   // the failing step as the Dockerfile has it
	Log     []string // the last lines of its log
	Err     error
}

func (e *BuildError) Error() string {
	if e.Step == "" {
		return "build " + e.Variant + ": " + e.Err.Error()
	}
	return "build " + e.Variant + ": step " + e.Step + ": " + e.Err.Error()
}

func (e *BuildError) Unwrap() error { return e.Err }
