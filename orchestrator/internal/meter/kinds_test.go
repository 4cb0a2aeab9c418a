package meter

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// needs skips a test where the kernel is older than what it asks for.
func needs(t *testing.T, features ...feature) {
	t.Helper()
	release, err := parse(Host, "proc/sys/kernel/osrelease", parseWord)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range features {
		if !f.in(release) {
			t.Skipf("Linux %s is older than %s", release, f)
		}
	}
}

// about fails the test unless an amount grew by what it should.
func about(t *testing.T, what string, before, after, want bench.Bytes) {
	t.Helper()
	const noise = 8 * bench.MiB // of Go's runtime, which starts a thread when it likes, and of what the kernel's CPUs hold back
	if grew := after - before; grew < want-noise || grew > want+noise {
		t.Errorf("%s grew by %.1f MiB; want %.1f", what, grew.MiB(), want.MiB())
	}
}

// Memory of every kind counts, and counts once: with a control group and, as far
// as it can be seen then, without.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		kind   string
		needs  func(t *testing.T)
		file   string // the folder in which it needs one
		hidden bool   // from the processes: only a control group shows it
	}{
		{kind: "anonymous"},
		{kind: "shared"},
		{kind: "memfd"},
		{kind: "sysv"},
		{kind: "file", file: "/dev/shm", hidden: true},
		{kind: "copied", file: os.TempDir()},
		{kind: "transparent", needs: hugePages},
		{kind: "hugetlb", needs: lendHugePages},
		{kind: "shared hugetlb", needs: lendHugePages},
	} {
		for _, grouped := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, own group %v", c.kind, grouped), func(t *testing.T) {
				needs(t, kindsOfRSS, shmemCharged, partsOfPss)
				if c.needs != nil {
					c.needs(t)
				}
				order := c.kind
				if c.file != "" {
					file := filepath.Join(c.file, fmt.Sprintf("stepper-meter-test-%d", os.Getpid()))
					t.Cleanup(func() { os.Remove(file) })
					order += "\t" + file
				}
				var group *testGroup
				if grouped {
					group = newGroup(t)
				}
				s := watched(t, group)
				sampleBefore, before := s.read()
				s.do(order)
				sampleAfter, after := s.read()

				want, mapped := growth, growth
				if c.hidden {
					mapped = 0
					if !grouped {
						want = 0
					}
				}
				about(t, "the sample", sampleBefore.Resident(), sampleAfter.Resident(), want)
				about(t, "the edge", before.Resident(), after.Resident(), want)
				about(t, "the proportional part", before.Proportional, after.Proportional, mapped)
				if grouped {
					about(t, "the charge", before.Charged, after.Charged, growth)
				} else if after.Charged != 0 {
					t.Errorf("charged %d without a group", after.Charged)
				}
				if c.kind == "transparent" {
					about(t, "what is in huge pages", before.AnonHugePages, after.AnonHugePages, growth)
				}
				notes := s.meter.Notes()
				if grouped && len(notes) > 0 {
					t.Errorf("notes %v; want none", notes)
				}
				if !grouped && (len(notes) != 1 || notes[0].Code != "no-cgroup" || !strings.Contains(notes[0].Text, "files in memory")) {
					t.Errorf("notes %v; want one that says what is not seen", notes)
				}
			})
		}
	}
}

func hugePages(t *testing.T) {
	t.Helper()
	chosen, err := parse(Host, "sys/kernel/mm/transparent_hugepage/enabled", parseChosen)
	if err != nil || chosen == "never" {
		t.Skipf("there are no transparent huge pages: %q, %v", chosen, err)
	}
}

