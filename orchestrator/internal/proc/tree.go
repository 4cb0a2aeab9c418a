// Package proc tells one process from the next by what /proc says of it: a
// number alone is used again, a number and the start are not.
package proc

import (
	"cmp"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// Tree lists root and its descendants that run, by number. It is empty when
// root has ended. Who is a child is asked of both sides, and the parent must
// still be there afterwards: numbers are used again while one looks.
func Tree(root bench.Process) ([]bench.Process, error) {
	if running, err := Running(root); err != nil || !running {
		return nil, err
	}
	tree := []bench.Process{root}
	for i := 0; i < len(tree); i++ {
		numbers, err := listed(tree[i].PID)
		if err != nil {
			return nil, err
		}
		children, err := childrenAmong(tree[i], numbers)
		if err != nil {
			return nil, err
		}
		for _, child := range children {
			if !slices.Contains(tree, child) {
				tree = append(tree, child)
			}
		}
	}
	slices.SortFunc(tree, func(a, b bench.Process) int { return cmp.Compare(a.PID, b.PID) })
	return tree, nil
}

// childrenAmong gives those of the processes with the numbers that are children
// of parent and run.
func childrenAmong(parent bench.Process, numbers []int) ([]bench.Process, error) {
	var children []bench.Process
	for _, pid := range numbers {
		s, _, err := ReadStat("/proc", strconv.Itoa(pid))
		if err != nil {
			return nil, err
		}
		// One whose parent has ended in between shows at the next look.
		if s.Running() && s.Parent == parent.PID {
			children = append(children, bench.Process{PID: pid, Start: s.Start})
		}
	}
	// If the parent had ended, the list may be that of its number's next owner.
	if running, err := Running(parent); err != nil || !running {
		return nil, err
	}
	return children, nil
}

// listed gives the numbers of a process's children as the kernel lists them, or
// of all processes where it does not: /proc/PID/task/TID/children is an option
// of its build.
func listed(pid int) ([]int, error) {
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		return everybody()
	}
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(dir)
	if err != nil && !Gone(err) {
		return nil, err
	}
	var children []int
	for _, t := range threads {
		text, err := os.ReadFile(dir + t.Name() + "/children")
		if Gone(err) {
			continue // the thread has just ended
		}
		if err != nil {
			return nil, err
		}
		for f := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(f)
			if err != nil {
				return nil, err
			}
			children = append(children, child)
		}
	}
	return children, nil
}

// everybody lists the numbers of all processes.
func everybody() ([]int, error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
