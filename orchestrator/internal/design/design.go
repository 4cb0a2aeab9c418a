package design

import (
	"fmt"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/stat"
)

// sampleEvery is the time between two readings of a variant's memory.
const sampleEvery = 50 * time.Millisecond

// Design says what is to be done with these variants, of which the baseline must
// be one. The error is a *Mistake.
func (s Settings) Design(variants []bench.Variant) (bench.Design, error) {
	limit, err := s.memoryLimit()
	if err != nil {
		return bench.Design{}, err
	}
	d := bench.Design{
		Variants: variants, Baseline: s.Baseline, Rounds: s.Rounds, Batches: s.Batches,
		Pause: s.Pause, Idle: s.Idle, Sleep: s.Sleep, Workers: s.Workers, Threads: s.Threads,
		Transport: s.Transport, MemoryLimit: limit, SampleEvery: sampleEvery,
		Seed: s.Seed, Preset: s.Preset, Quick: s.Preset == Quick,
		Mode: s.Mode, LoneIdle: s.LoneIdle, Until: s.For, VoidAt: s.VoidAt / 100, AtOnce: s.AtOnce,
	}
	if s.Twin {
		if err := addTwin(&d); err != nil {
			return d, err
		}
	}
	if d.Rounds == 0 {
		d.Rounds = stat.MinRounds(comparisons(d))
	}
	return d, nil
}

// addTwin adds the baseline a second time, under another name.
func addTwin(d *bench.Design) error {
	if len(d.Variants) < 2 {
		return &Mistake{"aa", "needs a second variant, to vouch for its difference", "leave --aa out, or add a --variant"}
	}
	i := slices.Index(names(*d), d.Baseline)
	twin := d.Variants[i]
	twin.Name += "-twin"
	if slices.Contains(names(*d), twin.Name) {
		return &Mistake{"aa", fmt.Sprintf("would name the second baseline %s, and there is a variant of that name", twin.Name), "rename Dockerfile." + twin.Name}
	}
	d.Twin = twin.Name
	d.Variants = slices.Insert(slices.Clone(d.Variants), i+1, twin)
	return nil
}

// comparisons counts the variants that a column holds against the baseline; a
// variant on its own is summarised like one comparison.
func comparisons(d bench.Design) int { return max(1, len(d.Variants)-1) }
