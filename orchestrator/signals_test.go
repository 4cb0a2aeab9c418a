package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// The end of a terminal is told more than once. The first time ends the work,
// the others must not cut short what has to be done then: that would end this
// test's process.
func TestHangups(t *testing.T) {
	needs.Setup(t, !signal.Ignored(syscall.SIGHUP), "whoever started this process has it ignore SIGHUP")
	ctx := untilSignalled()
	for range 50 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // for the first to have its effect
	}
	<-ctx.Done()
	var by *signalled
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) || !errors.As(cause, &by) || by.signal != syscall.SIGHUP {
		t.Errorf("it was ended by %v", cause)
	}
}
