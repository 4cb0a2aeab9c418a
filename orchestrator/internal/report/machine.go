package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

const (
	othersLimit = 0.10 // share of the machine
	stolenLimit = 0.02 // share of the machine
	jumpLimit   = 500 * time.Millisecond
	leastJudged = time.Second // the kernel counts CPU time in steps of 10 ms
)

// disturbance is something that others do to the machine.
type disturbance struct {
	code, before string
	limit        float64 // beyond it the figures are weakened
	of           func(*bench.Machine) float64
	amount       func(float64) string
}

// worst looks through the batches of a row that count: for the worst one, and in
// how many it went beyond the limit.
func (d disturbance) worst(row *Row, rounds int) (worst float64, where string, beyond int) {
	for _, t := range row.trials {
		for i := range t.Batches {
			b := &t.Batches[i]
			if b.Machine == nil || b.Machine.Elapsed < leastJudged {
				continue
			}
			v := d.of(b.Machine)
			if v > d.limit {
				beyond++
			}
			if v > worst {
				worst, where = v, place(t.Trial, b.Number, rounds)
			}
		}
	}
	return worst, where, beyond
}

func others(m *bench.Machine) float64 { return m.OthersShare() }
func stolen(m *bench.Machine) float64 { return m.StolenShare() }
func jumped(m *bench.Machine) float64 { return m.Jumped.Abs().Seconds() }
func slept(m *bench.Machine) float64  { return m.Slept.Seconds() }

// noteMachine says where the machine was not the lab's own.
func (r *Report) noteMachine() {
	seconds := func(v float64) string {
		return short(time.Duration(v * float64(time.Second)).Round(100 * time.Millisecond))
	}
	for _, d := range []disturbance{
		{CodeBusyMachine, "other processes took part of the machine: ", othersLimit, others, share},
		{CodeStolen, "the hypervisor gave part of the machine to others: ", stolenLimit, stolen, share},
		{CodeJumped, "the machine's clock was changed: ", jumpLimit.Seconds(), jumped, func(v float64) string { return "by " + seconds(v) }},
		{CodeSlept, "the machine was suspended: ", 0, slept, seconds},
	} {
		if text, rows := r.disturbed(d); len(rows) > 0 {
			r.note(d.code, d.before+text, CostColumns(), rows...)
		}
	}
}

// disturbed says what happened while which variants ran: mostly the same, for
// they ran together.
func (r *Report) disturbed(d disturbance) (text string, rows []*Row) {
	type event struct{ amount, where string }
	var events []event
	ran := map[event][]string{}
	for _, row := range r.Rows {
		worst, where, beyond := d.worst(row, r.Rounds)
		if beyond == 0 {
			continue
		}
		if beyond > 1 {
			where += fmt.Sprintf("; the worst of %d batches", beyond)
		}
		e := event{d.amount(worst), where}
		if ran[e] == nil {
			events = append(events, e)
		}
		ran[e] = append(ran[e], row.Name())
		rows = append(rows, row)
	}
	var parts []string
	for _, e := range events {
		parts = append(parts, fmt.Sprintf("%s while %s ran (%s)", e.amount, words.Series(ran[e]), e.where))
	}
	return strings.Join(parts, ", "), rows
}

// machineUse says how much of the machine others had at most; "" where that was
// not read.
func (r *Report) machineUse() string {
	read, most, taken := false, 0.0, 0.0
	for _, row := range r.Rows {
		for _, t := range row.trials {
			for i := range t.Batches {
				if m := t.Batches[i].Machine; m != nil && m.Elapsed >= leastJudged {
					read, most, taken = true, max(most, m.OthersShare()), max(taken, m.StolenShare())
				}
			}
		}
	}
	if !read {
		return ""
	}
	return fmt.Sprintf("others at most %s %% of it, stolen %s %%", number(most*100, 1), number(taken*100, 1))
}

// voids gives why each round that does not count is void, by its number: one
// trial that says so is enough for the round.
func voids(exp *bench.Experiment) map[int]string {
	reasons := map[int]string{}
	for i := range exp.Trials {
		if t := &exp.Trials[i]; t.Void != "" && reasons[t.Round] == "" {
			reasons[t.Round] = t.Void
		}
	}
	return reasons
}

// mostVoid is how many void rounds are told of; a file holds all.
const mostVoid = 3

// noteVoid shows the rounds that do not count, in the order in which they were
// run.
func (r *Report) noteVoid() {
	repeated, names := map[int]int{}, map[int]string{}
	for i := range r.Exp.Trials {
		t := &r.Exp.Trials[i]
		names[t.Round] = t.RoundName()
		if t.Repeats != 0 {
			repeated[t.Repeats] = t.Round
		}
	}
	var parts []string
	seen := map[int]bool{}
	for i := range r.Exp.Trials {
		round := r.Exp.Trials[i].Round
		reason := r.void[round]
		if reason == "" || seen[round] {
			continue
		}
		seen[round] = true
		again := "not repeated"
		if later, ok := repeated[round]; ok {
			again = "repeated as " + names[later]
			if names[later] == names[round] {
				again = "repeated"
			}
		}
		parts = append(parts, fmt.Sprintf("%s does not count: %s; %s", names[round], prose(reason, mostWords), again))
	}
	if len(parts) == 0 {
		return
	}
	if more := len(parts) - mostVoid; more > 0 {
		parts = append(parts[:mostVoid], words.Plural(more, "more round does not count", "more rounds do not count"))
	}
	r.note(CodeVoid, strings.Join(parts, ". "), []string{ColVariant})
}
