// Package runs keeps what belongs to whom: the folders of runs and of their
// instances, who answers for them, whether that process is still there, and what
// dead ones left behind.
package runs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// Owner names the process that is responsible for what an engine made. A
// number alone would not do: pids are used again, so the time of the process's
// start and the boot of the machine belong to the name, and so do the
// namespaces in which these two have their meaning.
type Owner struct {
	Host    string
	Boot    string // the kernel's boot id, one for all containers on it
	PID     int
	Start   uint64 // clock ticks from boot to the start of the process
	PIDNS   uint64 // the namespace that PID is a number in; 0: not known
	TimeNS  uint64 // the namespace that Start was read in; 0: the kernel has none
	Machine string // the machine's id, which outlives a reboot; empty: it has none
}

// Self is the calling process as an Owner.
func Self() (Owner, error) {
	w := here()
	// By this name the process is found even where /proc counts in another
	// namespace than getpid does.
	s, there, err := proc.ReadStat(w.proc, "self")
	if err != nil {
		return Owner{}, err
	}
	if !there {
		return Owner{}, fmt.Errorf("/proc does not show this process (pid %d)", w.pid)
	}
	return Owner{
		Host: w.host, Boot: w.boot, PID: w.pid, Start: s.Start,
		PIDNS: w.pidNS, TimeNS: w.timeNS, Machine: w.machine,
	}, nil
}

// String is the form in which labels and files keep an Owner:
// HOST BOOT PID START PIDNS TIMENS MACHINE.
func (o Owner) String() string {
	return fmt.Sprintf("%s %s %d %d %d %d %s", dash(o.Host), dash(o.Boot), o.PID, o.Start, o.PIDNS, o.TimeNS, dash(o.Machine))
}

// ParseOwner reads what String wrote, and what it wrote before owners had
// namespaces: the first four words.
func ParseOwner(s string) (Owner, error) {
	f := strings.Fields(s)
	if len(f) != 4 && len(f) != 7 {
		return Owner{}, fmt.Errorf("%q does not name an owner", s)
	}
	pid, err := strconv.Atoi(f[2])
	if err == nil && pid <= 0 {
		err = fmt.Errorf("%d is not a process number", pid)
	}
	o := Owner{Host: undash(f[0]), Boot: undash(f[1]), PID: pid}
	var errs [3]error
	o.Start, errs[0] = strconv.ParseUint(f[3], 10, 64)
	if len(f) == 7 {
		o.PIDNS, errs[1] = strconv.ParseUint(f[4], 10, 64)
		o.TimeNS, errs[2] = strconv.ParseUint(f[5], 10, 64)
		o.Machine = undash(f[6])
	}
	if err := errors.Join(err, errs[0], errs[1], errs[2]); err != nil {
		return Owner{}, fmt.Errorf("%q does not name an owner: %w", s, err)
	}
	return o, nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func undash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// Life says whether an owner is there.
type Life int

// An owner of whom nothing certain can be told from here is Unknown. What it
// made is treated as if it were Alive, and people are told.
const (
	Unknown Life = iota
	Alive
	Dead
)

// Verdict is what is known of an owner, and why, as a clause for people: "its
// owner, process 4711 in another PID namespace, cannot be seen from here".
type Verdict struct {
	Life Life
	Why  string
}

// Judge looks for the owner of that name. A name that cannot be read, because a
// later version wrote it or because it was cut short, is nobody's death.
func Judge(name string) Verdict {
	o, err := ParseOwner(name)
	if err != nil {
		return Verdict{Unknown, "its owner's name cannot be read"}
	}
	return here().judge(o)
}
