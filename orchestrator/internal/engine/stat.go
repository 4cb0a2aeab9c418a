package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// stat is what matters here of /proc/PID/stat.
type stat struct {
	parent  int
	start   uint64 // clock ticks since boot
	running bool   // a zombie, which only waits to be read, does not
}

// readStat reads it for whoever has the number now, or is called "self". There
// is none where nobody has it.
func readStat(proc, pid string) (s stat, there bool, err error) {
	file := filepath.Join(proc, pid, "stat")
	text, err := os.ReadFile(file)
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
		return stat{}, false, fmt.Errorf("%s is cut short", file)
	}
	threads := 0
	s.parent, err = strconv.Atoi(f[1])
	if err == nil {
		threads, err = strconv.Atoi(f[17])
	}
	if err == nil {
		s.start, err = strconv.ParseUint(f[19], 10, 64)
	}
	if err != nil {
		return stat{}, false, fmt.Errorf("%s: %w", file, err)
	}
	// A process whose first thread has ended shows as a zombie, too; its other
	// threads are counted until the last has ended.
	s.running = f[0] != "X" && (f[0] != "Z" || threads > 1)
	return s, true, nil
}

// StartTime gives the start of a process in clock ticks since boot, and whether
// it runs. A zombie, which only waits to be read, does not.
func StartTime(pid int) (start uint64, running bool, err error) {
	s, _, err := readStat("/proc", strconv.Itoa(pid))
	return s.start, s.running, err
}

// Running says whether this very process runs, and not another one that has got
// its number.
func Running(p bench.Process) (bool, error) {
	s, _, err := readStat("/proc", strconv.Itoa(p.PID))
	return s.running && s.start == p.Start, err
}
