package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/debian"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// tools stand in for packages that a build asks for and this machine does not
// have, or has of another suite.
type tools struct {
	musl    string // the tree that has musl; empty: this machine's own, if any
	libs    string // the tree that has libraries to link with
	version string // of all of them, for a digest
}

// muslCompiler is the command of Debian's musl-tools.
const muslCompiler = "musl-gcc"

// tools finds what a recipe's build needs, and fetches what is not here.
func (p *preparation) tools(ctx context.Context, name string, r *recipe) (tools, error) {
	var t tools
	suite := r.suite
	if suite == "" {
		suite = r.ownSuite
	}
	if suite == "" {
		return t, nil
	}
	if strings.Contains(r.command, muslCompiler) {
		if _, err := exec.LookPath(muslCompiler); err == nil && r.suite == "" {
			return t, nil
		}
		tree, err := p.trees.get(ctx, wanted{suite: suite, packages: []string{"musl", "musl-dev"}, alone: true})
		if err != nil && r.suite == "" {
			return t, &hint.Error{
				Err:    fmt.Errorf("there is no %s here, and %w", muslCompiler, err),
				Advice: "install the Debian package musl-tools; or: " + hint.Of(err),
			}
		}
		if err != nil {
			return t, err
		}
		t.musl = tree
		if r.suite != "" {
			r.name += "." + r.suite
		}
		status, err := os.ReadFile(filepath.Join(tree, debian.StatusFile))
		t.version = string(status)
		return t, err
	}
	if r.labels[variant.LinkageLabel] != "linked" {
		return t, nil
	}
	var dev []string
	for _, pkg := range r.buildPackages {
		if strings.HasPrefix(pkg, "lib") && strings.HasSuffix(pkg, "-dev") && pkg != "libc6-dev" {
			dev = append(dev, pkg)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	if len(dev) == 0 || exec.CommandContext(ctx, "dpkg-query", append([]string{"-W"}, dev...)...).Run() == nil {
		return t, nil
	}
	// One binary for all suites: it is linked with what the Dockerfile's own has.
	if r.ownSuite != "" {
		suite = r.ownSuite
	}
	tree, err := p.trees.get(ctx, wanted{suite: suite, packages: append(dev, r.runPackages...), alone: true})
	if err != nil {
		// Elsewhere than on Debian the libraries may be here under other names.
		p.tell(engine.Progress{Variant: name, Event: engine.Log, Text: fmt.Sprintf("without %s: %v", strings.Join(dev, " "), err)})
		return t, nil
	}
	status, err := os.ReadFile(filepath.Join(tree, debian.StatusFile))
	t.libs, t.version = tree, string(status)
	return t, err
}

// lay writes what the tools need into the folder of a build, and gives the
// environment of a build with them.
func (t tools) lay(dir string) ([]string, error) {
	switch {
	case t.musl != "":
		if err := layMusl(dir, t.musl); err != nil {
			return nil, err
		}
		return []string{"MUSL_ROOT=" + t.musl, "PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")}, nil
	case t.libs != "":
		return []string{
			"LIBRARY_PATH=" + listed(libDir(t.libs), os.Getenv("LIBRARY_PATH")),
			"CPATH=" + listed(filepath.Join(t.libs, "usr/include"), os.Getenv("CPATH")),
		}, nil
	}
	return nil, nil
}

// listed is a folder before those of a list. An empty one would mean the one that
// the compiler is in.
func listed(dir, list string) string {
	if list == "" {
		return dir
	}
	return dir + ":" + list
}

// muslTriplets are Debian's names of the folders that musl is in.
var muslTriplets = map[string]string{"amd64": "x86_64-linux-musl", "arm64": "aarch64-linux-musl"}

// muslSpecs tell gcc to use musl, as the file of the same name in Debian's musl-tools does,
// which has absolute paths.
const muslSpecs = `%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem INCLUDE -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem INCLUDE -isystem include%s

*link_libgcc:
-LLIB -L .%s

*libgcc:
libgcc.a%s %:if-exists(libgcc_eh.a%s)

*startfile:
%{shared:;static-pie:LIB/rcrt1.o; :LIB/Scrt1.o} LIB/crti.o crtbeginS.o%s

*endfile:
crtendS.o%s LIB/crtn.o

*link:
-dynamic-linker LOADER -nostdlib %{shared:-shared} %{static:-static} %{static-pie:-static -pie --no-dynamic-linker} %{rdynamic:-export-dynamic}

*esp_link:


*esp_options:


*esp_cpp_options:


`

// layMusl writes a musl-gcc that finds musl in a tree.
func layMusl(dir, tree string) error {
	triplet := muslTriplets[runtime.GOARCH]
	loaders, err := filepath.Glob(filepath.Join(tree, "usr/lib/ld-musl-*.so.1"))
	if err != nil {
		return err
	}
	if len(loaders) != 1 {
		return fmt.Errorf("%s has no loader of musl's", tree)
	}
	specs := filepath.Join(dir, "musl-gcc.specs")
	text := strings.NewReplacer(
		"INCLUDE", filepath.Join(tree, "usr/include", triplet),
		"LIB", filepath.Join(tree, "usr/lib", triplet),
		"LOADER", loaders[0],
	).Replace(muslSpecs)
	if err := os.WriteFile(specs, []byte(text), 0o644); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		return err
	}
	script := "#!/bin/sh\nexec \"${REALGCC:-gcc}\" \"$@\" -specs '" + specs + "'\n"
	return os.WriteFile(filepath.Join(dir, "bin", muslCompiler), []byte(script), 0o755)
}
