package lab

import (
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// slowSink takes its time over how far a batch is.
type slowSink struct {
	telling chan struct{} // closed when it begins to
	mu      sync.Mutex
	got     []any
}

func (s *slowSink) Put(r store.Record) {
	if _, ok := r.What.(store.Progress); ok {
		close(s.telling)
		time.Sleep(20 * time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, r.What)
}

func (s *slowSink) Sync() error { return nil }

// How far a batch is never comes behind its end.
func TestTellBeforeTheEnd(t *testing.T) {
	s := &slowSink{telling: make(chan struct{})}
	tr := &trial{run: &run{Lab: &Lab{conf: Config{Records: s}}}, part: &participant{}, round: &underway{}}
	tr.follow(&load.Progress{})
	var telling sync.WaitGroup
	telling.Go(tr.tell)
	<-s.telling
	tr.conclude(bench.Batch{Number: 1})
	telling.Wait()
	tr.tell() // of a batch that is over there is nothing to tell
	if len(s.got) != 2 {
		t.Fatalf("records %+v", s.got)
	}
	if _, ok := s.got[1].(bench.Batch); !ok {
		t.Errorf("the batch does not come last: %+v", s.got)
	}
}
