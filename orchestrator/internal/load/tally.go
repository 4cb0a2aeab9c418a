package load

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

const (
	// maxTallies bounds their number: each takes about 180 kB, most of it the
	// histogram's, and a plan may ask for ten thousand workers.
	maxTallies = 64

	// maxSizes bounds the different answers that a tally tells apart: a
	// server that answers with ever other sizes must not make it grow.
	maxSizes = 1000
	maxCode  = 1000 // status codes have three digits
)

// size is an answer as Result.Answers tells them apart. A body of -1 stands
// for the sizes beyond maxSizes.
type size struct {
	status int
	body   int64
}

// tally is what one worker counts, or where there are very many of them, a
// group of workers. Tallies are merged when all have ended.
type tally struct {
	mu sync.Mutex // for record; nobody waits for it where workers are few

	requests, failed int
	sent             int64
	failures         [classes]int
	statuses         [maxCode]int
	sizes            map[size]int
	latency          Histogram
}

func newTally() *tally {
	return &tally{
		sizes: make(map[size]int),
	}
}

// record counts one request that came to its end and says whether it failed.
// sent is the number of its bytes if it went out whole, else 0.
func (t *tally) record(took time.Duration, sent int, ans answer, cause class) (failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	t.latency.Record(took)
	t.sent += int64(sent)
	if cause != answered {
		t.failures[cause]++
		t.failed++
		return true
	}
	t.statuses[ans.status]++
	t.size(size{ans.status, ans.body}, 1)
	if ans.status < 200 || ans.status > 299 {
		t.failed++
		return true
	}
	return false
}

func (t *tally) size(key size, n int) {
	if _, known := t.sizes[key]; !known && len(t.sizes) >= maxSizes {
		key.body = -1
	}
	t.sizes[key] += n
}

// merge adds what another tally counted.
func (t *tally) merge(from *tally) {
	t.requests += from.requests
	t.failed += from.failed
	t.sent += from.sent
	for i, n := range from.failures {
		t.failures[i] += n
	}
	for i, n := range from.statuses {
		t.statuses[i] += n
	}
	for key, n := range from.sizes {
		t.sizes[key] += n
	}
	t.latency.Merge(&from.latency)
}

// report fills in what the tally knows.
func (t *tally) report(r *Result) {
	r.Requests, r.Failed = t.requests, t.failed
	r.SentBytes = bench.Bytes(t.sent)
	r.Errors, r.Statuses, r.Answers = map[string]int{}, map[string]int{}, map[string]int{}
	for i, n := range t.failures {
		if n > 0 {
			r.Errors[class(i).String()] = n
		}
	}
	for status, n := range t.statuses {
		if n == 0 {
			continue
		}
		r.Statuses[strconv.Itoa(status)] = n
		if status < 200 || status > 299 {
			r.Errors["status "+strconv.Itoa(status)] = n
		}
	}
	for key, n := range t.sizes {
		if key.body < 0 {
			r.Answers[fmt.Sprintf("%d/other", key.status)] += n
			continue
		}
		r.Answers[fmt.Sprintf("%d/%d", key.status, key.body)] = n
	}
	r.Latency, r.FirstByte = &t.latency, &Histogram{}
}
