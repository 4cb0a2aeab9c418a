package meter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/kernel"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

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
				needs.Kernel(t, kernel.RSSKinds, kernel.ShmemCharged, kernel.PssParts)
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
	needs.Kernel(t, kernel.TransparentHugePages)
	chosen, err := parse(Host, "sys/kernel/mm/transparent_hugepage/enabled", parseChosen)
	if err != nil {
		t.Fatal(err)
	}
	needs.Setup(t, chosen != "never", "transparent huge pages are switched off: transparent_hugepage/enabled says never")
}

// lendHugePages has the kernel set pages aside, and gives them back.
func lendHugePages(t *testing.T) {
	t.Helper()
	needs.Kernel(t, kernel.HugetlbPages)
	var size bench.Bytes
	b, err := Host.read("proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	if err := amounts(b, []field{{"Hugepagesize", &size}}); err != nil {
		t.Fatal(err)
	}
	needs.Setup(t, size <= growth, fmt.Sprintf("a huge page of %.0f MiB does not fit into the test", size.MiB()))
	const knob = "/proc/sys/vm/nr_hugepages"
	old, err := os.ReadFile(knob)
	if err != nil {
		t.Fatal(err)
	}
	before, err := strconv.Atoi(strings.TrimSpace(string(old)))
	if err != nil {
		t.Fatal(err)
	}
	want := before + int(growth/size)
	needs.Right(t, "lend huge pages", os.WriteFile(knob, fmt.Append(nil, want), 0o644))
	t.Cleanup(func() {
		if err := os.WriteFile(knob, old, 0o644); err != nil {
			t.Error(err)
		}
	})
	now, err := os.ReadFile(knob)
	if err != nil {
		t.Fatal(err)
	}
	needs.Setup(t, strings.TrimSpace(string(now)) == strconv.Itoa(want),
		fmt.Sprintf("the machine has no memory for %d huge pages: it lends %s", want, strings.TrimSpace(string(now))))
}

// What was given back lazily is there until the kernel needs it, and told.
func TestLazyFree(t *testing.T) {
	needs.Kernel(t, kernel.LazyFree, kernel.PageWalk)
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
	needs.Kernel(t, kernel.PageOut, kernel.PageWalk)
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
	needs.Root(t, "make swap")
	const size = 80 << 20
	file := filepath.Join(t.TempDir(), "swap")
	swap := make([]byte, size)
	// As mkswap(8) begins one: version 1, the last page, and a mark at the end of
	// the first.
	page := os.Getpagesize()
	binary.NativeEndian.PutUint32(swap[1024:], 1)
	binary.NativeEndian.PutUint32(swap[1028:], uint32(size/page-1))
	copy(swap[page-10:], "SWAPSPACE2")
	if err := os.WriteFile(file, swap, 0o600); err != nil {
		t.Fatal(err)
	}
	call := func(number uintptr) error {
		path, err := unix.BytePtrFromString(file)
		if err != nil {
			return err
		}
		if _, _, errno := unix.Syscall(number, uintptr(unsafe.Pointer(path)), 0, 0); errno != 0 {
			return errno
		}
		return nil
	}
	err := call(unix.SYS_SWAPON)
	var fs unix.Statfs_t
	if unix.Statfs(file, &fs) == nil && errors.Is(err, unix.EINVAL) {
		needs.Setup(t, fs.Type != unix.TMPFS_MAGIC && fs.Type != unix.OVERLAYFS_SUPER_MAGIC && fs.Type != unix.BTRFS_SUPER_MAGIC,
			"the file system of "+os.TempDir()+" holds no swap")
	}
	needs.Right(t, "make swap", err)
	t.Cleanup(func() {
		if err := call(unix.SYS_SWAPOFF); err != nil {
			t.Errorf("swapoff: %v", err)
		}
	})
}

// A forked child shares its pages with its parent. RssAnon counts them for
// both; what is charged and the proportional part count them once.
func TestForked(t *testing.T) {
	needs.Kernel(t, kernel.RSSKinds, kernel.ShmemCharged, kernel.PssParts)
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
	needs.Kernel(t, kernel.RSSKinds, kernel.ShmemCharged, kernel.PssParts)
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
				told := len(s.meter.Notes()) == 1 && strings.Contains(s.meter.Notes()[0].Text, "counts once per process")
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
	needs.Kernel(t, kernel.RSSKinds, kernel.ShmemCharged, kernel.PssParts)
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
