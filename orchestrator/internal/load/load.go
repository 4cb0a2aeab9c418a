// Package load sends a plan to one target and measures how it is answered.
//
// It is a closed loop: at most Concurrency iterations are in flight, they are
// started in the order of their numbers, and the requests of one iteration go
// out one after the other, each after the whole answer to the one before.
// Iteration i of n starts no earlier than rampup*i/n after the start of the
// run, in real fractions of a second.
//
// Whatever the load costs is taken from the service under test, which runs on
// the same machine. The HTTP/1.1 client is therefore the package's own: each
// worker owns one kept-alive connection, requests are rendered once before the
// start, bodies are handed to the kernel as they are, and answers are parsed
// in a buffer that is used again. A request allocates nothing.
package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// DefaultTimeout bounds a request where Options says nothing.
const DefaultTimeout = 10 * time.Second

// Target is where the plan is sent, whatever the plan's own base says. The
// zero Target sends every request where its URL says.
type Target struct {
	Network string // "unix" or "tcp"
	Address string // the socket's path, or host:port
}

// Options are the settings of one run.
type Options struct {
	// Timeout bounds a request from its dispatch, connecting included, to the
	// last byte of its answer. No request is cut off earlier; one that is cut
	// off may be so up to a sixteenth of Timeout, at most 250 ms, later.
	// 0 means DefaultTimeout.
	Timeout time.Duration
	// Duration is the time after which no iteration starts; those in flight
	// come to their end. 0: no limit.
	Duration time.Duration
	// CompatRampup keeps drill's rule: whole seconds an iteration, slept after
	// it has its place among those in flight.
	CompatRampup bool
	// Relaxed fills in nothing for an unknown variable in a request or
	// command, and tells Unknown; otherwise the iteration fails.
	Relaxed bool
	Unknown func(name string)
	// Insecure accepts any certificate.
	Insecure bool
	// Env is what is looked up where the iteration has no such variable.
	Env vars.Env
	// NoProxy leaves proxies that Env names alone.
	NoProxy bool
	// Observer, where set, is told of every item; Verbose has it told all of a
	// request and its answer.
	Observer Observer
	Verbose  bool
	// Progress, where set, counts along while the run goes on.
	Progress *Progress
}

// Progress counts finished requests. It may be read from any goroutine, and
// several runs may count into one. The zero value is ready.
type Progress struct {
	done, failed atomic.Int64
}

// Done gives the number of requests that have come to their end, failed ones
// included.
func (p *Progress) Done() int { return int(p.done.Load()) }

// Failed gives the number of requests that failed.
func (p *Progress) Failed() int { return int(p.failed.Load()) }

func (p *Progress) count(failed bool) {
	if p == nil {
		return
	}
	p.done.Add(1)
	if failed {
		p.failed.Add(1)
	}
}

// work is a plan made ready to send.
type work struct {
	requests    []request // of one iteration, in order
	concurrency int       // 0 or less: all iterations at once
	iterations  int
	rampup      time.Duration
}

// dialFunc opens a connection, no later than the deadline.
type dialFunc func(ctx context.Context, target Target, deadline time.Time) (net.Conn, error)

func dialNet(ctx context.Context, target Target, deadline time.Time) (net.Conn, error) {
	d := net.Dialer{Deadline: deadline}
	return d.DialContext(ctx, target.Network, target.Address)
}

// check refuses what could not be run at all.
func (w work) check(target Target) error {
	switch {
	case target.Network != "unix" && target.Network != "tcp":
		return fmt.Errorf("network %q is neither unix nor tcp", target.Network)
	case target.Address == "":
		return errors.New("target has no address")
	case len(w.requests) == 0:
		return errors.New("plan has no requests")
	case w.iterations < 1:
		return fmt.Errorf("plan has %d iterations", w.iterations)
	}
	return nil
}

// run sends the work and returns when every worker has ended.
func run(ctx context.Context, w work, target Target, opt Options, dial dialFunc) Result {
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	n := w.concurrency
	if n <= 0 || n > w.iterations {
		n = w.iterations
	}
	workers := make([]*worker, n)
	tallies := make([]*tally, min(n, maxTallies))
	for i := range tallies {
		tallies[i] = newTally()
	}
	start := time.Now()
	plan := &schedule{iterations: w.iterations, rampup: w.rampup, start: start}
	for i := range workers {
		workers[i] = &worker{
			conn:     newConn(target, opt.Timeout, dial),
			tally:    tallies[i%len(tallies)],
			progress: opt.Progress,
		}
	}

	// Closing the connections is what ends a wait for the network at once.
	aborted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(aborted)
		for _, wk := range workers {
			wk.conn.abort()
		}
	})
	var group sync.WaitGroup
	for _, wk := range workers {
		group.Go(func() { wk.run(ctx, plan, w.requests) })
	}
	group.Wait()
	if !stop() {
		<-aborted
	}

	total := newTally()
	result := Result{Start: start, End: time.Now()}
	for _, t := range tallies {
		total.merge(t)
	}
	for _, wk := range workers {
		result.Interrupted = result.Interrupted || wk.interrupted
	}
	total.report(&result)
	return result
}
