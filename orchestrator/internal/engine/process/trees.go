package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/debian"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// treesDir is the folder in the cache that has the trees.
const treesDir = "suites"

// treeRecipe changes whenever another tree is made of the same packages.
const treeRecipe = "1"

// basePackages are what every program of a suite runs on: its C library and
// loader, and what libraries in C++ need. All variants of a suite share them, so
// that they have the same C library.
var basePackages = []string{"libc6", "libgcc-s1", "libstdc++6"}

// trees unpacks packages of Debian's suites into folders of the cache: SUITE-HASH,
// each for a set of packages. A tree that is there is never changed, and is made
// elsewhere and then renamed, so that runs can share them.
type trees struct {
	dir  string // where they are
	temp string // for what is being made
	tell func(engine.Progress)

	told    map[string]bool    // which ones people know of
	sources map[string]*source // by suite
}

// source is a suite's mirror; one that failed is not asked twice.
type source struct {
	*debian.Source
	err error
}

// wanted is a tree that something needs.
type wanted struct {
	suite    string
	packages []string
	beside   string // the tree that has what they need already; empty: it is in this one
	alone    bool   // nothing that the packages need is wanted
}

// base gives the tree that every program of a suite runs on.
func (t *trees) base(ctx context.Context, suite string) (string, error) {
	return t.get(ctx, wanted{suite: suite, packages: basePackages})
}

// get gives a tree, and makes it if it is not there.
func (t *trees) get(ctx context.Context, w wanted) (string, error) {
	w.packages = slices.Compact(slices.Sorted(slices.Values(w.packages)))
	key := engine.Digest(treeRecipe, runtime.GOARCH, filepath.Base(w.beside), fmt.Sprint(w.alone), strings.Join(w.packages, " "))
	dir := filepath.Join(t.dir, w.suite+"-"+key[:16])
	what := w.suite + ": " + strings.Join(w.packages, " ")
	if t.told == nil {
		t.told = map[string]bool{}
	}
	if _, err := os.Stat(dir); err == nil {
		if !t.told[dir] {
			t.say(engine.Reused, what)
		}
		t.told[dir] = true
		return dir, nil
	}
	if strings.ContainsAny(dir, " \t\n:;$,") {
		return "", &hint.Error{
			Err:    fmt.Errorf("the cache is in %s, and a dynamic loader takes such a name for several", t.dir),
			Advice: "set XDG_CACHE_HOME to a folder without blanks, colons, semicolons, commas and dollar signs in its name",
		}
	}
	began := time.Now()
	t.say(engine.Building, "unpack "+what)
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	if err := t.make(ctx, w, dir); err != nil {
		return "", fmt.Errorf("packages of %s: %w", w.suite, err)
	}
	t.told[dir] = true
	t.say(engine.Built, what, time.Since(began))
	return dir, nil
}

func (t *trees) say(event engine.Event, text string, took ...time.Duration) {
	p := engine.Progress{Variant: "base", Event: event, Text: text}
	if len(took) > 0 {
		p.Took = took[0]
	}
	t.tell(p)
}

// make makes a tree in a folder of this run's, and puts it in its place.
func (t *trees) make(ctx context.Context, w wanted, dir string) error {
	from, err := t.open(ctx, w.suite)
	if err != nil {
		return err
	}
	var have []byte
	if w.beside != "" {
		if have, err = os.ReadFile(filepath.Join(w.beside, debian.StatusFile)); err != nil {
			return err
		}
	}
	var debs []string
	if w.alone {
		debs, err = from.FetchAlone(ctx, w.packages...)
	} else {
		debs, err = from.Fetch(ctx, have, w.packages...)
	}
	if err != nil {
		return err
	}
	if stale := again(debs, have); stale != "" {
		return &hint.Error{
			Err:    fmt.Errorf("they need a newer %s than was unpacked earlier: the suite has moved on", stale),
			Advice: "remove what is unpacked with: orchestrator clean; then all variants get the newer one",
		}
	}
	t.say(engine.Log, fmt.Sprintf("unpack %d packages into %s", len(debs), dir))
	made, err := os.MkdirTemp(t.temp, "tree-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	err = errors.Join(os.Chmod(made, 0o755), os.MkdirAll(t.dir, 0o755))
	if err == nil {
		err = debian.Unpack(ctx, made, debs)
	}
	if err == nil {
		err = os.Rename(made, dir)
	}
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return nil // another run was faster
	}
	return err
}

// open reads what a suite has, once.
func (t *trees) open(ctx context.Context, suite string) (*debian.Source, error) {
	if s := t.sources[suite]; s != nil {
		return s.Source, s.err
	}
	s := &source{}
	if err := debian.Available(); err != nil {
		return nil, &hint.Error{
			Err:    fmt.Errorf("nothing here can fetch and unpack them: %w", err),
			Advice: "install apt and dpkg (many systems that are not Debian have these packages), or use --engine docker",
		}
	}
	var arch, dir string
	if arch, s.err = debian.Arch(runtime.GOARCH); s.err == nil {
		dir, s.err = os.MkdirTemp(t.temp, "apt-")
	}
	if s.err == nil {
		log := func(line string) { t.say(engine.Log, line) }
		s.Source, s.err = debian.Open(ctx, debian.Request{Suite: suite, Arch: arch, Dir: dir, Log: log})
	}
	if t.sources == nil {
		t.sources = map[string]*source{}
	}
	t.sources[suite] = s
	return s.Source, s.err
}

// packageLine is the name of a package in dpkg's list.
var packageLine = regexp.MustCompile(`(?m)^Package: (\S+)$`)

// again gives a package that was fetched although it is there; empty: none was.
func again(debs []string, have []byte) string {
	for _, m := range packageLine.FindAllSubmatch(have, -1) {
		name := string(m[1])
		if slices.ContainsFunc(debs, func(deb string) bool { return strings.HasPrefix(filepath.Base(deb), name+"_") }) {
			return name
		}
	}
	return ""
}

// scarce is how little room on a disk explains that something could not be made.
const scarce = 64 * bench.MiB

// noRoom adds advice to a failure where the disk that dir is on is full.
func noRoom(err error, dir string) error {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return err
	}
	room := bench.Bytes(s.Bavail) * bench.Bytes(s.Bsize)
	if room >= scarce && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return err
	}
	return &hint.Error{Err: err, Advice: fmt.Sprintf("there is no more than %v free where %s is: make room, or set XDG_CACHE_HOME to another folder", room, dir)}
}
