package load

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

const (
	// The histogram counts microseconds up to ten minutes, to three digits.
	maxLatency = 10 * time.Minute
	digits     = 3

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

	requests, failed, clamped int
	sent                      int64
	failures                  [classes]int
	statuses                  [maxCode]int
	sizes                     map[size]int
	latency                   *hdrhistogram.Histogram
	sum, least, most          time.Duration // exact, beside the histogram
}

func newTally() *tally {
	return &tally{
		sizes:   make(map[size]int),
		latency: hdrhistogram.New(1, int64(maxLatency/time.Microsecond), digits),
	}
}

// record counts one request that came to its end and says whether it failed.
// sent is the number of its bytes if it went out whole, else 0.
func (t *tally) record(took time.Duration, sent int, ans answer, cause class) (failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.time(took)
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

func (t *tally) time(took time.Duration) {
	if t.requests == 0 || took < t.least {
		t.least = took
	}
	t.most = max(t.most, took)
	t.sum += took
	t.requests++
	if took > maxLatency {
		took = maxLatency
		t.clamped++
	}
	// The only error is a value out of range, which the clamp rules out.
	_ = t.latency.RecordValue(int64(took / time.Microsecond))
}

func (t *tally) size(key size, n int) {
	if _, known := t.sizes[key]; !known && len(t.sizes) >= maxSizes {
		key.body = -1
	}
	t.sizes[key] += n
}

// merge adds what another tally counted.
func (t *tally) merge(from *tally) {
	if from.requests == 0 {
		return
	}
	if t.requests == 0 || from.least < t.least {
		t.least = from.least
	}
	t.most = max(t.most, from.most)
	t.sum += from.sum
	t.requests += from.requests
	t.failed += from.failed
	t.clamped += from.clamped
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
	t.latency.Merge(from.latency)
}

// report fills in what the tally knows.
func (t *tally) report(r *Result) {
	r.Requests, r.Failed, r.Clamped = t.requests, t.failed, t.clamped
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
	r.Latency = t.quantiles()
}

// quantiles reads the histogram. It knows a value to three digits only, so
// the quantiles are kept between the exact ends.
func (t *tally) quantiles() bench.Latency {
	if t.requests == 0 {
		return bench.Latency{}
	}
	at := func(percent float64) time.Duration {
		d := time.Duration(t.latency.ValueAtPercentile(percent)) * time.Microsecond
		return min(max(d, t.least), t.most)
	}
	return bench.Latency{
		Min:  t.least,
		Mean: t.sum / time.Duration(t.requests),
		P50:  at(50),
		P90:  at(90),
		P99:  at(99),
		P999: at(99.9),
		Max:  t.most,
	}
}
