package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
)

// well is a machine that lacks nothing.
func well() *Facts {
	return &Facts{
		Docker: Docker{Info: engine.Info{Name: "docker", Version: "28.0.1", CgroupV: 2, Root: "/var/lib/docker"}},
		Sees:   true,
		Go:     Tool{Version: "go version go1.26.8 linux/amd64"}, GCC: Tool{Version: "gcc 12.2.0"},
		Suites: []Suite{{Name: "bookworm"}, {Name: "trixie"}, {Name: "sid"}},
		Rooms: []Room{
			{Name: "docker", Path: "/var/lib/docker", Free: 71 * bench.GiB, Wanted: 4 * bench.GiB},
			{Name: "results", Path: "/home/x/results", Free: 600 * bench.MiB, Wanted: 512 * bench.MiB},
		},
		Machine:   bench.Environment{CPUs: 8, THP: "madvise", Kernel: "6.12.43", CgroupV: 2, MemoryTotal: 16 * bench.GiB},
		Available: 12 * bench.GiB,
		Load:      Load{Share: 0.02, Over: time.Second},
		Clock:     "tsc",
	}
}

// TestWell: nothing is amiss, and no advice is given.
func TestWell(t *testing.T) {
	d := Diagnose(well())
	if d.Engine != "docker" {
		t.Errorf("engine %q", d.Engine)
	}
	seen := map[string]bool{}
	for _, f := range d.Findings {
		if f.Verdict != OK || f.Advice != "" || f.Text == "" || seen[f.Name] {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
	}
}

// TestFindings spoils one thing at a time: what is said of it, what helps, and what
// compare does then.
func TestFindings(t *testing.T) {
	gone := errors.New("it is not there")
	noDocker := hint.With(errors.New("docker at unix:///x: there is no /x"), "start Docker")
	check := func(spoil func(*Facts), engine, name string, verdict Verdict, text, advice string) {
		t.Helper()
		facts := well()
		spoil(facts)
		d := Diagnose(facts)
		if d.Engine != engine {
			t.Errorf("%s: engine %q, want %q", name, d.Engine, engine)
		}
		for _, f := range d.Findings {
			if f.Name != name {
				continue
			}
			if f.Verdict == verdict && strings.Contains(f.Text, text) && strings.Contains(f.Advice, advice) && (f.Advice == "") == (advice == "") {
				return
			}
		}
		t.Errorf("%s: %+v\nwant %s %q, advice %q", name, d.Findings, verdict, text, advice)
	}
	check(func(f *Facts) { f.Project = hint.Mistake("there is no Dockerfile.NAME here", "run this elsewhere") }, "", "project", Bad, "no Dockerfile", "run this elsewhere")
	check(func(f *Facts) { f.Docker = Docker{Err: noDocker} }, "process", "docker", Warn, "there is no /x", "start Docker; without it variants run as local processes")
	check(func(f *Facts) { f.Docker, f.GCC.Err = Docker{Err: noDocker}, gone }, "", "docker", Bad, "there is no /x", "start Docker")
	check(func(f *Facts) { f.Docker, f.GCC.Err = Docker{Err: noDocker}, gone }, "", "gcc", Bad, "it is not there", "apt-get install gcc")
	check(func(f *Facts) { f.Docker.Context = "far" }, "docker", "docker", OK, "28.0.1, cgroup v2, local, context far", "")
	check(func(f *Facts) { f.Sees, f.Docker.Err = false, gone }, "process", "root", Warn, "does not show", "as root")
	check(func(f *Facts) { f.Sees, f.Docker = false, Docker{Err: noDocker} }, "process", "root", Without, "not needed", "")
	check(func(f *Facts) { f.Go = Tool{Err: gone} }, "", "go", Bad, "it is not there", "install Go")
	check(func(f *Facts) { f.GCC.Err = gone }, "docker", "gcc", Without, "not needed with Docker", "")
	check(func(f *Facts) { f.Suites[2].Err = gone }, "docker", "debian", OK, "bookworm and trixie reachable", "")
	check(func(f *Facts) { f.Suites[2].Err = gone }, "docker", "debian", Warn, "sid: it is not there", "what is here already")
	check(func(f *Facts) {
		for i := range f.Suites {
			f.Suites[i].Err = hint.With(gone, "install apt")
		}
	}, "docker", "debian", Warn, "no suite: it is not there", "install apt")
	check(func(f *Facts) { f.Rooms[0].Free = bench.GiB }, "docker", "docker disk", Warn, "1.0 GiB free at /var/lib/docker", "4.0 GiB are well spent")
	check(func(f *Facts) { f.Rooms[1].Shut = errors.New("permission denied") }, "docker", "results disk", Warn, "/home/x/results: permission denied", "--out")
	check(func(f *Facts) { f.Rooms[1].Err = gone }, "docker", "results disk", Without, "it is not there", "")
	check(func(f *Facts) { f.Available = 700 * bench.MiB }, "docker", "memory", Warn, "700 MiB of 16 GiB", "--at-once 2")
	check(func(f *Facts) { f.Available = 0 }, "docker", "memory", Without, "not known", "")
	check(func(f *Facts) { f.Machine.SwapTotal = 2 * bench.GiB }, "docker", "swap", Warn, "2.0 GiB", "swapoff")
	check(func(f *Facts) { f.Machine.CPUs = 1 }, "docker", "cpus", Warn, "1: a round runs 2 variants", "--mode apart")
	check(func(f *Facts) { f.Machine.CPUs = 4 }, "docker", "cpus", OK, "4: a round runs 8 variants", "")
	check(func(f *Facts) { f.Load.Share = 0.5 }, "docker", "load", Warn, "50 % of the machine", "--void-at")
	check(func(f *Facts) { f.Load.Err = gone }, "docker", "load", Without, "it is not there", "")
	check(func(f *Facts) { f.Machine.THP = "always" }, "docker", "thp", Warn, "always", "madvise")
	check(func(f *Facts) { f.Lacks = []kernel.Feature{kernel.PageWalk, kernel.GroupPeak} }, "docker", "kernel", Warn, "6.12.43 is without /proc/PID/smaps_rollup (Linux 4.14) and memory.peak", "newer kernel")
	check(func(f *Facts) { f.Clock = "hpet" }, "docker", "clock", Warn, "hpet", "available_clocksource")
	check(func(f *Facts) { f.Clock = "" }, "docker", "clock", Without, "not told", "")
}

// TestText: a line each, advice below, nothing too wide, and nothing that a
// terminal would act upon.
func TestText(t *testing.T) {
	d := Diagnosis{Findings: []Finding{
		{Name: "docker", Verdict: Warn, Text: "it says \x1b[31m" + strings.Repeat("word ", 8), Advice: "start it"},
		{Name: "go", Verdict: OK, Text: "go1.26"},
	}}
	const want = `docker  warn  it says \x1b[31mword word word
              word word word word word
              → start it
go      ok    go1.26

compare cannot run here: see what is bad.
`
	var b bytes.Buffer
	if err := d.Text(&b, 44); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

// TestJSON: programs get what people get.
func TestJSON(t *testing.T) {
	facts := well()
	facts.Clock = "hpet"
	want := Diagnose(facts)
	var b bytes.Buffer
	if err := want.JSON(&b); err != nil {
		t.Fatal(err)
	}
	var got Diagnosis
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
