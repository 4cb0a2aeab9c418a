package engine

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Tree lists root and its descendants, by number. It is empty when root has
// ended. An error that matches fs.ErrNotExist means that this kernel does not
// list children.
func Tree(root int) ([]int, error) {
	if _, running, err := StartTime(root); err != nil || !running {
		return nil, err
	}
	pids := []int{root}
	for i := 0; i < len(pids); i++ {
		dir := "/proc/" + strconv.Itoa(pids[i]) + "/task/"
		threads, err := os.ReadDir(dir)
		if err != nil && !gone(err) {
			return nil, err
		}
		for _, t := range threads {
			text, err := os.ReadFile(dir + t.Name() + "/children")
			if gone(err) {
				// Either the thread has just ended, or no thread has this file.
				if _, self := os.Stat("/proc/thread-self/children"); self != nil {
					return nil, self
				}
				continue
			}
			if err != nil {
				return nil, err
			}
			for f := range strings.FieldsSeq(string(text)) {
				pid, err := strconv.Atoi(f)
				if err != nil {
					return nil, err
				}
				if !slices.Contains(pids, pid) {
					pids = append(pids, pid)
				}
			}
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// gone says that err is how /proc tells that a process has ended.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}
