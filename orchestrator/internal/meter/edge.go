package meter

import (
	"errors"
	"os"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Edge reads the memory exactly, by a walk over all pages and by what the kernel
// charges the container's cgroup, and beside it what the cheap counters say,
// summed over the processes. It takes milliseconds for every hundred MiB, and
// page faults of the processes wait meanwhile. If we may not walk, the error
// matches *DeniedError and the rest is filled in.
func (r *Recorder) Edge(name string) (bench.Edge, error) {
	e := bench.Edge{At: time.Since(r.cfg.Start), Name: name}
	// First what is quick, so that all of it speaks of the same moment.
	err := r.each(func(p bench.Process) error {
		status, err := r.status(p)
		if err != nil {
			return err
		}
		e.Processes++
		e.Anon += status.RssAnon
		e.Hugetlb += status.HugetlbPages
		e.Shmem += status.RssShmem
		return nil
	})
	if err != nil {
		return e, err
	}
	charged, apart, err := r.charged()
	if err != nil {
		return e, err
	}
	if apart {
		e.Shmem = charged.shmem
		e.Charged = charged.anon + charged.shmem + charged.hugetlb
	}
	w, err := r.walk(&e)
	e.Proportional = w.proportional(e)
	if apart && !charged.hugetlbTold {
		e.Charged += w.hugetlb(e)
	}
	return e, err
}

// charges is what the kernel charges a container's own group.
type charges struct {
	memoryStat
	hugetlb     bench.Bytes
	hugetlbTold bool // by the group
}

// charged reads them. Where there is no such group, apart is false.
func (r *Recorder) charged() (c charges, apart bool, err error) {
	processes, err := r.processes()
	if err != nil {
		return c, false, err
	}
	group, err := r.groups.find(processes)
	if err != nil {
		return c, false, err
	}
	name := r.cfg.FS.memoryStatOf(group)
	if name == "" {
		return c, false, nil
	}
	busy := onThread(func() {
		if c.memoryStat, err = parse(r.cfg.FS, name, parseMemoryStat); err == nil {
			c.hugetlb, c.hugetlbTold, err = r.cfg.FS.hugetlbCharged(group)
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy += busy
	if _, bad := errors.AsType[*parseError](err); bad || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return charges{}, false, nil // as for the samples: Notes tells
	}
	return c, err == nil, err
}

// walked sums what the walks over the pages say besides what an Edge has.
type walked struct {
	done           int // so many processes were walked
	failed         int // and so many could not be
	untold         int // of so many the kernel does not tell the parts of Pss
	pss            bench.Bytes
	privateHugetlb bench.Bytes
	sharedHugetlb  bench.Bytes // the most that one process shares with others
}

// hugetlb gives the huge pages of the pool, shared ones once: processes that
// share some are taken to share the same. Without a walk it is their sum.
func (w walked) hugetlb(e bench.Edge) bench.Bytes {
	if w.done == 0 || w.failed > 0 {
		return e.Hugetlb
	}
	return w.privateHugetlb + w.sharedHugetlb
}

// proportional gives anonymous memory, shared memory and huge pages, of each
// page the part; 0: the kernel does not tell of all processes.
func (w walked) proportional(e bench.Edge) bench.Bytes {
	if w.done == 0 || w.failed > 0 || w.untold > 0 {
		return 0
	}
	return w.pss + w.hugetlb(e)
}

// walk walks over the pages of all processes and fills in what it says.
func (r *Recorder) walk(e *bench.Edge) (walked, error) {
	var w walked
	err := r.each(func(p bench.Process) error {
		s, walkErr := r.cfg.FS.SmapsRollup(p.PID)
		if errors.Is(walkErr, ErrEnded) {
			return walkErr
		}
		// The last reading says whether all were this process's.
		stat, err := r.cfg.FS.Stat(p.PID)
		if err == nil {
			err = isOf(stat, p)
		}
		if err != nil {
			return err
		}
		e.MinorFaults += uint64(stat.Minflt)
		if walkErr != nil {
			w.failed++
			return walkErr
		}
		w.done++
		if !s.PssParts {
			w.untold++
		}
		e.Anonymous += s.Anonymous
		e.LazyFree += s.LazyFree
		e.AnonHugePages += s.AnonHugePages
		e.Swap += s.Swap
		w.pss += s.PssAnon + s.PssShmem
		w.privateHugetlb += s.PrivateHugetlb
		w.sharedHugetlb = max(w.sharedHugetlb, s.SharedHugetlb)
		return nil
	})
	return w, err
}
