package lab

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// proof is that of a subject: the allocator is the promised one, it is there once
// and took its knobs, the program is the one whose hash is told, and the service
// took the design's settings.
func (s *service) proof(ctx context.Context, mapped []processMaps) (bench.Proof, []bench.Warning, error) {
	var a allocatorAnswer
	if err := s.get(ctx, "/allocator", &a); err != nil {
		return bench.Proof{}, nil, fmt.Errorf("ask variant %s for its allocator: %w", s.variant, err)
	}
	proof, wrong := prove(s.terms, a, mapped)
	// How it was started, and what was to be loaded into it, says why.
	cause, err := s.sound(a, mapped)
	switch {
	case err != nil:
		return proof, nil, err
	case cause != nil && wrong != nil:
		wrong = hint.With(fmt.Errorf("%w: %w", wrong, cause), hint.Of(cause))
	case cause != nil:
		wrong = hint.With(fmt.Errorf("variant %s: %w", s.variant, cause), hint.Of(cause))
	}
	if wrong == nil {
		wrong = setUp(s.terms, a)
	}
	var notes []bench.Warning
	if wrong == nil {
		notes, wrong = s.knobs(a, mapped)
	}
	if wrong != nil {
		return proof, nil, &proofError{wrong}
	}
	return proof, notes, nil
}

// knobs holds what was asked of the allocator against what it says it took. What
// its image asks for counts like what the lab does.
func (s *service) knobs(a allocatorAnswer, mapped []processMaps) ([]bench.Warning, error) {
	var notes []bench.Warning
	for _, m := range mapped {
		if !m.runs(a.Program) {
			continue
		}
		texts, err := variant.CheckKnobs(variant.Asked{Allocator: a.Name, Version: a.Version, Env: m.origin.Environ, Own: s.own, Read: a.Knobs})
		if err != nil {
			return nil, hint.With(fmt.Errorf("variant %s: %w", s.variant, err), hint.Of(err))
		}
		for _, text := range texts {
			if w := (bench.Warning{Code: "knob-unread", Text: plain.Name(text)}); !slices.Contains(notes, w) {
				notes = append(notes, w)
			}
		}
	}
	return notes, nil
}

// prove holds what the service says of itself, and what the memory maps of each
// of its processes show, against the promise. Maps that show nothing prove
// nothing.
func prove(t terms, a allocatorAnswer, mapped []processMaps) (bench.Proof, error) {
	promise := t.promised
	proof := bench.Proof{
		Promised:  promise,
		Allocator: a.Name,
		Version:   a.Version,
		Linkage:   a.Linkage,
		Binary:    a.Binary,
		Libc:      strings.TrimSpace(a.Libc + " " + a.LibcVersion),
		Arenas:    a.Arenas,
		Knobs:     a.Knobs,
		Workers:   a.Workers,
		Threads:   a.Threads,
		MaxProcs:  a.GoMaxProcs,
		GoGC:      a.GoGC,
		GoMemory:  bench.Bytes(a.GoMemLimit),
		GoVersion: a.GoVersion,
		UsableOf1: a.UsableOfOne,
		Libraries: libraries(mapped),
	}
	var wrong error
	switch {
	case a.Name != promise:
		wrong = fmt.Errorf("runs %s's malloc, not %s", a.Name, promise)
	case len(mapped) == 0:
		wrong = errors.New("has no process whose memory maps could show what it runs")
	}
	for _, m := range mapped {
		if wrong == nil {
			wrong = contradiction(promise, a, m)
		}
	}
	if wrong != nil {
		return proof, &hint.Error{Err: fmt.Errorf("variant %s %w", t.variant, wrong), Advice: proofHint(promise, a)}
	}
	return proof, nil
}

// contradiction says why the memory maps of a process do not show the promised
// allocator; nil: they do. What is only read is mapped too: what is used is
// mapped so that it can be run.
func contradiction(promise string, a allocatorAnswer, m processMaps) error {
	if len(m.files) == 0 {
		return fmt.Errorf("has a process, %d, without any file in its memory maps: they prove nothing", m.process.PID)
	}
	var program, shown bool // a program is there; the allocator is there
	for _, f := range m.files {
		other, libc := variant.AllocatorOf(f.Path), variant.LibcOf(f.Path)
		switch {
		case other != "" && other != promise:
			return fmt.Errorf("says that it runs %s, but has %s in its memory maps", promise, other)
		case libc != "" && libc != "musl" && promise == "musl":
			return fmt.Errorf("says that it runs musl, but has another C library in its memory maps: %s", f.Path)
		case (libc != "" || other != "") && a.Linkage == "static":
			return fmt.Errorf("says that its malloc is linked statically, but has a library in its memory maps: %s", f.Path)
		}
		if f.Executable {
			program = true
			// A library may be mapped under a longer name than it was asked for by.
			shown = shown || path.Base(f.Path) == path.Base(a.File) || other == promise || libc == promise && variant.LibcOf(a.File) == promise
		}
	}
	// A static allocator has no file but the program's.
	if shown || program && a.Linkage == "static" && a.File == "" {
		return nil
	}
	return fmt.Errorf("says that it runs %s, but the memory maps of process %d do not show it", promise, m.process.PID)
}

// proofHint says what to look at when a variant runs the wrong allocator.
func proofHint(promise string, a allocatorAnswer) string {
	if a.Name == promise {
		return "check what its Dockerfile preloads, links and starts"
	}
	preload := a.Knobs["env.LD_PRELOAD"]
	if preload != "" && a.Name == a.Libc {
		return fmt.Sprintf("LD_PRELOAD names %s: check that the image has that file, for this architecture", preload)
	}
	if preload == "" && !variant.IsLibc(promise) {
		return fmt.Sprintf("its Dockerfile neither preloads %s (ENV LD_PRELOAD=...) nor links it", promise)
	}
	return "check what its Dockerfile preloads and links"
}

// setUp checks that the service took the design's settings.
func setUp(t terms, a allocatorAnswer) error {
	d := t.design
	asked := fmt.Sprintf("sleep %d ms, %d workers, %s", d.Sleep.Milliseconds(), d.Workers, d.Threads)
	has := fmt.Sprintf("sleep %d ms, %d workers, %s", a.SleepMS, a.Workers, a.Threads)
	if asked != has {
		return fmt.Errorf("variant %s was asked for %s and runs with %s", t.variant, asked, has)
	}
	return nil
}
