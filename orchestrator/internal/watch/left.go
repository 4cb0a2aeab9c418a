package watch

import (
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/design"
)

// Whole is how far a run is as a whole, images not counted.
type Whole struct {
	Passed time.Duration // of the rounds so far
	Left   time.Duration // estimated
	// AtLeast says that Left is what the design takes where nothing has to wait
	// for a CPU: no batch has told its pace yet.
	AtLeast bool
}

// Share is how much of the time has passed, from 0 to 1.
func (w Whole) Share() float64 {
	if w.Passed <= 0 {
		return 0
	}
	return w.Passed.Seconds() / (w.Passed + w.Left).Seconds()
}

// Whole estimates how far the run is. Without a header nothing is known: all of
// it is 0.
func (r *Run) Whole(now time.Time) Whole {
	if r.header == nil {
		return Whole{}
	}
	d := design.Without(r.header.Design, r.leftOut...)
	if r.round.Number == 0 {
		return Whole{Left: design.Duration(d, r.least()), AtLeast: true}
	}
	w := Whole{}
	for round, took := range r.judged {
		if round != r.round.Number {
			w.Passed += took
		}
	}
	round := max(now.Sub(r.began), 0)
	w.Passed += round
	if r.end != nil {
		return w
	}
	if d.Fill && d.Until > 0 { // rounds are added until then
		w.Left = max(d.Until-w.Passed, 0)
		return w
	}
	standings := r.Standings(now)
	per, sure := r.perRound(standings)
	after := max(d.Rounds-r.round.Number, 0)
	if r.round.Groups > 0 {
		after = max(d.Rounds-r.round.Turn, 0)*r.round.Groups + r.round.Groups - r.round.Group
	}
	w.AtLeast = !sure
	if after == 0 && r.known(standings) && d.Mode != bench.Apart {
		for _, s := range standings {
			w.Left = max(w.Left, s.Left)
		}
		return w
	}
	rest := max(per-round, 0)
	if _, over := r.judged[r.round.Number]; over {
		rest = 0
	}
	idles := time.Duration(1)
	if d.LoneIdle {
		idles += time.Duration(after)
	}
	w.Left = rest + time.Duration(after)*per + idles*d.Idle
	return w
}

// known says whether every variant has a trial whose end can be estimated.
func (r *Run) known(standings []Standing) bool {
	for _, s := range standings {
		if s.Left == 0 && !s.Ended {
			return false
		}
	}
	all := len(r.round.Order)
	if all == 0 {
		all = len(r.header.Design.Variants)
	}
	return len(standings) == all
}

// perRound estimates how long a round takes until the next one begins: as long as
// those before it; in the first, as long as the batches let expect. sure is false
// where that is but the least.
func (r *Run) perRound(standings []Standing) (per time.Duration, sure bool) {
	if len(r.judged) > 0 {
		for _, took := range r.judged {
			per += took / time.Duration(len(r.judged))
		}
		return per, true
	}
	d := r.header.Design
	batch := r.least()
	var sum time.Duration
	for _, s := range standings {
		pace := r.trials[s.Of].batch
		sure = sure || pace > 0
		sum += max(pace, batch)
	}
	if d.Mode == bench.Apart {
		if n := time.Duration(len(standings)); n > 0 {
			batch = sum / n
		}
	} else {
		for _, s := range standings { // the slowest is waited for
			batch = max(batch, r.trials[s.Of].batch)
		}
	}
	d.Rounds, d.LoneIdle, d.Groups = 1, false, nil // a group is a round of its own here
	return design.Duration(d, batch) - d.Idle, sure
}

// least is how long a batch takes at least.
func (r *Run) least() time.Duration { return design.LeastBatch(r.header.Design, r.header.Plan) }
