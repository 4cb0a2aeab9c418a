package meter

import "fmt"

// feature is something that the kernel tells, or does, since some version.
type feature struct {
	what         string
	major, minor int64
}

// What the meter uses. Where the kernel is older, it does without as its
// documentation says; where it is not, a test fails that does not find it.
var (
	hugetlbInStatus = feature{"HugetlbPages in /proc/PID/status", 4, 4}
	kindsOfRSS      = feature{"RssAnon, RssFile and RssShmem in /proc/PID/status", 4, 5}
	lazyFree        = feature{"MADV_FREE", 4, 5}
	shmemCharged    = feature{"shmem in memory.stat", 4, 12}
	pageWalk        = feature{"/proc/PID/smaps_rollup", 4, 14}
	pressure        = feature{"/proc/pressure", 4, 20} // if it is built with it
	partsOfPss      = feature{"Pss_Anon and Pss_Shmem in smaps_rollup", 5, 3}
	pageOut         = feature{"MADV_PAGEOUT", 5, 4}
	peakOfGroup     = feature{"memory.peak", 5, 19}
	perCPUCounters  = feature{"counters of RSS that every CPU keeps a part of", 6, 2}
	peakReset       = feature{"memory.peak that can be reset", 6, 12}
)

func (f feature) String() string {
	return fmt.Sprintf("%s (Linux %d.%d)", f.what, f.major, f.minor)
}

// in says whether a kernel of this release has it. One whose release cannot be
// read counts as a new one.
func (f feature) in(release string) bool {
	major, minor, ok := parseRelease(release)
	return !ok || major > f.major || major == f.major && minor >= f.minor
}
