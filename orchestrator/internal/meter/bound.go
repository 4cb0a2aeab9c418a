package meter

import (
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
)

// hwmBound gives how far the counters behind VmHWM may be off, each.
//
// With counters per CPU, every CPU may hold back up to batch-1 pages before it
// adds them to the common counter, where batch is 32, or twice the number of CPUs
// if that is more. Before, every thread held back up to 64 pages. A release that
// cannot be read counts as a new one.
func hwmBound(release string, cpus, threads, pageSize int) bench.Bytes {
	if !kernel.PerCPUCounters.On(kernel.Parse(release)) {
		return bench.Bytes(64) * bench.Bytes(threads) * bench.Bytes(pageSize)
	}
	batch := max(32, 2*cpus)
	return bench.Bytes(cpus) * bench.Bytes(batch-1) * bench.Bytes(pageSize)
}
