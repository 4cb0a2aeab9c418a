package load

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

const (
	// maxTallies bounds the number of tallies times groups: a histogram takes
	// tens of kilobytes, and a plan may ask for ten thousand workers.
	maxTallies = 64

	// maxSizes bounds the different answers that are told apart: a server that
	// answers with ever other sizes must not make a tally grow.
	maxSizes = 1000
)

// outcome is what became of one request.
type outcome struct {
	start    time.Time     // of its dispatch; what was waited for a host's address comes before
	took     time.Duration // to the last byte, or the failure
	first    time.Duration // to the first byte of the answer; 0: none came
	sent     int64         // bytes of the messages that went out whole
	received int64         // bytes of bodies
	status   int
	body     int64 // bytes of the body of the final answer
	cause    class
	success  []int // the status codes that succeed; nil: 200 to 299
}

// failed says whether a request counts as failed.
func (o *outcome) failed() bool { return o.cause != answered || !succeeds(o.status, o.success) }

// succeeds says whether an answer with a status is a success.
func succeeds(status int, codes []int) bool {
	if codes == nil {
		return status >= 200 && status <= 299
	}
	return slices.Contains(codes, status)
}

// size is an answer as Counts.Answers tells them apart, and whether it was
// taken for a failure: requests of one name may differ in that. A body of -1
// stands for the sizes beyond maxSizes.
type size struct {
	status int
	body   int64
	failed bool
}

// counts is what is counted of the requests of one group.
type counts struct {
	requests, failed   int
	sent, received     int64
	failures           [classes]int
	sizes              map[size]int
	distinct           int       // of sizes: those with a body of their own
	last               size      // the answer before, and
	run                int       // how often it came in a row: not yet in sizes
	latency, firstByte Histogram // of those that were answered
	unanswered         Histogram // how long it took until the others failed
}

func (c *counts) record(o *outcome) {
	c.requests++
	c.sent += o.sent
	c.received += o.received
	if o.failed() {
		c.failed++
	}
	if o.cause != answered {
		c.failures[o.cause]++
		c.unanswered.Record(o.took)
		return
	}
	c.latency.Record(o.took)
	c.firstByte.Record(o.first)
	if answer := (size{o.status, o.body, o.failed()}); answer != c.last {
		c.flush()
		c.last = answer
	}
	c.run++
}

// flush adds the answers that came in a row to the sizes.
func (c *counts) flush() {
	if c.run > 0 {
		c.add(c.last, c.run)
		c.run = 0
	}
}

func (c *counts) add(key size, n int) {
	if c.sizes == nil {
		c.sizes = make(map[size]int)
	}
	if _, known := c.sizes[key]; !known && key.body >= 0 {
		if c.distinct < maxSizes {
			c.distinct++
		} else {
			key.body = -1
		}
	}
	c.sizes[key] += n
}

// merge adds what others counted.
func (c *counts) merge(from *counts) {
	from.flush()
	c.requests += from.requests
	c.failed += from.failed
	c.sent += from.sent
	c.received += from.received
	for i, n := range from.failures {
		c.failures[i] += n
	}
	for key, n := range from.sizes {
		c.add(key, n)
	}
	c.latency.Merge(&from.latency)
	c.firstByte.Merge(&from.firstByte)
	c.unanswered.Merge(&from.unanswered)
}

// attempts gives the times of all requests, answered or not.
func (c *counts) attempts() *Histogram {
	all := &Histogram{}
	all.Merge(&c.latency)
	all.Merge(&c.unanswered)
	return all
}

// report gives the counts as results have them.
func (c *counts) report() Counts {
	r := Counts{
		Requests: c.requests, Failed: c.failed,
		SentBytes: bench.Bytes(c.sent), ReceivedBytes: bench.Bytes(c.received),
		Errors: map[string]int{}, Statuses: map[string]int{}, Answers: map[string]int{},
		Latency: &c.latency, FirstByte: &c.firstByte, Attempts: c.attempts(),
	}
	for i, n := range c.failures {
		if n > 0 {
			r.Errors[class(i).String()] = n
		}
	}
	for key, n := range c.sizes {
		status := strconv.Itoa(key.status)
		r.Statuses[status] += n
		if key.failed {
			r.Errors["status "+status] += n
		}
		if key.body < 0 {
			r.Answers[status+"/other"] += n
			continue
		}
		r.Answers[fmt.Sprintf("%s/%d", status, key.body)] += n
	}
	return r
}

// tally is what one worker counts, or where there are very many of them, some
// workers together: the counts of each group of requests.
type tally struct {
	mu     sync.Mutex // nobody waits for it where workers are few
	groups []counts
}

// newTallies makes as many as are good for n workers.
func newTallies(n, groups int) []*tally {
	tallies := make([]*tally, min(n, max(maxTallies/max(groups, 1), 1)))
	for i := range tallies {
		tallies[i] = &tally{groups: make([]counts, groups)}
	}
	return tallies
}

// record counts one request of a group that came to its end.
func (t *tally) record(group int, o *outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.groups[group].record(o)
}

// report fills in what the tallies know, when nobody counts any more.
func report(r *Result, tallies []*tally, names []string) {
	var total counts
	for i, name := range names {
		var group counts
		for _, t := range tallies {
			group.merge(&t.groups[i])
		}
		total.merge(&group)
		r.Groups = append(r.Groups, Group{Name: name, Counts: group.report()})
	}
	r.Counts = total.report()
}
