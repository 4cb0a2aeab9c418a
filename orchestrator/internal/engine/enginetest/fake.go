// Package enginetest has a fake engine.Engine for tests, and the conformance
// suite that every engine passes.
package enginetest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
)

// Fake is an engine without processes. Its instances really listen, on a port
// and on a unix socket, unless Memory is set, and answer with Handler. Failures
// are scripted by its fields, which are set before it is used.
type Fake struct {
	// Memory has instances reached by Dial alone, over connections in memory: for
	// tests with a fake clock, which no socket keeps to. Addresses and sockets are
	// names of nothing.
	Memory bool
	// Handler gives what an instance answers with; nil: 200 to everything.
	Handler func(*FakeInstance) http.Handler
	// Allocator gives what the image of a variant promises; nil: its name.
	Allocator func(variant string) string
	// PIDs are the processes of a running instance; nil: the test's own.
	PIDs []int
	// Context is that of Info.
	Context string
	// Owner answers for what is started; zero: this process.
	Owner runs.Owner

	FailInfo    error            // of Info
	FailPrepare map[string]error // of Prepare, by variant
	FailStart   map[string]error // of Start, by variant
	FailState   map[string]error // of State, by variant
	FailRemove  map[string]error // of Remove, by variant

	// World holds what engines of the same machine share; nil: a world of its own.
	World *World

	once   sync.Once
	mu     sync.Mutex
	calls  []string
	all    []*FakeInstance
	closed bool
}

// World is a machine: the instances that run on it, whoever started them.
type World struct {
	mu      sync.Mutex
	running []*FakeInstance
	images  map[string]bool
}

var _ engine.Engine = (*Fake)(nil)

func (f *Fake) world() *World {
	f.once.Do(func() {
		if f.World == nil {
			f.World = &World{}
		}
	})
	return f.World
}

func (f *Fake) call(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
}

// Calls lists what was asked of the engine and its instances, in order, such as
// "start libc" and "remove libc".
func (f *Fake) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Instances lists every instance that was started, in order.
func (f *Fake) Instances() []*FakeInstance {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.all)
}

// Info answers, or fails with FailInfo.
func (f *Fake) Info(context.Context) (engine.Info, error) {
	f.call("info")
	return engine.Info{Name: "fake", Version: "1", Context: f.Context}, f.FailInfo
}

// Prepare makes an image of every variant out of nothing, and remembers it.
func (f *Fake) Prepare(ctx context.Context, variants []bench.Variant, progress func(engine.Progress)) ([]engine.Made, error) {
	if progress == nil {
		progress = func(engine.Progress) {}
	}
	var all []engine.Made
	for _, v := range variants {
		f.call("prepare %s", v.Name)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := f.FailPrepare[v.Name]; err != nil {
			all = append(all, engine.Made{Image: engine.Image{Variant: v.Name}, Err: err})
			continue
		}
		img := engine.Image{
			Variant: v.Name, Name: "stair-stepper:" + engine.SafeName(v.Name), ID: engine.Digest(v.Name),
			Allocator: v.Name, Hash: engine.Digest(v.Name, v.Dockerfile),
		}
		if f.Allocator != nil {
			img.Allocator = f.Allocator(v.Name)
		}
		if f.world().know(img.Hash) {
			progress(engine.Progress{Variant: v.Name, Event: engine.Reused, Text: img.Name})
		} else {
			progress(engine.Progress{Variant: v.Name, Event: engine.Building, Text: img.Name})
			progress(engine.Progress{Variant: v.Name, Event: engine.Log, Text: "FROM nothing"})
			progress(engine.Progress{Variant: v.Name, Event: engine.Built, Text: img.Name})
		}
		all = append(all, engine.Made{Image: img})
	}
	return all, nil
}

// know says whether an image is known, and knows it from now on.
func (w *World) know(hash string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.images[hash]
	if w.images == nil {
		w.images = map[string]bool{}
	}
	w.images[hash] = true
	return known
}

// Start makes an instance that listens.
func (f *Fake) Start(ctx context.Context, spec engine.Spec) (engine.Instance, error) {
	f.call("start %s", spec.Image.Variant)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := f.FailStart[spec.Image.Variant]; err != nil {
		return nil, err
	}
	owner := f.Owner
	if owner == (runs.Owner{}) {
		var err error
		if owner, err = runs.Self(); err != nil {
			return nil, err
		}
	}
	in := &FakeInstance{Spec: spec, fake: f, owner: owner, done: make(chan struct{})}
	in.Spec.Env = maps.Clone(spec.Env)
	if err := in.listen(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.all = append(f.all, in)
	f.mu.Unlock()
	w := f.world()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = append(w.running, in)
	return in, nil
}

// Sweep removes what dead owners left.
func (f *Fake) Sweep(ctx context.Context) (engine.Cleared, error) {
	f.call("sweep")
	return f.removeAll(ctx, func(in *FakeInstance) bool { return in.dead() && !in.kept() })
}

// Clean removes everything, but what belongs to a living owner only by force.
func (f *Fake) Clean(ctx context.Context, force bool) (engine.Cleared, error) {
	f.call("clean %s", strconv.FormatBool(force))
	w := f.world()
	w.mu.Lock()
	w.images = nil
	w.mu.Unlock()
	return f.removeAll(ctx, func(in *FakeInstance) bool { return force || in.dead() })
}

func (f *Fake) removeAll(ctx context.Context, match func(*FakeInstance) bool) (cleared engine.Cleared, err error) {
	w := f.world()
	w.mu.Lock()
	all := slices.Clone(w.running)
	w.mu.Unlock()
	for _, in := range all {
		if match(in) {
			if err := in.Remove(ctx); err != nil {
				return cleared, err
			}
			cleared.Removed = append(cleared.Removed, "fake "+in.Name())
		}
	}
	return cleared, nil
}

// Close keeps what is to be kept.
func (f *Fake) Close() error {
	f.call("close")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}
