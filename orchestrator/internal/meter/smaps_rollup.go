package meter

import (
	"bytes"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// SmapsRollup is what /proc/PID/smaps_rollup says. The kernel walks all pages
// for it, under the lock that page faults need too: the figures are exact, and
// reading takes milliseconds where hundreds of MiB are mapped.
type SmapsRollup struct {
	Rss            bench.Bytes
	PssAnon        bench.Bytes // of a page that n processes map, the nth part; so is PssShmem
	PssShmem       bench.Bytes
	PssParts       bool // the kernel tells PssAnon and PssShmem
	Anonymous      bench.Bytes
	LazyFree       bench.Bytes // given back, and still counted in Anonymous until the kernel needs it
	AnonHugePages  bench.Bytes
	SharedHugetlb  bench.Bytes // of the pool of huge pages, mapped by other processes as well
	PrivateHugetlb bench.Bytes // of the pool of huge pages
	Swap           bench.Bytes
}

// SmapsRollup reads /proc/PID/smaps_rollup of whoever has the number now. It
// takes the right to trace the process: otherwise the error is a *DeniedError.
func (fs FS) SmapsRollup(pid int) (SmapsRollup, error) {
	return parse(fs, ofPID(pid, "smaps_rollup"), parseSmapsRollup)
}

func parseSmapsRollup(b []byte) (SmapsRollup, error) {
	s := SmapsRollup{PssParts: bytes.Contains(b, []byte("\nPss_Anon:")) && bytes.Contains(b, []byte("\nPss_Shmem:"))}
	err := amounts(b, []field{
		{"Rss", &s.Rss},
		{"Pss_Anon", &s.PssAnon},
		{"Pss_Shmem", &s.PssShmem},
		{"Anonymous", &s.Anonymous},
		{"LazyFree", &s.LazyFree},
		{"AnonHugePages", &s.AnonHugePages},
		{"Shared_Hugetlb", &s.SharedHugetlb},
		{"Private_Hugetlb", &s.PrivateHugetlb},
		{"Swap", &s.Swap},
	})
	return s, err
}
