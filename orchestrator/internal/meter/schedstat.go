package meter

import (
	"errors"
	"os"
	"strconv"
	"time"
)

// Schedstat is what /proc/PID/task/TID/schedstat says of one thread. The file
// of the same name beside status is about the first thread alone.
type Schedstat struct {
	RunDelay time.Duration // ready to run and without a CPU, since its start
}

// Schedstat reads the file of every thread of a process, by thread. Threads
// that end meanwhile are left out. A kernel that does not keep the figures
// gives none.
func (fs FS) Schedstat(pid int) (map[int]Schedstat, error) {
	name := ofPID(pid, "task")
	dir, err := os.Open(fs.path(name))
	if err != nil {
		return nil, explain(name, err)
	}
	defer dir.Close()
	tids, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, explain(name, err)
	}
	all := make(map[int]Schedstat, len(tids))
	for _, tid := range tids {
		n, err := strconv.Atoi(tid)
		if err != nil {
			continue
		}
		s, err := parse(fs, name+"/"+tid+"/schedstat", parseSchedstat)
		if errors.Is(err, ErrEnded) {
			continue
		}
		if err != nil {
			return all, err
		}
		all[n] = s
	}
	return all, nil
}

func parseSchedstat(b []byte) (Schedstat, error) {
	var s Schedstat
	_, rest := cutField(b) // the time on a CPU
	second, _ := cutField(rest)
	var ok bool
	if s.RunDelay, ok = duration(second, time.Nanosecond); !ok {
		return s, &parseError{1, "the second field is not a number"}
	}
	return s, nil
}
