package doctor

import (
	"fmt"
	"slices"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

const (
	// wantedMemory is what three variants of the default load hold at their peaks,
	// twice.
	wantedMemory = 3 * bench.GiB
	// perCPU is how many variants a CPU is taken to have room for, as package design
	// forms its groups.
	perCPU = 2
	// busyAt is the share of the machine from which a report has a note of others.
	busyAt = 0.10
)

func (f *Facts) memory() Finding {
	total, free := f.Machine.MemoryTotal, f.Available
	found := Finding{Name: "memory", Verdict: OK, Text: fmt.Sprintf("%s of %s available", size(free), size(total)), Bytes: free}
	switch {
	case free == 0:
		return Finding{Name: "memory", Verdict: Without, Text: "not known"}
	case free < wantedMemory:
		found.Verdict, found.Advice = Warn, "end what holds memory, or run fewer variants at once (--at-once 2) or smaller bodies (--tags small)"
	}
	return found
}

func (f *Facts) swap() Finding {
	if f.Machine.SwapTotal == 0 {
		return ok("swap", "none")
	}
	return Finding{Name: "swap", Verdict: Warn, Text: size(f.Machine.SwapTotal), Advice: "RSS does not count what is swapped out: swapoff -a for the time of a run, as long as memory suffices"}
}

func (f *Facts) cpus() Finding {
	n := f.Machine.CPUs
	fit := fmt.Sprintf("%d: a round runs %s at the same time, more in groups; musl and scudo need a CPU or more each", n, words.Plural(perCPU*n, "variant", "variants"))
	switch {
	case n == 0:
		return Finding{Name: "cpus", Verdict: Without, Text: "not known"}
	case n == 1:
		return Finding{Name: "cpus", Verdict: Warn, Text: fit, Advice: "with one CPU everything waits for everything: read memory alone, and CPU and latency with --mode apart"}
	}
	return ok("cpus", "%s", fit)
}

func (f *Facts) load() Finding {
	l := f.Load
	switch {
	case l.Err != nil:
		return Finding{Name: "load", Verdict: Without, Text: "not known: " + l.Err.Error()}
	case l.Share > busyAt:
		return Finding{Name: "load", Verdict: Warn, Text: others(l), Advice: "end that before a run: rounds in which others take 25 % do not count (--void-at)"}
	}
	return ok("load", "%s", others(l))
}

func others(l Load) string {
	return fmt.Sprintf("others took %.0f %% of the machine for %v", 100*l.Share, l.Over.Round(100*time.Millisecond))
}

func (f *Facts) thp() Finding {
	if f.Machine.THP == "always" {
		return Finding{Name: "thp", Verdict: Warn, Text: "always", Advice: "the kernel backs heaps with huge pages unasked: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"}
	}
	return ok("thp", "%s", f.Machine.THP)
}

func (f *Facts) kernel() Finding {
	release := f.Machine.Kernel
	switch {
	case release == "":
		return Finding{Name: "kernel", Verdict: Without, Text: "not known"}
	case len(f.Lacks) > 0:
		return Finding{Name: "kernel", Verdict: Warn, Text: release + " is without " + features(f.Lacks), Advice: "figures that need it are missing or less exact, with a note at each: a newer kernel has it"}
	}
	return ok("kernel", "%s, all that the meter reads is there", release)
}

// quick are sources of time that are read without a call of the kernel or of a
// device.
var quick = []string{"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "xen", "arch_sys_counter"}

func (f *Facts) clock() Finding {
	switch {
	case f.Clock == "":
		return Finding{Name: "clock", Verdict: Without, Text: "its source is not told"}
	case !slices.Contains(quick, f.Clock):
		return Finding{Name: "clock", Verdict: Warn, Text: f.Clock, Advice: "reading it is slow, which adds to latency and CPU: see /sys/devices/system/clocksource/clocksource0/available_clocksource"}
	}
	return ok("clock", "%s", f.Clock)
}
