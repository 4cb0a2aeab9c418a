package meter

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	goleak.VerifyTestMain(m)
}

// The captured files are those of a glibc process with four threads.
const (
	v1 FS = "testdata/v1" // in a Docker container, cgroups of version 1
	v2 FS = "testdata/v2" // the same, version 2 under systemd

	containerID = "3f1c9a0b5d7e4c2f8a6b1d0e9c3f5a7b2d4e6f8091a3b5c7d9e1f20314253647"
	group       = "docker-" + containerID + ".scope"
)

var captured = bench.Process{PID: 4242, Start: 259476}

// same fails the test unless what was read is what is wanted.
func same[T any](t *testing.T, what string, want T, read func() (T, error)) {
	t.Helper()
	got, err := read()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestCapturedProcess(t *testing.T) {
	const kB = bench.KiB
	same(t, "status", Status{
		State: 'S', VmHWM: 22868 * kB, RssAnon: 16168 * kB, RssFile: 6700 * kB, Threads: 4,
	}, func() (Status, error) { return v1.Status(captured.PID) })
	same(t, "smaps_rollup", SmapsRollup{Rss: 22868 * kB, PssAnon: 16168 * kB, PssParts: true, Anonymous: 16168 * kB},
		func() (SmapsRollup, error) { return v1.SmapsRollup(captured.PID) })
	same(t, "stat", proc.Stat{
		State: 'S', Parent: 1762, Minflt: 5208, Utime: 20 * time.Millisecond, Stime: 20 * time.Millisecond, Threads: 4, Start: 259476,
	},
		func() (proc.Stat, error) { return v1.Stat(captured.PID) })
	same(t, "schedstat", map[int]Schedstat{
		4242: {17040820},
		4243: {908976054},
		4244: {1059532932},
		4245: {1057091471},
	}, func() (map[int]Schedstat, error) { return v1.Schedstat(captured.PID) })

	files, err := v1.Maps(captured)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []MappedFile{
		{"/usr/local/bin/python3.11", true},
		{"/usr/lib/x86_64-linux-gnu/libc.so.6", true},
		{"/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache", false},
	} {
		if !slices.Contains(files, want) {
			t.Errorf("maps lack %v: %v", want, files)
		}
	}
}

func TestCapturedCgroups(t *testing.T) {
	path := "/docker/" + containerID
	one := Cgroup{Cpuacct: Hierarchy{"cpu,cpuacct", path}, Memory: Hierarchy{"memory", path}, Unified: "/"}
	two := Cgroup{Unified: "/system.slice/" + group}
	same(t, "cgroup v1", one, func() (Cgroup, error) { return v1.Cgroup(captured.PID) })
	same(t, "cgroup v2", two, func() (Cgroup, error) { return v2.Cgroup(captured.PID) })
	same(t, "cpuacct.usage", 1234567890*time.Nanosecond, func() (time.Duration, error) { return v1.cpuacctUsage(one) })
	same(t, "cpu.stat", 1234567*time.Microsecond, func() (time.Duration, error) { return v2.cpuStat(two) })
	account := func(fs FS, c Cgroup) func() (memoryStat, error) {
		return func() (memoryStat, error) { return parse(fs, fs.memoryStatOf(c), parseMemoryStat) }
	}
	sameStat := func(what string, want memoryStat, read func() (memoryStat, error)) {
		t.Helper()
		if got, err := read(); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
		}
	}
	sameStat("memory.stat v1, with the groups below", memoryStat{16560128, 6316032, 12288}, account(v1, one))
	sameStat("memory.stat v2", memoryStat{16556032, 1310720, 262144}, account(v2, two))
	if sum, told, err := v2.hugetlbCharged(two); sum != 4*bench.MiB || !told || err != nil {
		t.Errorf("hugetlb v2: %d, %v, %v; want 4 MiB in use, not the 6 reserved", sum, told, err)
	}
	if sum, told, err := v1.hugetlbCharged(one); sum != 0 || told || err != nil {
		t.Errorf("hugetlb without the controller: %d, %v, %v", sum, told, err)
	}
	fs := copyOf(t, v1)
	one.Hugetlb = Hierarchy{"hugetlb", path}
	write(t, fs, "sys/fs/cgroup/hugetlb"+path+"/hugetlb.2MB.usage_in_bytes", "2097152\n")
	write(t, fs, "sys/fs/cgroup/hugetlb"+path+"/hugetlb.2MB.rsvd.usage_in_bytes", "4194304\n")
	write(t, fs, "sys/fs/cgroup/hugetlb"+path+"/hugetlb.2MB.max_usage_in_bytes", "8388608\n")
	if sum, told, err := fs.hugetlbCharged(one); sum != 2*bench.MiB || !told || err != nil {
		t.Errorf("hugetlb v1: %d, %v, %v; want 2 MiB", sum, told, err)
	}
}

