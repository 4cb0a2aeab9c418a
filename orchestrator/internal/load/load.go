// Package load runs a plan and measures how it is answered.
//
// Without a rate it is a closed loop: at most Concurrency iterations are in
// flight, they are started in the order of their numbers, and the items of one
// iteration come one after the other, each request after the whole answer to
// the one before. With a rate it is an open loop: an iteration is due when its
// time has come, whatever became of those before it, and what was late or never
// started is counted.
//
// Whatever the load costs is taken from the service under test, which often runs
// on the same machine. The HTTP/1.1 client is therefore the package's own: each
// worker owns a kept-alive connection to each server it talks to, requests that
// no variable changes are rendered once before the start and shared, large
// bodies are handed to the kernel as they are, and answers are parsed in a
// buffer that is used again. Such a request allocates nothing.
//
// An item that cannot be carried out, such as an assert that does not hold,
// breaks its iteration: that is counted, and the run goes on with the next one.
package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

// DefaultTimeout bounds a request where Options says nothing.
const DefaultTimeout = 10 * time.Second

// Target is where the plan is sent, whatever its own URLs say: their hosts make
// the Host header and nothing else. The zero Target sends every request where
// its URL says.
type Target struct {
	Network string // "unix" or "tcp"
	Address string // the socket's path, or host:port
}

// Options are the settings of one run.
type Options struct {
	// Timeout bounds a request from its dispatch, connecting included, to the
	// last byte of its answer, over all redirects. No request is cut off
	// earlier; one that is cut off may be so up to a sixteenth of Timeout, at
	// most 250 ms, later. 0 means DefaultTimeout.
	Timeout time.Duration
	// Duration is the time after which no iteration starts; those in flight
	// come to their end. 0: no limit.
	Duration time.Duration
	// CompatRampup keeps drill's rule: whole seconds an iteration, slept after
	// it has its place among those in flight.
	CompatRampup bool
	// CompatCookies keeps drill's rule: of several answers in a chain of redirects
	// only the last one's cookies are kept.
	CompatCookies bool
	// Relaxed fills in nothing for an unknown variable in a request or
	// command, and tells Unknown, from many goroutines at once; otherwise the
	// iteration fails.
	Relaxed bool
	Unknown func(name string)
	// Insecure accepts any certificate, and TLS of any age that the library can
	// speak.
	Insecure bool
	// Env is what is looked up where the iteration has no such variable.
	Env vars.Env
	// NoProxy leaves proxies that Env names alone.
	NoProxy bool
	// Dial, where set, opens every connection to a Target, in place of a look at
	// the Target's own address, before its context ends.
	Dial func(ctx context.Context) (net.Conn, error)
	// NoDNSCache looks a host up for each connection to it, within the latency of
	// the request that needs it. Otherwise that is done once, before it, and every
	// 30 s again.
	NoDNSCache bool
	// Observer, where set, is told of every item; Verbose has it told all of a
	// request and its answer.
	Observer Observer
	Verbose  bool
	// Progress, where set, counts along while the run goes on.
	Progress *Progress
}

// Run carries the plan out, iteration by iteration, and measures the answers.
// A plan without iterations goes on until Options.Duration is over or the
// context ends. Run returns when all its goroutines have ended. The error is
// about a plan or target that cannot be sent at all: then nothing was. Requests
// that fail and iterations that break are counted in the Result, and a context
// that ends early is no error either: the Result then holds what was done until
// it did, and says Interrupted.
func Run(ctx context.Context, p *plan.Plan, target Target, opt Options) (Result, error) {
	over := network{dialNet, lookupNet}
	if opt.Dial != nil && target != (Target{}) {
		over.dial = func(ctx context.Context, _ Target, deadline time.Time) (net.Conn, error) {
			ctx, cancel := context.WithDeadline(ctx, deadline)
			defer cancel()
			return opt.Dial(ctx)
		}
	}
	return over.run(ctx, p, target, opt)
}

// network is how to reach servers, and how to find them by their names.
type network struct {
	dial   dialFunc
	lookup lookupFunc
}

// run is Run over a network.
func (n network) run(ctx context.Context, p *plan.Plan, target Target, opt Options) (Result, error) {
	if err := refuse(p, target); err != nil {
		return Result{}, err
	}
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	shared, err := prepare(p, target, opt)
	if err != nil {
		return Result{}, err
	}
	shared.dialer = dialer{dial: n.dial, tls: tlsConfig(opt.Insecure)}
	if !opt.NoDNSCache && (target == Target{} || len(shared.direct.hosts()) > 0) {
		defer shared.knowNames(ctx, n.lookup)()
	}

	inFlight := max(p.Concurrency, 1)
	if p.Iterations > 0 && (p.Concurrency < 1 || p.Concurrency > p.Iterations) {
		inFlight = p.Iterations
	}
	tallies := newTallies(inFlight, len(shared.groups))
	opt.Progress.watch(tallies)
	defer opt.Progress.settle(tallies)
	start := time.Now()
	schedule := newSchedule(p, inFlight, opt, start)
	workers := make([]*worker, inFlight)
	for i := range workers {
		workers[i] = newWorker(shared, tallies[i%len(tallies)])
	}

	// Closing the connections is what ends a wait for the network at once.
	aborted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(aborted)
		for _, w := range workers {
			w.lifeline.cut()
		}
	})
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(func() { w.run(ctx, schedule) })
	}
	group.Wait()
	if !stop() {
		<-aborted
	}

	result := Result{Start: start, End: time.Now(), Mistakes: shared.mistakes.list(), Hints: shared.hints.list(), Lookups: shared.dialer.names.report()}
	schedule.report(&result)
	for _, w := range workers {
		result.Iterations += w.iterations
		result.Broken += w.broken
		result.Interrupted = result.Interrupted || w.interrupted
	}
	report(&result, tallies, shared.groups)
	return result, nil
}

// knowNames looks up all hosts that the plan names, and again from time to time
// until stop is called.
func (p *program) knowNames(ctx context.Context, lookup lookupFunc) (stop func()) {
	p.dialer.names = newNames(lookup, p.opt.Timeout)
	hosts := map[string]bool{}
	for _, s := range p.steps {
		if s.request != nil && s.request.route != nil {
			for _, host := range s.request.route.hosts() {
				hosts[host] = true
			}
		}
	}
	p.dialer.names.ofAll(ctx, slices.Collect(maps.Keys(hosts)))
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { p.dialer.names.refresh(ctx) })
	return func() {
		cancel()
		group.Wait()
	}
}

// refuse says what could not be run at all.
func refuse(p *plan.Plan, target Target) error {
	fixed := target != Target{}
	switch {
	case fixed && target.Network != "unix" && target.Network != "tcp":
		return fmt.Errorf("network %q is neither unix nor tcp", target.Network)
	case fixed && target.Address == "":
		return errors.New("target has no address")
	case fixed && len(p.Requests()) == 0:
		return errors.New("plan has no requests")
	case len(p.Items) == 0:
		return errors.New("plan has no items")
	case p.Iterations < 0:
		return fmt.Errorf("plan has %d iterations", p.Iterations)
	case p.Rate < 0:
		return fmt.Errorf("plan has a rate of %g per second", p.Rate)
	}
	return nil
}
