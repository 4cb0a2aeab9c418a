package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// list is a Sink that keeps records in memory.
type list struct {
	mu     sync.Mutex
	all    []Record
	failed error
}

func (l *list) Put(r Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
}

func (l *list) Sync() error { return l.failed }

// Everybody who reads along gets every record, in the order in which they are
// kept, though many put them.
func TestStreamOrder(t *testing.T) {
	kept := &list{failed: errors.New("full")}
	s := NewStream(kept)
	var first, second []Record
	endFirst := s.Follow(func(r Record) { first = append(first, r) })
	endSecond := s.Follow(func(r Record) { second = append(second, r) })
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 1000 {
				s.Put(Record{Of{fmt.Sprint(g), 1}, bench.Sample{At: time.Duration(i)}})
			}
		})
	}
	all.Wait()
	endFirst() // all is read by now
	s.Put(Record{What: End{}})
	endFirst()
	endSecond()
	s.Put(Record{What: End{}})
	if len(kept.all) != 4002 || len(first) != 4000 || len(second) != 4001 {
		t.Fatalf("%d are kept, %d and %d read", len(kept.all), len(first), len(second))
	}
	for i := range kept.all[:4000] {
		if first[i] != kept.all[i] || second[i] != kept.all[i] {
			t.Fatalf("record %d is %v, read as %v and %v", i, kept.all[i], first[i], second[i])
		}
	}
	if err := s.Sync(); !errors.Is(err, kept.failed) {
		t.Error(err)
	}
}

// Somebody who reads nothing keeps nobody waiting, and misses but what comes
// often.
func TestStreamStuck(t *testing.T) {
	s := NewStream(&list{})
	free := make(chan struct{})
	frequents, others := 0, 0
	endStuck := s.Follow(func(r Record) {
		<-free
		if frequent(r) {
			frequents++
		} else {
			others++
		}
	})
	read := 0
	end := s.Follow(func(Record) { read++ })
	begin := time.Now()
	for i := range 3 * farBehind {
		s.Put(Record{libc1, bench.Sample{At: time.Duration(i)}})
		s.Put(Record{libc1, Progress{Done: i}})
		if i%10 == 0 {
			s.Put(Record{libc1, bench.Edge{At: time.Duration(i)}})
			s.Put(Record{What: Step{Kind: StepLog}})
		}
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it takes %v", took)
	}
	late := 0
	s.Follow(func(Record) { late++ })()
	end()
	close(free)
	endStuck()
	if others != 6*farBehind/10 || frequents < farBehind/2 || frequents > 2*farBehind {
		t.Errorf("%d of %d others are read, and %d frequent ones", others, 6*farBehind/10, frequents)
	}
	if read < 6*farBehind/10 || late != 0 {
		t.Errorf("the other reads %d, a late one %d", read, late)
	}
}

// Whoever reads may put records, and follow.
func TestStreamWithin(t *testing.T) {
	kept := &list{}
	s := NewStream(kept)
	var inner func()
	seen := make(chan Record, 1)
	end := s.Follow(func(r Record) {
		if _, ok := r.What.(Note); ok {
			inner = s.Follow(func(r Record) { seen <- r })
			s.Put(Record{What: End{}})
		}
	})
	s.Put(Record{What: Note{}})
	select {
	case r := <-seen:
		if _, ok := r.What.(End); !ok {
			t.Errorf("%v", r)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing comes")
	}
	end()
	inner()
	if len(kept.all) != 2 {
		t.Errorf("%v", kept.all)
	}
}
