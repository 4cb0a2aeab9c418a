package docker

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// base is an image that builds start from, as the daemon has it.
type base struct {
	name string // to pass as build argument
	id   string
}

// How long a registry may keep silent: before its first word, and later on.
// A firewall that swallows packets would otherwise hold up the run for minutes.
const (
	pullFirst = 15 * time.Second
	pullQuiet = 60 * time.Second
)

// bases finds every image that the Dockerfiles start from: one that the daemon
// has is taken; else a stand-in that an earlier run made; else it is pulled;
// else, where the Dockerfile lets another take its place, a stand-in is made
// from Debian packages.
func (e *Engine) bases(ctx context.Context, dockerfiles []*dockerfile.File, tell func(engine.Progress)) (map[string]base, error) {
	packages := map[string][]string{} // by public name, what a stand-in must have
	fixed := map[string]bool{}        // named outside an ARG somewhere
	for _, d := range dockerfiles {
		for _, b := range d.Bases() {
			fixed[b.Image] = fixed[b.Image] || b.Arg == ""
			packages[b.Image] = append(packages[b.Image], d.Packages(b.Image, dockerfile.BuildPackages, dockerfile.RunPackages)...)
		}
	}
	found := map[string]base{}
	hunt := baseHunt{engine: e, tell: tell}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		b, err := hunt.find(ctx, wantedBase{name: name, packages: packages[name], replaceable: !fixed[name]})
		if err != nil {
			return nil, fmt.Errorf("base image %s: %w", name, err)
		}
		found[name] = b
	}
	return found, nil
}

// wantedBase is a base image that Dockerfiles name.
type wantedBase struct {
	name        string
	packages    []string // Debian packages that the stages on it ask for
	replaceable bool     // by another, in an ARG
}

// baseHunt finds one base image after the other.
type baseHunt struct {
	engine *Engine
	tell   func(engine.Progress)
	silent error // the registry's failure, so that it is not waited for twice
}

// find gives the image that is there, or else pulls it, or else makes one that
// can take its place.
func (h *baseHunt) find(ctx context.Context, want wantedBase) (base, error) {
	began := time.Now()
	if img, err := h.engine.inspectImage(ctx, want.name); err == nil || !errdefs.IsNotFound(err) {
		return base{want.name, img.ID}, err
	}
	plan, planErr := newStandIn(ctx, want.name, want.packages)
	if want.replaceable && planErr == nil {
		img, err := h.engine.inspectImage(ctx, plan.image)
		switch {
		case err == nil && plan.fits(labelsOf(img)):
			h.tell(engine.Progress{Variant: "base", Event: engine.Reused, Text: plan.image})
			return base{plan.image, img.ID}, nil
		case err == nil:
			plan.add(labelsOf(img)[labelPackages]) // else two sets of variants would take turns
		case !errdefs.IsNotFound(err):
			return base{}, err
		}
	}
	h.tell(engine.Progress{Variant: "base", Event: engine.Building, Text: "pull " + want.name})
	pullErr := h.silent
	if pullErr == nil {
		if pullErr = h.engine.pull(ctx, want.name, h.tell); pullErr == nil {
			img, err := h.engine.inspectImage(ctx, want.name)
			h.tell(engine.Progress{Variant: "base", Event: engine.Built, Text: want.name, Took: time.Since(began)})
			return base{want.name, img.ID}, err
		}
		if ctx.Err() != nil {
			return base{}, ctx.Err()
		}
		if !errdefs.IsNotFound(pullErr) { // that would be about this image alone
			h.silent = pullErr
		}
	}
	switch {
	case !want.replaceable:
		return base{}, &hint.Error{
			Err:    fmt.Errorf("not on this machine, and cannot be pulled: %w", pullErr),
			Advice: "name it in an ARG before the first FROM (ARG BASE=" + want.name + "), so that another can replace it, or bring it here with docker load",
		}
	case planErr != nil:
		return base{}, fmt.Errorf("not on this machine, cannot be pulled (%w), and cannot be replaced: %w", pullErr, planErr)
	}
	h.tell(engine.Progress{Variant: "base", Event: engine.Log, Text: pullErr.Error()})
	h.tell(engine.Progress{Variant: "base", Event: engine.Building, Text: "make " + plan.image + " from Debian packages"})
	if err := h.engine.makeStandIn(ctx, plan, h.tell); err != nil {
		return base{}, fmt.Errorf("not on this machine, cannot be pulled (%w), and cannot be made from Debian packages: %w", pullErr, err)
	}
	img, err := h.engine.inspectImage(ctx, plan.image)
	if err != nil {
		return base{}, err
	}
	h.tell(engine.Progress{Variant: "base", Event: engine.Built, Text: plan.image, Took: time.Since(began)})
	return base{plan.image, img.ID}, nil
}

