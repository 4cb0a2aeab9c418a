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
	fs    FS
	pids  []int // that procs stands for
	procs map[int]*Proc
}

// read adds up the memory of the processes into s, and gives the number of
// their threads: 0 means that none is alive.
func (w *watch) read(pids []int, s *bench.Sample) (threads int, err error) {
	if err := w.follow(pids); err != nil {
		return 0, err
	}
	for pid, p := range w.procs {
		status, err := p.Status()
		if errors.Is(err, ErrEnded) {
			w.drop(pid)
			w.pids = nil // another process may get its number
			continue
		}
		if err != nil {
			return 0, err
		}
		s.Anon += status.RssAnon
		s.File += status.RssFile
		s.Shmem += status.RssShmem
		threads += status.Threads
	}
	return threads, nil
}

// follow opens what is new in pids and closes what is gone from it.
func (w *watch) follow(pids []int) error {
	if slices.Equal(pids, w.pids) && w.pids != nil {
		return nil
	}
	for pid := range w.procs {
		if !slices.Contains(pids, pid) {
			w.drop(pid)
		}
	}
	for _, pid := range pids {
		if w.procs[pid] != nil {
			continue
		}
		p, err := Open(w.fs, pid)
		if errors.Is(err, ErrEnded) {
			continue
		}
		if err != nil {
			return err
		}
		w.procs[pid] = p
	}
	w.pids = pids
	return nil
}

func (w *watch) drop(pid int) {
	_ = w.procs[pid].Close() // it was only read
	delete(w.procs, pid)
}

func (w *watch) close() {
	for pid := range w.procs {
		w.drop(pid)
	}
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
