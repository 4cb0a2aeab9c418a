package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Difference is something in which a run would not do the work of an old one.
type Difference struct {
	What string // such as "sleep was 450ms and is now 10ms"
	Flag string // of compare, that takes it away: "--sleep 450ms"; empty: there is none
}

// Differences says in what a run would not do the work that an old result is of,
// so that its figures would not be comparable. How many rounds there are, in which
// order, and which variants, is not of the work.
func Differences(was, now bench.Design, did, will bench.Plan) []Difference {
	var all []Difference
	add := func(name string, was, now any, flag string) {
		if was != now {
			if flag != "" {
				flag = fmt.Sprintf("--%s %v", flag, was)
			}
			all = append(all, Difference{fmt.Sprintf("%s was %v and is now %v", name, was, now), flag})
		}
	}
	if !slices.Equal(did.Tags, will.Tags) {
		add("the choice of tags", tags(did.Tags), tags(will.Tags), "tags")
	}
	if !slices.Equal(did.SkipTags, will.SkipTags) {
		add("the choice of tags to skip", tags(did.SkipTags), tags(will.SkipTags), "skip-tags")
	}
	if len(all) == 0 { // else that is why
		add("the plan's sha256", short(did.SHA256), short(will.SHA256), "")
	}
	add("iterations", did.Iterations, will.Iterations, "iterations")
	add("concurrency", did.Concurrency, will.Concurrency, "concurrency")
	add("rampup", did.RampupS, will.RampupS, "")
	add("the arrival rate", did.ArrivalRate, will.ArrivalRate, "")
	add("batches", was.Batches, now.Batches, "batches")
	add("pause", was.Pause, now.Pause, "pause")
	add("idle", was.Idle, now.Idle, "idle")
	add("sleep", was.Sleep, now.Sleep, "sleep")
	add("workers", was.Workers, now.Workers, "workers")
	add("threads", was.Threads, now.Threads, "threads")
	add("transport", was.Transport, now.Transport, "transport")
	add("the memory limit", limit(was.MemoryLimit), limit(now.MemoryLimit), "memory")
	add("mode", cmp.Or(was.Mode, bench.Together), cmp.Or(now.Mode, bench.Together), "mode")
	if was.LoneIdle != now.LoneIdle {
		add("lone-idle", was.LoneIdle, now.LoneIdle, "")
		all[len(all)-1].Flag = fmt.Sprintf("--lone-idle=%v", was.LoneIdle)
	}
	add("the time between two samples", was.SampleEvery, now.SampleEvery, "")
	return all
}

// Elsewhere says in what a machine is of another kind than the one of an old
// result, so that the figures of the two have little in common: what decides how
// much an allocator keeps.
func Elsewhere(was, now bench.Environment) []Difference {
	var all []Difference
	add := func(name string, was, now any) {
		if was != now {
			all = append(all, Difference{What: fmt.Sprintf("%s: %v then, %v now", name, was, now)})
		}
	}
	add("CPUs", was.CPUs, now.CPUs)
	add("architecture", was.Arch, now.Arch)
	add("transparent huge pages", was.THP, now.THP)
	add("cgroup version", was.CgroupV, now.CgroupV)
	add("engine", was.Engine, now.Engine)
	return all
}

// tags writes a choice of tags as a flag takes it.
func tags(list []string) string {
	if len(list) == 0 {
		return "''"
	}
	return strings.Join(list, ",")
}

// limit writes a memory limit as a flag takes it.
func limit(b bench.Bytes) string {
	if b == 0 {
		return "0"
	}
	return fmt.Sprintf("%dB", int64(b))
}

// short is enough of a digest to tell it from another.
func short(digest string) string { return digest[:min(len(digest), 12)] }
