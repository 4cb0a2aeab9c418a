package meter

import (
	"errors"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// watch holds the open files of the processes that are sampled. It belongs to
// one goroutine.
type watch struct {
	fs      FS
	groups  *groups
	list    []bench.Process // that procs stands for
	procs   map[bench.Process]*Proc
	account *account // of the container's own group; nil: it has none
}

// seen is what a sample does not keep.
type seen struct {
	threads int  // 0: no process is alive
	apart   bool // the processes have a control group of their own
	sharing int  // processes that map memory that can be shared
	huge    int  // processes that have pages of the pool of huge pages
}

// read adds up the memory of the processes into s.
func (w *watch) read(list []bench.Process, s *bench.Sample) (seen, error) {
	if err := w.follow(list); err != nil {
		return seen{}, err
	}
	var n seen
	for p, proc := range w.procs {
		status, err := proc.Status()
		if errors.Is(err, ErrEnded) {
			w.drop(p)
			w.list = nil // look again at the next sample
			continue
		}
		if err != nil {
			return seen{}, err
		}
		s.Anon += status.RssAnon
		s.Hugetlb += status.HugetlbPages
		s.Shmem += status.RssShmem
		s.Swap += status.VmSwap
		s.File += status.RssFile
		n.threads += status.Threads
		if status.RssShmem > 0 {
			n.sharing++
		}
		if status.HugetlbPages > 0 {
			n.huge++
		}
	}
	if w.account == nil {
		return n, nil
	}
	charged, err := w.account.read()
	if errors.Is(err, ErrEnded) {
		// The group went with its last process, or they were moved out of it.
		w.setAccount(nil)
		w.groups.forget()
		w.list = nil
		return seen{}, nil
	}
	s.Shmem, n.apart = charged.shmem, true
	return n, err
}

// follow opens what is new in list and closes what is gone from it.
func (w *watch) follow(list []bench.Process) error {
	if slices.Equal(list, w.list) && w.list != nil {
		return nil
	}
	for p := range w.procs {
		if !slices.Contains(list, p) {
			w.drop(p)
		}
	}
	for _, p := range list {
		if w.procs[p] != nil {
			continue
		}
		proc, err := Open(w.fs, p)
		if errors.Is(err, ErrEnded) {
			continue
		}
		if err != nil {
			return err
		}
		w.procs[p] = proc
	}
	if err := w.followGroup(list); err != nil {
		return err
	}
	w.list = list
	return nil
}

// followGroup opens the account of the processes' own group. Where it cannot be
// used, what is shared is summed over the processes.
func (w *watch) followGroup(list []bench.Process) error {
	group, err := w.groups.find(list)
	if errors.Is(err, ErrEnded) {
		return nil
	}
	if err != nil {
		return err
	}
	name := w.fs.memoryStatOf(group)
	if w.account != nil && w.account.file.name == name {
		return nil
	}
	var a *account
	if name != "" {
		a, _ = w.fs.openAccount(name) // nil: Notes tells
	}
	w.setAccount(a)
	return nil
}

func (w *watch) setAccount(a *account) {
	if w.account != nil {
		w.account.close()
	}
	w.account = a
}

func (w *watch) drop(p bench.Process) {
	_ = w.procs[p].Close() // it was only read
	delete(w.procs, p)
}

func (w *watch) close() {
	for p := range w.procs {
		w.drop(p)
	}
	w.setAccount(nil)
}

// onThread runs f and gives the CPU time that it took, in the kernel too.
func onThread(f func()) time.Duration {
	runtime.LockOSThread() // else f could go on on a thread with another clock
	defer runtime.UnlockOSThread()
	before := threadCPU()
	f()
	return threadCPU() - before
}

// threadCPU is the CPU time of the calling thread.
func threadCPU() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0 // no kernel that Go runs on lacks this clock
	}
	return time.Duration(t.Nano())
}
