package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/stair-stepper/stair-stepper/services/stepper/internal/document"
	"github.com/stair-stepper/stair-stepper/services/stepper/internal/malloc"
)

// lastAsleep is how many of the sleepers that fell asleep last a wake-up may go
// to, each as likely. Together with the shared queue it decides over how many
// threads, and so over how many arenas, the live requests spread. It is
// calibrated once against the pattern of an asynchronous runtime's pool and then
// the same for every variant: see docs/adr/0003-hand-off.md.
const lastAsleep = 3

// job is work for a worker: it runs to its end on one OS thread.
type job struct {
	do   func(*worker)
	done chan struct{} // closed after do
}

// worker is one OS thread that does C-heap work, with what only it may use.
type worker struct {
	heap   *malloc.Heap
	parser document.Parser
	wake   chan struct{} // holds one token when it is woken
}

// queue hands jobs, first in first out, to its workers. A worker drains the
// queue before it sleeps. One wake-up at a time is under way: the woken worker
// wakes the next if work remains.
type queue struct {
	mu       sync.Mutex
	jobs     []job
	sleepers []*worker // the last to fall asleep stands last
	waking   bool
	closed   bool
	rand     *rand.Rand
}

// pool is all the workers of the process. No other thread allocates or frees
// request data.
type pool struct {
	queues  []*queue // hop: one for all workers; stick: one for each
	workers []*worker
	next    int // round robin over the queues
	mu      sync.Mutex
	ended   sync.WaitGroup
}

// newPool starts n workers. With stick each has a queue of its own, and a
// request stays on one of them.
func newPool(n int, stick bool) (*pool, error) {
	p := &pool{}
	started := make(chan struct{})
	for i := range n {
		heap, err := malloc.NewHeap()
		if err != nil {
			return nil, fmt.Errorf("start worker %d: %w", i+1, err)
		}
		w := &worker{heap: heap, wake: make(chan struct{}, 1)}
		if i == 0 || stick {
			// The seed is fixed: the same requests in the same order meet
			// the same choices.
			p.queues = append(p.queues, &queue{rand: rand.New(rand.NewPCG(1, uint64(i)))})
		}
		q := p.queues[len(p.queues)-1]
		p.workers = append(p.workers, w)
		p.ended.Go(func() {
			// Never unlocked: the thread ends with its worker.
			runtime.LockOSThread()
			started <- struct{}{}
			q.serve(w)
		})
		<-started
	}
	return p, nil
}

// pick gives the queue that a new request's jobs go to.
func (p *pool) pick() *queue {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.queues[p.next]
	p.next = (p.next + 1) % len(p.queues)
	return q
}

// close ends the workers when the jobs handed in so far are done, and waits.
func (p *pool) close() {
	for _, q := range p.queues {
		q.mu.Lock()
		q.closed = true
		for _, w := range q.sleepers {
			w.wake <- struct{}{}
		}
		q.sleepers = nil
		q.mu.Unlock()
	}
	p.ended.Wait()
}

// heaps lists the counters of all workers.
func (p *pool) heaps() []*malloc.Heap {
	heaps := make([]*malloc.Heap, len(p.workers))
	for i, w := range p.workers {
		heaps[i] = w.heap
	}
	return heaps
}

// run has a worker do the job and waits for it.
func (q *queue) run(do func(*worker)) {
	j := job{do: do, done: make(chan struct{})}
	q.mu.Lock()
	q.jobs = append(q.jobs, j)
	q.wakeOne()
	q.mu.Unlock()
	<-j.done
}

// wakeOne wakes a sleeper for the work at hand, unless one is on its way. The
// lock is held.
func (q *queue) wakeOne() {
	n := len(q.sleepers)
	if q.waking || n == 0 || len(q.jobs) == 0 {
		return
	}
	chosen := n - 1 - q.rand.IntN(min(n, lastAsleep))
	w := q.sleepers[chosen]
	q.sleepers = append(q.sleepers[:chosen], q.sleepers[chosen+1:]...)
	q.waking = true
	w.wake <- struct{}{}
}

// serve does jobs on the calling thread until the queue is closed and empty.
func (q *queue) serve(w *worker) {
	woken := false
	for {
		j, next := q.take(w, woken)
		switch next {
		case work:
			j.do(w)
			close(j.done)
			woken = false
		case sleep:
			<-w.wake
			woken = true
		case end:
			return
		}
	}
}

// step is what a worker does next.
type step int

const (
	work step = iota
	sleep
	end
)

// take gives the next job, or else puts w among the sleepers. Both happen under
// one lock, so that no job comes in between. A worker that was just woken passes
// the wake-up on.
func (q *queue) take(w *worker, woken bool) (job, step) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if woken {
		q.waking = false
	}
	switch {
	case len(q.jobs) > 0:
		j := q.jobs[0]
		q.jobs[0] = job{}
		q.jobs = q.jobs[1:]
		if woken {
			q.wakeOne()
		}
		return j, work
	case q.closed:
		return job{}, end
	default:
		q.sleepers = append(q.sleepers, w)
		return job{}, sleep
	}
}