func TestCapturedMachine(t *testing.T) {
	for version, fs := range []FS{1: v1, 2: v2} {
		if fs == "" {
			continue
		}
		same(t, string(fs), bench.Environment{
			Host: "bench1", OS: "Debian GNU/Linux 12 (bookworm)", Kernel: "6.18.44-amd64", Arch: runtime.GOARCH,
			CPUModel: "AMD EPYC", CPUs: 2, MemoryTotal: 24684096 * bench.KiB, CgroupV: version, THP: "madvise",
		}, func() (bench.Environment, error) { return Environment(fs) })
	}
	if _, err := Environment(FS(t.TempDir())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a machine without files: %v", err)
	}
	if e, err := Environment(Host); err != nil || e.Kernel == "" || e.CPUs < 1 || e.MemoryTotal < bench.GiB/8 {
		t.Errorf("this machine: %+v, %v", e, err)
	}
}

func TestParse(t *testing.T) {
	check := func(what string, want any, parser func([]byte) (any, error), text string) {
		t.Helper()
		got, err := parser([]byte(text))
		if failed, _ := want.(error); failed != nil {
			if err == nil || err.Error() != failed.Error() {
				t.Errorf("%s %q: %v, %v; want the error %v", what, text, got, err, want)
			}
			return
		}
		if err != nil || got != want {
			t.Errorf("%s %q = %v, %v; want %v", what, text, got, err, want)
		}
	}
	cpus := func(b []byte) (any, error) { return parseCPUList(b) }
	check("cpus", 1, cpus, "0\n")
	check("cpus", 5, cpus, "0-3,8\n")
	check("cpus", errors.New("line 1: not a list of CPUs"), cpus, "3-1")
	check("cpus", errors.New("line 1: not a list of CPUs"), cpus, "")
	thp := func(b []byte) (any, error) { return parseChosen(b) }
	check("thp", "never", thp, "always madvise [never]\n")
	check("thp", errors.New("line 1: nothing is chosen"), thp, "always")
	system := func(b []byte) (any, error) { return parseOSRelease(b) }
	check("os-release", "Alpine Linux v3.20", system, "ID=alpine\nPRETTY_NAME='Alpine Linux v3.20'\n")
	check("os-release", "plain", system, "PRETTY_NAME=plain")
	status := func(b []byte) (any, error) { s, err := parseStatus(b); return s.RssAnon, err }
	check("status", errors.New("line 2: RssAnon is not as expected"), status, "State:\tS\nRssAnon:\t12 MB\nThreads:\t1\n")
	check("status", errors.New("line 1: no Threads"), status, "RssAnon:\t12 kB\n")
	huge := func(b []byte) (any, error) { s, err := parseStatus(b); return s.HugetlbPages, err }
	check("status", 4*bench.MiB, huge, "RssAnon:\t12 kB\nHugetlbPages:\t    4096 kB\nThreads:\t1\n")
	shmem := func(b []byte) (any, error) { s, err := parseMemoryStat(b); return s.shmem, err }
	check("memory.stat", bench.Bytes(7), shmem, "cache 1\nshmem 7\n")
	check("memory.stat", errors.New("line 1: no shmem"), shmem, "cache 1\nrss 7\n")
	check("memory.stat", errors.New("line 2: shmem is not a number"), shmem, "anon 1\nshmem -7\n")
	parts := func(b []byte) (any, error) { s, err := parseSmapsRollup(b); return s.PssParts, err }
	check("smaps_rollup", false, parts, "Rss:\t8 kB\nPss:\t4 kB\n")
	check("smaps_rollup", true, parts, "Rss:\t8 kB\nPss:\t4 kB\nPss_Anon:\t4 kB\nPss_Shmem:\t0 kB\n")
	stat := func(b []byte) (any, error) { s, err := parseStat(b); return s.Minflt, err }
	check("stat", int64(7), stat, "1 (a) b) (c) S 1 1 1 0 -1 4 7 0 0 0 0 0 0 0 20 0 1 0 9 0")
	check("stat", errors.New("line 1: field 10 is missing"), stat, "1 (a) S 1 1 1 0 -1 4")
}

