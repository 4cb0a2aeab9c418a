package report

import (
	"fmt"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Fact is a line below the table: a name and what is to be said of it.
type Fact struct{ Name, Text string }

// join puts the parts that are not empty in a row. One that is far too long takes
// no other's place.
func join(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part = prose(part, mostPart); part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, " · ")
}

// Rests says in short what the table rests on: a line about the rounds, and one
// for each thing that a reader must not overlook. Cost says that the table shows
// CPU or latency.
func (r *Report) Rests(cost bool) []string {
	d, p := r.Exp.Design, r.Exp.Plan
	if r.Rounds == 0 {
		return nil
	}
	intervals := ""
	if r.hasIntervals() {
		intervals = r.confidence()
	}
	took := ""
	if length := r.Exp.Ended.Sub(r.Exp.Started); length > 0 {
		took = about(length)
	}
	requests := words.Plural(p.Iterations*max(1, p.PerIteration()), "request", "requests")
	if r.Failed() == 0 {
		requests += ", none failed"
	}
	rounds := words.Plural(r.Rounds, "round", "rounds")
	if d.Groups != nil {
		requests += ", in groups"
	}
	lines := []string{join(fmt.Sprintf("%s of %d × %s", rounds, d.Batches, requests), intervals, took)}
	if base := r.baseline(); base != nil && d.Groups != nil && base.Trials > r.Rounds {
		lines = append(lines, fmt.Sprintf("%s was measured in every group: its own figures rest on %d trials, each change on those of the variant's groups",
			base.Name(), base.Trials))
	}
	if shared := r.costShared(); cost && shared != "" {
		lines = append(lines, shared+": CPU and latency are not the variants' own (--mode apart)")
	}
	if r.Control != nil && r.Stamp() == "" {
		lines = append(lines, r.Control.Text)
	}
	return lines
}

// confidence says how far the intervals of changes can be relied on.
func (r *Report) confidence() string {
	if r.Comparisons > 1 {
		return "intervals hold together at 95 %"
	}
	return "intervals hold at 95 %"
}

// Legend says what the columns mean, in short.
func (r *Report) Legend() []Fact {
	d := r.Exp.Design
	rounds := ""
	if r.Rounds > 1 {
		rounds = fmt.Sprintf("; medians over %d rounds", r.Rounds)
	}
	facts := []Fact{{"RSS", "RssAnon + huge pages + shared memory counted once, summed over the container's processes; MiB = 2²⁰ bytes" + rounds}}
	if r.Comparisons > 0 {
		change := "against " + named(d.Baseline) + " in the same round"
		if r.hasIntervals() {
			change += "; ~ where the interval includes 0 %"
		}
		facts = append(facts, Fact{"changes", change})
	}
	highest := ""
	if d.Batches > 1 {
		highest = fmt.Sprintf("highest of the %d batches: ", d.Batches)
	}
	idle := "median over the last third of the final idle of " + short(d.Idle)
	if d.Idle == 0 {
		idle = "no final idle was asked for"
	}
	began := "the start of a request to the last byte of its answer (closed loop)"
	if rate := r.Exp.Plan.ArrivalRate; rate > 0 {
		began = fmt.Sprintf("the time at which a request was due to the last byte of its answer (open loop, %g iterations a second)", rate)
	}
	loaded := ""
	switch {
	case r.together() && r.Exp.Design.Groups != nil:
		loaded = ", the variants of a group running at once"
	case r.together():
		loaded = ", all variants running at once"
	case r.several():
		loaded = ", the variants loaded one after the other"
	}
	facts = append(facts,
		Fact{"peak", highest + "the largest of high-water mark, samples and the cgroup's peak"},
		Fact{"steady", "median in the last complete batch, after its last change of level"},
		Fact{"idle", idle},
		Fact{"overhead", "resident bytes of the C heap per live byte: mean of (RSS − LazyFree − Go's share) over mean live, in the batches"},
		Fact{"CPU, latency", "CPU time of the container per request; latency from " + began + ", batches weighted by their requests" + loaded},
		Fact{"live", "bytes that C code asked for and has not freed, median in the steady parts of the batches"})
	if r.hasIntervals() {
		facts = append(facts, Fact{"intervals", r.method()})
	}
	return facts
}

// method says where the intervals of changes come from, what they assume, and of
// what they speak.
func (r *Report) method() string {
	whole := "each holds at 95 %"
	if r.Comparisons > 1 {
		whole = fmt.Sprintf("the %d of a column hold together at 95 %%", r.Comparisons)
	}
	return "exact signed-rank intervals of the rounds' log-ratios, around their Hodges-Lehmann centre; " + whole +
		". They assume that variants that do not differ could swap places within a round, and that log-ratios are symmetric about their centre." +
		" They apply to this machine at this time: the rounds of one run share its state, and a run an hour later may differ"
}

// pace says when iterations start.
func pace(p bench.Plan) string {
	if p.ArrivalRate > 0 {
		return fmt.Sprintf("%g started a second, at most %s at a time", p.ArrivalRate, words.Count(p.Concurrency))
	}
	return words.Count(p.Concurrency) + " at a time"
}
