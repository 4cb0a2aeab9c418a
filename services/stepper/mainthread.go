package main

import (
	"context"
	"time"
)

// mainThread hands functions to the main thread. What asks the allocator may
// itself allocate; on the main thread that touches the main arena, which no
// worker uses, and not an arena that holds request data.
type mainThread chan func()

// do runs f on the main thread and says whether it did: not when ctx ended
// first.
func (m mainThread) do(ctx context.Context, f func()) bool {
	done := make(chan struct{})
	select {
	case m <- func() { f(); close(done) }:
		<-done
		return true
	case <-ctx.Done():
		return false
	}
}

// every has f run at an interval until ctx ends.
func (m mainThread) every(ctx context.Context, interval time.Duration, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.do(ctx, f) // without ctx there is no next time
		case <-ctx.Done():
			return
		}
	}
}

// serve runs what comes in, on the calling thread, until ended gives a value.
func (m mainThread) serve(ended <-chan error) error {
	for {
		select {
		case f := <-m:
			f()
		case err := <-ended:
			return err
		}
	}
}