func TestHWMBound(t *testing.T) {
	check := func(release string, cpus, threads int, want bench.Bytes) {
		t.Helper()
		if got := hwmBound(release, cpus, threads, 4096); got != want {
			t.Errorf("bound on %s with %d CPUs and %d threads = %d; want %d", release, cpus, threads, got, want)
		}
	}
	check("6.2.0", 2, 10, 2*31*4096)
	check("6.18.44-amd64", 32, 10, 32*63*4096)
	check("7.0-rc1", 128, 10, 128*255*4096)
	check("6.1.0-18-amd64", 2, 10, 640*4096)
	check("5.15", 2, 1, 64*4096)
}

func TestExplain(t *testing.T) {
	var denied *DeniedError
	if err := explain("proc/1/clear_refs", &os.PathError{Op: "open", Path: "x", Err: syscall.EACCES}); !errors.As(err, &denied) ||
		!errors.Is(err, os.ErrPermission) || err.Error() != "proc/1/clear_refs: permission denied" {
		t.Errorf("got %v", err)
	}
	if err := explain("proc/1/status", syscall.ESRCH); !errors.Is(err, ErrEnded) {
		t.Errorf("got %v", err)
	}
	if err := explain("proc/meminfo", syscall.ENOENT); errors.Is(err, ErrEnded) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// Whatever a file holds: no panic, no negative amount, and an error that says
// where.
func FuzzParsers(f *testing.F) {
	err := filepath.WalkDir("testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "testdata/fuzz") {
			return err
		}
		b, err := os.ReadFile(path)
		f.Add(b)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(what string, amount int64, err error) {
			t.Helper()
			var place *parseError
			if amount < 0 || err != nil && (!errors.As(err, &place) || place.line < 1) {
				t.Errorf("%s of %q: %d, %v", what, b, amount, err)
			}
		}
		status, err := parseStatus(b)
		check("status", int64(min(status.VmHWM, status.RssAnon, status.RssFile, status.RssShmem, status.HugetlbPages)), err)
		rollup, err := parseSmapsRollup(b)
		check("smaps_rollup", int64(min(rollup.Rss, rollup.Anonymous, rollup.LazyFree, rollup.PssAnon, rollup.SharedHugetlb)), err)
		stat, err := parseStat(b)
		check("stat", min(stat.Minflt, int64(stat.Utime), int64(stat.Stime)), err)
		sched, err := parseSchedstat(b)
		check("schedstat", int64(sched.RunDelay), err)
		_, err = parseMaps(b)
		check("maps", 0, err)
		account, err := parseMemoryStat(b)
		check("memory.stat", int64(min(account.anon, account.file, account.shmem)), err)
		_, err = parseCgroup(b)
		check("cgroup", 0, err)
		usage, err := parseCPUStat(b)
		check("cpu.stat", int64(usage), err)
		n, err := single(b)
		check("number", n, err)
		info, err := parseMeminfo(b)
		check("meminfo", int64(min(info.MemTotal, info.SwapTotal)), err)
		cpus, err := parseCPUList(b)
		check("cpus", int64(cpus), err)
		_, err = parseChosen(b)
		check("thp", 0, err)
		_, err = parseCPUModel(b)
		check("cpuinfo", 0, err)
		_, err = parseOSRelease(b)
		check("os-release", 0, err)
		_ = hwmBound(string(b), 2, 2, 4096)
	})
}
