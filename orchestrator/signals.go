package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilSignalled gives a context that ends with the first signal that asks the
// program to end. A second one ends it at once; the next start sweeps what is
// left. A signal that was ignored when the program began stays ignored: nohup
// and shells that run a job in the background mean it so.
func untilSignalled() context.Context {
	ends := []os.Signal{syscall.SIGTERM}
	// Caught, not ignored, for what is ignored is so in child processes too. A
	// write to a pipe that nobody reads is an error from now on, not the end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			ends = append(ends, s)
		}
	}
	hungUp := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGHUP) {
		// Never the second signal: where a terminal ends, its shell says so to
		// its jobs, and then the kernel does, and a service manager besides.
		signal.Notify(hungUp, syscall.SIGHUP)
	}
	ctx, end := context.WithCancelCause(context.Background())
	come := make(chan os.Signal, 1)
	signal.Notify(come, ends...)
	go func() {
		s := <-come
		signal.Stop(come)
		end(&signalled{s, hungUp})
	}()
	return ctx
}

// signalled is the cause of a context that a signal has ended.
type signalled struct {
	signal os.Signal
	hungUp <-chan os.Signal // has a value when the terminal has ended as well
}

func (s *signalled) Error() string { return s.signal.String() + " signal received" }

// Is says that it is an end that somebody asked for.
func (s *signalled) Is(target error) bool { return target == context.Canceled }
