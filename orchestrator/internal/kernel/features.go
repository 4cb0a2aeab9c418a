package kernel

// Features that the lab uses, or that its tests need to show something. What is
// older than 3.2, the oldest kernel that Go runs on, is here for its Option alone.
//
// A manual page in parentheses gives the version. With a commit instead, it is the
// first release that has the commit: no documentation was found that names one.
var (
	// ThreadWait: how long a thread waited for a CPU. 2.6.9 (a note in the source
	// of proc(5)).
	ThreadWait = Feature{"/proc/PID/task/TID/schedstat", Version{2, 6}, "CONFIG_SCHED_INFO"}

	// TransparentHugePages: 2.6.38 (madvise(2), MADV_HUGEPAGE).
	TransparentHugePages = Feature{"transparent huge pages", Version{2, 6}, "CONFIG_TRANSPARENT_HUGEPAGE"}

	// HighWaterReset: a 5 written to clear_refs makes VmHWM start again (proc(5)).
	HighWaterReset = Feature{"VmHWM that can be reset", Version{4, 0}, "CONFIG_PROC_PAGE_MONITOR"}

	// HugetlbPages: what VmRSS leaves out has a line of its own (proc(5)).
	HugetlbPages = Feature{"HugetlbPages in /proc/PID/status", Version{4, 4}, "CONFIG_HUGETLB_PAGE"}

	// RSSKinds: before, VmRSS did not say what is heap (proc(5)).
	RSSKinds = Feature{"RssAnon, RssFile and RssShmem in /proc/PID/status", Version{4, 5}, ""}

	// LazyFree: memory is given back, and stays until it is needed (madvise(2)).
	LazyFree = Feature{"MADV_FREE", Version{4, 5}, ""}

	// ShmemCharged: before, a group did not say what of its page cache is shared
	// memory; in both versions of control groups. Commit 9a4caf1e9fa4.
	ShmemCharged = Feature{"shmem in memory.stat", Version{4, 12}, "CONFIG_MEMCG"}

	// PageWalk: one walk over all pages of a process, summed. The kernel's
	// Documentation/ABI/testing/procfs-smaps_rollup is of August 2017; commit
	// 493b0e9d945f. Its lines for lazily freed memory (4.12) and the pool of huge
	// pages (4.4) are older than the file.
	PageWalk = Feature{"/proc/PID/smaps_rollup", Version{4, 14}, "CONFIG_PROC_PAGE_MONITOR"}

	// GroupCPU: CPU time of a version 2 group; before, it stood in cgroup.stat.
	// Commit d41bf8c9deae.
	GroupCPU = Feature{"usage_usec in cpu.stat", Version{4, 15}, ""}

	// PssParts: which part of Pss is heap. Commit ee2ad71b0756.
	PssParts = Feature{"Pss_Anon and Pss_Shmem in smaps_rollup", Version{5, 3}, "CONFIG_PROC_PAGE_MONITOR"}

	// PageOut: a process swaps out its own memory (madvise(2)).
	PageOut = Feature{"MADV_PAGEOUT", Version{5, 4}, "CONFIG_SWAP"}

	// GroupHugetlb: version 2 groups are charged for the pool of huge pages
	// (cgroups(7)); those of version 1 are since 3.5.
	GroupHugetlb = Feature{"hugetlb controller of version 2", Version{5, 6}, "CONFIG_CGROUP_HUGETLB"}

	// GroupPeak: the most that a version 2 group was charged. Commit 8e20d4b33266.
	GroupPeak = Feature{"memory.peak", Version{5, 19}, "CONFIG_MEMCG"}

	// PerCPUCounters: every CPU holds back a part of what RSS and VmHWM count;
	// before, every thread did. It cannot be seen from outside. Commit
	// f1a7941243c1.
	PerCPUCounters = Feature{"counters of RSS that every CPU keeps a part of", Version{6, 2}, ""}

	// PortRange: a socket has a range of ports of its own. Commit 91d0b78c5177.
	PortRange = Feature{"IP_LOCAL_PORT_RANGE", Version{6, 3}, ""}

	// GroupPeakReset: what is written to memory.peak makes this one open file
	// start again. Commit c6f53ed8f213.
	GroupPeakReset = Feature{"memory.peak that can be reset", Version{6, 12}, "CONFIG_MEMCG"}
)
