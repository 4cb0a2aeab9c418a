package lab

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// promises says which allocator a variant of a well-known name must run. The
// name of a tuned variant starts with it: jemalloc+decay, jemalloc-linked.
var promises = map[string]string{
	"libc":       "glibc",
	"glibc":      "glibc",
	"musl":       "musl",
	"jemalloc":   "jemalloc",
	"mimalloc":   "mimalloc",
	"gperftools": "gperftools",
	"tcmalloc":   "gperftools",
	"tbbmalloc":  "tbbmalloc",
	"scudo":      "scudo",
}

// libraries says by which library, as the first part of its file's name, an
// allocator shows in the memory maps. The C libraries are no such sign: glibc
// is mapped under any preloaded allocator too.
var libraries = []struct{ prefix, allocator string }{
	{"libjemalloc", "jemalloc"},
	{"libmimalloc", "mimalloc"},
	{"libtcmalloc", "gperftools"},
	{"libtbbmalloc", "tbbmalloc"},
	{"libclang_rt.scudo", "scudo"},
	{"libscudo", "scudo"},
	{"libsnmalloc", "snmalloc"},
	{"librpmalloc", "rpmalloc"},
	{"libhardened_malloc", "hardened_malloc"},
	{"libmesh", "mesh"},
}

// promised gives the allocator that a variant must run: what its name says, or
// else what the label of its image says. The two must not contradict.
func promised(variant string, image engine.Image) (string, error) {
	base := variant
	if i := strings.IndexAny(base, "+-"); i > 0 {
		base = base[:i]
	}
	byName, known := promises[strings.ToLower(base)]
	switch {
	case known && image.Allocator != "" && image.Allocator != byName:
		return "", &engine.Hinted{
			Err:    fmt.Errorf("variant %s promises %s by its name, and its image's label promises %s", variant, byName, image.Allocator),
			Advice: "rename the Dockerfile, or mend its LABEL stair-stepper.allocator",
		}
	case known:
		return byName, nil
	case image.Allocator != "":
		return image.Allocator, nil
	}
	return "", &engine.Hinted{
		Err:    fmt.Errorf("nothing says which allocator variant %s promises", variant),
		Advice: "add to its Dockerfile, in the last stage: LABEL stair-stepper.allocator=NAME",
	}
}

// prove holds what the service says of itself and what its memory maps show
// against the promise. mapped lists the paths of the files in the maps.
func prove(variant, promise string, a allocatorAnswer, mapped []string) (bench.Proof, error) {
	proof := bench.Proof{
		Promised:  promise,
		Allocator: a.Name,
		Version:   a.Version,
		Linkage:   a.Linkage,
		Libc:      strings.TrimSpace(a.Libc + " " + a.LibcVersion),
		Arenas:    a.Arenas,
		Knobs:     a.Knobs,
		Workers:   a.Workers,
		Threads:   a.Threads,
		MaxProcs:  a.GoMaxProcs,
		GoGC:      a.GoGC,
		GoMemory:  bench.Bytes(a.GoMemLimit),
		GoVersion: a.GoVersion,
		UsableOf1: a.UsableOfOne,
	}
	var inMaps []string // allocators that the maps show
	for _, file := range mapped {
		base := path.Base(file)
		if strings.HasPrefix(base, "libc.so") || strings.HasPrefix(base, "libc-") || strings.HasPrefix(base, "ld-musl") {
			proof.Libraries = append(proof.Libraries, file)
		}
		for _, l := range libraries {
			if strings.HasPrefix(base, l.prefix) {
				proof.Libraries = append(proof.Libraries, file)
				inMaps = append(inMaps, l.allocator)
			}
		}
	}
	slices.Sort(proof.Libraries)
	proof.Libraries = slices.Compact(proof.Libraries)

	wrong := func(format string, args ...any) (bench.Proof, error) {
		return proof, &engine.Hinted{
			Err:    fmt.Errorf("variant %s %s", variant, fmt.Sprintf(format, args...)),
			Advice: proofHint(promise, a),
		}
	}
	if a.Name != promise {
		return wrong("runs %s's malloc, not %s", a.Name, promise)
	}
	for _, other := range inMaps {
		if other != promise {
			return wrong("says that it runs %s, but has %s in its memory maps", promise, other)
		}
	}
	switch {
	case promise == "musl":
		if slices.ContainsFunc(proof.Libraries, func(f string) bool {
			return !strings.HasPrefix(path.Base(f), "ld-musl") && !strings.Contains(path.Base(f), "musl")
		}) {
			return wrong("says that it runs musl, but has another C library in its memory maps: %s", strings.Join(proof.Libraries, ", "))
		}
	case a.Linkage == "static":
		// The answer is all there is: a static allocator has no file.
	case promise == "glibc":
		if !slices.ContainsFunc(mapped, func(f string) bool { return path.Base(f) == path.Base(a.File) }) {
			return wrong("says that malloc comes from %s, which is not in its memory maps", a.File)
		}
	case !slices.Contains(inMaps, promise) && !slices.ContainsFunc(mapped, func(f string) bool { return path.Base(f) == path.Base(a.File) }):
		return wrong("says that it runs %s, but its memory maps do not show it", promise)
	}
	return proof, nil
}

// proofHint says what to look at when a variant runs the wrong allocator.
func proofHint(promise string, a allocatorAnswer) string {
	preload := a.Knobs["env.LD_PRELOAD"]
	if preload != "" && a.Name == a.Libc {
		return fmt.Sprintf("LD_PRELOAD names %s: see that the image has that file, for this architecture", preload)
	}
	if preload == "" && promise != "glibc" && promise != "musl" {
		return fmt.Sprintf("its Dockerfile neither preloads %s (ENV LD_PRELOAD=...) nor links it", promise)
	}
	return "see what its Dockerfile preloads and links"
}

// proofError is a variant that is not what it should be, as opposed to one that
// does not run.
type proofError struct{ err error }

func (e *proofError) Error() string { return e.err.Error() }
func (e *proofError) Unwrap() error { return e.err }

// setUp checks that the service took the design's settings.
func setUp(variant string, d bench.Design, a allocatorAnswer) error {
	asked := fmt.Sprintf("sleep %d ms, %d workers, %s", d.Sleep.Milliseconds(), d.Workers, d.Threads)
	has := fmt.Sprintf("sleep %d ms, %d workers, %s", a.SleepMS, a.Workers, a.Threads)
	if asked != has {
		return fmt.Errorf("variant %s was asked for %s and runs with %s", variant, asked, has)
	}
	return nil
}
