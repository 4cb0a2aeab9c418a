package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/runs"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
)

// Prepare makes the images of the variants, one after the other: a build keeps
// all CPUs busy by itself. Variants of the same Dockerfile share an image.
func (e *Engine) Prepare(ctx context.Context, variants []bench.Variant, progress func(engine.Progress)) ([]engine.Made, error) {
	if progress == nil {
		progress = func(engine.Progress) {}
	}
	// Nobody is to take images away from here on.
	if err := e.announce(ctx); err != nil {
		return nil, runs.TempHint(fmt.Errorf("make this run known to others: %w", err), e.folders.Root)
	}
	orders := make([]*order, len(variants))
	for i, v := range variants {
		orders[i] = e.order(v)
	}
	bases, err := e.bases(ctx, orders, progress)
	if err != nil {
		return nil, err
	}
	source, err := e.source(ctx, progress)
	if err != nil {
		return nil, err
	}
	all := make([]engine.Made, len(variants))
	first := map[string]int{} // by what is built: the variant that had it built
	rebuilt := false
	for i, o := range orders {
		if o.err == nil {
			if at, done := first[o.key()]; done {
				all[i] = shared(all[at], o.variant.Name, progress)
				continue
			}
			first[o.key()] = i
		}
		b := builder{engine: e, order: o, bases: bases}
		image, made, err := b.run(ctx, source, progress)
		if err != nil && e.hopeless(ctx, err) {
			return nil, err
		}
		image.Variant = o.variant.Name
		all[i] = engine.Made{Image: image, Err: err}
		rebuilt = rebuilt || made
	}
	if rebuilt {
		if err := e.tidy(ctx); err != nil {
			e.log.Warn("replaced images were not removed", "error", err)
		}
	}
	return all, nil
}

// shared is what became of a variant that differs in name and knobs alone from
// one that was made before.
func shared(m engine.Made, name string, tell func(engine.Progress)) engine.Made {
	m.Variant = name
	if failed, ok := errors.AsType[*engine.BuildError](m.Err); ok {
		own := *failed
		own.Variant = name
		m.Err = &own
	} else if named, ok := errors.AsType[*variantError](m.Err); ok {
		m.Err = &variantError{name, named.err}
	}
	if m.Err == nil {
		tell(engine.Progress{Variant: name, Event: engine.Reused, Text: m.Name})
	}
	return m
}

// variantError is what keeps a variant from being built at all.
type variantError struct {
	variant string
	err     error
}

func (e *variantError) Error() string { return "variant " + e.variant + ": " + e.err.Error() }
func (e *variantError) Unwrap() error { return e.err }

// hopeless says that an error is not about one variant: the run is at its end, or
// there is no daemon any more.
func (e *Engine) hopeless(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	if !away(err) {
		return false
	}
	_, err = e.info(ctx)
	return err != nil
}

// tidy removes the images that lost their names to new ones.
func (e *Engine) tidy(ctx context.Context) error {
	alone, err := e.alone(ctx)
	if alone {
		_, err = e.removeNameless(ctx)
	}
	return err
}

// builder makes one variant's image.
type builder struct {
	engine *Engine
	*order
	bases map[string]base
}

func (b *builder) run(ctx context.Context, source tree, tell func(engine.Progress)) (img engine.Image, made bool, err error) {
	args, ids, err := b.arguments(b.bases)
	if err != nil {
		return img, false, &variantError{b.variant.Name, err}
	}
	with, place, err := b.context(source)
	if err != nil {
		return img, false, &variantError{b.variant.Name, err}
	}
	tar, err := with.archive()
	if err != nil {
		return img, false, err
	}
	img = engine.Image{
		Variant: b.variant.Name,
		Name:    "stair-stepper:" + b.name(b.engine.root),
		Hash:    engine.Digest(string(tar), b.variant.Dockerfile, ids, sorted(b.args)),
	}
	switch old, err := b.engine.inspectImage(ctx, img.Name); {
	case err == nil && labelsOf(old)[labelHash] == img.Hash:
		tell(engine.Progress{Variant: b.variant.Name, Event: engine.Reused, Text: img.Name})
		img.ID, img.Allocator = old.ID, labelsOf(old)[labelAllocator]
		return img, false, nil
	case err != nil && !errdefs.IsNotFound(err):
		return img, false, &variantError{b.variant.Name, fmt.Errorf("image %s: %w", img.Name, err)}
	}
	began := time.Now()
	tell(engine.Progress{Variant: b.variant.Name, Event: engine.Building, Text: img.Name})
	options := build.ImageBuildOptions{
		Tags:       []string{img.Name},
		Labels:     map[string]string{labelHash: img.Hash},
		BuildArgs:  args,
		Dockerfile: place,
		// Their zero values would leave a container behind for every step.
		Remove: true, ForceRemove: true,
		Version: build.BuilderV1,
	}
	if err := b.build(ctx, tar, options, tell); err != nil {
		return img, false, err
	}
	fresh, err := b.engine.inspectImage(ctx, img.Name)
	if err != nil {
		return img, false, fmt.Errorf("image %s: %w", img.Name, err)
	}
	img.ID, img.Allocator = fresh.ID, labelsOf(fresh)[labelAllocator]
	tell(engine.Progress{Variant: b.variant.Name, Event: engine.Built, Text: img.Name, Took: time.Since(began)})
	return img, true, nil
}

