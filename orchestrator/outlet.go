package main

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/console"
)

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

// screen gives the terminal that standard error is, for a library that must know
// it as one; nil where it is none.
func (a *app) screen() io.Writer {
	if console.Width(a.stderr) == 0 {
		return nil
	}
	if o, ok := a.stderr.(*outlet); ok {
		return o.File
	}
	return a.stderr
}
