package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
)

// preset names a design.
type preset struct {
	name string
	text string
	// apply lays the preset over the settings that were not given.
	apply func(s *settings, given map[string]bool, loaded *plan.Plan)
}

// presets lists the designs, the default first.
var presets = []preset{
	{"default", "as the benchmark file says, with the rounds that intervals need", func(*settings, map[string]bool, *plan.Plan) {}},
	{"quick", fmt.Sprintf("a first look within two minutes: 1 round of at most %d x %d requests, pause %v, idle %v", quickBatches, quickRequests, quickPause, quickIdle), (*settings).hurry},
	{"seed", "the experiment that began it all: 3 batches of the whole plan, pause 10s; add --rounds", (*settings).original},
}

// What quick allows at most, unless a flag says otherwise: two batches long
// enough for allocators to differ, the slowest of them included, and the table
// within two minutes.
const (
	quickRequests = 480 // a batch
	quickBatches  = 2
	quickPause    = 3 * time.Second
	quickIdle     = 10 * time.Second
)

func presetNames() []string {
	var names []string
	for _, p := range presets {
		names = append(names, p.name)
	}
	return names
}

// explainPresets lists the presets for the help.
func explainPresets() string {
	var parts []string
	for _, p := range presets {
		parts = append(parts, fmt.Sprintf("  %-8s %s", p.name, p.text))
	}
	return strings.Join(parts, "\n")
}

// applyPreset lays the chosen preset over what neither a flag nor, where the
// file itself chose it, the file says.
func (s *settings) applyPreset(given map[string]bool, loaded *plan.Plan) {
	for _, p := range presets {
		if p.name == s.preset {
			p.apply(s, given, loaded)
		}
	}
}

// hurry applies the preset for a first look. It makes nothing longer than it
// would be without.
func (s *settings) hurry(given map[string]bool, loaded *plan.Plan) {
	if !given["rounds"] {
		s.rounds = 1
	}
	if !given["batches"] {
		s.batches = min(s.batches, quickBatches)
	}
	if !given["pause"] {
		s.pause = min(s.pause, quickPause)
	}
	if !given["idle"] {
		s.idle = min(s.idle, quickIdle)
	}
	if !given["iterations"] {
		asked := loaded.Iterations
		if s.iterations > 0 {
			asked = s.iterations
		}
		s.iterations = min(asked, max(1, quickRequests/max(1, loaded.PerIteration())))
	}
}

// original applies the preset of the original experiment.
func (s *settings) original(given map[string]bool, _ *plan.Plan) {
	if !given["rounds"] {
		s.rounds = 1
	}
	if !given["batches"] {
		s.batches = 3
	}
	if !given["pause"] {
		s.pause = 10 * time.Second
	}
	if !given["idle"] {
		s.idle = 30 * time.Second
	}
	if !given["iterations"] {
		s.iterations = 0
	}
}
