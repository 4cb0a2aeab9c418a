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

// fact is a line below the table: a name and what is to be said of it.
type fact struct{ name, text string }

// join puts the parts that are not empty in a row. One that is far too long takes
// no other's place.
func join(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part = prose(part, mostPart); part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, " · ")
}

// rests says in short what the table rests on: a line about the rounds, and one
// for each thing that a reader must not overlook. Cost says that the table shows
// CPU or latency.
func (r *Report) rests(cost bool) []string {
	d, p := r.Exp.Design, r.Exp.Plan
	if r.Rounds == 0 {
		return nil
	}
	intervals := ""
	if r.hasIntervals() {
		intervals = r.confidence()
	}
	took := ""
	if length := r.Exp.Ended.Sub(r.Exp.Started); length > 0 {
		took = about(length)
	}
	requests := words.Plural(p.Iterations*max(1, p.PerIteration()), "request", "requests")
	if r.failures() == 0 {
		requests += ", none failed"
	}
	lines := []string{join(fmt.Sprintf("%s of %d × %s", words.Plural(r.Rounds, "round", "rounds"), d.Batches, requests), intervals, took)}
	if cost && r.together() && slices.ContainsFunc(r.Rows, (*Row).starved) {
		lines = append(lines, fmt.Sprintf("loaded together on %s: CPU and latency are not the variants' own (--mode apart)",
			words.Plural(r.Exp.Environment.CPUs, "CPU", "CPUs")))
	}
	if r.Control != nil && r.stamp() == "" {
		lines = append(lines, r.Control.Text)
	}
	return lines
}

// confidence says how far the intervals of changes can be relied on.
func (r *Report) confidence() string {
	if r.Comparisons > 1 {
		return "intervals hold together with 95 %"
	}
	return "intervals hold with 95 %"
}

// legend says what the columns mean, in short.
func (r *Report) legend() []fact {
	d := r.Exp.Design
	rounds := ""
	if r.Rounds > 1 {
		rounds = fmt.Sprintf("; medians over %d rounds", r.Rounds)
	}
	facts := []fact{{"RSS", "RssAnon + huge pages + shared memory counted once, summed over the container's processes; MiB = 2²⁰ bytes" + rounds}}
	if r.Comparisons > 0 {
		change := "against " + named(d.Baseline) + " in the same round"
		if r.hasIntervals() {
			change += "; ~ where the interval includes 0 %"
		}
		facts = append(facts, fact{"changes", change})
	}
	highest := ""
	if d.Batches > 1 {
		highest = fmt.Sprintf("highest of the %d batches: ", d.Batches)
	}
	idle := "median over the last third of the final idle of " + short(d.Idle)
	if d.Idle == 0 {
		idle = "of a final idle, which was not asked for"
	}
	began := "the start of a request to the last byte of its answer (closed loop)"
	if rate := r.Exp.Plan.ArrivalRate; rate > 0 {
		began = fmt.Sprintf("the time at which a request was due to the last byte of its answer (open loop, %g iterations a second)", rate)
	}
	loaded := ""
	switch {
	case r.together():
		loaded = ", all variants running at once"
	case len(r.Rows) > 1:
		loaded = ", the variants loaded one after the other"
	}
	facts = append(facts,
		fact{"peak", highest + "the largest of high-water mark, samples and the cgroup's peak"},
		fact{"steady", "median in the last complete batch, after its last change of level"},
		fact{"idle", idle},
		fact{"overhead", "resident bytes of the C heap per live byte: mean of (RSS − LazyFree − Go's share) over mean live, in the batches"},
		fact{"CPU, latency", "CPU time of the container per request; latency from " + began + ", batches weighted by their requests" + loaded},
		fact{"live", "bytes that C code asked for and has not freed, median in the steady parts of the batches"})
	if r.hasIntervals() {
		facts = append(facts, fact{"intervals", r.method()})
	}
	return facts
}

// method says where the intervals of changes come from, what they assume, and of
// what they speak.
func (r *Report) method() string {
	whole := "each holds with 95 %"
	if r.Comparisons > 1 {
		whole = fmt.Sprintf("the %d of a column hold together with 95 %%", r.Comparisons)
	}
	return "exact signed-rank intervals of the rounds' log-ratios, around their Hodges-Lehmann centre; " + whole +
		". They assume that variants which do not differ could change places within a round, and that log-ratios are symmetric about their centre." +
		" They speak of this machine at this time: the rounds of one run share its state, and a run an hour later may differ"
}

// pace says when iterations start.
func pace(p bench.Plan) string {
	if p.ArrivalRate > 0 {
		return fmt.Sprintf("%g started a second, at most %s at a time", p.ArrivalRate, words.Count(p.Concurrency))
	}
	return words.Count(p.Concurrency) + " at a time"
}

// ran says what was run, where, and how well it was read.
func (r *Report) ran() []fact {
	exp := r.Exp
	d, p, e := exp.Design, exp.Plan, exp.Environment
	facts := []fact{
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
		if len(row.all) > 0 {
			facts = append(facts, fact{row.name(), r.proof(row)})
		}
	}
	m := measure(r.trials())
	if m.taken > 0 {
		facts = append(facts, fact{"readings", join(
			"every "+short(d.SampleEvery),
			fmt.Sprintf("%s taken, %s missed", words.Count(m.taken), words.Count(m.missed)),
			share(m.busy)+" of a core",
			fmt.Sprintf("at most %s (%s) off a page walk", mebibytes(float64(m.error)), share(m.errorShare)),
			r.charge(),
			fmt.Sprintf("high-water mark within %s", mebibytes(float64(m.bound))))})
	}
	return append(facts, fact{"run", join(exp.RunID, exp.Started.UTC().Format("2006-01-02 15:04 UTC"), about(exp.Ended.Sub(exp.Started)), exp.Command)})
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
	if r.Rounds != r.Exp.Design.Rounds {
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
