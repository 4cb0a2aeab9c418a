package malloc

// #include "allocator.h"
import "C"

import (
	"os"
	"strconv"
	"strings"
	"unsafe"
)

// Identity is what the allocator says of itself.
type Identity struct {
	Name        string            `json:"name"`         // glibc, musl, jemalloc, mimalloc, gperftools, tbbmalloc, scudo or unknown
	Version     string            `json:"version"`      // empty: it does not say
	File        string            `json:"file"`         // that malloc comes from; empty: linked statically
	Linkage     string            `json:"linkage"`      // preloaded, linked or static
	Libc        string            `json:"libc"`         // glibc or musl
	LibcVersion string            `json:"libc_version"` // empty: it does not say
	Arenas      int               `json:"arenas"`       // that exist now; 0: it does not say
	UsableOfOne int               `json:"usable_of_one_bytes"`
	Knobs       map[string]string `json:"knobs"` // read back, or as asked for where nothing can be read
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
		Knobs:       askedKnobs(),
	}
	switch {
	case id.File == "":
		id.Linkage = "static"
	case preloaded(id.File):
		id.Linkage = "preloaded"
	default:
		id.Linkage = "linked"
	}
	if id.Name == "jemalloc" {
		readJemalloc(id.Knobs)
	}
	return id
}

// preloaded says whether LD_PRELOAD names the file, by path or by base name.
func preloaded(file string) bool {
	base := file[strings.LastIndexByte(file, '/')+1:]
	for _, asked := range strings.FieldsFunc(os.Getenv("LD_PRELOAD"), func(r rune) bool { return r == ' ' || r == ':' }) {
		if asked == file || asked[strings.LastIndexByte(asked, '/')+1:] == base {
			return true
		}
	}
	return false
}

// askedKnobs lists the environment that allocators read. glibc, musl and
// gperftools have no way to read a setting back, so what was asked for is all
// that can be told of them.
func askedKnobs() map[string]string {
	knobs := map[string]string{}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		for _, prefix := range []string{"LD_PRELOAD", "MALLOC_", "GLIBC_TUNABLES", "MIMALLOC_", "TCMALLOC_", "SCUDO_OPTIONS"} {
			if strings.HasPrefix(name, prefix) {
				knobs["env."+name] = value
			}
		}
	}
	return knobs
}

// The options of jemalloc that decide about memory, by type.
var (
	jemallocBools     = []string{"opt.background_thread", "opt.tcache", "opt.retain"}
	jemallocUnsigned  = []string{"opt.narenas"}
	jemallocDurations = []string{"opt.dirty_decay_ms", "opt.muzzy_decay_ms"}
	jemallocSizes     = []string{"opt.oversize_threshold", "opt.tcache_max"}
	jemallocTexts     = []string{"opt.percpu_arena", "opt.thp", "opt.metadata_thp"}
)

func readJemalloc(knobs map[string]string) {
	read := func(names []string, get func(name *C.char) (string, bool)) {
		for _, name := range names {
			c := C.CString(name)
			if value, ok := get(c); ok {
				knobs[name] = value
			}
			C.free(unsafe.Pointer(c))
		}
	}
	read(jemallocBools, func(name *C.char) (string, bool) {
		var v C.bool
		ok := C.jemalloc_bool(name, &v)
		return strconv.FormatBool(bool(v)), bool(ok)
	})
	read(jemallocUnsigned, func(name *C.char) (string, bool) {
		var v C.uint
		ok := C.jemalloc_unsigned(name, &v)
		return strconv.FormatUint(uint64(v), 10), bool(ok)
	})
	read(jemallocDurations, func(name *C.char) (string, bool) {
		var v C.int64_t
		ok := C.jemalloc_ssize(name, &v)
		return strconv.FormatInt(int64(v), 10), bool(ok)
	})
	read(jemallocSizes, func(name *C.char) (string, bool) {
		var v C.size_t
		ok := C.jemalloc_size(name, &v)
		return strconv.FormatUint(uint64(v), 10), bool(ok)
	})
	read(jemallocTexts, func(name *C.char) (string, bool) {
		var v [C.TEXT_BYTES]C.char
		ok := C.jemalloc_text(name, &v[0])
		return C.GoString(&v[0]), bool(ok)
	})
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
