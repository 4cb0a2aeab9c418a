package meter

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// clock adds up the CPU time and the waiting time of the container. Both only
// grow, also when processes and threads end: what they were last seen with
// stays counted.
type clock struct {
	fs     FS
	groups *groups

	mu     sync.Mutex // guards what follows
	used   tracked[bench.Process]
	waits  tracked[thread]
	latest time.Duration // the last CPU time that was told
}

// CPU gives the CPU time that the container has used and the time that its
// threads were ready to run without getting a CPU. Only differences between
// two calls mean something.
//
// The CPU time is that of the container's cgroup, where it has one to itself.
// Otherwise it is summed over the processes, in steps of 10 ms, and what a
// process used after the last look at it is lost. The waiting time comes from
// the threads in any case, and is 0 where the kernel does not keep it. If all
// processes have ended, the error matches ErrEnded, and both are as last seen.
func (r *Recorder) CPU() (used, waited time.Duration, err error) {
	processes, err := r.processes()
	if err != nil {
		return 0, 0, err
	}
	busy := onThread(func() {
		err = r.clock.scan(processes)
		used, waited = r.clock.read()
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy += busy
	return used, waited, err
}

// read gives what was seen last.
func (c *clock) read() (used, waited time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest, c.waits.sum()
}

// scan looks at the container's processes and threads.
func (c *clock) scan(processes []bench.Process) error {
	group, err := c.groups.find(processes)
	if err != nil && !errors.Is(err, ErrEnded) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.scanWaits(processes), c.scanUsed(group, processes))
}

// scanUsed reads the CPU time. c.mu is held.
func (c *clock) scanUsed(group Cgroup, processes []bench.Process) error {
	var used time.Duration
	var err error
	switch {
	case group.Cpuacct.Path != "":
		used, err = c.fs.cpuacctUsage(group)
	case group.Unified != "":
		used, err = c.fs.cpuStat(group)
	default:
		used, err = c.scanStat(processes)
	}
	if errors.Is(err, os.ErrNotExist) {
		err = ErrEnded // a group goes with its last process
	}
	c.latest = max(c.latest, used)
	return err
}

// scanStat sums the CPU time over the processes. c.mu is held.
func (c *clock) scanStat(processes []bench.Process) (time.Duration, error) {
	now := map[bench.Process]time.Duration{}
	for _, p := range processes {
		s, err := c.fs.Stat(p.PID)
		if err == nil {
			err = isOf(s, p)
		}
		if errors.Is(err, ErrEnded) {
			continue
		}
		if err != nil {
			return 0, err
		}
		now[p] = s.Utime + s.Stime
	}
	c.used.update(now)
	if len(now) == 0 {
		return c.used.sum(), ErrEnded
	}
	return c.used.sum(), nil
}

// scanWaits reads the waiting times of all threads. c.mu is held.
func (c *clock) scanWaits(processes []bench.Process) error {
	now := map[thread]time.Duration{}
	for _, p := range processes {
		all, err := c.fs.Schedstat(p.PID)
		if err == nil {
			err = c.fs.still(p)
		}
		if errors.Is(err, ErrEnded) {
			continue
		}
		if err != nil {
			return err // a part would look as if the other threads had ended
		}
		for tid, s := range all {
			now[thread{p, tid}] = s.RunDelay
		}
	}
	c.waits.update(now)
	return nil
}
