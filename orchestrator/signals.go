package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
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
	caught := []os.Signal{syscall.SIGPIPE}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			ends = append(ends, s)
		}
	}
	if !signal.Ignored(syscall.SIGHUP) {
		// Never the second signal: where a terminal ends, its shell says so to
		// its jobs, and then the kernel does, and a service manager besides.
		caught = append(caught, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	go func() {
		<-ctx.Done()
		stop()
	}()
	signal.Notify(make(chan os.Signal, 1), caught...)
	return ctx
}

// outlet is standard output or standard error. Once nobody reads it any more,
// as when the program behind a pipe or the terminal is gone, what is written is
// dropped: there is still what was started to remove and what was measured to
// save. Other failed writes, as to a disk that is full, are remembered, for most
// who print a line do not look.
type outlet struct {
	*os.File
	failed atomic.Pointer[error] // the first
}

func (o *outlet) Write(p []byte) (int, error) {
	n, err := o.File.Write(p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.EIO) {
		return len(p), nil
	}
	if err != nil {
		o.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}

// WriteString must not be the file's own.
func (o *outlet) WriteString(s string) (int, error) { return o.Write([]byte(s)) }

// lost gives the first error of what was written to an outlet.
func lost(w io.Writer) error {
	if o, ok := w.(*outlet); ok {
		if err := o.failed.Load(); err != nil {
			return *err
		}
	}
	return nil
}

// terminal is what can be asked whether it is one.
type terminal interface{ Fd() uintptr }

// fileOf gives the file of an outlet, for who must know that it is one.
func fileOf(w io.Writer) io.Writer {
	if o, ok := w.(*outlet); ok {
		return o.File
	}
	return w
}
