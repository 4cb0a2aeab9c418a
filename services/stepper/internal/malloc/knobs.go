package malloc

// #include "allocator.h"
// #include "knobs.h"
import "C"

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// Knobs reads the allocator's settings back, under its own names, and lists the
// environment that was meant for one, as env.NAME. Of rpmalloc, tbbmalloc and
// musl nothing can be read; what glibc took, its loader tells: see Tunables.
func Knobs(allocator string) map[string]string {
	knobs := askedKnobs()
	switch allocator {
	case "jemalloc":
		readJemalloc(knobs)
	case "mimalloc":
		readMimalloc(knobs)
	case "gperftools":
		readGperftools(knobs)
	case "scudo":
		readScudo(knobs)
	}
	return knobs
}

// Trim has glibc give back what it can; false: glibc does not serve malloc.
func Trim() bool { return bool(C.glibc_trim()) }

// knobPrefixes are what the names of variables begin with that allocators, and
// whoever loads them, read.
var knobPrefixes = []string{
	"LD_PRELOAD", "MALLOC_", "_RJEM_MALLOC_", "GLIBC_TUNABLES", "MIMALLOC_", "TCMALLOC_", "SCUDO_OPTIONS", "TBB_MALLOC_", "RPMALLOC_",
}

func askedKnobs() map[string]string {
	knobs := map[string]string{}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		if slices.ContainsFunc(knobPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			knobs["env."+name] = value
		}
	}
	return knobs
}

// The options of jemalloc that decide about memory, read in any case.
var jemallocOptions = []string{
	"background_thread", "tcache", "retain", "narenas", "dirty_decay_ms", "muzzy_decay_ms", "oversize_threshold", "tcache_max",
	"percpu_arena", "thp", "metadata_thp",
}

// mallctl takes the size of a value and not its kind: what has 8 bytes is a
// number, but for these.
var jemallocTexts = []string{
	"dss", "hpa_hugify_style", "junk", "metadata_thp", "percpu_arena", "prof_prefix", "stats_interval_opts", "stats_print_opts",
	"thp", "zero_realloc",
}

func readJemalloc(knobs map[string]string) {
	options := slices.Clone(jemallocOptions)
	for asked := range strings.SplitSeq(os.Getenv("MALLOC_CONF"), ",") {
		key, _, _ := strings.Cut(asked, ":")
		options = append(options, strings.TrimSpace(key))
	}
	for _, option := range options {
		if value, ok := jemallocValue("opt."+option, slices.Contains(jemallocTexts, option)); ok {
			knobs["opt."+option] = value
		}
	}
	// The option is what was asked for, this whether there is one.
	if value, ok := jemallocValue("background_thread", false); ok {
		knobs["background_thread"] = value
	}
}

func jemallocValue(name string, text bool) (string, bool) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	if text {
		var v [C.TEXT_BYTES]C.char
		ok := C.jemalloc_text(c, &v[0])
		return C.GoString(&v[0]), bool(ok)
	}
	var truth C.bool
	if C.jemalloc_bool(c, &truth) {
		return strconv.FormatBool(bool(truth)), true
	}
	var small C.uint
	if C.jemalloc_unsigned(c, &small) {
		if name == "opt.hpa_dirty_mult" && small != 1<<32-1 { // a fixed point before 16 bits
			return strconv.FormatFloat(float64(small)/(1<<16), 'g', 6, 64), true
		}
		return strconv.FormatUint(uint64(small), 10), true
	}
	var number C.int64_t // -1 stands for never
	ok := C.jemalloc_ssize(c, &number)
	return strconv.FormatInt(int64(number), 10), bool(ok)
}

// mimallocOptions are the names of options by their numbers, from mimalloc.h of
// the versions that do not print them. Those without effect have no name.
var mimallocOptions = map[int][]string{
	209: strings.Split("show_errors,show_stats,verbose,eager_commit,,,large_os_pages,reserve_huge_os_pages,reserve_huge_os_pages_at,"+
		"reserve_os_memory,,page_reset,abandoned_page_decommit,,eager_commit_delay,decommit_delay,use_numa_nodes,limit_os_alloc,os_tag,"+
		"max_errors,max_warnings,max_segment_reclaim,allow_decommit,segment_decommit_delay,decommit_extend_delay,destroy_on_exit", ","),
	301: strings.Split("show_errors,show_stats,verbose,eager_commit,arena_eager_commit,purge_decommits,allow_large_os_pages,"+
		"reserve_huge_os_pages,reserve_huge_os_pages_at,reserve_os_memory,,,abandoned_page_purge,,eager_commit_delay,purge_delay,"+
		"use_numa_nodes,disallow_os_alloc,os_tag,max_errors,max_warnings,max_segment_reclaim,destroy_on_exit,arena_reserve,"+
		"arena_purge_mult,purge_extend_delay,disallow_arena_alloc,retry_on_oom,visit_abandoned,guarded_min,guarded_max,guarded_precise,"+
		"guarded_sample_rate,guarded_sample_seed,target_segments_per_thread,reclaim_on_free,page_full_retain,page_max_candidates,"+
		"max_vabits,pagemap_commit,page_commit_on_demand", ","),
}

// mimallocLine is an option as mi_options_print_out has it: option 'arena_reserve': 1048576 KiB
var mimallocLine = regexp.MustCompile(`(?m)^option '([a-z_0-9]+)': (-?[0-9]+)`)

func readMimalloc(knobs map[string]string) {
	var text [16 << 10]C.char
	if C.mimalloc_print(&text[0], C.size_t(len(text))) {
		for _, line := range mimallocLine.FindAllStringSubmatch(C.GoString(&text[0]), -1) {
			if !strings.HasPrefix(line[1], "deprecated_") {
				knobs[line[1]] = line[2]
			}
		}
		return
	}
	for number, name := range mimallocOptions[int(C.mimalloc_version())] {
		var value C.long
		if name != "" && bool(C.mimalloc_option(C.int(number), &value)) {
			knobs[name] = strconv.FormatInt(int64(value), 10)
		}
	}
}

// gperftoolsProperties are those that something in the environment sets.
var gperftoolsProperties = []string{
	"tcmalloc.max_total_thread_cache_bytes", "tcmalloc.min_per_thread_cache_bytes", "tcmalloc.aggressive_memory_decommit", "tcmalloc.heap_limit_mb",
}

func readGperftools(knobs map[string]string) {
	for _, name := range gperftoolsProperties {
		c := C.CString(name)
		var value C.size_t
		if C.gperftools_property(c, &value) {
			knobs[name] = strconv.FormatUint(uint64(value), 10)
		}
		C.free(unsafe.Pointer(c))
	}
	var rate C.double
	if C.gperftools_release_rate(&rate) {
		knobs["tcmalloc_release_rate"] = strconv.FormatFloat(float64(rate), 'g', -1, 64)
	}
}

var scudoInterval = regexp.MustCompile(`ReleaseToOsIntervalMs = (-?[0-9]+)`)

func readScudo(knobs map[string]string) {
	var text [64 << 10]C.char
	if !C.scudo_print(&text[0], C.size_t(len(text))) {
		return
	}
	printed := C.GoString(&text[0])
	for line := range strings.Lines(printed) {
		// The service's own log meanwhile goes where it was to go.
		if strings.Contains(line, "level=") {
			_, _ = os.Stderr.WriteString(line)
		}
	}
	if found := scudoInterval.FindStringSubmatch(printed); found != nil {
		knobs["release_to_os_interval_ms"] = found[1]
	}
}