// context adds to what every variant is built from its Dockerfile, and the files
// that this names, less what .dockerignore keeps out. place is where the Dockerfile
// is in it.
func (b *builder) context(source tree) (with tree, place string, err error) {
	with, err = b.dockerfile.Named(b.engine.root)
	if err != nil {
		return nil, "", err
	}
	maps.Copy(with, source) // go.mod is another than the project's
	if err := b.ignore(with); err != nil {
		return nil, "", err
	}
	place = b.place(with)
	with[place], err = files.Read(filepath.Join(b.engine.root, filepath.FromSlash(b.variant.Dockerfile)), dockerfile.MostBytes)
	return with, place, err
}

// proxies are the ways to the network that a build's steps may need, for no
// daemon passes on its own.
func proxies() map[string]*string {
	args := map[string]*string{}
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy"} {
		for _, name := range []string{name, strings.ToUpper(name)} {
			if value, ok := os.LookupEnv(name); ok {
				args[name] = &value
			}
		}
	}
	return args
}

// build runs the build, with BuildKit where the daemon wants it so.
func (b *builder) build(ctx context.Context, tar []byte, options build.ImageBuildOptions, tell func(engine.Progress)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, buildTime, errSlow)
	defer cancel()
	log := func(l string) { tell(engine.Progress{Variant: b.variant.Name, Event: engine.Log, Text: l}) }
	refused, err := b.once(ctx, tar, options, log)
	if refused {
		// It keeps its stages to itself.
		options.Version = build.BuilderBuildKit
		if refused, again := b.once(ctx, tar, options, log); !refused {
			return again
		}
	}
	if err != nil {
		return err
	}
	if err := b.nameStages(ctx, tar, options); err != nil {
		b.engine.log.Warn("the next build may be slower", "variant", b.variant.Name, "error", err)
	}
	return nil
}

// nameStages names the stages that a build passed through. They make the next
// build fast, and a name keeps them apart from what an older build left: of our
// images, those without a name are garbage.
func (b *builder) nameStages(ctx context.Context, tar []byte, options build.ImageBuildOptions) error {
	for _, stage := range b.leaves() {
		name := "stair-stepper/stage:" + b.name(b.engine.root) + "-" + engine.SafeName(stage)
		older, err := b.engine.inspectImage(ctx, name)
		if err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("image %s: %w", name, err)
		}
		options.Target, options.Tags, options.Labels = stage, []string{name}, map[string]string{labelStage: stage}
		if _, err := b.once(ctx, tar, options, func(string) {}); err != nil {
			return err
		}
		if err := b.engine.removeReplaced(ctx, name, older.ID); err != nil {
			return err
		}
	}
	return nil
}

// errSlow tells our own deadline from the caller's.
var errSlow = fmt.Errorf("not done after %v", buildTime)

// leaves are the named stages, but for the last, that have an image of their
// own which no other starts from.
func (b *builder) leaves() []string {
	var names []string
	parents := b.dockerfile.Parents()
	for _, s := range b.dockerfile.Stages[:len(b.dockerfile.Stages)-1] {
		if s.Name != "" && len(s.Steps) > 0 && !slices.Contains(parents, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// once runs one build. refused says that the daemon would not do it with this
// builder, or not at all.
func (b *builder) once(ctx context.Context, tar []byte, options build.ImageBuildOptions, log func(string)) (refused bool, err error) {
	s := stream{line: log}
	answer, err := b.engine.api.ImageBuild(ctx, bytes.NewReader(tar), options)
	refused = errdefs.IsInvalidArgument(err) || errdefs.IsNotImplemented(err)
	if err == nil {
		err = s.follow(answer.Body)
		answer.Body.Close()
		refused = needsBuildKit.in(err)
	}
	switch {
	case err == nil:
		return false, nil
	case errors.Is(context.Cause(ctx), errSlow):
		err = errSlow
	case ctx.Err() != nil:
		return false, fmt.Errorf("build %s: %w", b.variant.Name, ctx.Err())
	}
	return refused, &engine.BuildError{Variant: b.variant.Name, Step: s.step, Log: s.last.Lines(), Err: explain(err)}
}

// removeReplaced removes the image that had a name before, unless it has it
// still.
func (e *Engine) removeReplaced(ctx context.Context, name, older string) error {
	now, err := e.inspectImage(ctx, name)
	if err != nil || older == "" || older == now.ID {
		return err
	}
	// Another run may be building on it. It goes later, with all that has no name.
	alone, err := e.alone(ctx)
	if alone {
		_, err = e.removeImage(ctx, older)
	}
	return err
}

// removeImage removes an image, unless it is in use, and says whether it did.
func (e *Engine) removeImage(ctx context.Context, name string) (bool, error) {
	_, err := e.api.ImageRemove(ctx, name, image.RemoveOptions{PruneChildren: true})
	if errdefs.IsConflict(err) || errdefs.IsNotFound(err) {
		return false, nil // a container or an image needs it, or it went with another
	}
	return err == nil, err
}

// short is an id as docker prints it.
func short(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(12, len(id))]
}
