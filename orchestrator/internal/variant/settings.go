package variant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// serviceSettings are variables that the service or the dynamic loader reads,
// whatever the allocator.
var serviceSettings = []string{"BALLAST", trimKnob, "GODEBUG", "GOTRACEBACK", "GLIBC_TUNABLES", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_BIND_NOW", "LD_DEBUG"}

// decided are variables that are not a variant's to set, and who sets them.
var decided = map[string]string{
	"SLEEP_MS":   "the design sets it, alike for all variants: --sleep",
	"WORKERS":    "the design sets it, alike for all variants: --workers",
	"THREADS":    "the design sets it, alike for all variants: --threads",
	"ADDR":       "the engine sets it",
	"SOCKET":     "the engine sets it",
	"GOGC":       "the service sets it itself, alike in all variants",
	"GOMEMLIMIT": "the service sets it itself, alike in all variants",
}

// checkKnob says what is wrong with a variable of the environment: nobody reads it,
// or it is not a variant's to set. args are those that the Dockerfile takes. Of an
// allocator of which nothing is known, nothing is said.
func (s Spec) checkKnob(set Setting, allocator string, args []string) error {
	if why, ok := decided[set.Variable]; ok {
		return s.wrong(set.at, len(set.Variable), set.Variable+" is not a variant's to set", why)
	}
	if set.Variable == trimKnob && byName(allocator) != nil && allocator != "glibc" {
		return s.wrong(set.at, len(set.Variable), fmt.Sprintf("%s calls malloc_trim, which %s does not have", trimKnob, allocator), "leave it out")
	}
	own := variables(allocator)
	for _, o := range set.options() {
		owner := ownerOf(sought{env: set.Variable, key: o.key})
		if owner != "" && owner != allocator && byName(allocator) != nil {
			return s.wrong(set.at+o.at, len(o.key), fmt.Sprintf("%s is a knob of %s, which %s does not read", o.key, owner, allocator), ownKnobs(allocator))
		}
	}
	switch {
	case slices.Contains(own, set.Variable):
		return s.checkOptions(set, allocator)
	case slices.Contains(serviceSettings, set.Variable), len(own) == 0:
		return nil
	}
	known := slices.Concat(own, serviceSettings, args)
	return s.wrong(set.at, len(set.Variable), fmt.Sprintf("unknown knob %s: neither %s nor the service reads it, and the Dockerfile has no such ARG", set.Variable, allocator),
		strings.TrimSpace(words.DidYouMean(set.Variable, known)+" "+ownKnobs(allocator)))
}

// checkOptions looks for options that the allocator is not known to have and that
// are written almost like one that it has. The running process says which of the
// others it knows.
func (s Spec) checkOptions(set Setting, allocator string) error {
	keys := slices.DeleteFunc(keysIn(allocator, set.Variable), func(key string) bool { return key == "" })
	for _, o := range set.options() {
		if len(keys) == 0 || slices.Contains(keys, o.key) {
			continue
		}
		if meant := words.DidYouMean(o.key, keys); meant != "" {
			return s.wrong(set.at+o.at, len(o.key), fmt.Sprintf("%s has no option %s in %s", allocator, o.key, set.Variable), meant)
		}
	}
	return nil
}

func ownKnobs(allocator string) string {
	own := variables(allocator)
	switch {
	case len(own) == 0:
		return fmt.Sprintf("no knob of %s is known", allocator)
	case len(own) > 8:
		return "to see all: variants " + allocator
	}
	return fmt.Sprintf("%s reads %s", allocator, strings.Join(own, ", "))
}

// variables lists the variables that an allocator reads.
func variables(allocator string) []string {
	var all []string
	for _, k := range Knobs(allocator) {
		if !slices.Contains(all, k.Env) {
			all = append(all, k.Env)
		}
	}
	return all
}
