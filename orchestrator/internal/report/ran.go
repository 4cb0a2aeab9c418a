package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// Ran says what was run, where, and how well it was read. What each variant is
// stands here only where Variants has nothing to say.
func (r *Report) Ran() []Fact {
	exp := r.Exp
	d, p, e := exp.Design, exp.Plan, exp.Environment
	facts := []Fact{
		{"plan", join(p.File, planTags(p), planItems(p), "sha256 "+prefix(p.SHA256, 12))},
		{"work", join(
			fmt.Sprintf("%s × %s × %s", words.Plural(p.Iterations, "iteration", "iterations"), words.Plural(d.Batches, "batch", "batches"), r.planned()),
			pace(p),
			fmt.Sprintf("ramp-up %s", short(time.Duration(p.RampupS*float64(time.Second)))),
			"pause "+short(d.Pause), "idle "+short(d.Idle))},
		{"service", join("sleep "+short(d.Sleep), words.Plural(d.Workers, "worker", "workers"), d.Threads, transport(d.Transport), limit(d.MemoryLimit), r.runtime())},
		{"machine", join(fmt.Sprintf("%s%s", words.Plural(e.CPUs, "CPU", "CPUs"), bracket(e.CPUModel)), gibibytes(e.MemoryTotal), swap(e.SwapTotal), e.OS,
			"kernel "+e.Kernel, e.Arch, fmt.Sprintf("cgroup v%d", e.CgroupV), "THP "+e.THP, r.machineUse())},
		{"engine", join(engineName(e), e.Storage, e.GoVersion)},
	}
	for _, row := range r.Rows {
		if len(row.all) > 0 && !r.explained() {
			facts = append(facts, Fact{row.Name(), r.proof(row)})
		}
	}
	m := measure(r.trials())
	if m.taken > 0 {
		facts = append(facts, Fact{"readings", join(
			"every "+short(d.SampleEvery),
			fmt.Sprintf("%s taken, %s missed", words.Count(m.taken), words.Count(m.missed)),
			share(m.busy)+" of a core",
			fmt.Sprintf("at most %s (%s) off a page walk", mebibytes(float64(m.error)), share(m.errorShare)),
			r.charge(),
			fmt.Sprintf("high-water mark within %s", mebibytes(float64(m.bound))))})
	}
	took := "" // where it goes on and no trial has ended
	if exp.Ended.After(exp.Started) {
		took = about(exp.Ended.Sub(exp.Started))
	}
	return append(facts, Fact{"run", join(exp.RunID, exp.Started.UTC().Format("2006-01-02 15:04 UTC"), took, exp.Command)})
}

// Brief says in one line what was run, but for the command.
func (r *Report) Brief() string {
	exp := r.Exp
	d, p, e := exp.Design, exp.Plan, exp.Environment
	body := ""
	switch p.PerIteration() {
	case 0:
	case 1:
		body = " × " + words.Body(int64(p.Items[0].BodyBytes))
	default:
		body = fmt.Sprintf(" × %d requests", p.PerIteration())
	}
	rounds := words.Plural(r.Rounds, "round", "rounds")
	if _, _, few := r.tooFew(); few {
		rounds += ", indicative"
	}
	machine := []string{words.Plural(e.CPUs, "CPU", "CPUs"), "kernel " + named(e.Kernel)}
	seen := map[string]bool{}
	for _, row := range r.Rows {
		if a := allocator(row.Proof); a != "" && !seen[a] {
			seen[a] = true
			machine = append(machine, a)
		}
	}
	change := "RSS is the resident heap"
	if r.Comparisons > 0 {
		change += "; changes against " + named(d.Baseline) + " in the same round"
	}
	if r.hasIntervals() {
		change += ", " + r.confidence()
	}
	return join(
		fmt.Sprintf("%s%s × %s, %s at a time, %s sleep, %s, %s", words.Count(p.Iterations), body, words.Plural(d.Batches, "batch", "batches"),
			words.Plural(p.Concurrency, "request", "requests"), short(d.Sleep), words.Plural(d.Workers, "worker", "workers"), named(d.Threads)),
		rounds, change, strings.Join(machine, ", "), exp.Started.UTC().Format("2006-01-02"))
}

// engineName says what built and ran the variants.
func engineName(e bench.Environment) string {
	name := strings.TrimSpace(e.Engine + " " + e.EngineV)
	if e.Context != "" {
		name += fmt.Sprintf(", context %q", e.Context)
	}
	return name
}

// planned says how many rounds there were, and how many of them count if others
// were void or not reached.
func (r *Report) planned() string {
	rounds := words.Plural(r.Exp.Design.Rounds, "round", "rounds")
	if r.Rounds != r.Exp.Design.Rounds && len(r.Exp.Trials) > 0 {
		rounds += fmt.Sprintf(" (%s)", words.Plural(r.Rounds, "counts", "count"))
	}
	return rounds
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
		arenas = words.Plural(p.Arenas, "arena", "arenas")
	}
	return join(allocator(p), p.Linkage, libc, arenas, knobs(p.Knobs))
}

// allocator gives the name and version that an allocator says of itself.
func allocator(p bench.Proof) string {
	return strings.TrimSpace(named(p.Allocator) + " " + named(p.Version))
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
		parts = append(parts, plain.Name(name+"="+settings[name]))
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
		part := plain.Name(strings.TrimSpace(fmt.Sprintf("%s %s", item.Method, item.URL))) + " " + words.Body(int64(item.BodyBytes))
		if item.Times > 1 {
			part += fmt.Sprintf(" × %d", item.Times)
		}
		parts = append(parts, part)
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
