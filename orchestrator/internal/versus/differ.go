package versus

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plain"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/report"
)

// Difference is something in which the two runs differ beside their figures.
type Difference struct {
	Kind Kind
	Name string // the flag, or what it is: "--sleep", "kernel"
	// Old and New are as a person would write them; "–" for nothing. They may hold
	// text of others.
	Old, New string
}

// Kind is what a difference concerns.
type Kind string

// The kinds of Difference, in reading order.
const (
	Work     Kind = "work"     // must be the same for figures to be comparable
	Design   Kind = "design"   // what was asked for else
	Machine  Kind = "machine"  // where it was done
	Engine   Kind = "engine"   // with what it was done
	Versions Kind = "versions" // what ran in a variant
)

// Kinds lists the kinds in reading order.
func Kinds() []Kind { return []Kind{Work, Design, Machine, Engine, Versions} }

// Unequal is the error of two runs that did not do the same work.
type Unequal struct{ Differences []Difference }

func (e *Unequal) Error() string {
	var parts []string
	for _, d := range e.Differences {
		parts = append(parts, plain.Name(d.String()))
	}
	return "the two runs did not do the same work: " + strings.Join(parts, ", ")
}

// Hint says what can be done about it.
func (e *Unequal) Hint() string {
	return "run the new one with the settings of the old one; --anyway compares them all the same, and marks every change"
}

// IsMistake says that it is a mistake in what was asked for.
func (e *Unequal) IsMistake() bool { return true }

// String writes a difference: "--sleep 450ms → 900ms".
func (d Difference) String() string { return fmt.Sprintf("%s %s → %s", d.Name, d.Old, d.New) }

// otherWork lists the differences in what must be the same.
func (r *Result) otherWork() []Difference {
	return slices.DeleteFunc(slices.Clone(r.Differences), func(d Difference) bool { return d.Kind != Work })
}

// OtherMachine says that the two ran on machines that are not alike: another
// host, CPU, number of CPUs, architecture or amount of memory.
func (r *Result) OtherMachine() bool {
	old, now := r.Old.Exp.Environment, r.New.Exp.Environment
	return old.Host != now.Host || old.CPUModel != now.CPUModel || old.CPUs != now.CPUs || old.Arch != now.Arch ||
		!alikeMemory(old.MemoryTotal, now.MemoryTotal)
}

// alikeMemory says that two amounts may be of one machine: kernels keep more or
// less of it for themselves.
func alikeMemory(a, b bench.Bytes) bool {
	return math.Abs(float64(a-b)) <= 0.02*float64(max(a, b))
}

// differ gathers differences.
type differ struct{ all []Difference }

// add adds a difference if there is one.
func (d *differ) add(kind Kind, name string, old, now any) {
	if a, b := worded(old), worded(now); a != b {
		d.all = append(d.all, Difference{kind, name, a, b})
	}
}

// worded writes a value; None for nothing.
func worded(v any) string {
	text := fmt.Sprint(v)
	switch v := v.(type) {
	case bench.Bytes:
		text = amount(v)
	case []string:
		text = strings.Join(v, ",")
	}
	if text = strings.TrimSpace(text); text == "" {
		return report.None
	}
	return text
}

// amount writes an amount of memory.
func amount(b bench.Bytes) string {
	if b == 0 {
		return "none"
	}
	s := report.MemoryScale([]float64{float64(b)})
	return s.Format(float64(b)) + " " + s.Unit
}

// differences lists what differs beside the figures, in reading order.
func differences(old, now *report.Report) []Difference {
	d := &differ{}
	d.work(old.Exp, now.Exp)
	d.design(old.Exp.Design, now.Exp.Design)
	d.machine(old.Exp.Environment, now.Exp.Environment)
	d.engine(old.Exp.Environment, now.Exp.Environment)
	d.versions(old, now)
	return d.all
}

// work compares what each variant was made to do.
func (d *differ) work(old, now *bench.Experiment) {
	p, q := old.Plan, now.Plan
	if p.SHA256 != q.SHA256 {
		d.add(Work, "plan", short(p.SHA256), short(q.SHA256))
		d.add(Work, "items", items(p), items(q))
		d.add(Work, "--tags", p.Tags, q.Tags)
		d.add(Work, "--skip-tags", p.SkipTags, q.SkipTags)
	}
	d.add(Work, "--iterations", p.Iterations, q.Iterations)
	d.add(Work, "--concurrency", p.Concurrency, q.Concurrency)
	d.add(Work, "rampup", p.RampupS, q.RampupS)
	d.add(Work, "arrival rate", p.ArrivalRate, q.ArrivalRate)
	a, b := old.Design, now.Design
	d.add(Work, "--batches", a.Batches, b.Batches)
	if a.Batches > 1 || b.Batches > 1 { // a single batch has no pause
		d.add(Work, "--pause", a.Pause, b.Pause)
	}
	d.add(Work, "--sleep", a.Sleep, b.Sleep)
	d.add(Work, "--workers", a.Workers, b.Workers)
	d.add(Work, "--threads", a.Threads, b.Threads)
	d.add(Work, "--transport", a.Transport, b.Transport)
	d.add(Work, "--memory", a.MemoryLimit, b.MemoryLimit)
	d.add(Work, "--mode", mode(a), mode(b))
}

// mode gives the mode of a design; files of earlier versions know one alone.
func mode(d bench.Design) string {
	if d.Mode == "" {
		return bench.Together
	}
	return d.Mode
}

// mostItems is how many requests of a plan are named.
const mostItems = 3

