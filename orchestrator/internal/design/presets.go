package design

import (
	"fmt"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// preset is a design with a name.
type preset struct {
	name string
	text string
	// apply lays the preset over the settings that were not given.
	apply func(s *Settings, given Given, p bench.Plan)
}

// presets lists the designs, the default first.
func presets() []preset {
	return []preset{
		{"default", "what the benchmark file says, with the rounds that intervals need", func(*Settings, Given, bench.Plan) {}},
		{Quick, fmt.Sprintf("a first look within two minutes: 1 round of at most %d x %d requests, pause %v, idle %v", quickBatches, quickRequests, quickPause, quickIdle), (*Settings).hurry},
		{"seed", "the experiment that began it all: 3 batches of the whole plan, pause 10s; add --rounds", (*Settings).original},
	}
}

// Quick is the name of the preset for a first look.
const Quick = "quick"

// What Quick allows at most, unless a flag says otherwise: two batches long
// enough for allocators to differ, the slowest of them included, and the table
// within two minutes.
const (
	quickRequests = 480 // a batch
	quickBatches  = 2
	quickPause    = 3 * time.Second
	quickIdle     = 10 * time.Second
)

// PresetNames lists the names of the presets, the default first.
func PresetNames() []string {
	var names []string
	for _, p := range presets() {
		names = append(names, p.name)
	}
	return names
}

// ExplainPresets has a line for each preset.
func ExplainPresets() string {
	var lines []string
	for _, p := range presets() {
		lines = append(lines, fmt.Sprintf("  %-8s %s", p.name, p.text))
	}
	return strings.Join(lines, "\n")
}

// WithPreset lays the chosen preset over the settings that were not given, and holds
// what comes out against the plan. The error is a *Mistake.
func (s Settings) WithPreset(given Given, p bench.Plan) (Settings, error) {
	for _, preset := range presets() {
		if preset.name == s.Preset {
			preset.apply(&s, given, p)
		}
	}
	if s.Concurrency > 0 && s.Iterations == 0 && s.Concurrency > p.Iterations {
		return s, &Mistake{"concurrency", fmt.Sprintf("is %d, more than the %s of the plan", s.Concurrency, words.Plural(p.Iterations, "iteration", "iterations")), "set --iterations too"}
	}
	return s, nil
}

// hurry applies the preset for a first look. It makes nothing longer than it
// would be without.
func (s *Settings) hurry(given Given, p bench.Plan) {
	if !given["rounds"] {
		s.Rounds = 1
	}
	if !given["batches"] {
		s.Batches = min(s.Batches, quickBatches)
	}
	if !given["pause"] {
		s.Pause = min(s.Pause, quickPause)
	}
	if !given["idle"] {
		s.Idle = min(s.Idle, quickIdle)
	}
	if !given["iterations"] {
		asked := p.Iterations
		if s.Iterations > 0 {
			asked = s.Iterations
		}
		s.Iterations = min(asked, max(1, quickRequests/max(1, p.PerIteration())))
	}
}

// original applies the preset of the original experiment.
func (s *Settings) original(given Given, _ bench.Plan) {
	if !given["rounds"] {
		s.Rounds = 1
	}
	if !given["batches"] {
		s.Batches = 3
	}
	if !given["pause"] {
		s.Pause = 10 * time.Second
	}
	if !given["idle"] {
		s.Idle = 30 * time.Second
	}
	if !given["iterations"] {
		s.Iterations = 0
	}
}
