package main

import "context"

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
