package load

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Progress counts finished requests. It may be read from any goroutine, and
// several runs may count into one. The zero value is ready.
type Progress struct {
	done, failed, late, dropped atomic.Int64

	mu   sync.Mutex
	past Histogram // of runs that have ended
	live [][]*tally
}

// Done gives the number of requests that have come to their end, failed ones
// included. Who takes Failed from it asks for Done first.
func (p *Progress) Done() int { return int(p.done.Load()) }

// Failed gives the number of requests that failed.
func (p *Progress) Failed() int { return int(p.failed.Load()) }

// Late gives the number of iterations that Result.Late counts.
func (p *Progress) Late() int { return int(p.late.Load()) }

// Dropped gives the number of iterations that were not started because they
// were a timeout or more behind.
func (p *Progress) Dropped() int { return int(p.dropped.Load()) }

// P99 gives the latency that 99 of 100 requests that were answered so far did
// not exceed; 0 of none. It goes through some megabytes: ask a few times a second.
func (p *Progress) P99() time.Duration { return p.Latency().Quantile(0.99) }

// Latency gives a copy of the latencies of all requests that were answered so
// far.
func (p *Progress) Latency() *Histogram {
	p.mu.Lock()
	defer p.mu.Unlock()
	total := &Histogram{}
	total.Merge(&p.past)
	for _, tallies := range p.live {
		mergeLatency(total, tallies)
	}
	return total
}

func (p *Progress) count(failed bool) {
	if p == nil {
		return
	}
	if failed {
		p.failed.Add(1) // first: nobody is to count it as done and as no failure
	}
	p.done.Add(1)
}

// watch has Latency look at a run's tallies, until settle adds what they hold
// in the end.
func (p *Progress) watch(tallies []*tally) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = append(p.live, tallies)
}

func (p *Progress) settle(tallies []*tally) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	mergeLatency(&p.past, tallies)
	p.live = slices.DeleteFunc(p.live, func(t []*tally) bool { return &t[0] == &tallies[0] })
}

// mergeLatency adds the latencies of tallies that may be in use.
func mergeLatency(into *Histogram, tallies []*tally) {
	for _, t := range tallies {
		t.mu.Lock()
		for i := range t.groups {
			into.Merge(&t.groups[i].latency)
		}
		t.mu.Unlock()
	}
}
