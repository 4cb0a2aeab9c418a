package meter

import (
	"errors"
	"os"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// each calls f for every process, passes over those that have ended, and goes
// on after errors, which it joins. The error matches ErrEnded if all processes
// had ended. The CPU time is counted as the Recorder's own.
func (r *Recorder) each(f func(p bench.Process) error) error {
	processes, err := r.processes()
	if err != nil {
		return err
	}
	var errs []error
	alive := 0
	busy := onThread(func() {
		for _, p := range processes {
			err := f(p)
			if errors.Is(err, ErrEnded) {
				continue
			}
			alive++
			errs = append(errs, err)
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy += busy
	if alive == 0 {
		return ErrEnded
	}
	return errors.Join(errs...)
}

// status reads the status of a process that is not yet dead, and no other's.
func (r *Recorder) status(p bench.Process) (Status, error) {
	s, err := r.cfg.FS.Status(p.PID)
	if err == nil && s.Ended() {
		err = ErrEnded
	}
	if err == nil {
		err = r.cfg.FS.still(p)
	}
	return s, err
}

// ResetHighWater makes the high-water mark of every process start again from
// what it holds now, and that of the container's cgroup where the kernel can
// do so. If we may not, the error matches *DeniedError: HighWater then speaks
// of the time since the process began.
func (r *Recorder) ResetHighWater() error {
	err := r.each(func(p bench.Process) error {
		name := ofPID(p.PID, "clear_refs")
		f, err := os.OpenFile(r.cfg.FS.path(name), os.O_WRONLY, 0)
		if err != nil {
			return explain(name, err)
		}
		// An open file stays with the process that it was opened for.
		if err := r.cfg.FS.still(p); err != nil {
			return errors.Join(err, f.Close())
		}
		_, err = f.WriteString("5") // proc(5): reset VmHWM
		return explain(name, errors.Join(err, f.Close()))
	})
	r.resetPeak()
	return err
}

// HighWater gives the most anonymous memory since the last reset: VmHWM less
// RssFile and RssShmem of this moment, summed over the processes. It catches
// what lies between two samples, but is not exact: see Sampler.HWMBound. Shared
// memory and huge pages of the pool are not in it.
func (r *Recorder) HighWater() (bench.Bytes, error) {
	var sum bench.Bytes
	err := r.each(func(p bench.Process) error {
		s, err := r.status(p)
		if err != nil {
			return err
		}
		sum += max(0, s.VmHWM-s.RssFile-s.RssShmem)
		return nil
	})
	return sum, err
}

// resetPeak resets the cgroup's peak, or forgets it where that cannot be done.
func (r *Recorder) resetPeak() {
	processes, err := r.processes()
	if err != nil {
		return
	}
	group, _ := r.groups.find(processes)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peak != nil {
		r.peak.close()
		r.peak = nil
	}
	if group.Unified != "" {
		r.peak, _ = r.cfg.FS.resetMemoryPeak(group) // nil where there is none
	}
}

// CgroupPeak gives the most memory that the container's cgroup held since
// ResetHighWater, less the page cache of this moment; shared memory stays in it,
// and so does what the kernel needs for itself. It is 0 where the kernel has no
// peak that can be reset (kernel.GroupPeakReset), or cgroups of version 1.
func (r *Recorder) CgroupPeak() (bench.Bytes, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peak == nil {
		return 0, nil
	}
	return r.peak.read(r.cfg.FS)
}

// Close gives back what ResetHighWater opened. The Recorder may still be read.
func (r *Recorder) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peak != nil {
		r.peak.close()
		r.peak = nil
	}
}
