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
	variants []string  // names of variants that promise it, or what they begin with before a +, - or @
	files    []string  // what its library's file is called in memory maps, as path.Match has it
	libc     bool      // it is part of a C library, which is mapped under other allocators too
	releases []Release // what Debian has of it, the oldest suite first
}

var allocators = []allocator{
	{
		name: "glibc", variants: []string{"libc", "glibc"}, libc: true,
		files:    []string{"libc.so.*", "libc-2*"}, // libc-2.31.so: before 2.34
		releases: in(everywhere("libc6", ""), "2.36", "2.41", "2.43"),
	},
	{
		name: "musl", variants: []string{"musl"}, libc: true,
		files:    []string{"ld-musl*", "libc.musl*", "libc.so"}, // libc.so: in Debian
		releases: in(everywhere("musl musl-tools", ""), "1.2.3", "1.2.5", "1.2.6"),
	},
	{
		name: "jemalloc", variants: []string{"jemalloc"}, files: []string{"libjemalloc*"},
		releases: in(everywhere("libjemalloc2", "/usr/$LIB/libjemalloc.so.2"), "5.3.0", "5.3.0", "5.3.1"),
	},
	{
		name: "mimalloc", variants: []string{"mimalloc"}, files: []string{"libmimalloc*"},
		releases: []Release{
			{"bookworm", "2.0.9", "libmimalloc2.0", "/usr/$LIB/libmimalloc.so.2.0"},
			{"trixie", "3.0.1", "libmimalloc3", "/usr/$LIB/libmimalloc.so.3"},
			{"sid", "3.6.0", "libmimalloc3", "/usr/$LIB/libmimalloc.so.3"},
		},
	},
	{
		name: "gperftools", variants: []string{"gperftools", "tcmalloc"}, files: []string{"libtcmalloc*"},
		releases: []Release{
			{"bookworm", "2.10", "libtcmalloc-minimal4", "/usr/$LIB/libtcmalloc_minimal.so.4"},
			{"trixie", "2.16", "libtcmalloc-minimal4t64", "/usr/$LIB/libtcmalloc_minimal.so.4"},
			{"sid", "2.18.1", "libtcmalloc-minimal4t64", "/usr/$LIB/libtcmalloc_minimal.so.4"},
		},
	},
	{
		name: "tbbmalloc", variants: []string{"tbbmalloc"}, files: []string{"libtbbmalloc*"},
		releases: in(everywhere("libtbbmalloc2", "/usr/$LIB/libtbbmalloc_proxy.so.2"), "2021.8", "2022.1", "2023.1"),
	},
	{
		name: "scudo", variants: []string{"scudo"}, files: []string{"libclang_rt.scudo*", "libscudo*"},
		releases: []Release{
			{"bookworm", "16", "libclang-rt-16-dev", scudo("16")},
			{"trixie", "19", "libclang-rt-19-dev", scudo("19")},
			{"sid", "21", "libclang-rt-21-dev", scudo("21")},
		},
	},
	{
		name: "rpmalloc", variants: []string{"rpmalloc"}, files: []string{"librpmalloc*"},
		releases: []Release{{"sid", "2.0.1", "librpmalloc1", "/usr/$LIB/librpmalloc.so.1"}},
	},
	{name: "snmalloc", files: []string{"libsnmalloc*"}},
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
	if i := strings.IndexAny(base, "+-@"); i > 0 {
		base = base[:i] // one of several: jemalloc+decay, jemalloc-linked, jemalloc@sid
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
