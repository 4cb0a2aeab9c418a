package meter

import (
	"bytes"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// Machine tells what a machine does beside the work of the lab. Its methods may
// be called from several goroutines.
type Machine struct {
	FS FS // empty: Host
	// Variants gives the CPU time that all variants have used so far, those
	// that have ended included.
	Variants func() time.Duration
	// Children says that the processes that this one waits for are the lab's
	// own work. Where they are the variants themselves, Variants has them.
	Children bool

	clocks func() (clocks, error) // nil: the kernel's
	own    func() time.Duration   // nil: this process's CPU time
}

// MachineReading is the state of a machine at a moment: where a stretch of time
// begins.
type MachineReading struct {
	clocks
	machineTimes
	lab, variants time.Duration
}

// clocks are three views of the time. Only differences mean something.
type clocks struct {
	wall time.Duration // can be set
	boot time.Duration // goes on while the machine is suspended
	mono time.Duration // neither
}

// machineTimes is the CPU time of all CPUs together since the boot.
type machineTimes struct {
	processes time.Duration // in user mode and in the kernel, guests included; interrupts are nobody's
	stolen    time.Duration
}

// Read reads everything now. The order matters little: a batch lasts seconds.
func (m *Machine) Read() (MachineReading, error) {
	read, own := m.clocks, m.own
	if read == nil {
		read = kernelClocks
	}
	if own == nil {
		own = m.usage
	}
	var r MachineReading
	var err error
	if r.clocks, err = read(); err != nil {
		return r, fmt.Errorf("read the clocks: %w", err)
	}
	// Side by side, for all of them go on meanwhile.
	r.variants = m.Variants()
	r.lab = own()
	if r.machineTimes, err = parse(m.FS, "proc/stat", parseMachineTimes); err != nil {
		return r, err
	}
	return r, nil
}

// Since says what the machine did since a reading. The time of others is what
// all processes used less what the variants and the lab did. The kernel counts
// the first by ticks and the others to the nanosecond, so it is off by a
// hundredth of a second for each CPU and more where short work follows the tick;
// it is never below 0.
func (m *Machine) Since(from MachineReading) (bench.Machine, error) {
	to, err := m.Read()
	if err != nil {
		return bench.Machine{}, err
	}
	cpus, err := m.FS.onlineCPUs()
	if err != nil {
		return bench.Machine{}, err
	}
	lab := to.lab - from.lab
	slept := (to.boot - from.boot) - (to.mono - from.mono)
	jumped := (to.wall - from.wall) - (to.boot - from.boot)
	return bench.Machine{
		Elapsed: to.mono - from.mono,
		CPUs:    cpus,
		Others:  max(0, to.processes-from.processes-(to.variants-from.variants)-lab),
		Lab:     lab,
		Stolen:  max(0, to.stolen-from.stolen),
		Jumped:  unlessTiny(jumped),
		Slept:   unlessTiny(slept),
	}, nil
}

// unlessTiny drops what lies between the readings of two clocks, and what a
// time server corrects in passing.
func unlessTiny(d time.Duration) time.Duration {
	if d.Abs() < 50*time.Millisecond {
		return 0
	}
	return d
}

// usage is the CPU time of this process, in the kernel too, and of its children
// where they are the lab's own.
func (m *Machine) usage() time.Duration {
	total := rusage(unix.RUSAGE_SELF)
	if m.Children {
		total += rusage(unix.RUSAGE_CHILDREN)
	}
	return total
}

func rusage(who int) time.Duration {
	var u unix.Rusage
	if unix.Getrusage(who, &u) != nil {
		return 0 // it knows both of the values that it can be given
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func kernelClocks() (clocks, error) {
	var c clocks
	for id, into := range map[int32]*time.Duration{
		unix.CLOCK_REALTIME:  &c.wall,
		unix.CLOCK_BOOTTIME:  &c.boot,
		unix.CLOCK_MONOTONIC: &c.mono,
	} {
		var t unix.Timespec
		if err := unix.ClockGettime(id, &t); err != nil {
			return c, err
		}
		*into = time.Duration(t.Nano())
	}
	return c, nil
}

// parseMachineTimes reads the line "cpu" of /proc/stat: user, nice, system,
// idle, iowait, irq, softirq, steal, and guest times that user and nice hold
// already.
func parseMachineTimes(b []byte) (machineTimes, error) {
	line, _ := cutLine(b)
	word, rest := cutField(line)
	if !bytes.Equal(word, []byte("cpu")) {
		return machineTimes{}, &parseError{1, "not the times of all CPUs"}
	}
	var t machineTimes
	for n := range 8 {
		word, rest = cutField(rest)
		d, ok := duration(word, proc.Tick)
		if !ok {
			return t, &parseError{1, fmt.Sprintf("time %d is not a number", n+1)}
		}
		switch n {
		case 0, 1, 2:
			t.processes += d
		case 7:
			t.stolen = d
		}
	}
	return t, nil
}
