package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestPool has many goroutines hand in jobs: each runs once, on one of the
// workers' own threads, and never two at a time on one worker.
func TestPool(t *testing.T) {
	const workers, clients, jobs = 4, 16, 200
	for _, stick := range []bool{false, true} {
		p, err := newPool(workers, stick)
		if err != nil {
			t.Fatal(err)
		}
		var (
			ran     atomic.Int64
			busy    sync.Map // *worker -> bool
			mu      sync.Mutex
			threads = map[*worker]int{}
		)
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				for range jobs {
					q := p.pick()
					var first *worker
					for range 2 {
						q.run(func(w *worker) {
							if _, twice := busy.LoadOrStore(w, true); twice {
								t.Error("two jobs at a time on one worker")
							}
							mu.Lock()
							if id, seen := threads[w]; seen && id != syscall.Gettid() {
								t.Error("a worker changed its thread")
							}
							threads[w] = syscall.Gettid()
							mu.Unlock()
							if stick && first != nil && first != w {
								t.Error("a request left its worker")
							}
							first = w
							ran.Add(1)
							busy.Delete(w)
						})
					}
				}
			})
		}
		all.Wait()
		p.close()
		if ran.Load() != clients*jobs*2 {
			t.Errorf("%d jobs ran, want %d", ran.Load(), clients*jobs*2)
		}
		ids := slices.Collect(func(yield func(int) bool) {
			for _, id := range threads {
				if !yield(id) {
					return
				}
			}
		})
		slices.Sort(ids)
		if len(slices.Compact(ids)) != len(threads) {
			t.Error("two workers shared a thread")
		}
		if stick && len(threads) != workers {
			t.Errorf("round robin reached %d of %d workers", len(threads), workers)
		}
	}
}

// TestOrder holds one worker up and sees the jobs behind it done first in,
// first out.
func TestOrder(t *testing.T) {
	p, err := newPool(1, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	q := p.pick()
	hold, held := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { q.run(func(*worker) { close(held); <-hold }) })
	<-held
	var order []int
	for i := range 5 {
		all.Go(func() { q.run(func(*worker) { order = append(order, i) }) })
		for {
			q.mu.Lock()
			n := len(q.jobs)
			q.mu.Unlock()
			if n == i+1 {
				break
			}
		}
	}
	close(hold)
	all.Wait()
	if !slices.Equal(order, []int{0, 1, 2, 3, 4}) {
		t.Errorf("done in the order %v", order)
	}
}