func (e *Engine) inspectImage(ctx context.Context, name string) (image.InspectResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	return e.api.ImageInspect(ctx, name)
}

func labelsOf(img image.InspectResponse) map[string]string {
	if img.Config == nil {
		return nil
	}
	return img.Config.Labels
}

// pull fetches an image from its registry, and gives up on one that is silent.
func (e *Engine) pull(ctx context.Context, name string, tell func(engine.Progress)) error {
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	silent := fmt.Errorf("pull %s: the registry is silent", name)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watch := time.AfterFunc(pullFirst, func() { stop(silent) })
	defer watch.Stop()

	answer, err := e.api.ImagePull(ctx, name, image.PullOptions{})
	if err == nil {
		defer answer.Close()
		s := stream{line: func(l string) { tell(engine.Progress{Variant: "base", Event: engine.Log, Text: l}) }}
		err = s.follow(reader(func(p []byte) (int, error) {
			n, err := answer.Read(p)
			watch.Reset(pullQuiet)
			return n, err
		}))
	}
	if cause := context.Cause(ctx); cause == silent {
		return silent
	}
	if err != nil {
		return fmt.Errorf("pull %s: %w", name, err)
	}
	return nil
}

// reader is a function as an io.Reader.
type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }

// standInComment tells a stand-in from what is built on it.
const standInComment = "made from Debian packages"

// makeStandIn builds the stand-in and gives it to the daemon.
func (e *Engine) makeStandIn(ctx context.Context, plan *standIn, tell func(engine.Progress)) error {
	info, err := e.known(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	log := func(l string) { tell(engine.Progress{Variant: "base", Event: engine.Log, Text: l}) }
	debs, cleanup, err := plan.download(ctx, e.folders, info.Architecture, log)
	if err != nil {
		return err
	}
	defer cleanup()

	log(fmt.Sprintf("unpack %d packages into %s", len(debs), plan.image))
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := plan.pack(ctx, w, debs)
		w.CloseWithError(err)
		packed <- err
	}()
	err = e.importImage(ctx, r, plan)
	r.CloseWithError(err) // ends a pack that nobody reads any more
	if packErr := <-packed; packErr != nil && err != nil {
		return packErr // the daemon's error is but its echo
	}
	return err
}

func (e *Engine) importImage(ctx context.Context, tar io.Reader, plan *standIn) error {
	changes := []string{"ENV PATH=" + plan.path(), `CMD ["/bin/sh"]`}
	for k, v := range plan.labels() {
		changes = append(changes, fmt.Sprintf("LABEL %s=%q", k, v))
	}
	slices.Sort(changes)
	answer, err := e.api.ImageImport(ctx, image.ImportSource{Source: tar, SourceName: "-"}, plan.image,
		image.ImportOptions{Message: standInComment, Changes: changes})
	if err != nil {
		return explain(fmt.Errorf("import %s: %w", plan.image, err))
	}
	defer answer.Close()
	if err := (&stream{}).follow(answer); err != nil {
		return fmt.Errorf("import %s: %w", plan.image, err)
	}
	return nil
}

// words are the words of a label, each once and sorted.
func words(s ...string) []string {
	w := strings.Fields(strings.Join(s, " "))
	slices.Sort(w)
	return slices.Compact(w)
}
