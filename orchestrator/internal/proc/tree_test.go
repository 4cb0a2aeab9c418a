package proc

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

func TestTree(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "sleep 60 & echo; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // the sleep was started
		t.Fatal(err)
	}
	start, _, err := StartTime(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	root := bench.Process{PID: cmd.Process.Pid, Start: start}
	tree, err := Tree(root)
	if err != nil || len(tree) != 2 {
		t.Errorf("Tree = %v, %v; want two", tree, err)
	}
	// Where the kernel does not list children, they are looked for among all.
	all, err := everybody()
	if err != nil || !slices.Contains(all, root.PID) {
		t.Errorf("%d processes, %v; want %d among them", len(all), err, root.PID)
	}
	sleeps, err := childrenAmong(root, all)
	if err != nil || len(sleeps) != 1 || !slices.Contains(tree, sleeps[0]) {
		t.Errorf("children among all processes: %v, %v; want the one of %v", sleeps, err, tree)
	}
	// The number alone is not the process.
	if other, err := Tree(bench.Process{PID: root.PID, Start: root.Start + 1}); err != nil || len(other) != 0 {
		t.Errorf("Tree of one that had the number before = %v, %v; want none", other, err)
	}
	if other, err := childrenAmong(bench.Process{PID: root.PID, Start: root.Start + 1}, all); err != nil || len(other) != 0 {
		t.Errorf("children of one that had the number before: %v, %v; want none", other, err)
	}
	for _, process := range tree {
		p, err := os.FindProcess(process.PID)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	}
	_ = cmd.Wait() // it was killed
	if tree, err := Tree(root); err != nil || len(tree) != 0 {
		t.Errorf("Tree of what has ended = %v, %v; want none", tree, err)
	}
}
