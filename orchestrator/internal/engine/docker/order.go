package docker

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/variant"
)

// order is what is to be built for a variant.
type order struct {
	variant    bench.Variant
	dockerfile *dockerfile.File  // with args in it
	args       map[string]string // the variant's, and the one that puts it on its suite
	moved      bool              // to another suite than its Dockerfile's
	err        error             // why it cannot be built
}

// order reads what a variant asks for.
func (e *Engine) order(v bench.Variant) *order {
	o := &order{variant: v, args: map[string]string{}}
	d, err := dockerfile.Read(filepath.Join(e.root, filepath.FromSlash(v.Dockerfile)))
	if err != nil {
		o.err = err
		return o
	}
	maps.Copy(o.args, v.Args)
	o.dockerfile = d.Given(o.args)
	if v.Suite == "" || v.Suite == o.dockerfile.Suite() {
		return o
	}
	name, image, err := o.dockerfile.OnSuite(v.Suite)
	if err != nil {
		o.err = err
		return o
	}
	o.args[name], o.moved = image, true
	o.dockerfile = d.Given(o.args)
	return o
}

// key is the same for variants that share an image.
func (o *order) key() string { return engine.Digest(o.variant.Dockerfile, sorted(o.args)) }

// place is where a Dockerfile lies in the build context. The daemon takes the file
// out before COPY . . where .dockerignore says so, but not its folder, which would
// make another layer of the same source: at the top it leaves no trace.
func (o *order) place(context tree) string {
	top := path.Base(o.variant.Dockerfile)
	if _, taken := context[top]; taken {
		return o.variant.Dockerfile
	}
	return top
}

// name tells what an image is: its Dockerfile, the suite if that is another, and a
// few digits of the arguments. Of a Dockerfile that allocators share, the allocator
// and the suite say it all, unless the arguments are not the usual ones. No two
// builds take turns under one name.
func (o *order) name(root string) string {
	file, args := path.Base(o.variant.Dockerfile), o.variant.Args
	parts := []string{strings.TrimPrefix(file, "Dockerfile.")}
	if template, ok := strings.CutSuffix(file, ".Dockerfile"); ok {
		parts[0] = template
		label := o.dockerfile.Walk(len(o.dockerfile.Stages)-1, nil, nil).Labels[labelAllocator]
		if release, ok := variant.ReleaseIn(label, o.dockerfile.Suite()); ok {
			parts = []string{label, release.Suite}
			if maps.Equal(args, release.Args(label)) {
				args = nil
			}
		}
	} else if o.moved {
		parts = append(parts, o.variant.Suite)
	}
	name := engine.SafeName(strings.Join(parts, "-"))
	if len(args) > 0 || len(parts) > 1 && isVariant(root, name) {
		name += "-" + o.key()[:8]
	}
	return name
}

// isVariant says that a Dockerfile has a name already.
func isVariant(root, name string) bool {
	return slices.ContainsFunc([]string{".", "variants"}, func(folder string) bool {
		_, err := os.Stat(filepath.Join(root, folder, "Dockerfile."+name))
		return err == nil
	})
}

// arguments are the values of --build-arg, and what the images are that the build
// starts from.
func (o *order) arguments(bases map[string]base) (args map[string]*string, ids string, err error) {
	if o.err != nil {
		return nil, "", o.err
	}
	args = proxies()
	for name, value := range o.args {
		args[name] = &value
	}
	for _, use := range o.dockerfile.Bases() {
		found := bases[use.Image]
		if err := o.usable(use, found); err != nil {
			return nil, "", fmt.Errorf("base image %s: %w", use.Image, err)
		}
		ids += found.id + "\n"
		if found.name != use.Image {
			args[use.Arg] = &found.name
		}
	}
	return args, ids, nil
}

// usable says why a base is none for this variant, whatever it is for others.
func (o *order) usable(use dockerfile.Base, found base) error {
	if found.err != nil {
		return found.err
	}
	if found.name != use.Image && !o.lets(use.Image) {
		return inArg(use.Image, found.pullErr)
	}
	for _, p := range o.packages(use.Image) {
		if slices.Contains(found.lacks, p) {
			return &hint.Error{
				Err:    fmt.Errorf("the suite %s has no package %s", found.suite, p),
				Advice: "look for its name there (https://packages.debian.org), or put the variant on another suite",
			}
		}
	}
	return nil
}

// lets says that another image may take the place of this one, wherever it is
// named.
func (o *order) lets(image string) bool {
	return !slices.ContainsFunc(o.dockerfile.Bases(), func(b dockerfile.Base) bool { return b.Image == image && b.Arg == "" })
}

// packages are what the stages on an image ask for.
func (o *order) packages(image string) []string {
	return o.dockerfile.Packages(image, dockerfile.BuildPackages, dockerfile.RunPackages)
}

// inArg is the error of an image that nothing may take the place of.
func inArg(image string, pullErr error) error {
	return &hint.Error{
		Err:    fmt.Errorf("not on this machine, and cannot be pulled: %w", pullErr),
		Advice: "name it in an ARG before the first FROM (ARG BASE=" + image + "), so that another can replace it, or bring it here with docker load",
	}
}