// lendHugePages has the kernel set pages aside, and gives them back.
func lendHugePages(t *testing.T) {
	t.Helper()
	needs(t, hugetlbInStatus)
	var size bench.Bytes
	b, err := Host.read("proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	if err := amounts(b, []field{{"Hugepagesize", &size}}); err != nil || size > growth {
		t.Skipf("no huge pages that fit into the test: %d, %v", size, err)
	}
	const knob = "/proc/sys/vm/nr_hugepages"
	old, err := os.ReadFile(knob)
	if err != nil {
		t.Skip(err)
	}
	before, err := strconv.Atoi(strings.TrimSpace(string(old)))
	if err != nil {
		t.Fatal(err)
	}
	want := before + int(growth/size)
	t.Cleanup(func() {
		if err := os.WriteFile(knob, old, 0o644); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(knob, fmt.Append(nil, want), 0o644); err != nil {
		t.Skip(err)
	}
	if now, err := os.ReadFile(knob); err != nil || strings.TrimSpace(string(now)) != strconv.Itoa(want) {
		t.Skipf("the kernel lends %s huge pages, not %d: %v", now, want, err)
	}
}

// What was given back lazily is there until the kernel needs it, and told.
func TestLazyFree(t *testing.T) {
	needs(t, lazyFree, pageWalk)
	s := watched(t, nil)
	_, before := s.read()
	s.do("anonymous")
	s.do("lazy")
	_, after := s.read()
	about(t, "the heap", before.Resident(), after.Resident(), growth)
	about(t, "what is free in it", before.LazyFree, after.LazyFree, growth)
}

// What was swapped out is not resident, and told.
func TestSwap(t *testing.T) {
	needs(t, pageOut)
	info, err := Host.Meminfo()
	if err != nil {
		t.Fatal(err)
	}
	if info.SwapTotal == 0 {
		makeSwap(t)
	}
	s := watched(t, nil)
	s.do("anonymous")
	before, _ := s.read()
	s.do("out")
	after, edge := s.read()
	about(t, "swap", before.Swap, after.Swap, growth)
	about(t, "swap by the walk", 0, edge.Swap-before.Swap, growth)
	about(t, "the heap", before.Resident(), after.Resident(), -growth)
}

// makeSwap has the kernel swap to a file for the length of a test.
func makeSwap(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make swap")
	}
	file := filepath.Join(t.TempDir(), "swap")
	for _, command := range [][]string{
		{"dd", "if=/dev/zero", "of=" + file, "bs=1M", "count=80", "status=none"},
		{"chmod", "600", file},
		{"mkswap", file},
		{"swapon", file},
	} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("no swap can be made here: %v: %v: %s", command, err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("swapoff", file).CombinedOutput(); err != nil {
			t.Errorf("swapoff: %v: %s", err, out)
		}
	})
}

// A forked child shares its pages with its parent. RssAnon counts them for
// both; what is charged and the proportional part count them once.
func TestForked(t *testing.T) {
	needs(t, kindsOfRSS, shmemCharged, partsOfPss)
	s := watched(t, newGroup(t))
	s.do("anonymous")
	sample, before := s.read()
	pid, err := strconv.Atoi(s.do("fork"))
	if err != nil {
		t.Fatal(err)
	}
	s.add(pid)
	twice, after := s.read()
	if before.Processes != 1 || after.Processes != 2 {
		t.Errorf("%d processes, then %d; want 1 and 2", before.Processes, after.Processes)
	}
	// The parent's whole heap, not only the block.
	about(t, "the sample", sample.Resident(), twice.Resident(), before.Anon)
	about(t, "the charge", before.Charged, after.Charged, 0)
	about(t, "the proportional part", before.Proportional, after.Proportional, 0)
}

// Shared memory that two processes map is there once. Where only the processes
// can tell, it counts twice, and a note says so.
func TestSharedByTwo(t *testing.T) {
	needs(t, kindsOfRSS, shmemCharged, partsOfPss)
	for _, kind := range []string{"memfd", "shared", "sysv"} {
		for _, grouped := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, own group %v", kind, grouped), func(t *testing.T) {
				var group *testGroup
				if grouped {
					group = newGroup(t)
				}
				s := watched(t, group)
				s.do(kind)
				sample, before := s.read()
				pid, err := strconv.Atoi(s.do("fork and touch"))
				if err != nil {
					t.Fatal(err)
				}
				s.add(pid)
				both, after := s.read()
				want := bench.Bytes(0)
				if !grouped {
					want = growth
				}
				about(t, "shared memory", sample.Shmem, both.Shmem, want)
				about(t, "the proportional part", before.Proportional, after.Proportional, 0)
				if grouped {
					about(t, "the charge", before.Charged, after.Charged, 0)
				}
				told := len(s.meter.Notes()) == 1 && strings.Contains(s.meter.Notes()[0].Text, "counts once for each")
				if told == grouped {
					t.Errorf("notes %v", s.meter.Notes())
				}
			})
		}
	}
}

// Huge pages of the pool count for each process that maps them, which a note
// says; the exact readings count them once.
func TestHugePagesOfTwo(t *testing.T) {
	needs(t, kindsOfRSS, shmemCharged, partsOfPss)
	lendHugePages(t)
	s := watched(t, newGroup(t))
	s.do("shared hugetlb")
	sample, before := s.read()
	pid, err := strconv.Atoi(s.do("fork and touch"))
	if err != nil {
		t.Fatal(err)
	}
	s.add(pid)
	both, after := s.read()
	about(t, "huge pages", sample.Hugetlb, both.Hugetlb, growth)
	about(t, "the charge", before.Charged, after.Charged, 0)
	about(t, "the proportional part", before.Proportional, after.Proportional, 0)
	if notes := s.meter.Notes(); len(notes) != 1 || notes[0].Code != "shared-huge-pages" {
		t.Errorf("notes %v; want one of shared huge pages", notes)
	}
}
