package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/files"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// tree is a build context by slash-separated path.
type tree map[string][]byte

// source gathers what the service is built from and nothing else: its own code,
// and the packages of other modules that it imports, as a vendor folder, so that
// the build needs no network. go.mod is cut down to those modules: a new version of a library
// that only the orchestrator uses leaves the images as they are. Nothing is
// written into the project's folder.
func (e *Engine) source(ctx context.Context, tell func(engine.Progress)) (tree, error) {
	code, err := dockerfile.Source(e.root)
	if err != nil {
		return nil, fmt.Errorf("build context: %w", err)
	}
	f := tree(code)
	tell(engine.Progress{Variant: "base", Event: engine.Log, Text: "go list " + dockerfile.Service + " (fetches modules that are missing)"})
	if f["vendor/modules.txt"], f["go.mod"], err = e.vendor(ctx, f); err != nil {
		return nil, fmt.Errorf("build context: %w", err)
	}
	// The same allow-list as by hand keeps the Dockerfile itself out of the
	// COPY, so that variants can share layers.
	switch ignore, err := files.Read(filepath.Join(e.root, ignoreFile), dockerfile.MostBytes); {
	case err == nil:
		f[ignoreFile] = ignore
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("build context: %w", err)
	}
	return f, nil
}

// vendor adds the needed packages of other modules to f and gives modules.txt
// and go.mod for them.
func (e *Engine) vendor(ctx context.Context, f tree) (modules, gomod []byte, err error) {
	packages, err := e.list(ctx)
	if err != nil {
		return nil, nil, err
	}
	byModule := map[string][]string{} // "path version" to its packages
	goOf := map[string]string{}
	var main *module
	for _, p := range packages {
		switch {
		case p.Module == nil: // the standard library
			continue
		case p.Module.Main:
			main = p.Module
			continue
		}
		key := p.Module.Path + " " + p.Module.Version
		byModule[key] = append(byModule[key], p.ImportPath)
		goOf[key] = p.Module.GoVersion
		if err := addPackage(f, path.Join("vendor", p.ImportPath), p); err != nil {
			return nil, nil, err
		}
	}
	if main == nil {
		return nil, nil, fmt.Errorf("%s is not in the module of %s", dockerfile.Service, e.root)
	}
	var txt, mod strings.Builder
	fmt.Fprintf(&mod, "module %s\n\ngo %s\n", main.Path, main.GoVersion)
	for _, key := range slices.Sorted(maps.Keys(byModule)) {
		fmt.Fprintf(&mod, "\nrequire %s\n", key)
		fmt.Fprintf(&txt, "# %s\n## explicit", key)
		if v := goOf[key]; v != "" {
			fmt.Fprintf(&txt, "; go %s", v)
		}
		fmt.Fprintf(&txt, "\n%s\n", strings.Join(byModule[key], "\n"))
	}
	return []byte(txt.String()), []byte(mod.String()), nil
}

// mostSource bounds the length of one file of a package, in bytes.
const mostSource = 256 << 20

// addPackage adds the files of a package that it is built from.
func addPackage(f tree, to string, p listed) error {
	entries, err := os.ReadDir(p.Dir)
	if err != nil {
		return err
	}
	names := p.EmbedFiles
	for _, d := range entries {
		if d.Type().IsRegular() && dockerfile.IsSource(d.Name()) {
			names = append(names, d.Name())
		}
	}
	for _, name := range names {
		if f[path.Join(to, name)], err = files.Read(filepath.Join(p.Dir, name), mostSource); err != nil {
			return err
		}
	}
	return nil
}

// module and listed are what is read of go list's answer.
type module struct {
	Path, Version, GoVersion string
	Main                     bool
}

type listed struct {
	ImportPath, Dir string
	EmbedFiles      []string
	Module          *module
}

// list asks the go command for the service's packages, as they are in a Linux
// container with cgo.
func (e *Engine) list(ctx context.Context) ([]listed, error) {
	limited, cancel := context.WithTimeoutCause(ctx, listTime, fmt.Errorf("not done after %v", listTime))
	defer cancel()
	cmd := exec.CommandContext(limited, "go", "list", "-deps", "-json=ImportPath,Dir,EmbedFiles,Module", dockerfile.Service)
	cmd.Dir = e.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOOS=linux")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, noGo(err)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if limited.Err() != nil {
			err = context.Cause(limited)
		}
		return nil, &hint.Error{
			Err:    fmt.Errorf("go list %s: %w: %s", dockerfile.Service, err, lastLine(stderr.String())),
			Advice: "if modules cannot be fetched, check the network and GOPROXY (go env GOPROXY)",
		}
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("go list %s: %w", dockerfile.Service, err)
		}
		packages = append(packages, p)
	}
}

func noGo(err error) error {
	return &hint.Error{Err: err, Advice: "install Go (https://go.dev/dl) and put it on the PATH"}
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// archive writes a tree as a tar that is the same whenever the files are the same:
// sorted, with fixed modes, owners and times. Otherwise no layer would be found
// again.
func (f tree) archive() ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		h := &tar.Header{
			Name: name, Mode: 0o755, Size: int64(len(f[name])), // one mode for all: scripts must run
			Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0), Format: tar.FormatPAX,
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("build context: %s: %w", name, err)
		}
		if _, err := w.Write(f[name]); err != nil {
			return nil, fmt.Errorf("build context: %s: %w", name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("build context: %w", err)
	}
	return b.Bytes(), nil
}
