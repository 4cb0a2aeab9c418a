package watch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/store"
)

// Run is a run under way, as its records tell.
type Run struct {
	header  *store.Header
	engine  string
	images  []Image
	round   store.Round
	began   time.Time // the round
	judged  map[int]time.Duration
	trials  map[store.Of]*Trial
	batches map[string]time.Duration // by variant: what a batch took last
	end     *store.End
	leftOut []string
	clock   time.Time // of the newest record that has a time
}

// Image is an image that is made ready.
type Image struct {
	Variant string // or "base"
	Kind    string // of its last step: store.StepBuilding, StepBuilt or StepReused
	Text    string // of that step
	Line    string // the last one of its log
	Since   time.Time
	Took    time.Duration // with StepBuilt
}

// NewRun gives a run of which nothing is known.
func NewRun() *Run {
	return &Run{judged: map[int]time.Duration{}, trials: map[store.Of]*Trial{}, batches: map[string]time.Duration{}}
}

// Take takes in a record that has come at a time. Of a record that was written
// earlier, the time is zero: then it follows from what the record says itself.
func (r *Run) Take(rec store.Record, now time.Time) {
	if now.IsZero() {
		now = r.timeOf(rec)
	}
	if now.After(r.clock) {
		r.clock = now
	}
	switch what := rec.What.(type) {
	case store.Engine:
		r.engine = what.Text
	case store.Step:
		r.step(what, now)
	case store.Header:
		r.header, r.end = &what, nil
	case store.Round:
		r.round, r.began = what, now
	case bench.LeftOut:
		r.leftOut = append(r.leftOut, what.Variant)
	case store.Judged:
		r.judged[what.Round] = what.Took
	case store.Resumed:
		maps.DeleteFunc(r.judged, func(round int, _ time.Duration) bool { return round > what.After })
		maps.DeleteFunc(r.trials, func(of store.Of, _ *Trial) bool { return of.Round > what.After })
		r.round, r.end = store.Round{}, nil
	case store.End:
		r.end = &what
	default:
		if rec.Of != (store.Of{}) {
			r.trial(rec.Of).Take(rec.What, now)
			if t := r.trials[rec.Of]; t.batch > 0 {
				r.batches[rec.Of.Variant] = t.batch
			}
			r.forget(rec)
		}
	}
}

// Stopped says that the run stopped after what was taken in: until a record says
// how it goes on, it is in no round.
func (r *Run) Stopped() { r.round, r.end = store.Round{}, nil }

// timeOf gives the time that a record tells itself, or else that of the one
// before it.
func (r *Run) timeOf(rec store.Record) time.Time {
	switch what := rec.What.(type) {
	case store.Header:
		if r.header == nil {
			return what.Started
		}
	case store.Trial:
		return what.Started
	case store.Resumed:
		return what.At
	case store.End:
		return what.At
	}
	t := r.trials[rec.Of]
	at, ok := offset(rec.What)
	if t == nil || t.begun.IsZero() || !ok {
		return r.clock
	}
	return t.begun.Add(at)
}

// trial gives a trial, new if nothing was known of it.
func (r *Run) trial(of store.Of) *Trial {
	t := r.trials[of]
	if t == nil {
		t = &Trial{batch: r.batches[of.Variant]}
		r.trials[of] = t
	}
	return t
}

// forget drops the trials of rounds that are over: nobody asks for them.
func (r *Run) forget(rec store.Record) {
	if _, ok := rec.What.(store.Trial); !ok {
		return
	}
	maps.DeleteFunc(r.trials, func(of store.Of, t *Trial) bool { return of.Round < r.round.Number && t.ended != nil })
}

// step takes in a step of an image.
func (r *Run) step(s store.Step, now time.Time) {
	i := slices.IndexFunc(r.images, func(known Image) bool { return known.Variant == s.Variant })
	if i < 0 {
		i = len(r.images)
		r.images = append(r.images, Image{Variant: s.Variant, Kind: store.StepBuilding, Since: now})
	}
	image := &r.images[i]
	if s.Kind == store.StepLog {
		image.Line = s.Text
		return
	}
	if s.Kind == store.StepBuilding {
		image.Since = now
	}
	image.Kind, image.Text, image.Took = s.Kind, s.Text, s.Took
}

// Header gives what is done; nil: it is not known yet.
func (r *Run) Header() *store.Header { return r.header }

// Engine gives what the engine says of itself; empty: it has not answered.
func (r *Run) Engine() string { return r.engine }

// Images lists the images in the order in which work on them began.
func (r *Run) Images() []Image { return slices.Clone(r.images) }

// Round gives the round that was begun last; its number is 0 before the first.
func (r *Run) Round() store.Round { return r.round }

// End gives the end of the run; nil: it goes on, as far as the records say.
func (r *Run) End() *store.End { return r.end }

// Clock gives the time of the newest record.
func (r *Run) Clock() time.Time { return r.clock }

// Standings says how the trials of the round stand, in the order of the design.
// Those that have not begun are not among them.
func (r *Run) Standings(now time.Time) []Standing {
	return r.standings(now, func(of store.Of, _ *Trial) bool { return of.Round == r.round.Number })
}

// Tails says how those trials of earlier rounds stand whose final idle goes on.
func (r *Run) Tails(now time.Time) []Standing {
	return r.standings(now, func(of store.Of, t *Trial) bool { return of.Round < r.round.Number && t.ended == nil })
}

func (r *Run) standings(now time.Time, which func(store.Of, *Trial) bool) []Standing {
	if r.header == nil {
		return nil
	}
	var all []Standing
	for of, t := range r.trials {
		if which(of, t) {
			all = append(all, t.Standing(of, *r.header, now))
		}
	}
	place := map[string]int{}
	for i, v := range r.header.Design.Variants {
		place[v.Name] = i
	}
	slices.SortFunc(all, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(a.Of.Round, b.Of.Round), cmp.Compare(place[a.Of.Variant], place[b.Of.Variant]), cmp.Compare(a.Of.Variant, b.Of.Variant))
	})
	return all
}

// Curve gives the memory of a trial over time; nil: nothing is known of it.
func (r *Run) Curve(of store.Of) *Curve {
	if t := r.trials[of]; t != nil {
		return &t.curve
	}
	return nil
}

// offset gives the offset at which a record of a trial was made, if it says one.
func offset(what any) (time.Duration, bool) {
	switch what := what.(type) {
	case bench.Sample:
		return what.At, true
	case bench.Gauge:
		return what.At, true
	case bench.Edge:
		return what.At, true
	case bench.Batch:
		return what.End, true
	case bench.Phase:
		return max(what.Start, what.End), true
	}
	return 0, false
}
