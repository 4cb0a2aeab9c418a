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

// processMaps is what the memory maps of one process show.
type processMaps struct {
	process bench.Process
	files   []meter.MappedFile
}

// mappedFiles reads the memory maps of an instance's processes.
func (p *participant) mappedFiles(ctx context.Context) ([]processMaps, error) {
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	processes, err := p.instance.Processes(bounded)
	if err != nil {
		return nil, err
	}
	return readMaps(processes, meter.Host.Maps)
}

// readMaps reads the memory maps of the processes that live.
func readMaps(processes []bench.Process, read func(bench.Process) ([]meter.MappedFile, error)) ([]processMaps, error) {
	var all []processMaps
	for _, process := range processes {
		files, err := read(process)
		switch {
		case errors.Is(err, meter.ErrEnded):
			continue
		case errors.Is(err, os.ErrPermission):
			return nil, &hint.Error{Err: err, Advice: "run as root, or as the user whose id the containers run with"}
		case err != nil:
			return nil, err
		}
		all = append(all, processMaps{process, files})
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
