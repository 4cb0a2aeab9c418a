package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// fact is a line below the table: a name and what is to be said of it.
type fact struct{ name, text string }

// join puts the parts that are not empty in a row.
func join(parts ...string) string {
	kept := slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.Join(kept, " · ")
}

// legend says what the columns mean, in short.
func (r *Report) legend() []fact {
	d := r.Exp.Design
	change := ""
	if d.Baseline != "" && len(r.Rows) > 1 {
		change = fmt.Sprintf("; changes are against %s in the same round, ~ where none is shown", d.Baseline)
	}
	rounds := ""
	if d.Rounds > 1 {
		rounds = fmt.Sprintf("; medians over %d rounds", d.Rounds)
	}
	idle := "median over the last third of the final idle of " + short(d.Idle)
	if d.Idle == 0 {
		idle = "of a final idle, which was not asked for"
	}
	together := ""
	if len(r.Rows) > 1 {
		together = ", all variants running at once"
	}
	began := "the start of a request to the last byte of its answer (closed loop)"
	if rate := r.Exp.Plan.ArrivalRate; rate > 0 {
		began = fmt.Sprintf("the time at which a request was due to the last byte of its answer (open loop, %g iterations a second)", rate)
	}
	return []fact{
		{"RSS", "RssAnon, summed over the container's processes; MiB = 2²⁰ bytes" + rounds + change},
		{"peak", fmt.Sprintf("highest of the %s: the largest of high-water mark, samples and the cgroup's peak", plural(d.Batches, "batch", "batches"))},
		{"steady", "median in the last complete batch, after its last change of level"},
		{"idle", idle},
		{"live", "bytes that C code asked for and has not freed, median in the steady parts of the batches"},
		{"overhead", "RSS of the C heap for a live byte: mean of (RSS − LazyFree − Go's share) over mean live, in the batches"},
		{"CPU, p50, p99", "CPU time of the container per request; latency from " + began + ", batches weighted by their requests" + together},
	}
}

// pace says when iterations start.
func pace(p bench.Plan) string {
	if p.ArrivalRate > 0 {
		return fmt.Sprintf("%g started a second, at most %s at a time", p.ArrivalRate, count(p.Concurrency))
	}
	return count(p.Concurrency) + " at a time"
}

// ran says what was run, where, and how well it was read.
func (r *Report) ran() []fact {
	exp := r.Exp
	d, p, e := exp.Design, exp.Plan, exp.Environment
	facts := []fact{
		{"plan", join(p.File, planTags(p), planItems(p), "sha256 "+prefix(p.SHA256, 12))},
		{"work", join(
			fmt.Sprintf("%s × %s × %s", plural(p.Iterations, "iteration", "iterations"), plural(d.Batches, "batch", "batches"), plural(d.Rounds, "round", "rounds")),
			pace(p),
			fmt.Sprintf("ramp-up %s", short(time.Duration(p.RampupS*float64(time.Second)))),
			"pause "+short(d.Pause), "idle "+short(d.Idle))},
		{"service", join("sleep "+short(d.Sleep), plural(d.Workers, "worker", "workers"), d.Threads, transport(d.Transport), limit(d.MemoryLimit), r.runtime())},
		{"machine", join(fmt.Sprintf("%s%s", plural(e.CPUs, "CPU", "CPUs"), bracket(e.CPUModel)), gibibytes(e.MemoryTotal), swap(e.SwapTotal), e.OS,
			"kernel "+e.Kernel, e.Arch, fmt.Sprintf("cgroup v%d", e.CgroupV), "THP "+e.THP)},
		{"engine", join(strings.TrimSpace(e.Engine+" "+e.EngineV), e.Storage, e.GoVersion, e.Orchestrator)},
	}
	for _, row := range r.Rows {
		if len(row.all) > 0 {
			facts = append(facts, fact{row.Variant, r.proof(row)})
		}
	}
	m := measure(r.trials())
	if m.taken > 0 {
		facts = append(facts, fact{"readings", join(
			"every "+short(d.SampleEvery),
			fmt.Sprintf("%s taken, %s missed", count(m.taken), count(m.missed)),
			share(m.busy)+" of a core",
			fmt.Sprintf("at most %s (%s) off a page walk", mebibytes(float64(m.error)), share(m.errorShare)),
			fmt.Sprintf("high-water mark within %s", mebibytes(float64(m.bound))))})
	}
	return append(facts, fact{"run", join(exp.RunID, exp.Started.UTC().Format("2006-01-02 15:04 UTC"), about(exp.Ended.Sub(exp.Started)), exp.Command)})
}

// runtime gives the settings of Go's own share, as the first service tells them.
func (r *Report) runtime() string {
	for _, row := range r.Rows {
		p := row.Proof
		if p.MaxProcs == 0 {
			continue
		}
		text := fmt.Sprintf("GOMAXPROCS %d · GOGC %d", p.MaxProcs, p.GoGC)
		if p.GoMemory > 0 && p.GoMemory < bench.Bytes(1)<<60 {
			text = join(text, "GOMEMLIMIT "+mebibytes(float64(p.GoMemory)))
		}
		return text
	}
	return ""
}

// proof says which allocator a variant ran, as it was proven.
func (r *Report) proof(row *Row) string {
	p := row.Proof
	if p.Allocator == "" {
		return "allocator not proven"
	}
	libc := p.Libc
	if strings.HasPrefix(libc, p.Allocator) {
		libc = ""
	}
	arenas := ""
	if p.Arenas > 0 {
		arenas = plural(p.Arenas, "arena", "arenas")
	}
	return join(strings.TrimSpace(p.Allocator+" "+p.Version), p.Linkage, libc, arenas, knobs(p.Knobs))
}

// mostKnobs is how many knobs are printed; a file holds all.
const mostKnobs = 6

// knobs lists settings that were read back, in the order of their names.
func knobs(settings map[string]string) string {
	var parts []string
	for i, name := range slices.Sorted(maps.Keys(settings)) {
		if i == mostKnobs {
			parts = append(parts, fmt.Sprintf("and %d more", len(settings)-mostKnobs))
			break
		}
		parts = append(parts, name+"="+settings[name])
	}
	return strings.Join(parts, " ")
}

func planTags(p bench.Plan) string {
	text := ""
	if len(p.Tags) > 0 {
		text = "tags " + strings.Join(p.Tags, ", ")
	}
	if len(p.SkipTags) > 0 {
		text = join(text, "without "+strings.Join(p.SkipTags, ", "))
	}
	return text
}

// mostItems is how many requests of a plan are named.
const mostItems = 3

// planItems names the requests of an iteration and their sizes.
func planItems(p bench.Plan) string {
	var parts []string
	for i, item := range p.Items {
		if i == mostItems {
			parts = append(parts, fmt.Sprintf("and %d more", len(p.Items)-mostItems))
			break
		}
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s %s", item.Method, item.URL))+" "+kilobytes(item.BodyBytes))
	}
	return strings.Join(parts, ", ")
}

func transport(name string) string {
	switch name {
	case bench.Unix:
		return "unix socket"
	case bench.TCP:
		return "published port"
	}
	return name
}

func limit(b bench.Bytes) string {
	if b == 0 {
		return "no memory limit"
	}
	return "limit " + mebibytes(float64(b))
}

func swap(total bench.Bytes) string {
	if total == 0 {
		return "no swap"
	}
	return "swap " + gibibytes(total)
}

func gibibytes(b bench.Bytes) string { return number(float64(b)/float64(bench.GiB), 1) + " GiB" }

func bracket(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// prefix gives the first n bytes of an ASCII text.
func prefix(text string, n int) string { return text[:min(n, len(text))] }
