package variant

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// allocator is what is known of an allocator. All of it is here: one more is one
// more entry.
type allocator struct {
	name     string
	variants []string // names of variants that promise it, or what they begin with before a + or -
	files    []string // what its library's file is called in memory maps, as path.Match has it
	libc     bool     // it is part of a C library, which is mapped under other allocators too
}

var allocators = []allocator{
	{name: "glibc", variants: []string{"libc", "glibc"}, files: []string{"libc.so.*", "libc-2*"}, libc: true},    // libc-2.31.so: before 2.34
	{name: "musl", variants: []string{"musl"}, files: []string{"ld-musl*", "libc.musl*", "libc.so"}, libc: true}, // libc.so: in Debian
	{name: "jemalloc", variants: []string{"jemalloc"}, files: []string{"libjemalloc*"}},
	{name: "mimalloc", variants: []string{"mimalloc"}, files: []string{"libmimalloc*"}},
	{name: "gperftools", variants: []string{"gperftools", "tcmalloc"}, files: []string{"libtcmalloc*"}},
	{name: "tbbmalloc", variants: []string{"tbbmalloc"}, files: []string{"libtbbmalloc*"}},
	{name: "scudo", variants: []string{"scudo"}, files: []string{"libclang_rt.scudo*", "libscudo*"}},
	{name: "snmalloc", files: []string{"libsnmalloc*"}},
	{name: "rpmalloc", files: []string{"librpmalloc*"}},
	{name: "hardened_malloc", files: []string{"libhardened_malloc*"}},
	{name: "mesh", files: []string{"libmesh*"}},
}

// AllocatorLabel is the label in which an image, or the last stage of its
// Dockerfile, says which allocator it runs; LinkageLabel says how that gets in.
const (
	AllocatorLabel = "stair-stepper.allocator"
	LinkageLabel   = "stair-stepper.linkage"
)

// Promise gives the allocator that a variant must run: what its name says, or
// else what its image says in AllocatorLabel. The two must not contradict.
func Promise(name, label string) (string, error) {
	base := name
	if i := strings.IndexAny(base, "+-"); i > 0 {
		base = base[:i] // a tuned one: jemalloc+decay, jemalloc-linked
	}
	i := slices.IndexFunc(allocators, func(a allocator) bool { return slices.Contains(a.variants, strings.ToLower(base)) })
	switch {
	case i >= 0 && label != "" && label != allocators[i].name:
		return "", &hint.Error{
			Err:    fmt.Errorf("variant %s promises %s by its name, and its image's label promises %s", name, allocators[i].name, label),
			Advice: "rename the Dockerfile, or correct its LABEL " + AllocatorLabel,
		}
	case i >= 0:
		return allocators[i].name, nil
	case label != "":
		return label, nil
	}
	return "", &hint.Error{
		Err:    fmt.Errorf("nothing says which allocator variant %s promises", name),
		Advice: "add to its Dockerfile, in the last stage: LABEL " + AllocatorLabel + "=NAME",
	}
}

// AllocatorOf gives the allocator whose library a file in memory maps is; empty:
// of none. A C library is no sign of its allocator: glibc is mapped under any
// preloaded one too.
func AllocatorOf(file string) string { return find(file, false) }

// LibcOf gives the C library, by its allocator's name, that a file in memory
// maps is; empty: none.
func LibcOf(file string) string { return find(file, true) }

func find(file string, libc bool) string {
	base := path.Base(file)
	for _, a := range allocators {
		if a.libc != libc {
			continue
		}
		for _, pattern := range a.files {
			if ok, _ := path.Match(pattern, base); ok { // a bad pattern fails a test
				return a.name
			}
		}
	}
	return ""
}

// IsLibc says that an allocator is part of a C library, so that nothing has to be
// preloaded or linked for it.
func IsLibc(name string) bool {
	return slices.ContainsFunc(allocators, func(a allocator) bool { return a.libc && a.name == name })
}
