package report

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// clock is the time of a variant: phases in the order in which its trials go
// through them, each as long as the median over the trials. Every trial is
// stretched to it, phase by phase, so that their batches lie above each other.
type clock []stage

// stage is a phase of a clock, from the end of the one before it.
type stage struct {
	phaseKey
	gap, length float64 // seconds
}

// phaseKey tells the phases of a trial apart.
type phaseKey struct {
	kind  string
	batch int
}

func keyOf(p bench.Phase) phaseKey {
	if p.Kind != bench.PhaseBatch && p.Kind != bench.PhasePause {
		return phaseKey{kind: p.Kind}
	}
	return phaseKey{p.Kind, p.Batch}
}

// phasesOf gives the phases of a trial in order of time, none of them empty, none
// twice, and none within another, whatever the file says. A file without phases
// has those that its batches tell.
func phasesOf(t *bench.Trial) []bench.Phase {
	phases := slices.Clone(t.Phases)
	if len(phases) == 0 {
		for _, b := range t.Batches {
			phases = append(phases, bench.Phase{Kind: bench.PhaseBatch, Batch: b.Number, Start: b.Start, End: b.End})
		}
	}
	slices.SortStableFunc(phases, func(a, b bench.Phase) int { return cmp.Compare(a.Start, b.Start) })
	var kept []bench.Phase
	seen := map[phaseKey]bool{}
	at := time.Duration(0)
	for _, p := range phases {
		p.Start = max(p.Start, at)
		if p.End > p.Start && !seen[keyOf(p)] {
			seen[keyOf(p)] = true
			kept = append(kept, p)
			at = p.End
		}
	}
	return kept
}

// cutShort says that the last phase of a trial did not come to its end.
func cutShort(t *bench.Trial) bool { return t.Error != "" }

// clockOf makes the clock of trials.
func clockOf(trials []*bench.Trial) clock {
	var longest []bench.Phase
	gaps, lengths, cut := map[phaseKey][]float64{}, map[phaseKey][]float64{}, map[phaseKey][]float64{}
	for _, t := range trials {
		phases := phasesOf(t)
		if len(phases) > len(longest) {
			longest = phases
		}
		at := time.Duration(0)
		for i, p := range phases {
			k := keyOf(p)
			gaps[k] = append(gaps[k], (p.Start - at).Seconds())
			to := lengths
			if cutShort(t) && i == len(phases)-1 {
				to = cut
			}
			to[k] = append(to[k], (p.End - p.Start).Seconds())
			at = p.End
		}
	}
	var c clock
	for _, p := range longest {
		k := keyOf(p)
		whole := lengths[k]
		if len(whole) == 0 {
			whole = cut[k]
		}
		c = append(c, stage{k, stat.Median(gaps[k]), stat.Median(whole)})
	}
	return c
}

// phases gives the clock's phases by its own time.
func (c clock) phases() []bench.Phase {
	var phases []bench.Phase
	at := 0.0
	for _, s := range c {
		start := at + s.gap
		at = start + s.length
		phases = append(phases, bench.Phase{Kind: s.kind, Batch: s.batch, Start: duration(start), End: duration(at)})
	}
	return phases
}

// duration gives seconds as a time, as far as one reaches.
func duration(seconds float64) time.Duration {
	const most = 1 << 62
	return time.Duration(max(-most, min(most, seconds*float64(time.Second))))
}

// warp takes the time of one trial to that of its variant's clock: along
// straight lines from knot to knot, and second by second after the last one.
type warp []knot

type knot struct{ from, to float64 } // seconds

// of gives the warp of a trial. A phase that was cut short is not stretched, and
// neither is what the clock does not know.
func (c clock) of(t *bench.Trial) warp {
	phases := phasesOf(t)
	w := warp{{0, 0}}
	at, next := 0.0, 0
	for _, s := range c {
		start := at + s.gap
		at = start + s.length
		found := slices.IndexFunc(phases[next:], func(p bench.Phase) bool { return keyOf(p) == s.phaseKey })
		if found < 0 {
			continue
		}
		next += found
		p := phases[next]
		next++
		w = append(w, knot{p.Start.Seconds(), start})
		if length := (p.End - p.Start).Seconds(); cutShort(t) && next == len(phases) && length < s.length {
			return append(w, knot{p.End.Seconds(), start + length})
		}
		w = append(w, knot{p.End.Seconds(), at})
	}
	return w
}

// at gives the clock's time of a time of the trial, both in seconds.
func (w warp) at(seconds float64) float64 {
	i := sort.Search(len(w), func(i int) bool { return w[i].from > seconds })
	if i == 0 {
		return w[0].to
	}
	a := w[i-1]
	if i == len(w) || w[i].from <= a.from {
		return a.to + seconds - a.from
	}
	b := w[i]
	return a.to + (seconds-a.from)/(b.from-a.from)*(b.to-a.to)
}
