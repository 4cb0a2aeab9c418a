package lab

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/meter"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// mostProgram bounds the program of a service: it is read whole.
const mostProgram = 1 << 30

// runs says whether a process runs a program: it has it mapped so that it can be
// run.
func (m processMaps) runs(program string) bool {
	return slices.ContainsFunc(m.files, func(f meter.MappedFile) bool { return f.Executable && f.Path == program })
}

// sound looks from outside at the processes of the service's program: how they were
// started, what was to be loaded into them, and whether the program is the one that
// it says. wrong is what is not as it should be.
func (s *service) sound(a allocatorAnswer, mapped []processMaps) (wrong, err error) {
	there := false
	for _, m := range mapped {
		if !m.runs(a.Program) {
			continue
		}
		there = true
		wrong, err := soundProcess(a, m)
		switch {
		case errors.Is(err, os.ErrPermission):
			err = hint.With(err, asOwner)
			fallthrough
		case err != nil:
			return nil, fmt.Errorf("read the program of variant %s: %w", s.variant, err)
		case wrong != nil:
			return wrong, nil
		}
	}
	if !there && len(mapped) > 0 {
		return hint.With(fmt.Errorf("it says that its program is %q, which none of its processes has mapped", plain.Name(a.Program)),
			"check what its Dockerfile starts"), nil
	}
	return nil, nil
}

func soundProcess(a allocatorAnswer, m processMaps) (wrong, err error) {
	program, err := openService(a.Program, m)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	image, err := elf.NewFile(program)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", plain.Name(a.Program), err)
	}
	st := started{
		files: m.files, origin: m.origin, program: image, service: a.Program, malloc: a.File,
		open: func(path string) (*os.File, error) { return meter.Host.OpenIn(m.process, path) },
	}
	if wrong := st.privileged(); wrong != nil {
		return wrong, nil
	}
	if wrong := st.preloadFault(); wrong != nil {
		return wrong, nil
	}
	hash := sha256.New()
	n, err := io.Copy(hash, io.NewSectionReader(program, 0, mostProgram))
	if err == nil && n == mostProgram {
		err = fmt.Errorf("%s is too large to be read whole", plain.Name(a.Program))
	}
	if err != nil {
		return nil, err
	}
	if digest := hex.EncodeToString(hash.Sum(nil)); digest != a.Binary {
		return hint.With(fmt.Errorf("it says that its program has the SHA-256 %q, and its file %s has %s", plain.Name(a.Binary), plain.Name(a.Program), digest),
			"build it again: the service hashes its own file"), nil
	}
	return nil, nil
}

// openService opens the program of a service, which may have been started through
// its loader: then it is not the executable file of its process.
func openService(program string, m processMaps) (*os.File, error) {
	if m.origin.Program == program {
		return meter.Host.OpenProgram(m.process)
	}
	return meter.Host.OpenIn(m.process, program)
}

// kept says whether every process has the environment that the lab gave: one that
// lost it on the way runs with other knobs, if at all.
func (p *participant) kept(mapped []processMaps) error {
	for _, m := range mapped {
		for _, name := range slices.Sorted(maps.Keys(p.given)) {
			value := p.given[name]
			has, there := m.origin.Environ[name]
			if there && has == value {
				continue
			}
			how := fmt.Sprintf("has %s=%s", name, plain.Name(has))
			if !there {
				how = "does not have " + name
			}
			return &proofError{hint.With(
				fmt.Errorf("variant %s was started with %s=%s, and its process %d, %q, %s: the environment was lost on the way",
					p.variant.Name, name, value, m.process.PID, plain.Name(strings.Join(m.origin.Args, " ")), how),
				"check what its ENTRYPOINT starts: env -i, su and sudo drop the environment")}
		}
	}
	return nil
}

// lost is kept for an instance that does not answer: where it should is in the
// environment too.
func (p *participant) lost(ctx context.Context) error {
	processes, err := p.instance.Processes(ctx)
	if err != nil {
		return err
	}
	var all []processMaps
	for _, process := range processes {
		all = append(all, processMaps{process: process})
	}
	if all, err = withOrigins(all, p.origin); err != nil {
		return err
	}
	return p.kept(all)
}

// binaries are the hashes of the programs of a run that ought to be one: those that
// have glibc, and no allocator linked to them.
type binaries struct {
	mu sync.Mutex
	of map[string]string // by variant
}

func (b *binaries) note(name string, p bench.Proof) {
	if !strings.HasPrefix(p.Libc, "glibc") || p.Linkage != "preloaded" && !variant.IsLibc(p.Allocator) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of == nil {
		b.of = map[string]string{}
	}
	b.of[name] = p.Binary
}

// odd says that a variant's program is not that of the baseline, or, without that,
// of the first variant that has been proved; empty: it is.
func (b *binaries) odd(d bench.Design, name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	own, there := b.of[name]
	first := d.Baseline
	for _, v := range d.Variants {
		if _, there := b.of[first]; there {
			break
		}
		first = v.Name
	}
	if other, known := b.of[first]; !there || !known || other == own {
		return ""
	}
	return fmt.Sprintf("its program is not that of %s: they were built apart, and may differ in more than the allocator", first)
}
