package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// ground is what a binary is started on. The zero ground is this machine itself.
type ground struct {
	loader string   // of a suite, started in the binary's place; empty: the kernel finds the binary's own
	dirs   []string // where libraries are looked for; with a loader, nowhere else
	trees  []string // in which a library is looked for before this machine, or instead of it
}

// triplets are Debian's names of the folders that libraries are in.
var triplets = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}

// libDir is the folder that the libraries of a tree, or of a Debian system, are in.
func libDir(tree string) string { return filepath.Join(tree, "usr/lib", triplets[runtime.GOARCH]) }

// ground decides what a variant's binary is started on.
func (p *preparation) ground(ctx context.Context, name string, r recipe) (ground, error) {
	program, err := readObject(r.binary)
	if err != nil {
		return ground{}, err
	}
	switch {
	case program.loader == "" && r.env[preloadVar] != "":
		return ground{}, &hint.Error{
			Err:    fmt.Errorf("its binary is static, so that nothing would preload %s", r.env[preloadVar]),
			Advice: "link the binary dynamically, or leave ENV LD_PRELOAD out of its Dockerfile",
		}
	case program.loader == "":
		return ground{}, nil
	case r.suite != "":
		return p.onSuite(ctx, r.suite, program, r)
	}
	r.loader = program.loader
	missing := r.here(ctx, ground{})
	if missing == nil {
		return ground{}, nil
	}
	if r.ownSuite == "" || len(r.runPackages) == 0 {
		return ground{}, missing
	}
	g, err := p.borrowed(ctx, name, program, r)
	if err != nil {
		return ground{}, &hint.Error{Err: fmt.Errorf("%w; nor does it come from Debian's packages: %w", missing, err), Advice: r.install(err)}
	}
	return g, nil
}

// install says how what is missing gets onto this machine.
func (r recipe) install(err error) string {
	advice := "install the Debian package " + strings.Join(r.runPackages, " ")
	if more := hint.Of(err); more != "" {
		advice += "; or: " + more
	}
	return advice
}

// onSuite puts a program on a suite's own libc.
func (p *preparation) onSuite(ctx context.Context, suite string, program *object, r recipe) (ground, error) {
	base, err := p.trees.base(ctx, suite)
	if err != nil {
		return ground{}, err
	}
	g := ground{loader: filepath.Join(base, program.loader), trees: []string{base}}
	if extra := without(r.runPackages, basePackages); len(extra) > 0 {
		tree, err := p.trees.get(ctx, wanted{suite: suite, packages: extra, beside: base})
		if err != nil {
			return ground{}, err
		}
		g.trees = []string{tree, base}
	}
	for _, tree := range g.trees {
		g.dirs = append(g.dirs, libDir(tree))
	}
	if _, err := os.Stat(g.loader); err != nil {
		return ground{}, &hint.Error{
			Err:    fmt.Errorf("%s has no loader %s, which the binary asks for", suite, program.loader),
			Advice: "build with a gcc for glibc",
		}
	}
	names, err := g.preload(r.env[preloadVar])
	if err != nil {
		return ground{}, fmt.Errorf("on %s: %w", suite, err)
	}
	err = fits(r.binary, preloaded(names), g.dirs)
	if u, ok := errors.AsType[*unfit](err); ok {
		advice := "check RUN_PACKAGES in its Dockerfile"
		if u.version != "" && u.file == r.binary {
			advice = "the binary is built against this machine's C library: build on an older system, or take a newer suite"
		} else if u.version != "" {
			advice = "take a newer suite"
		}
		return ground{}, &hint.Error{Err: fmt.Errorf("cannot run on %s: %w", suite, err), Advice: advice}
	}
	return g, err
}

// borrowed puts a program whose library is not installed here on that of the
// Dockerfile's own suite: with this machine's libc if they go together, else
// with the suite's.
func (p *preparation) borrowed(ctx context.Context, name string, program *object, r recipe) (ground, error) {
	base, err := p.trees.base(ctx, r.ownSuite)
	if err != nil {
		return ground{}, err
	}
	tree, err := p.trees.get(ctx, wanted{suite: r.ownSuite, packages: without(r.runPackages, basePackages), beside: base})
	if err != nil {
		return ground{}, err
	}
	say := func(libc string) {
		p.tell(engine.Progress{Variant: name, Event: engine.Log, Text: fmt.Sprintf(
			"%s is not installed here: it comes from %s, and runs on %s", strings.Join(r.runPackages, " "), r.ownSuite, libc)})
	}
	// Fewer things differ from other variants without folders of libraries.
	for _, g := range []ground{{trees: []string{tree}}, {trees: []string{tree}, dirs: []string{libDir(tree)}}} {
		if r.here(ctx, g) == nil {
			say("this machine's C library")
			return g, nil
		}
	}
	g, err := p.onSuite(ctx, r.ownSuite, program, r)
	if err == nil {
		say(r.ownSuite + "'s C library, for this machine's does not suit it")
	}
	return g, err
}

