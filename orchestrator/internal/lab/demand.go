package lab

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// spending is the CPU time that a trial used for requests.
type spending struct {
	cpu      time.Duration
	requests int
}

// spend takes in what a whole batch used.
func (r *run) spend(of store.Of, b bench.Batch) {
	if r.job.Design.Groups == nil || b.Interrupted {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spent == nil {
		r.spent = map[store.Of]spending{}
	}
	s := r.spent[of]
	r.spent[of] = spending{s.cpu + b.CPU, s.requests + b.Requests}
}

// demand gives how many CPUs the variants of a group kept busy, if it is one of the
// first round; nil otherwise.
func (r *run) demand(round design.Round) map[string]float64 {
	d := r.job.Design
	if d.Groups == nil || round.Turn != 1 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	demand := map[string]float64{}
	for _, name := range round.Order {
		if s := r.spent[store.Of{Variant: name, Round: round.Number}]; s.requests > 0 {
			demand[name] = design.Demand(d, r.header.Plan, s.cpu.Seconds()/float64(s.requests), d.Groups.CPUs)
		}
	}
	return demand
}
