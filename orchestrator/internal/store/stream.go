package store

import (
	"slices"
	"sync"
)

// Stream gives every record to all who read along, in one order for all. It is
// a Sink.
type Stream struct {
	mu      sync.Mutex // guards what follows, and the order
	kept    Sink
	readers []*reader
}

// NewStream makes a Stream that keeps its records in a sink, such as a Writer.
func NewStream(kept Sink) *Stream { return &Stream{kept: kept} }

// Put gives a record to all.
func (s *Stream) Put(r Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Put(r)
	for _, to := range s.readers {
		to.put(r)
	}
}

// Sync waits until the records are safe. Those who read along are not waited
// for.
func (s *Stream) Sync() error { return s.kept.Sync() }

// Follow has every record from now on read by a goroutine. Whoever reads may
// take their time, such as a terminal that is stopped: from those that fall far
// behind, samples, gauges and progress are kept back. end waits until all is read
// that was put; it must not be called from read. Otherwise read may use the
// Stream. One that panics ends the program, as in any goroutine: it is a fault,
// and what was put half a second before is safe.
func (s *Stream) Follow(read func(Record)) (end func()) {
	r := &reader{read: read, done: make(chan struct{})}
	r.come = sync.NewCond(&r.mu)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers = append(s.readers, r)
	go r.run()
	return func() {
		s.mu.Lock()
		s.readers = slices.DeleteFunc(slices.Clone(s.readers), func(other *reader) bool { return other == r })
		s.mu.Unlock()
		r.end()
	}
}

// farBehind is how many records may wait for somebody to read them before those
// that come often are left out.
const farBehind = 10_000

// reader is somebody who reads along.
type reader struct {
	read func(Record)
	done chan struct{}

	mu      sync.Mutex // guards what follows
	come    *sync.Cond // something is waiting, or over
	waiting []Record
	over    bool
}

func (r *reader) put(rec Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) > farBehind && frequent(rec) {
		return
	}
	r.waiting = append(r.waiting, rec)
	r.come.Signal()
}

func (r *reader) run() {
	defer close(r.done)
	for {
		r.mu.Lock()
		for len(r.waiting) == 0 && !r.over {
			r.come.Wait()
		}
		batch := r.waiting
		r.waiting = nil
		r.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, rec := range batch {
			r.read(rec)
		}
	}
}

func (r *reader) end() {
	r.mu.Lock()
	r.over = true
	r.come.Signal()
	r.mu.Unlock()
	<-r.done
}
