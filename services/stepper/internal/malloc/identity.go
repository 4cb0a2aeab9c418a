package malloc

// #include "allocator.h"
import "C"

import (
	"os"
	"path"
	"slices"
	"strings"
	"unsafe"
)

// Identity is what the allocator says of itself.
type Identity struct {
	Name        string            `json:"name"`         // glibc, musl, jemalloc, mimalloc, gperftools, tbbmalloc, scudo, rpmalloc or unknown
	Version     string            `json:"version"`      // empty: it does not say
	File        string            `json:"file"`         // that malloc comes from; empty: linked statically
	Linkage     string            `json:"linkage"`      // preloaded, linked or static
	Libc        string            `json:"libc"`         // glibc or musl
	LibcVersion string            `json:"libc_version"` // empty: it does not say
	Arenas      int               `json:"arenas"`       // that exist now; 0: it does not say
	UsableOfOne int               `json:"usable_of_one_bytes"`
	Knobs       map[string]string `json:"knobs"` // see Knobs; Identify leaves them out
}

// Identify asks the allocator.
func Identify() Identity {
	var c C.struct_identity
	C.allocator_identify(&c)
	id := Identity{
		Name:        C.GoString(&c.name[0]),
		Version:     C.GoString(&c.version[0]),
		File:        C.GoString(&c.file[0]),
		Libc:        C.GoString(&c.libc[0]),
		LibcVersion: C.GoString(&c.libc_version[0]),
		Arenas:      int(C.allocator_arenas()),
		UsableOfOne: Usable(1),
	}
	switch {
	case id.File == "":
		id.Linkage = "static"
	case preloaded(id.File):
		id.Linkage = "preloaded"
	default:
		id.Linkage = "linked"
	}
	if id.Version == "" {
		id.Version = versionInPath(id.File)
	}
	return id
}

// preloaded says whether LD_PRELOAD, or the loader's own --preload, names the
// file, by path or by base name.
func preloaded(file string) bool {
	base := path.Base(file)
	return slices.ContainsFunc(preloads(), func(asked string) bool { return path.Base(asked) == base })
}

// preloads lists what the loader was to load first. Where it was started as a
// program itself, it takes that as an argument too.
func preloads() []string {
	asked := os.Getenv("LD_PRELOAD")
	line, _ := os.ReadFile("/proc/self/cmdline") // a system without it has no such loader
	args := strings.Split(string(line), "\x00")
	for i, arg := range args[:max(0, len(args)-1)] {
		if arg == "--preload" {
			asked += ":" + args[i+1]
		}
	}
	return strings.FieldsFunc(asked, func(r rune) bool { return r == ' ' || r == ':' })
}

// versionInPath gives the version that stands in the path of a library which
// says none itself: scudo comes as lib/clang/19/lib/linux/...
func versionInPath(file string) string {
	_, rest, _ := strings.Cut(file, "/clang/")
	version, _, found := strings.Cut(rest, "/")
	if !found {
		return ""
	}
	return version
}

// Statistics gives the allocator's own figures in bytes, under its own names;
// empty where it keeps none, as musl. The reading takes the allocator's locks.
func Statistics() map[string]int64 {
	stats := map[string]int64{}
	var info C.struct_glibc_info
	if C.glibc_mallinfo(&info) {
		stats["arena"] = int64(info.arena)
		stats["hblkhd"] = int64(info.hblkhd)
		stats["uordblks"] = int64(info.uordblks)
		stats["fordblks"] = int64(info.fordblks)
		stats["keepcost"] = int64(info.keepcost)
		return stats
	}
	C.jemalloc_refresh()
	for _, name := range []string{"allocated", "active", "metadata", "resident", "mapped", "retained"} {
		c := C.CString("stats." + name)
		var v C.size_t
		if C.jemalloc_size(c, &v) {
			stats[name] = int64(v)
		}
		C.free(unsafe.Pointer(c))
	}
	return stats
}
