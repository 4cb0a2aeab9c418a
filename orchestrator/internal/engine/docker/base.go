package docker

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// base is an image that builds start from, as the daemon has it.
type base struct {
	name string // to pass as build argument
	id   string
	err  error // why there is none

	// Of a stand-in:
	suite   string
	lacks   []string // packages that were asked for and that its suite does not have
	pullErr error    // why the public image is not there
}

// How long a registry may keep silent: before its first word, and later on.
// A firewall that swallows packets would otherwise hold up the run for minutes.
const (
	pullFirst = 15 * time.Second
	pullQuiet = 60 * time.Second
)

// bases finds every image that variants start from, each once: one that the
// daemon has is taken; else a stand-in that an earlier run made; else it is pulled;
// else, where a Dockerfile lets another take its place, a stand-in is made
// from Debian packages. One that cannot be had is an error of the base; the error
// beside them is one of all.
func (e *Engine) bases(ctx context.Context, orders []*order, tell func(engine.Progress)) (map[string]base, error) {
	wanted := map[string]*wantedBase{}
	for _, o := range orders {
		if o.err != nil {
			continue
		}
		for _, b := range o.dockerfile.Bases() {
			w := wanted[b.Image]
			if w == nil {
				w = &wantedBase{name: b.Image}
				wanted[b.Image] = w
			}
			w.packages = append(w.packages, o.packages(b.Image)...)
			w.replaceable = w.replaceable || o.lets(b.Image)
		}
	}
	found := map[string]base{}
	hunt := baseHunt{engine: e, tell: tell}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		b, err := hunt.find(ctx, *wanted[name])
		if err != nil && e.hopeless(ctx, err) {
			return nil, fmt.Errorf("base image %s: %w", name, err)
		}
		b.err = err
		found[name] = b
	}
	return found, nil
}

// wantedBase is a base image that Dockerfiles name.
type wantedBase struct {
	name        string
	packages    []string // Debian packages that the stages on it ask for
	replaceable bool     // by another, in an ARG, for one variant at least
}

// baseHunt finds one base image after the other.
type baseHunt struct {
	engine *Engine
	tell   func(engine.Progress)
	silent error // the registry's failure, so that it is not waited for twice
}

// say tells of a base.
func (h *baseHunt) say(event engine.Event, text string, began time.Time) {
	p := engine.Progress{Variant: "base", Event: event, Text: text}
	if event == engine.Built {
		p.Took = time.Since(began)
	}
	h.tell(p)
}

// find gives the image that is there, or else pulls it, or else makes one that
// can take its place.
func (h *baseHunt) find(ctx context.Context, want wantedBase) (base, error) {
	began := time.Now()
	if img, err := h.engine.inspectImage(ctx, want.name); err == nil || !errdefs.IsNotFound(err) {
		return base{name: want.name, id: img.ID}, err
	}
	plan, planErr := newStandIn(ctx, want.name, want.packages)
	if want.replaceable && planErr == nil {
		img, err := h.engine.inspectImage(ctx, plan.image)
		switch {
		case err == nil && plan.fits(labelsOf(img)):
			h.say(engine.Reused, plan.image, began)
			return base{name: plan.image, id: img.ID}, nil
		case err == nil:
			plan.older = labelsOf(img)
			plan.add(plan.older[labelPackages]) // else two sets of variants would take turns
		case !errdefs.IsNotFound(err):
			return base{}, err
		}
	}
	pullErr := h.pull(ctx, want.name)
	if pullErr == nil {
		img, err := h.engine.inspectImage(ctx, want.name)
		h.say(engine.Built, want.name, began)
		return base{name: want.name, id: img.ID}, err
	}
	switch {
	case ctx.Err() != nil:
		return base{}, ctx.Err()
	case !want.replaceable:
		return base{}, inArg(want.name, pullErr)
	case planErr != nil:
		return base{}, fmt.Errorf("not on this machine, cannot be pulled (%w), and cannot be replaced: %w", pullErr, planErr)
	}
	h.say(engine.Log, pullErr.Error(), began)
	b, err := h.standIn(ctx, plan)
	if err != nil {
		return base{}, fmt.Errorf("not on this machine, cannot be pulled (%w), and cannot be made from Debian packages: %w", pullErr, err)
	}
	b.pullErr = pullErr
	return b, nil
}

// pull fetches the image, unless its registry is known to be out of reach.
func (h *baseHunt) pull(ctx context.Context, name string) error {
	h.say(engine.Building, "pull "+name, time.Time{})
	if h.silent != nil {
		return h.silent
	}
	err := h.engine.pull(ctx, name, h.tell)
	if err != nil && !errdefs.IsNotFound(err) { // that would be about this image alone
		h.silent = err
	}
	return err
}

// standIn makes a stand-in.
func (h *baseHunt) standIn(ctx context.Context, plan *standIn) (base, error) {
	began := time.Now()
	first := fmt.Sprintf("for the first time: all on %s starts from it, and later runs find it there", plan.suite)
	if plan.older != nil {
		first = "anew, with what the last one has not"
	}
	h.say(engine.Building, fmt.Sprintf("make %s from Debian packages, %s", plan.image, first), began)
	made, err := h.engine.makeStandIn(ctx, plan, h.tell)
	if err != nil {
		return base{}, err
	}
	img, err := h.engine.inspectImage(ctx, plan.image)
	if err != nil {
		return base{}, err
	}
	event := engine.Reused
	if made {
		event = engine.Built
	}
	h.say(event, plan.image, began)
	return base{name: plan.image, id: img.ID, suite: plan.suite, lacks: plan.lacks}, nil
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

// makeStandIn builds the stand-in and gives it to the daemon, unless all that it
// would have more than the one that is there cannot be had.
func (e *Engine) makeStandIn(ctx context.Context, plan *standIn, tell func(engine.Progress)) (made bool, err error) {
	info, err := e.known(ctx)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	log := func(l string) { tell(engine.Progress{Variant: "base", Event: engine.Log, Text: l}) }
	debs, cleanup, err := plan.download(ctx, e.folders, info.Architecture, log)
	if err != nil {
		return false, err
	}
	defer cleanup()
	if debs == nil {
		return false, nil
	}
	log(fmt.Sprintf("unpack %d packages, %v, into %s", len(debs), total(debs), plan.image))
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := plan.pack(ctx, w, debs)
		w.CloseWithError(err)
		packed <- err
	}()
	err = e.importImage(ctx, r, plan)
	r.CloseWithError(err) // ends a pack that nobody reads any more
	if packErr := <-packed; packErr != nil && err != nil && !diskFull.in(err) {
		return false, packErr // the daemon's error is but its echo
	}
	return err == nil, err
}

// total is how long files are together.
func total(names []string) bench.Bytes {
	var sum bench.Bytes
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			sum += bench.Bytes(info.Size())
		}
	}
	return sum
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
