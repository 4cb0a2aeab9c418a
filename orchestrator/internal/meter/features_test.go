package meter

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// What the kernel is new enough for is there, and works as the meter expects.
func TestFeatures(t *testing.T) {
	self := os.Getpid()
	has := func(name string, keys ...string) func(t *testing.T) {
		return func(t *testing.T) {
			b, err := Host.read(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				if !bytes.Contains(b, []byte("\n"+key+":")) {
					t.Errorf("%s has no %s", name, key)
				}
			}
		}
	}
	for _, c := range []struct {
		feature kernel.Feature
		probe   func(t *testing.T)
	}{
		{kernel.ThreadWait, func(t *testing.T) {
			if all, err := Host.Schedstat(self); err != nil || len(all) == 0 {
				t.Errorf("%d threads, %v", len(all), err)
			}
		}},
		{kernel.TransparentHugePages, func(t *testing.T) {
			if _, err := parse(Host, "sys/kernel/mm/transparent_hugepage/enabled", parseChosen); err != nil {
				t.Error(err)
			}
		}},
		{kernel.HighWaterReset, highWaterFalls},
		{kernel.HugetlbPages, has("proc/self/status", "HugetlbPages")},
		{kernel.RSSKinds, has("proc/self/status", "RssAnon", "RssFile", "RssShmem")},
		{kernel.ShmemCharged, func(t *testing.T) {
			a, err := Host.openAccount(newGroup(t).dir + "/memory.stat")
			if err != nil {
				t.Fatal(err)
			}
			a.close()
		}},
		{kernel.PageWalk, has("proc/self/smaps_rollup", "Rss", "Anonymous", "LazyFree", "AnonHugePages", "Shared_Hugetlb", "Private_Hugetlb", "Swap")},
		{kernel.PssParts, has("proc/self/smaps_rollup", "Pss_Anon", "Pss_Shmem")},
		{kernel.GroupCPU, func(t *testing.T) {
			if _, err := Host.cpuStat(Cgroup{Unified: below(t, unifiedGroup(t))}); err != nil {
				t.Error(err)
			}
		}},
		{kernel.GroupHugetlb, func(t *testing.T) {
			group := unifiedGroup(t)
			controls(t, group, "hugetlb")
			if _, told, err := Host.hugetlbCharged(Cgroup{Unified: below(t, group)}); err != nil || !told {
				t.Errorf("told %v, %v", told, err)
			}
		}},
		{kernel.GroupPeak, func(t *testing.T) {
			group := unifiedGroup(t)
			controls(t, group, "memory")
			if b, err := os.ReadFile(group.dir + "/memory.peak"); err != nil {
				t.Errorf("%s, %v", b, err)
			}
		}},
		{kernel.GroupPeakReset, func(t *testing.T) {
			group := unifiedGroup(t)
			controls(t, group, "memory")
			p, err := Host.resetMemoryPeak(Cgroup{Unified: below(t, group)})
			if err != nil {
				t.Fatal(err)
			}
			p.close()
		}},
	} {
		t.Run(c.feature.Name, func(t *testing.T) {
			needs.Kernel(t, c.feature)
			c.probe(t)
		})
	}
}

// highWaterFalls has a process grow and shrink, and resets its mark.
func highWaterFalls(t *testing.T) {
	s := watched(t, nil)
	s.do("anonymous")
	before, err := Host.Status(s.crowd.now[0].PID)
	if err != nil {
		t.Fatal(err)
	}
	s.do("give back")
	if err := s.meter.ResetHighWater(); err != nil {
		t.Fatal(err)
	}
	after, err := Host.Status(s.crowd.now[0].PID)
	if err != nil {
		t.Fatal(err)
	}
	about(t, "the mark", before.VmHWM, after.VmHWM, -growth)
}

// unifiedGroup makes a version 2 group. On most machines this is the one hierarchy
// that there is, on some it is mounted beside those of version 1.
func unifiedGroup(t *testing.T) *testGroup {
	t.Helper()
	us, err := Host.ownCgroup()
	if err != nil {
		t.Fatal(err)
	}
	needs.Setup(t, us.Unified != "", "/proc/self/cgroup names no group of version 2")
	return makeGroup(t, "/"+Host.unified(""))
}

// below gives the path of a version 2 group in its hierarchy.
func below(t *testing.T, group *testGroup) string {
	t.Helper()
	path, err := filepath.Rel("/"+Host.unified(""), group.dir)
	if err != nil {
		t.Fatal(err)
	}
	return "/" + path
}

// controls skips a test where people have the controller in version 1, or do not
// hand it on to the group.
func controls(t testing.TB, group *testGroup, controller string) {
	t.Helper()
	b, err := os.ReadFile(group.dir + "/cgroup.controllers")
	if err != nil {
		t.Fatal(err)
	}
	needs.Setup(t, slices.Contains(strings.Fields(string(b)), controller), "cgroup.controllers of a version 2 group does not name "+controller)
}
