package meter

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// The watched process is this test's program once more, started with this
// variable: nothing grows in it but what it is told to.
const childVariable = "STEPPER_METER_TEST_CHILD"

const growth = 64 * bench.MiB

// child does what it reads, a line each, and answers every line.
func child() {
	runtime.LockOSThread() // a forked process is to end with this thread
	debug.SetGCPercent(-1)
	in := bufio.NewScanner(os.Stdin)
	var block []byte // that grew last
	for in.Scan() {
		kind, file, _ := strings.Cut(in.Text(), "\t")
		answer := "ok"
		var err error
		switch kind {
		case "fork":
			answer = fmt.Sprint(fork(nil))
		case "fork and touch":
			answer = fmt.Sprint(fork(block))
		case "give back":
			err = unix.Munmap(block)
		case "lazy":
			err = unix.Madvise(block, unix.MADV_FREE)
		case "out":
			err = unix.Madvise(block, unix.MADV_PAGEOUT)
		default:
			block, err = grow(kind, file)
			touch(block)
		}
		if err != nil {
			answer = "error: " + err.Error()
		}
		fmt.Println(answer)
	}
}

// grow gives a block of memory of that kind, or writes a file.
func grow(kind, file string) ([]byte, error) {
	const size = int(growth)
	const rw, shared, private = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED, unix.MAP_PRIVATE
	mapped := func(fd int, err error, flags int) ([]byte, error) {
		if err == nil {
			err = unix.Ftruncate(fd, int64(size))
		}
		if err != nil {
			return nil, err
		}
		return unix.Mmap(fd, 0, size, rw, flags)
	}
	switch kind {
	case "anonymous":
		return unix.Mmap(-1, 0, size, rw, private|unix.MAP_ANON)
	case "shared":
		return unix.Mmap(-1, 0, size, rw, shared|unix.MAP_ANON)
	case "memfd":
		fd, err := unix.MemfdCreate("stepper-meter-test", unix.MFD_CLOEXEC)
		return mapped(fd, err, shared)
	case "sysv":
		id, err := unix.SysvShmGet(unix.IPC_PRIVATE, size, unix.IPC_CREAT|0o600)
		if err != nil {
			return nil, err
		}
		block, err := unix.SysvShmAttach(id, 0, 0)
		_, gone := unix.SysvShmCtl(id, unix.IPC_RMID, nil) // it goes with the process
		return block, errors.Join(err, gone)
	case "file":
		f, err := os.Create(file)
		if err != nil {
			return nil, err
		}
		page := make([]byte, os.Getpagesize())
		for i := 0; i < size && err == nil; i += len(page) {
			_, err = f.Write(page)
		}
		return nil, errors.Join(err, f.Close())
	case "copied":
		fd, err := unix.Open(file, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
		return mapped(fd, err, private)
	case "transparent":
		const huge = 2 << 20
		block, err := unix.Mmap(-1, 0, size+huge, rw, private|unix.MAP_ANON)
		if err != nil {
			return nil, err
		}
		before := huge - int(uintptr(unsafe.Pointer(&block[0]))%huge)
		block = block[before : before+size]
		return block, unix.Madvise(block, unix.MADV_HUGEPAGE)
	case "hugetlb":
		return unix.Mmap(-1, 0, size, rw, private|unix.MAP_ANON|unix.MAP_HUGETLB)
	case "shared hugetlb":
		return unix.Mmap(-1, 0, size, rw, shared|unix.MAP_ANON|unix.MAP_HUGETLB)
	}
	return nil, fmt.Errorf("what is %q?", kind)
}

//go:norace
func touch(block []byte) {
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
}

// fork makes a copy of this process, which touches the block and then waits for
// this process's end. In it runs one thread, without the rest of Go's runtime:
// it makes system calls and nothing else.
//
//go:norace
func fork(block []byte) (pid int) {
	var ready [2]int
	if err := unix.Pipe2(ready[:], unix.O_CLOEXEC); err != nil {
		panic(err)
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		panic(errno)
	}
	if n != 0 {
		_ = unix.Close(ready[1])
		_, _ = unix.Read(ready[0], make([]byte, 1)) // the end of the file, or a byte
		_ = unix.Close(ready[0])
		return int(n)
	}
	unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	touch(block)
	unix.RawSyscall(unix.SYS_CLOSE, uintptr(ready[0]), 0, 0)
	unix.RawSyscall(unix.SYS_CLOSE, uintptr(ready[1]), 0, 0)
	for {
		unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
}

// Process gives the process that has a number now.
func (fs FS) Process(pid int) (bench.Process, error) {
	s, err := fs.Stat(pid)
	return bench.Process{PID: pid, Start: s.Start}, err
}

// subject is a child, and the Recorder that watches it.
type subject struct {
	t     testing.TB
	in    *os.File
	out   *bufio.Reader
	crowd crowd
	meter *Recorder
}

// watched starts a child and watches it.
func watched(t testing.TB, group *testGroup) *subject {
	t.Helper()
	s := newSubject(t, group)
	s.meter = NewRecorder(Config{Every: 10 * time.Millisecond, Refresh: 20 * time.Millisecond, Processes: s.crowd.list})
	start(t, s.meter)
	return s
}

// newSubject starts a child. With a control group, it is moved into it before it
// grows.
func newSubject(t testing.TB, group *testGroup) *subject {
	t.Helper()
	s := &subject{t: t}
	theirs, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirOut, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	theirOut.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()         // it was killed
		in.Close()
		out.Close()
	})
	group.take(t, cmd.Process.Pid)
	s.add(cmd.Process.Pid)
	return s
}

