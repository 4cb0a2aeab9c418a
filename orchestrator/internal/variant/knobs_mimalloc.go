package variant

import "strings"

// mimallocKnobs are the options of 2.0 and of 3, whose names have changed between
// the two. Some old names are still read in 3, for the option that took over.
var mimallocKnobs = []Knob{
	mi("eager_commit", "commits memory before it is used").until("3.6", "", "memory is committed as it is used"),
	mi("eager_commit_delay", "stretches of a thread that are committed as they are used").until("3.6", "", "memory is committed as it is used"),
	mi("arena_eager_commit", "commits large regions at once; 2: where the kernel overcommits").from("2.1"),
	mi("eager_region_commit", "the same under its old name").reads("arena_eager_commit").from("2.1"),
	mi("page_commit_on_demand", "commits a page as it is used").from("3.0"),

	mi("decommit_delay", "milliseconds until unused pages go back; 0: at once").renamed("2.1", "purge_delay"),
	mi("purge_delay", "milliseconds until unused pages go back; 0: at once, -1: never").from("2.1").before("decommit_delay"),
	mi("reset_delay", "the same under its old name").reads("decommit_delay").until("2.1", "", ""),
	mi("reset_delay", "the same under its old name").reads("purge_delay").from("2.1"),
	mi("allow_decommit", "gives unused pages back").until("2.1", knobOfMi("purge_decommits"), "it is another option there"),
	mi("purge_decommits", "gives unused pages back for good, and not lazily").from("2.1").before("allow_decommit"),
	mi("reset_decommits", "the same under its old name").reads("purge_decommits").from("2.1"),
	mi("segment_decommit_delay", "milliseconds until an unused segment goes back").renamed("2.1", "purge_delay"),
	mi("decommit_extend_delay", "milliseconds by which more unused pages put that off").until("2.1", "", ""),
	mi("decommit_extend_delay", "the same under its old name").reads("purge_extend_delay").from("2.1").until("3.6", "", "it is gone"),
	mi("purge_extend_delay", "milliseconds by which more unused pages put that off").from("2.1").before("decommit_extend_delay").until("3.6", "", "it is gone"),
	mi("arena_purge_mult", "how much longer than the delay large regions wait").from("2.1"),
	mi("arena_purge_min_size", "bytes that go back at once at least").inKiB().from("3.6"),
	mi("minimal_purge_size", "the same under its old name").reads("arena_purge_min_size").inKiB().from("3.6"),
	mi("arena_purge_immediate_size", "bytes from which a stretch does not wait").inKiB().from("3.6"),
	mi("page_reset", "marks unused pages as such").until("2.1", "", "unused pages go back after the delay"),
	mi("abandoned_page_decommit", "gives pages of ended threads back at once").renamed("2.1", "abandoned_page_purge"),
	mi("abandoned_page_reset", "the same under its old name").reads("abandoned_page_decommit").until("2.1", "", ""),
	mi("abandoned_page_purge", "gives pages of ended threads back at once").from("2.1").before("abandoned_page_decommit").until("3.6", "", "it is gone"),
	mi("max_segment_reclaim", "share of what ended threads left that is taken over at once").until("3.6", "", "it is gone"),
	mi("abandoned_reclaim_on_free", "a free takes over what ended threads left").reads("reclaim_on_free").from("2.1").until("3.6", "", ""),
	mi("abandoned_reclaim_on_free", "a free takes over what ended threads left").reads("page_reclaim_on_free").from("3.6"),
	mi("reclaim_on_free", "a free takes over what ended threads left").from("2.1").renamed("3.6", "page_reclaim_on_free"),
	mi("page_reclaim_on_free", "a free takes over what other threads left: -1 never, 0 its own, 1 any").from("3.6").before("reclaim_on_free"),
	mi("page_max_reclaim", "pages of a size of its own that a thread takes over").from("3.6"),
	mi("page_cross_thread_max_reclaim", "pages of a size of others that a thread takes over").from("3.6"),
	mi("page_full_retain", "full pages of a size that are kept").from("3.0"),
	mi("page_max_candidates", "pages that are looked at for a block").from("3.0"),
	mi("target_segments_per_thread", "segments that a thread is to have").from("2.1").until("3.6", "", "it is gone"),
	mi("generic_collect", "slow allocations between two looks at what is unused").from("3.6"),

	mi("large_os_pages", "huge pages of 2 MiB").until("2.1", "", ""),
	mi("large_os_pages", "the same under its old name").reads("allow_large_os_pages").from("2.1"),
	mi("allow_large_os_pages", "huge pages of 2 MiB").from("2.1").before("large_os_pages"),
	mi("allow_thp", "transparent huge pages").from("3.6"),
	mi("reserve_huge_os_pages", "huge pages of 1 GiB, at the start"),
	mi("reserve_huge_os_pages_at", "on which NUMA node"),
	mi("reserve_os_memory", "bytes mapped at the start").inKiB(),
	mi("arena_reserve", "bytes of a region that is mapped at once").inKiB().from("2.1"),
	mi("arena_max_object_size", "largest block from such a region").inKiB().from("3.6"),
	mi("arena_is_numa_local", "a region for each NUMA node").from("3.6"),
	mi("disallow_arena_alloc", "takes memory from no such region").from("2.1"),
	mi("limit_os_alloc", "takes no more memory from the kernel than was reserved").until("2.1", "", ""),
	mi("limit_os_alloc", "the same under its old name").reads("disallow_os_alloc").from("2.1"),
	mi("disallow_os_alloc", "takes no more memory from the kernel than was reserved").from("2.1").before("limit_os_alloc"),
	mi("use_numa_nodes", "NUMA nodes that are used"),
	mi("max_vabits", "bits of an address").from("3.0"),
	mi("pagemap_commit", "commits its map of pages at once").from("3.0"),
	mi("retry_on_oom", "milliseconds of trying again, on Windows").from("2.1"),
	mi("visit_abandoned", "lets others see what ended threads left").from("2.1").until("3.6", "", "it is gone"),
	mi("destroy_on_exit", "gives all back at the end"),
	mi("os_tag", "a mark of its mappings, on macOS"),
	mi("show_errors", "prints mistakes"),
	mi("show_stats", "prints its statistics at the end"),
	mi("verbose", "prints what it does"),
	mi("max_errors", "mistakes that are printed"),
	mi("max_warnings", "warnings that are printed"),
	mi("guarded_min", "smallest block with a guard, in builds for that").from("2.1"),
	mi("guarded_max", "largest block with a guard, in builds for that").from("2.1"),
	mi("guarded_precise", "guards the last byte, in builds for that").from("2.1").renamed("3.6", "unsafe_guarded_precise"),
	mi("unsafe_guarded_precise", "guards the last byte, in builds for that").from("3.6").before("guarded_precise"),
	mi("guarded_sample_rate", "how many blocks get a guard, in builds for that").from("2.1"),
	mi("guarded_sample_seed", "which of them").from("2.1"),
	mi("stats_merge_on_collect", "when statistics are added up").from("3.6"),
	mi("stats_merge_threshold", "after how many bytes").from("3.6"),
	mi("profile_alloc_interval", "bytes allocated between two profiles").from("3.6"),
	mi("profile_inuse_interval", "bytes in use between two profiles").from("3.6"),
	mi("profile_time_interval", "seconds between two profiles").from("3.6"),
	mi("profile_sample_rate", "bytes between two samples").from("3.6"),
}

// mi is an option of mimalloc's, which reads it in a variable of that name.
func mi(option, does string) Knob {
	return Knob{Env: knobOfMi(option), Does: does, Read: option}
}

func knobOfMi(option string) string { return "MIMALLOC_" + strings.ToUpper(option) }

// before says what the option was called until it was called this.
func (k Knob) before(option string) Knob {
	k.Instead = knobOfMi(option)
	return k
}

// renamed says what the option is called from a version on.
func (k Knob) renamed(version, option string) Knob { return k.until(version, knobOfMi(option), "") }

func (k Knob) from(version string) Knob { return since(k, version) }

func (k Knob) until(version, instead, why string) Knob {
	if instead == "" {
		instead = k.Instead // it has an end and a beginning
	}
	return gone(k, version, instead, why)
}

func (k Knob) reads(option string) Knob {
	k.Read = option
	return k
}

func (k Knob) inKiB() Knob {
	k.Unit = 1 << 10
	return k
}
