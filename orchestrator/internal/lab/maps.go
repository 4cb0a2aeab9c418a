package lab

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// processMaps is what the memory maps of one process show, and what it was
// started from.
type processMaps struct {
	process bench.Process
	files   []meter.MappedFile
	origin  meter.Origin
}

// mappedFiles reads the memory maps of an instance's processes.
func (p *participant) mappedFiles(ctx context.Context) ([]processMaps, error) {
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	processes, err := p.instance.Processes(bounded)
	if err != nil {
		return nil, err
	}
	all, err := readMaps(processes, meter.Host.Maps)
	if err != nil {
		return nil, err
	}
	return withOrigins(all, p.origin)
}

// withOrigins adds what the processes were started from, and leaves out those that
// have ended meanwhile.
func withOrigins(all []processMaps, read func(bench.Process) (meter.Origin, error)) ([]processMaps, error) {
	var alive []processMaps
	for _, m := range all {
		var err error
		switch m.origin, err = read(m.process); {
		case errors.Is(err, meter.ErrEnded):
			continue
		case errors.Is(err, os.ErrPermission):
			return nil, &hint.Error{Err: err, Advice: asOwner}
		case err != nil:
			return nil, err
		}
		alive = append(alive, m)
	}
	return alive, nil
}

// asOwner is how to be allowed to look at a process.
const asOwner = "run as root, or as the user whose id the containers run with"

// readMaps reads the memory maps of the processes that live.
func readMaps(processes []bench.Process, read func(bench.Process) ([]meter.MappedFile, error)) ([]processMaps, error) {
	var all []processMaps
	for _, process := range processes {
		files, err := read(process)
		switch {
		case errors.Is(err, meter.ErrEnded):
			continue
		case errors.Is(err, os.ErrPermission):
			return nil, &hint.Error{Err: err, Advice: asOwner}
		case err != nil:
			return nil, err
		}
		all = append(all, processMaps{process: process, files: files})
	}
	return all, nil
}

// libraries lists the allocators and C libraries in memory maps.
func libraries(mapped []processMaps) []string {
	var all []string
	for _, m := range mapped {
		for _, f := range m.files {
			if variant.AllocatorOf(f.Path) != "" || variant.LibcOf(f.Path) != "" {
				all = append(all, f.Path)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
