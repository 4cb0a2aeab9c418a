package process

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine/dockerfile"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// recipe is what a Dockerfile says of how to build and how to run.
type recipe struct {
	command       string            // the shell line that writes ${OUT}
	step          string            // the same as the Dockerfile has it, with its line
	build         map[string]string // ARG and ENV at that line
	env           map[string]string // ENV of the last stage
	labels        map[string]string // LABEL of the last stage
	buildPackages []string          // Debian packages that the build asks for
	runPackages   []string          // and those that running asks for
	suite         string            // the Debian suite that the variant is to be on; empty: what is here
	ownSuite      string            // the one that the Dockerfile names itself

	name   string // what binaries share that replace each other
	binary string
	loader string // that the binary asks for, once there is one
	ground ground
}

// read takes a variant's recipe out of its Dockerfile.
func read(v bench.Variant, d *dockerfile.File) (recipe, error) {
	r := recipe{
		buildPackages: d.Packages("", dockerfile.BuildPackages),
		runPackages:   d.Packages("", dockerfile.RunPackages),
		suite:         v.Suite,
		ownSuite:      d.Suite(),
	}
	for i := range d.Stages {
		d.Walk(i, nil, func(s dockerfile.Step, vars dockerfile.Vars) {
			if s.Keyword != "RUN" || !strings.Contains(s.Text, "${OUT}") && !strings.Contains(s.Text, "$OUT") {
				return
			}
			r.command, r.step = s.Text, fmt.Sprintf("%s:%d: RUN %s", v.Dockerfile, s.Line, s.Text)
			r.build = maps.Clone(vars.Args)
			maps.Copy(r.build, vars.Env)
		})
	}
	if r.command == "" {
		return r, &hint.Error{
			Err:    fmt.Errorf("%s has no step that writes ${OUT}", v.Dockerfile),
			Advice: "without Docker the build is the RUN that names ${OUT}: ARG OUT=/out/stepper, RUN go build -o \"${OUT}\" " + dockerfile.Service,
		}
	}
	last := d.Walk(len(d.Stages)-1, nil, nil)
	r.env, r.labels = last.Env, last.Labels
	r.name = binaryName(v, r.build)
	return r, nil
}

// binaryName is what the binaries of a variant's build are called, whatever went
// into them: arguments that its step does not see make no other binary.
func binaryName(v bench.Variant, build map[string]string) string {
	name := strings.TrimSuffix(strings.TrimPrefix(path.Base(v.Dockerfile), "Dockerfile."), ".Dockerfile")
	name = "stepper-" + engine.SafeName(name)
	var seen []string
	for _, arg := range slices.Sorted(maps.Keys(v.Args)) {
		if _, ok := build[arg]; ok {
			seen = append(seen, arg, v.Args[arg])
		}
	}
	if len(seen) > 0 {
		name += "." + engine.Digest(seen...)[:8]
	}
	return name
}
