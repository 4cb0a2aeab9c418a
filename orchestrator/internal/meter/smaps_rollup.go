package meter

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"

// SmapsRollup is what /proc/PID/smaps_rollup says. The kernel walks all pages
// for it, under the lock that page faults need too: the figures are exact, and
// reading takes milliseconds where hundreds of MiB are mapped.
type SmapsRollup struct {
	Rss           bench.Bytes
	Pss           bench.Bytes // shared pages in part only
	Anonymous     bench.Bytes
	LazyFree      bench.Bytes // given back, and still counted in Anonymous until the kernel needs it
	AnonHugePages bench.Bytes
	Swap          bench.Bytes
}

// SmapsRollup reads /proc/PID/smaps_rollup. It takes the right to trace the
// process: otherwise the error is a *DeniedError.
func (fs FS) SmapsRollup(pid int) (SmapsRollup, error) {
	return parse(fs, ofPID(pid, "smaps_rollup"), parseSmapsRollup)
}

func parseSmapsRollup(b []byte) (SmapsRollup, error) {
	var s SmapsRollup
	err := amounts(b, []field{
		{"Rss", &s.Rss},
		{"Pss", &s.Pss},
		{"Anonymous", &s.Anonymous},
		{"LazyFree", &s.LazyFree},
		{"AnonHugePages", &s.AnonHugePages},
		{"Swap", &s.Swap},
	})
	return s, err
}