func (s *subject) add(pid int) {
	s.t.Helper()
	p, err := Host.Process(pid)
	if err != nil {
		s.t.Fatal(err)
	}
	s.crowd.set(0, append(s.crowd.now[:len(s.crowd.now):len(s.crowd.now)], p)...)
}

// do has the child do something, and gives its answer.
func (s *subject) do(what string) string {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.in, what); err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.out.ReadString('\n')
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
	answer = strings.TrimSuffix(answer, "\n")
	if reason, failed := strings.CutPrefix(answer, "error: "); failed {
		s.t.Fatalf("%s: %s", what, reason)
	}
	return answer
}

// read gives a sample of what is there now, and an edge.
func (s *subject) read() (bench.Sample, bench.Edge) {
	s.t.Helper()
	time.Sleep(5 * s.meter.cfg.Refresh) // new processes are known, and one sample was taken with them
	sample := sampled(s.t, s.meter)
	edge, err := s.meter.Edge("x")
	if err != nil {
		s.t.Fatal(err)
	}
	return sample, edge
}

// testGroup is a control group of a test's own, with the memory controller; nil:
// the test's process's.
type testGroup struct{ dir string }

// newGroup makes one, in version 1 or 2, and removes it with the test.
func newGroup(t testing.TB) *testGroup {
	t.Helper()
	root, unified := "/sys/fs/cgroup/memory", Host.exists("sys/fs/cgroup/cgroup.controllers")
	if unified {
		root = "/sys/fs/cgroup"
	}
	us, err := Host.ownCgroup()
	if err != nil {
		t.Fatal(err)
	}
	needs.Setup(t, unified || us.Memory.Path != "", "/proc/self/cgroup names no memory controller")
	g := makeGroup(t, root)
	if unified {
		controls(t, g, "memory")
	}
	return g
}

// makeGroup makes a group below another, whatever its controllers are, and removes
// it with the test.
func makeGroup(t testing.TB, above string) *testGroup {
	t.Helper()
	needs.Root(t, "make a control group")
	g := &testGroup{filepath.Join(above, fmt.Sprintf("stepper-meter-test-%d-%d", os.Getpid(), time.Now().UnixNano()))}
	needs.Right(t, "make a control group", os.Mkdir(g.dir, 0o755))
	t.Cleanup(func() {
		// The kernel lets it go a moment after its last process.
		var err error
		for range 100 {
			if err = os.Remove(g.dir); err == nil || errors.Is(err, os.ErrNotExist) {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("the control group stays: %v", err)
	})
	return g
}

func (g *testGroup) take(t testing.TB, pid int) {
	t.Helper()
	if g == nil {
		return
	}
	if err := os.WriteFile(filepath.Join(g.dir, "cgroup.procs"), fmt.Append(nil, pid), 0o644); err != nil {
		t.Fatal(err)
	}
}
