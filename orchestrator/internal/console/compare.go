package console

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/load"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// comparison holds each request of a run against the one at the same place of a
// report, and keeps those that took longer by more than a threshold. It is a
// load.Observer.
type comparison struct {
	threshold float64 // in milliseconds
	recorded  []entry
	names     []string          // of the requests of an iteration
	place     map[plan.Item]int // of its first request among those of an iteration

	mu   sync.Mutex
	slow []slower
}

// slower is a request that took longer than before. There may be as many as
// requests, so they are small.
type slower struct {
	iteration, place int32
	by               float64 // milliseconds
}

// compareWith reads the report that a run of a plan is to be compared with; it may
// be slower by threshold milliseconds. The error is a mistake.
func compareWith(name string, loaded *plan.Plan, threshold float64) (*comparison, error) {
	const advice = "make one for this plan with --report FILE"
	recorded, err := readReport(name)
	if err != nil {
		return nil, &hint.Error{Mistake: true, Err: err, Advice: advice}
	}
	c, err := newComparison(loaded, recorded, threshold)
	if err != nil {
		return nil, &hint.Error{Mistake: true, Err: fmt.Errorf("%s: %w", name, err), Advice: advice}
	}
	return c, nil
}

// newComparison makes a comparison of a plan with a report. A report without a
// figure for each of the plan's requests is an error.
func newComparison(loaded *plan.Plan, recorded []entry, threshold float64) (*comparison, error) {
	requests := loaded.Requests()
	if n := loaded.PerIteration(); len(recorded) < n {
		return nil, fmt.Errorf("the report has %d requests, the plan has %d", len(recorded), n)
	}
	c := &comparison{threshold: threshold, recorded: recorded, place: map[plan.Item]int{}}
	at := 0
	for _, r := range requests {
		c.place[r] = at
		for range r.Times() {
			if !recorded[at].Timed {
				return nil, fmt.Errorf("the report has no duration for its request %d, %q", at+1, recorded[at].Name)
			}
			c.names = append(c.names, r.Name)
			at++
		}
	}
	return c, nil
}

// renamed says which requests have another name than in the report: they are
// compared all the same, by their place.
func (c *comparison) renamed() []string {
	var notes []string
	for i, name := range c.names {
		if was := c.recorded[i].Name; was != "" && was != name {
			notes = append(notes, fmt.Sprintf("request %d is %q, in the report it is %q", i+1, name, was))
		}
	}
	return notes
}

// Begin implements load.Observer.
func (c *comparison) Begin(*load.Event) {}

// End compares a request.
func (c *comparison) End(e *load.Event) {
	i, ok := c.place[e.Item]
	i += e.Element
	if !ok || e.Status == 0 && e.Class == "" {
		return
	}
	by := ms(e.Took - c.recorded[i].Duration)
	if !(by > c.threshold) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow = append(c.slow, slower{int32(e.Iteration), int32(i), by})
}

// Compared prints the requests that took longer, by iteration, and gives their
// number.
func (p *Printer) Compared(c *comparison) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Of one iteration they are in order already.
	slices.SortStableFunc(c.slow, func(x, y slower) int { return int(x.iteration) - int(y.iteration) })
	p.print(func(b []byte) []byte { return append(b, '\n') })
	for _, s := range c.slow {
		p.print(func(b []byte) []byte {
			b = append(p.padded(b, green, plain.Name(c.names[s.place]), nameWidth), " is "...)
			b = p.text(b, red, strconv.FormatFloat(math.Round(s.by), 'f', 0, 64))
			return append(p.text(b, red, "ms"), " slower than before\n"...)
		})
	}
	return len(c.slow)
}
