package meter

import (
	"bytes"
	"os"
	"testing"
)

func TestFeature(t *testing.T) {
	f := feature{"x", 5, 3}
	for release, want := range map[string]bool{"5.2.21": false, "5.3.0": true, "4.19.0-27-amd64": false, "6.1.0": true, "unknown": true} {
		if f.in(release) != want {
			t.Errorf("%s in Linux %s: want %v", f, release, want)
		}
	}
}

// What the kernel is new enough for is there.
func TestFeatures(t *testing.T) {
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
		feature feature
		probe   func(t *testing.T)
	}{
		{kindsOfRSS, has("proc/self/status", "RssAnon", "RssFile", "RssShmem")},
		{pageWalk, has("proc/self/smaps_rollup", "Rss", "Anonymous", "LazyFree")},
		{partsOfPss, has("proc/self/smaps_rollup", "Pss_Anon", "Pss_Shmem")},
		{hugetlbInStatus, func(t *testing.T) {
			if !Host.exists("proc/sys/vm/nr_hugepages") {
				t.Skip("the kernel is built without a pool of huge pages")
			}
			has("proc/self/status", "HugetlbPages")(t)
		}},
		{pressure, func(t *testing.T) {
			if !Host.exists("proc/pressure") {
				t.Skip("the kernel is built without pressure figures, or booted so")
			}
			if _, err := Host.PressureCPU(); err != nil {
				t.Error(err)
			}
		}},
		{shmemCharged, func(t *testing.T) {
			a, err := Host.openAccount(newGroup(t).dir + "/memory.stat")
			if err != nil {
				t.Fatal(err)
			}
			a.close()
		}},
		{peakOfGroup, func(t *testing.T) { peakFile(t, os.O_RDONLY) }},
		{peakReset, func(t *testing.T) { peakFile(t, os.O_RDWR) }},
	} {
		t.Run(c.feature.what, func(t *testing.T) {
			needs(t, c.feature)
			c.probe(t)
		})
	}
}

// peakFile opens memory.peak of a version 2 group.
func peakFile(t *testing.T, flag int) {
	t.Helper()
	group := newGroup(t)
	if !Host.exists("sys/fs/cgroup/cgroup.controllers") {
		t.Skip("the memory controller is version 1's")
	}
	f, err := os.OpenFile(group.dir+"/memory.peak", flag, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if flag == os.O_RDONLY {
		return
	}
	if err := (&memoryPeak{file: f}).reset(); err != nil {
		t.Error(err)
	}
}
