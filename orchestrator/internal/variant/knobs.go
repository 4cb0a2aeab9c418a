package variant

// Knob is a setting of an allocator, made in an environment variable.
type Knob struct {
	Env     string // the variable
	Key     string // its name within the value of a variable that holds several, such as background_thread; empty: it has the variable to itself
	Does    string // for people, such as "arenas at most"
	Read    string // the name under which the service reads it back; empty: nothing can be read
	From    string // version of the allocator from which it has an effect; empty: from the first
	Until   string // version from which it has none any more; empty: it still has
	Instead string // what to set in a version in which it has no effect; empty: nothing does the same
	Why     string // why it has no effect there, for people
	Unit    int    // what is read back counts in so many bytes, while it is set in bytes; 0: both count alike
}

// Knobs lists what is known of an allocator's settings. One that changed its name
// or its effect stands there once for each stretch of versions.
func Knobs(allocator string) []Knob { return knobs[allocator] }

// The versions in which something begins or ends are upstream's where they are
// known, and otherwise the first of Debian's that was looked at.
var knobs = map[string][]Knob{
	"glibc": {
		alias("MALLOC_ARENA_MAX", "arena_max", "arenas at most"),
		alias("MALLOC_ARENA_TEST", "arena_test", "arenas before their number is bounded by that of the CPUs"),
		alias("MALLOC_MMAP_MAX_", "mmap_max", "blocks of their own mapping at most"),
		alias("MALLOC_MMAP_THRESHOLD_", "mmap_threshold", "bytes from which a block gets a mapping of its own; as it is set, it grows no more"),
		alias("MALLOC_TRIM_THRESHOLD_", "trim_threshold", "free bytes at the top of the heap that go back"),
		alias("MALLOC_TOP_PAD_", "top_pad", "bytes that are asked of the kernel beyond need"),
		alias("MALLOC_PERTURB_", "perturb", "fills blocks with a pattern, to find mistakes"),
		debugging(alias("MALLOC_CHECK_", "check", "checks the heap")),
		tunable("arena_max", "arenas at most"),
		tunable("arena_test", "arenas before their number is bounded by that of the CPUs"),
		tunable("mmap_max", "blocks of their own mapping at most"),
		tunable("mmap_threshold", "bytes from which a block gets a mapping of its own; as it is set, it grows no more"),
		tunable("trim_threshold", "free bytes at the top of the heap that go back"),
		tunable("top_pad", "bytes that are asked of the kernel beyond need"),
		tunable("perturb", "fills blocks with a pattern, to find mistakes"),
		debugging(tunable("check", "checks the heap")),
		tunable("tcache_count", "blocks of a size that each thread keeps for itself; 0: none"),
		tunable("tcache_max", "largest block that a thread keeps for itself; until 2.42 at most 1032 bytes, from then on 4 MiB"),
		tunable("tcache_unsorted_limit", "free blocks looked at while one for a thread is searched"),
		gone(tunable("mxfast", "largest block of the fastbins"), "2.43", "", "fastbins are gone"),
		since(tunable("hugetlb", "1: asks for transparent huge pages, 2: maps huge pages"), "2.35"),
	},
	"gperftools": {
		{Env: "TCMALLOC_AGGRESSIVE_DECOMMIT", Read: "tcmalloc.aggressive_memory_decommit", Does: "gives every free span back at once"},
		{Env: "TCMALLOC_RELEASE_RATE", Read: "tcmalloc_release_rate", Does: "how fast free spans go back: 0 never, 10 fast"},
		{Env: "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES", Read: "tcmalloc.max_total_thread_cache_bytes", Does: "bytes that the caches of all threads hold at most"},
		{Env: "TCMALLOC_MIN_PER_THREAD_CACHE_BYTES", Read: "tcmalloc.min_per_thread_cache_bytes", Does: "bytes that a thread's cache may hold at least", From: "2.11"},
		{Env: "TCMALLOC_HEAP_LIMIT_MB", Read: "tcmalloc.heap_limit_mb", Does: "MiB of heap at most"},
		{Env: "TCMALLOC_DISABLE_MEMORY_RELEASE", Does: "gives nothing back"},
		{Env: "TCMALLOC_SKIP_MMAP", Does: "grows by sbrk alone"},
		{Env: "TCMALLOC_SKIP_SBRK", Does: "grows by mmap alone"},
		{Env: "TCMALLOC_TRANSFER_NUM_OBJ", Does: "blocks that move between a thread's cache and the central one at once"},
		{Env: "TCMALLOC_OVERRIDE_PAGESIZE", Does: "bytes of tcmalloc's own pages", From: "2.11"},
		{Env: "TCMALLOC_LARGE_ALLOC_REPORT_THRESHOLD", Does: "reports blocks from so many bytes on", Until: "2.16", Why: "the report is gone"},
		{Env: "TCMALLOC_MEMFS_MALLOC_PATH", Does: "takes memory from a file system, such as hugetlbfs"},
		{Env: "TCMALLOC_MEMFS_LIMIT_MB", Does: "MiB taken from that file system at most"},
		{Env: "TCMALLOC_MEMFS_ABORT_ON_FAIL", Does: "ends the program where that file system is full"},
		{Env: "TCMALLOC_MEMFS_IGNORE_MMAP_FAIL", Does: "says nothing where that file system is full"},
		{Env: "TCMALLOC_MEMFS_MAP_PRIVATE", Does: "maps that file system privately"},
		{Env: "TCMALLOC_MEMFS_DISABLE_FALLBACK", Does: "takes memory from nowhere else"},
	},
	"scudo": {
		{Env: "SCUDO_OPTIONS", Key: "release_to_os_interval_ms", Read: "release_to_os_interval_ms", Does: "milliseconds between two attempts to give memory back; -1: never"},
		{Env: "SCUDO_OPTIONS", Key: "quarantine_size_kb", Does: "KiB of freed blocks that are held back"},
		{Env: "SCUDO_OPTIONS", Key: "thread_local_quarantine_size_kb", Does: "KiB of freed blocks that a thread holds back"},
		{Env: "SCUDO_OPTIONS", Key: "quarantine_max_chunk_size", Does: "largest block that is held back"},
		{Env: "SCUDO_OPTIONS", Key: "dealloc_type_mismatch", Does: "ends the program on delete of what malloc gave"},
		{Env: "SCUDO_OPTIONS", Key: "delete_size_mismatch", Does: "ends the program on a delete of another size"},
		{Env: "SCUDO_OPTIONS", Key: "zero_contents", Does: "fills new blocks with 0"},
		{Env: "SCUDO_OPTIONS", Key: "pattern_fill_contents", Does: "fills new blocks with a pattern"},
		{Env: "SCUDO_OPTIONS", Key: "may_return_null", Does: "malloc may fail"},
		{Env: "SCUDO_OPTIONS", Key: "allocation_ring_buffer_size", Does: "last blocks whose origin is remembered", From: "16"},
	},
	"tbbmalloc": {
		{Env: "TBB_MALLOC_USE_HUGE_PAGES", Does: "takes huge pages where there are any"},
		{Env: "TBB_MALLOC_SET_HUGE_SIZE_THRESHOLD", Does: "bytes from which a block goes back to the kernel at once"},
	},
	"rpmalloc": {},
	"jemalloc": jemallocKnobs,
	"mimalloc": mimallocKnobs,
}

// alias is a variable that glibc reads for one of its tunables.
func alias(env, name, does string) Knob {
	return Knob{Env: env, Does: does, Read: "glibc.malloc." + name}
}

func tunable(name, does string) Knob {
	return Knob{Env: "GLIBC_TUNABLES", Key: "glibc.malloc." + name, Does: does, Read: "glibc.malloc." + name}
}

// debugging is a knob of glibc that moved into a library of its own.
func debugging(k Knob) Knob {
	return gone(k, "2.34", "", "the checks are in libc_malloc_debug.so now, which has to be preloaded for them")
}

func since(k Knob, version string) Knob {
	k.From = version
	return k
}

func gone(k Knob, version, instead, why string) Knob {
	k.Until, k.Instead, k.Why = version, instead, why
	return k
}
