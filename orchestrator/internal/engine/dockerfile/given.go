package dockerfile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Given is the Dockerfile as it is built with these values of --build-arg: they
// stand in the place of the defaults of its ARGs, wherever those are.
func (d *File) Given(args map[string]string) *File {
	given := *d
	given.args = maps.Clone(d.args)
	if given.args == nil {
		given.args = map[string]string{}
	}
	maps.Copy(given.args, args)
	return &given
}

// Takes says whether the Dockerfile has an ARG of that name.
func (d *File) Takes(name string) bool { return slices.Contains(d.ArgNames(), name) }

// ArgNames lists the ARGs of the Dockerfile, each once, in order.
func (d *File) ArgNames() []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, a := range d.Args {
		add(a.Name)
	}
	for _, s := range d.Stages {
		for _, step := range s.Steps {
			if step.Keyword == "ARG" {
				for _, p := range pairs(step.Text, in(nil)) {
					add(p[0])
				}
			}
		}
	}
	return names
}

// The ARGs in which a Dockerfile names the images that it builds on and that it
// runs on.
const (
	buildBase = "BUILD_BASE"
	runBase   = "RUN_BASE"
)

// debianImage is an official image of a Debian suite, with what may stand around
// the suite's name.
var debianImage = regexp.MustCompile(`^((?:docker\.io/)?(?:library/)?(?:debian:|golang:\d[\d.]*-))([a-z]+)(-slim)?(@sha256:[0-9a-f]+)?$`)

// Suite is the Debian suite that the Dockerfile's variant runs on: that of the
// image in RUN_BASE, or of BUILD_BASE where nothing of an image is left at run
// time. It is empty where neither is Debian's.
func (d *File) Suite() string {
	if m := debianImage.FindStringSubmatch(d.base(d.suiteArg())); m != nil {
		return m[2]
	}
	return ""
}

// OnSuite gives the ARG, and its value, that puts the Dockerfile's variant on a
// Debian suite. The digest of another suite's image is not known, so the value
// has none.
func (d *File) OnSuite(suite string) (name, image string, err error) {
	name = d.suiteArg()
	m := debianImage.FindStringSubmatch(d.base(name))
	if m == nil {
		return "", "", &hint.Error{
			Err:    fmt.Errorf("its Dockerfile cannot be put on another suite: neither %s nor %s is an ARG before the first FROM that names an image of Debian's", runBase, buildBase),
			Advice: "begin it with ARG " + runBase + "=debian:bookworm-slim, and FROM ${" + runBase + "}",
		}
	}
	if m[2] == suite {
		return name, d.base(name), nil
	}
	return name, m[1] + suite + m[3], nil
}

func (d *File) suiteArg() string {
	if slices.ContainsFunc(d.Args, func(a Arg) bool { return a.Name == runBase }) {
		return runBase
	}
	return buildBase
}

func (d *File) base(arg string) string { return strings.TrimSpace(d.globals(nil)[arg]) }
