package meter

import (
	"errors"
	"os"
	"sync"
	"time"
)

// clock adds up the CPU time and the waiting time of the container. Both only
// grow, also when processes and threads end: what they were last seen with
// stays counted.
type clock struct {
	fs FS

	mu     sync.Mutex // guards what follows
	group  Cgroup     // the container's own; see find
	found  bool       // group was looked for
	used   tracked[process]
	waits  tracked[thread]
	latest time.Duration // the last CPU time that was told
}

// process is a process beyond doubt: numbers are used again.
type process struct {
	pid   int
	start time.Duration
}

type thread struct{ pid, tid int }

func newClock(fs FS) clock {
	return clock{fs: fs}
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
	pids, err := r.processes()
	if err != nil {
		return 0, 0, err
	}
	busy := onThread(func() {
		err = r.clock.scan(pids)
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
func (c *clock) scan(pids []int) error {
	if _, err := c.find(pids); err != nil && !errors.Is(err, ErrEnded) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.scanWaits(pids), c.scanUsed(pids))
}

// find gives the cgroups that the container has to itself; the others are
// left empty. It looks once: processes do not change their group.
func (c *clock) find(pids []int) (Cgroup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found {
		return c.group, nil
	}
	ours, err := c.fs.ownCgroup()
	if err != nil {
		return Cgroup{}, err
	}
	for _, pid := range pids {
		group, err := c.fs.Cgroup(pid)
		if errors.Is(err, ErrEnded) {
			continue
		}
		if err != nil {
			return Cgroup{}, err
		}
		if !apart(group.Cpuacct, ours.Cpuacct) {
			group.Cpuacct = ""
		}
		if !apart(group.Unified, ours.Unified) {
			group.Unified = ""
		}
		c.group, c.found = group, true
		return group, nil
	}
	return Cgroup{}, ErrEnded
}

// scanUsed reads the CPU time. c.mu is held.
func (c *clock) scanUsed(pids []int) error {
	var used time.Duration
	var err error
	switch {
	case c.group.Cpuacct != "":
		used, err = c.fs.cpuacctUsage(c.group)
	case c.group.Unified != "":
		used, err = c.fs.cpuStat(c.group)
	default:
		used, err = c.scanStat(pids)
	}
	if errors.Is(err, os.ErrNotExist) {
		err = ErrEnded // a group goes with its last process
	}
	c.latest = max(c.latest, used)
	return err
}

// scanStat sums the CPU time over the processes. c.mu is held.
func (c *clock) scanStat(pids []int) (time.Duration, error) {
	now := map[process]time.Duration{}
	for _, pid := range pids {
		s, err := c.fs.Stat(pid)
		if errors.Is(err, ErrEnded) {
			continue
		}
		if err != nil {
			return 0, err
		}
		now[process{pid, s.Starttime}] = s.Utime + s.Stime
	}
	c.used.update(now)
	if len(now) == 0 {
		return c.used.sum(), ErrEnded
	}
	return c.used.sum(), nil
}

// scanWaits reads the waiting times of all threads. c.mu is held.
func (c *clock) scanWaits(pids []int) error {
	now := map[thread]time.Duration{}
	for _, pid := range pids {
		all, err := c.fs.Schedstat(pid)
		if err != nil && !errors.Is(err, ErrEnded) {
			return err // a part would look as if the other threads had ended
		}
		for tid, s := range all {
			now[thread{pid, tid}] = s.RunDelay
		}
	}
	c.waits.update(now)
	return nil
}

// tracked is a sum over counters that come and go. It only grows.
type tracked[K comparable] struct {
	last map[K]time.Duration // of those that are there
	gone time.Duration       // of those that are not any more
}

// update takes the counters as they are now. One that is lower than it was
// belongs to somebody else, who has got the same number.
func (t *tracked[K]) update(now map[K]time.Duration) {
	for k, before := range t.last {
		if after, there := now[k]; !there || after < before {
			t.gone += before
		}
	}
	t.last = now
}

func (t *tracked[K]) sum() time.Duration {
	sum := t.gone
	for _, d := range t.last {
		sum += d
	}
	return sum
}
