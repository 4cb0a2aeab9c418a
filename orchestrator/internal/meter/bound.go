package meter

import (
	"bytes"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// hwmBound gives how far the counters behind VmHWM may be off, each.
//
// Since Linux 6.2 every CPU may hold back up to batch-1 pages before it adds
// them to the common counter, where batch is 32, or twice the number of CPUs
// if that is more. Before, every thread held back up to 64 pages. A release
// that cannot be read counts as a new one.
func hwmBound(release string, cpus, threads, pageSize int) bench.Bytes {
	if !perCPUCounters.in(release) {
		return bench.Bytes(64) * bench.Bytes(threads) * bench.Bytes(pageSize)
	}
	batch := max(32, 2*cpus)
	return bench.Bytes(cpus) * bench.Bytes(batch-1) * bench.Bytes(pageSize)
}

// parseRelease reads the first two numbers of "6.18.44-amd64".
func parseRelease(release string) (major, minor int64, ok bool) {
	first, rest, _ := bytes.Cut([]byte(release), []byte("."))
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	major, ok1 := number(first)
	minor, ok2 := number(rest[:end])
	return major, minor, ok1 && ok2
}
