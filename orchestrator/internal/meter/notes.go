package meter

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"

// Notes says what weakens the samples so far: which kinds of memory were counted
// more than once, or not seen. Its codes are no-cgroup and shared-huge-pages.
func (r *Recorder) Notes() []bench.Warning {
	r.mu.Lock()
	defer r.mu.Unlock()
	var notes []bench.Warning
	if r.alone {
		text := "the processes have no control group of their own: files in memory that none of them maps are not counted"
		if r.most.sharing > 1 {
			text += ", and shared memory counts once per process that maps it"
		}
		notes = append(notes, bench.Warning{Code: "no-cgroup", Text: text})
	}
	if r.most.huge > 1 {
		notes = append(notes, bench.Warning{
			Code: "shared-huge-pages",
			Text: "several processes had huge pages from the pool: shared ones count once per process",
		})
	}
	return notes
}
