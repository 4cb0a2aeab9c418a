package meter

import (
	"bytes"
	"errors"
	"math"
	"os"
	"runtime"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Environment fills in what the kernel knows of the machine: host, system,
// kernel, CPUs, memory, swap, version of the cgroups, and the setting for
// transparent huge pages. The engine and the versions of our own side are left
// for others. With an error, the rest is filled in all the same.
func Environment(fs FS) (bench.Environment, error) {
	e := bench.Environment{Arch: runtime.GOARCH}
	var errs [7]error
	e.Host, errs[0] = parse(fs, "proc/sys/kernel/hostname", parseWord)
	e.Kernel, errs[1] = parse(fs, "proc/sys/kernel/osrelease", parseWord)
	e.CPUModel, errs[2] = fs.cpuModel()
	e.CPUs, errs[3] = fs.onlineCPUs()
	var m Meminfo
	m, errs[4] = fs.Meminfo()
	e.MemoryTotal, e.SwapTotal = m.MemTotal, m.SwapTotal
	e.CgroupV, errs[5] = fs.cgroupVersion()
	e.OS, errs[6] = fs.osName()
	// A kernel may be built without huge pages.
	e.THP, _ = parse(fs, "sys/kernel/mm/transparent_hugepage/enabled", parseChosen)
	if e.THP == "" {
		e.THP = "never"
	}
	return e, errors.Join(errs[:]...)
}

func (fs FS) exists(name string) bool {
	_, err := os.Stat(fs.path(name))
	return err == nil
}

// onlineCPUs counts the CPUs that the kernel runs on.
func (fs FS) onlineCPUs() (int, error) {
	return parse(fs, "sys/devices/system/cpu/online", parseCPUList)
}

// cgroupVersion is 2 where only version 2 is mounted, and 1 where version 1
// has the controllers.
func (fs FS) cgroupVersion() (int, error) {
	if fs.exists("sys/fs/cgroup/cgroup.controllers") {
		return 2, nil
	}
	if _, err := fs.ownCgroup(); err != nil {
		return 0, err
	}
	return 1, nil
}

// osName reads PRETTY_NAME of os-release, in the two places where it may be.
func (fs FS) osName() (string, error) {
	name, err := parse(fs, "etc/os-release", parseOSRelease)
	if errors.Is(err, os.ErrNotExist) {
		name, err = parse(fs, "usr/lib/os-release", parseOSRelease)
	}
	return name, err
}

func parseWord(b []byte) (string, error) { return string(bytes.TrimSpace(b)), nil }

// parseChosen reads "always [madvise] never".
func parseChosen(b []byte) (string, error) {
	_, rest, ok := bytes.Cut(b, []byte("["))
	word, _, closed := bytes.Cut(rest, []byte("]"))
	if !ok || !closed {
		return "", &parseError{1, "nothing is chosen"}
	}
	return string(word), nil
}

// parseCPUList counts the members of a list like "0-3,8".
func parseCPUList(b []byte) (int, error) {
	bad := &parseError{1, "not a list of CPUs"}
	total := int64(0)
	for item := range bytes.SplitSeq(bytes.TrimSpace(b), []byte(",")) {
		low, high, isRange := bytes.Cut(item, []byte("-"))
		first, ok := number(low)
		last := first
		if isRange && ok {
			last, ok = number(high)
		}
		if !ok || last < first || last-first > math.MaxInt32-total {
			return 0, bad
		}
		total += last - first + 1
	}
	return int(total), nil
}

func parseOSRelease(b []byte) (string, error) {
	for len(b) > 0 {
		var text []byte
		text, b = cutLine(b)
		key, value, _ := strings.Cut(string(text), "=")
		if key != "PRETTY_NAME" {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		return strings.ReplaceAll(value, `\`, ""), nil
	}
	return "", nil
}