// items names the requests of an iteration.
func items(p bench.Plan) string {
	var parts []string
	for i, item := range p.Items {
		if i == mostItems {
			parts = append(parts, fmt.Sprintf("and %d more", len(p.Items)-mostItems))
			break
		}
		parts = append(parts, plain.Name(fmt.Sprintf("%s %s %d B × %d", item.Method, item.URL, item.BodyBytes, max(item.Times, 1))))
	}
	return strings.Join(parts, ", ")
}

// design compares what else was asked for. Seeds always differ and say nothing.
func (d *differ) design(a, b bench.Design) {
	d.add(Design, "--rounds", a.Rounds, b.Rounds)
	d.add(Design, "--idle", a.Idle, b.Idle)
	d.add(Design, "--baseline", a.Baseline, b.Baseline)
	d.add(Design, "--aa", a.Twin, b.Twin)
	d.add(Design, "--lone-idle", a.LoneIdle, b.LoneIdle)
	d.add(Design, "--void-at", 100*a.VoidAt, 100*b.VoidAt)
	d.add(Design, "readings every", a.SampleEvery, b.SampleEvery)
}

func (d *differ) machine(a, b bench.Environment) {
	d.add(Machine, "host", a.Host, b.Host)
	d.add(Machine, "CPU", a.CPUModel, b.CPUModel)
	d.add(Machine, "CPUs", a.CPUs, b.CPUs)
	if !alikeMemory(a.MemoryTotal, b.MemoryTotal) {
		d.add(Machine, "memory", a.MemoryTotal, b.MemoryTotal)
	}
	d.add(Machine, "swap", a.SwapTotal, b.SwapTotal)
	d.add(Machine, "arch", a.Arch, b.Arch)
	d.add(Machine, "OS", a.OS, b.OS)
	d.add(Machine, "kernel", a.Kernel, b.Kernel)
	d.add(Machine, "THP", a.THP, b.THP)
	d.add(Machine, "cgroup", a.CgroupV, b.CgroupV)
}

func (d *differ) engine(a, b bench.Environment) {
	d.add(Engine, "--engine", a.Engine, b.Engine)
	d.add(Engine, "engine version", a.EngineV, b.EngineV)
	d.add(Engine, "context", a.Context, b.Context)
	d.add(Engine, "storage", a.Storage, b.Storage)
	d.add(Engine, "orchestrator's Go", a.GoVersion, b.GoVersion)
}

// versions compares what ran in the variants that are in both, as it was proven.
func (d *differ) versions(old, now *report.Report) {
	for _, row := range now.Rows {
		at := slices.IndexFunc(old.Rows, func(o *report.Row) bool { return o.Variant == row.Variant })
		if at < 0 {
			continue
		}
		was, name := old.Rows[at], row.Name()+": "
		p, q := was.Proof, row.Proof
		d.add(Versions, name+"allocator", p.Allocator+" "+p.Version, q.Allocator+" "+q.Version)
		d.add(Versions, name+"linkage", p.Linkage, q.Linkage)
		d.add(Versions, name+"libc", p.Libc, q.Libc)
		for _, knob := range slices.Sorted(maps.Keys(union(p.Knobs, q.Knobs))) {
			d.add(Versions, name+knob, p.Knobs[knob], q.Knobs[knob])
		}
		d.add(Versions, name+"Go", p.GoVersion, q.GoVersion)
		d.add(Versions, name+"GOMAXPROCS", p.MaxProcs, q.MaxProcs)
		d.add(Versions, name+"GOGC", p.GoGC, q.GoGC)
		d.add(Versions, name+"GOMEMLIMIT", p.GoMemory, q.GoMemory)
		before, after := declared(old.Exp, row.Variant), declared(now.Exp, row.Variant)
		d.add(Versions, name+"Dockerfile", before.Dockerfile, after.Dockerfile)
		for _, key := range slices.Sorted(maps.Keys(union(before.Env, after.Env))) {
			d.add(Versions, name+key, before.Env[key], after.Env[key])
		}
		d.add(Versions, name+"image", image(old.Exp, row.Variant), image(now.Exp, row.Variant))
		d.add(Versions, name+"answers", answers(old.Exp, row.Variant), answers(now.Exp, row.Variant))
	}
}

// union gives a map with the keys of both.
func union(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return all
}

// declared gives the variant of the design.
func declared(exp *bench.Experiment, name string) bench.Variant {
	for _, v := range exp.Design.Variants {
		if v.Name == name {
			return v
		}
	}
	return bench.Variant{}
}

// image gives the digest of the image that a variant's first trial ran.
func image(exp *bench.Experiment, name string) string {
	for i := range exp.Trials {
		if exp.Trials[i].Variant == name {
			return short(strings.TrimPrefix(exp.Trials[i].ImageID, "sha256:"))
		}
	}
	return ""
}

// answers writes how a variant answered the first batch that it completed: status and
// bytes of the answers, and how often.
func answers(exp *bench.Experiment, name string) string {
	for i := range exp.Trials {
		t := &exp.Trials[i]
		if t.Variant != name || t.Void != "" || t.Error != "" {
			continue
		}
		for _, b := range t.Batches {
			if b.Interrupted || len(b.Answers) == 0 {
				continue
			}
			var parts []string
			for _, answer := range slices.Sorted(maps.Keys(b.Answers)) {
				if len(parts) == mostItems {
					parts = append(parts, fmt.Sprintf("and %d more", len(b.Answers)-mostItems))
					break
				}
				parts = append(parts, fmt.Sprintf("%s × %d", answer, b.Answers[answer]))
			}
			return strings.Join(parts, ", ")
		}
	}
	return ""
}

// short gives as much of a digest as tells it from others.
func short(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}
