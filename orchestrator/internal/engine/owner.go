package engine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Owner names the process that is responsible for what an engine made. A
// number alone would not do: pids are used again, so the time of the process's
// start and the boot of the machine belong to the name.
type Owner struct {
	Host  string
	Boot  string // the kernel's boot id; empty where there is none
	PID   int
	Start uint64 // clock ticks from boot to the start of the process
}

// Self is the calling process as an Owner.
func Self() (Owner, error) {
	host, err := os.Hostname()
	if err != nil {
		return Owner{}, fmt.Errorf("name of this host: %w", err)
	}
	pid := os.Getpid()
	start, running, err := StartTime(pid)
	if err != nil {
		return Owner{}, err
	}
	if !running {
		return Owner{}, fmt.Errorf("/proc does not show this process (pid %d)", pid)
	}
	return Owner{Host: host, Boot: bootID(), PID: pid, Start: start}, nil
}

func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "" // an old or unusual kernel: host, pid and start must do
	}
	return strings.TrimSpace(string(id))
}

// String is the form in which labels and files keep an Owner: HOST BOOT PID START.
func (o Owner) String() string {
	boot := o.Boot
	if boot == "" {
		boot = "-"
	}
	return fmt.Sprintf("%s %s %d %d", o.Host, boot, o.PID, o.Start)
}

// ParseOwner reads what String wrote.
func ParseOwner(s string) (Owner, error) {
	f := strings.Fields(s)
	if len(f) != 4 {
		return Owner{}, fmt.Errorf("%q names no owner", s)
	}
	pid, err := strconv.Atoi(f[2])
	if err != nil {
		return Owner{}, fmt.Errorf("%q names no owner: %w", s, err)
	}
	start, err := strconv.ParseUint(f[3], 10, 64)
	if err != nil {
		return Owner{}, fmt.Errorf("%q names no owner: %w", s, err)
	}
	if f[1] == "-" {
		f[1] = ""
	}
	return Owner{Host: f[0], Boot: f[1], PID: pid, Start: start}, nil
}

// Dead says that the owner has certainly ended. Of a process on another host
// nothing is known, so it counts as alive.
func (o Owner) Dead() bool {
	if host, err := os.Hostname(); err != nil || host != o.Host {
		return false
	}
	if boot := bootID(); boot != o.Boot {
		return true
	}
	start, running, err := StartTime(o.PID)
	return err == nil && (!running || start != o.Start)
}