// here asks this machine's own dynamic loader whether it finds all that the binary
// asks for and what LD_PRELOAD names: a library that is missing there is no error
// to it, the program would silently run with another allocator.
func (r recipe) here(ctx context.Context, g ground) error {
	env := map[string]string{"LC_ALL": "C"}
	if preload := r.env[preloadVar]; preload != "" {
		env[preloadVar] = preload
	}
	if err := g.prepare(env); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, quickTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.loader, "--list", r.binary)
	cmd.Env = environment(env)
	out, err := cmd.CombinedOutput()
	var why []string
	for line := range bytes.Lines(out) {
		if bytes.Contains(line, []byte("not found")) || bytes.Contains(line, []byte("ERROR: ")) {
			why = append(why, string(bytes.TrimSpace(line)))
		}
	}
	if err == nil && len(why) == 0 {
		return nil
	}
	if len(why) == 0 {
		why = []string{err.Error(), string(bytes.TrimSpace(out))}
	}
	what := "its binary needs what"
	if env[preloadVar] != "" {
		what = fmt.Sprintf("LD_PRELOAD names %s, which", env[preloadVar])
	}
	return &hint.Error{
		Err:    fmt.Errorf("%s this machine cannot load: %s", what, strings.Join(why, "; ")),
		Advice: "install the Debian package " + strings.Join(r.runPackages, " "),
	}
}

const (
	preloadVar = "LD_PRELOAD"
	pathVar    = "LD_LIBRARY_PATH"
)

// prepare makes an environment that of something that is started on the ground.
func (g ground) prepare(env map[string]string) error {
	if names := env[preloadVar]; names != "" {
		files, err := g.preload(names)
		if err != nil {
			return err
		}
		env[preloadVar] = files
	}
	if g.loader == "" && len(g.dirs) > 0 {
		env[pathVar] = strings.Join(g.dirs, ":")
	}
	return nil
}

// command is what starts a binary on the ground.
func (g ground) command(binary string) *exec.Cmd {
	if g.loader == "" {
		return exec.Command(binary)
	}
	return exec.Command(g.loader, "--library-path", strings.Join(g.dirs, ":"), "--argv0", binary, binary)
}

// preload puts the files that LD_PRELOAD means on this ground in the place of its
// names. Without a suite's loader, what is not in a tree is this machine's own.
func (g ground) preload(names string) (string, error) {
	if len(g.trees) == 0 {
		return names, nil
	}
	files := preloaded(names)
	for i, name := range files {
		// The loader of a Debian system means this by $LIB.
		plain := strings.NewReplacer("${LIB}", "lib/"+triplets[runtime.GOARCH], "$LIB", "lib/"+triplets[runtime.GOARCH]).Replace(name)
		found := g.find(plain)
		if found == "" && g.loader != "" {
			return "", &hint.Error{
				Err:    fmt.Errorf("LD_PRELOAD names %s, which is not in its packages", name),
				Advice: "check RUN_PACKAGES and LD_PRELOAD in its Dockerfile",
			}
		}
		if found != "" {
			files[i] = found
		}
	}
	return strings.Join(files, ":"), nil
}

// find gives the file in the trees that a library's name or path means; empty:
// there is none.
func (g ground) find(name string) string {
	for _, tree := range g.trees {
		file := filepath.Join(tree, name)
		if !strings.Contains(name, "/") {
			file = filepath.Join(libDir(tree), name)
		}
		if strings.HasPrefix(name, tree+"/") {
			file = name
		}
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	return ""
}

// preloaded takes the value of LD_PRELOAD apart.
func preloaded(names string) []string {
	return strings.FieldsFunc(names, func(c rune) bool { return c == ':' || c == ' ' })
}

// without leaves words out.
func without(words, others []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(others, w) })
}
