package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Tick is the unit of times in /proc/PID/stat: 1/100 s on every architecture
// that Go runs on.
const Tick = 10 * time.Millisecond

// Stat is what matters here of /proc/PID/stat, see proc(5).
type Stat struct {
	State   byte // such as S; Z is a zombie, which only waits to be read
	Parent  int
	Minflt  int64         // page faults that needed no disk, since the start
	Utime   time.Duration // CPU in user mode, all threads, in steps of Tick
	Stime   time.Duration // CPU in the kernel, all threads, in steps of Tick
	Threads int
	Start   uint64 // from the boot to the start of the process, in ticks
}

// Running says that the process has not ended. One whose first thread has ended
// shows as a zombie, too; its other threads are counted until the last has ended.
func (s Stat) Running() bool {
	switch s.State {
	case 0, 'X': // nobody was read; dead
		return false
	case 'Z':
		return s.Threads > 1
	}
	return true
}

// ParseStat reads the text of /proc/PID/stat. The error says which field is
// missing or is not what it should be.
func ParseStat(b []byte) (Stat, error) {
	var s Stat
	// The name of the program stands in parentheses, and may hold some.
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return s, errors.New("no name in parentheses")
	}
	field := 2 // numbered as in proc(5)
	for text := range bytes.FieldsSeq(b[i+1:]) {
		field++
		var n uint64
		var err error
		switch field {
		case 3:
			s.State = text[0]
		case 4:
			n, err = number(text, math.MaxInt32)
			s.Parent = int(n)
		case 10:
			n, err = number(text, math.MaxInt64)
			s.Minflt = int64(n)
		case 14:
			n, err = number(text, mostTicks)
			s.Utime = time.Duration(n) * Tick
		case 15:
			n, err = number(text, mostTicks)
			s.Stime = time.Duration(n) * Tick
		case 20:
			n, err = number(text, math.MaxInt32)
			s.Threads = int(n)
		case 22:
			s.Start, err = number(text, mostTicks)
			if err == nil {
				return s, nil
			}
		}
		if err != nil {
			return s, fmt.Errorf("field %d is %w", field, err)
		}
	}
	return s, fmt.Errorf("field %d is missing", field+1)
}

// mostTicks is the longest time that a time.Duration holds.
const mostTicks = math.MaxInt64 / uint64(Tick)

var errNumber = errors.New("not a number")

// number reads a decimal number without sign, up to most.
func number(b []byte, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil || n > most {
		return 0, errNumber
	}
	return n, nil
}

// ReadStat reads the file below dir, which is /proc but for tests, for whoever
// has the number now, or is called "self". There is none where nobody has it.
func ReadStat(dir, pid string) (s Stat, there bool, err error) {
	file := filepath.Join(dir, pid, "stat")
	text, err := os.ReadFile(file)
	if err != nil {
		if Gone(err) {
			return Stat{}, false, nil
		}
		return Stat{}, false, err
	}
	if s, err = ParseStat(text); err != nil {
		return Stat{}, false, fmt.Errorf("%s: %w", file, err)
	}
	return s, true, nil
}

// Gone says that err is how /proc tells that a process has ended.
func Gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// StartTime gives the start of a process in clock ticks since boot, and whether
// it runs. A zombie, which only waits to be read, does not.
func StartTime(pid int) (start uint64, running bool, err error) {
	s, _, err := ReadStat("/proc", strconv.Itoa(pid))
	return s.Start, s.Running(), err
}

// Running says whether this very process runs, and not another one that has got
// its number.
func Running(p bench.Process) (bool, error) {
	start, running, err := StartTime(p.PID)
	return running && start == p.Start, err
}
