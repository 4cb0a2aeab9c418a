package doctor

import (
	"fmt"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/words"
)

// ok is a finding that needs no advice.
func ok(name, format string, args ...any) Finding {
	return Finding{Name: name, Verdict: OK, Text: fmt.Sprintf(format, args...)}
}

// amiss is a finding that an error explains, with its own advice or else this one.
func amiss(name string, verdict Verdict, err error, advice string) Finding {
	if own := hint.Of(err); own != "" {
		advice = own
	}
	return Finding{Name: name, Verdict: verdict, Text: err.Error(), Advice: advice}
}

func (f *Facts) project() Finding {
	if f.Project != nil {
		return amiss("project", Bad, f.Project, "run this in the project's folder, where Dockerfile.libc is")
	}
	return ok("project", "variants can be built from this folder")
}

func (f *Facts) docker() Finding {
	d := f.Docker
	if d.Err == nil {
		return ok("docker", "%s, %s, local, context %s", d.Version, groups(d.CgroupV), named(d.Context))
	}
	finding := amiss("docker", Warn, d.Err, "")
	if f.engine() == "" {
		finding.Verdict = Bad
	} else {
		finding.Advice = join(finding.Advice, "without it variants run as local processes")
	}
	return finding
}

func groups(version int) string {
	if version == 0 {
		return "cgroup version not told"
	}
	return fmt.Sprintf("cgroup v%d", version)
}

func named(context string) string {
	if context == "" {
		return "default"
	}
	return context
}

func join(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, "; ")
}

func (f *Facts) root() Finding {
	switch {
	case f.Sees:
		return ok("root", "memory maps and high-water marks of containers can be read")
	case f.Docker.Version == "":
		return Finding{Name: "root", Verdict: Without, Text: "not needed for local processes"}
	}
	return Finding{Name: "root", Verdict: Warn, Text: "the kernel does not show this user what containers hold", Advice: "run compare as root to measure containers"}
}

func (f *Facts) goTool() Finding {
	if f.Go.Err != nil {
		return amiss("go", Bad, f.Go.Err, "install Go 1.26 (https://go.dev/dl): the service is built with it, and what goes into a build follows from it")
	}
	return ok("go", "%s", f.Go.Version)
}

func (f *Facts) gcc() Finding {
	switch {
	case f.GCC.Err == nil:
		return ok("gcc", "%s", f.GCC.Version)
	case f.Docker.Err == nil:
		return Finding{Name: "gcc", Verdict: Without, Text: "not needed with Docker"}
	}
	return amiss("gcc", Bad, f.GCC.Err, "install a C compiler (apt-get install gcc libc6-dev): local processes are built with it")
}

// suites tells of the suites in one line where all can be had or none can, and
// otherwise of those that cannot in lines of their own.
func (f *Facts) suites() []Finding {
	var there []string
	var gone []Finding
	for _, s := range f.Suites {
		if s.Err == nil {
			there = append(there, s.Name)
			continue
		}
		gone = append(gone, amiss("debian", Warn, fmt.Errorf("%s: %w", s.Name, s.Err), "variants on it can be made only from what is here already"))
	}
	if len(there) == 0 && len(gone) > 0 {
		// One reason is enough: they have one mirror.
		gone[0].Text = "no suite: " + f.Suites[0].Err.Error()
		return gone[:1]
	}
	return append([]Finding{ok("debian", "%s reachable", words.Series(there))}, gone...)
}

func (f *Facts) rooms() []Finding {
	var all []Finding
	for _, r := range f.Rooms {
		name := r.Name + " disk"
		switch {
		case r.Err != nil:
			all = append(all, Finding{Name: name, Verdict: Without, Text: "not known: " + r.Err.Error()})
		case r.Shut != nil:
			all = append(all, Finding{
				Name: name, Verdict: Warn, Text: fmt.Sprintf("%s: %v", r.Path, r.Shut),
				Advice: "compare has to write there: make it yours, or name another place (--out for results, XDG_CACHE_HOME for the cache)",
			})
		case r.Free < r.Wanted:
			all = append(all, Finding{
				Name: name, Verdict: Warn, Text: size(r.Free) + " free at " + r.Path, Bytes: r.Free,
				Advice: fmt.Sprintf("%s are well spent there: go run ./orchestrator clean takes away what the lab made", size(r.Wanted)),
			})
		default:
			found := ok(name, "%s free at %s", size(r.Free), r.Path)
			found.Bytes = r.Free
			all = append(all, found)
		}
	}
	return all
}

// size writes an amount as people read it.
func size(b bench.Bytes) string {
	if b >= 10*bench.GiB {
		return fmt.Sprintf("%d GiB", b/bench.GiB)
	}
	if b >= bench.GiB {
		return fmt.Sprintf("%.1f GiB", float64(b)/float64(bench.GiB))
	}
	return fmt.Sprintf("%d MiB", b/bench.MiB)
}

// features names some of what a kernel lacks.
func features(lacks []kernel.Feature) string {
	var names []string
	for _, l := range lacks {
		names = append(names, l.String())
	}
	return words.Series(names)
}
