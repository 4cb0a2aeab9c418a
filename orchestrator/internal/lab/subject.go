package lab

import (
	"context"
	"net"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// subject is how the lab speaks with what runs in an instance. There is one for
// each instance; gauge may be called beside the other methods. Errors say what
// was asked, and whose time was up.
type subject interface {
	// env is what an instance is started with, so that it is as the design says.
	env() map[string]string
	// ready asks once whether it serves.
	ready(ctx context.Context) error
	// proof holds what it says of itself, and what its memory maps show, against
	// what it is to be. The notes are what weakens the proof. The error is a
	// *proofError where it is something else.
	proof(ctx context.Context, mapped []processMaps) (p bench.Proof, notes []bench.Warning, err error)
	// warmUp brings about what a first request alone does, so that the baseline
	// has it.
	warmUp(ctx context.Context) error
	// gauge reads its own counters, at a time that is left to the caller.
	gauge(ctx context.Context) (bench.Gauge, error)
	// close gives back what the conversation holds.
	close()
}

// dialer opens a connection to an instance, as load.Options has it.
type dialer func(ctx context.Context) (net.Conn, error)

// terms are what a subject has to be, and how to reach it.
type terms struct {
	variant  string
	promised string            // allocator
	own      map[string]string // knobs of the variant
	design   bench.Design
	dial     dialer // only once the instance has been started
}

// newSubject chooses the kind. All variants are builds of our service.
func newSubject(t terms) subject { return newService(t) }

// proofError is a variant that is not what it should be, as opposed to one that
// does not run.
type proofError struct{ err error }

func (e *proofError) Error() string { return e.err.Error() }
func (e *proofError) Unwrap() error { return e.err }
