package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// stat is what matters here of /proc/PID/stat.
type stat struct {
	parent  int
	start   uint64 // clock ticks since boot
	running bool   // a zombie, which only waits to be read, does not
}

// readStat reads it for whoever has the number now. There is none where nobody
// has it.
func readStat(pid int) (s stat, there bool, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		if gone(err) {
			return stat{}, false, nil
		}
		return stat{}, false, err
	}
	// The second field is the name in brackets, and may hold anything.
	line := string(text)
	f := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(f) < 20 {
		return stat{}, false, fmt.Errorf("/proc/%d/stat is cut short", pid)
	}
	s.parent, err = strconv.Atoi(f[1])
	if err == nil {
		s.start, err = strconv.ParseUint(f[19], 10, 64)
	}
	if err != nil {
		return stat{}, false, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	s.running = f[0] != "Z" && f[0] != "X"
	return s, true, nil
}

// StartTime gives the start of a process in clock ticks since boot, and whether
// it runs. A zombie, which only waits to be read, does not.
func StartTime(pid int) (start uint64, running bool, err error) {
	s, _, err := readStat(pid)
	return s.start, s.running, err
}

// Running says whether this very process runs, and not another one that has got
// its number.
func Running(p bench.Process) (bool, error) {
	s, _, err := readStat(p.PID)
	return s.running && s.start == p.Start, err
}

// gone says that err is how /proc tells that a process has ended.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}
