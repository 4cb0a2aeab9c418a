package meter

import "github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"

// Lacks lists what the meter would read and this kernel does not have: where a file
// can be asked, the file tells, and else the version. Of control groups those of
// the version count that has the controllers.
func Lacks(fs FS, release string, groups int) []kernel.Feature {
	version := kernel.Parse(release)
	var lacks []kernel.Feature
	need := func(f kernel.Feature, file string) {
		if file != "" && !fs.exists(file) || file == "" && !f.On(version) {
			lacks = append(lacks, f)
		}
	}
	need(kernel.RSSKinds, "")
	need(kernel.HighWaterReset, "proc/self/clear_refs")
	need(kernel.ThreadWait, "proc/self/schedstat")
	need(kernel.PageWalk, "proc/self/smaps_rollup")
	need(kernel.PssParts, "")
	need(kernel.ShmemCharged, "")
	if groups == 2 {
		need(kernel.GroupCPU, "")
		need(kernel.GroupPeak, "")
	}
	return lacks
}
