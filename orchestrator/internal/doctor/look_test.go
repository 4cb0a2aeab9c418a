package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// TestLook reads this machine: what a test of Go's can rely on is there, nothing is
// left, and a daemon that never answers ends it in time.
func TestLook(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	begun := time.Now()
	f := Look(t.Context(), Place{Root: "../../..", Results: filepath.Join(temp, "results", "none"), Docker: func(ctx context.Context) (engine.Info, error) {
		<-ctx.Done()
		return engine.Info{}, ctx.Err()
	}})
	if took := time.Since(begun); took > Patience+sampleTime+2*time.Second {
		t.Errorf("it took %v", took)
	}
	if f.Project != nil || f.Go.Err != nil || !strings.HasPrefix(f.Go.Version, "go version go") {
		t.Errorf("project %v, go %+v", f.Project, f.Go)
	}
	if f.Docker.Err == nil || !strings.HasPrefix(f.Docker.Err.Error(), "no answer within ") {
		t.Errorf("docker: %v", f.Docker.Err)
	}
	if f.Machine.CPUs == 0 || f.Machine.Kernel == "" || f.Available == 0 || f.Available > f.Machine.MemoryTotal || f.Load.Err != nil || f.Load.Over < sampleTime {
		t.Errorf("%+v, %v available, %+v", f.Machine, f.Available, f.Load)
	}
	for i, name := range []string{"cache", "results"} {
		if r := f.Rooms[i]; r.Name != name || r.Err != nil || r.Free <= 0 {
			t.Errorf("room %d: %+v", i, r)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestRoom: a place that is not there yet is on its parent's disk, and one that
// cannot be is an error.
func TestRoom(t *testing.T) {
	dir := t.TempDir()
	here, below := room("x", dir, 0), room("x", filepath.Join(dir, "a", "b"), 0)
	if here.Err != nil || below.Err != nil || below.Path != filepath.Join(dir, "a", "b") || max(here.Free-below.Free, below.Free-here.Free) > bench.GiB {
		t.Errorf("%+v, %+v", here, below)
	}
	if here.Shut != nil || room("x", "/proc/self/x", 0).Shut == nil {
		t.Errorf("a folder of its own: %v; /proc/self: %v", here.Shut, room("x", "/proc/self/x", 0).Shut)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := room("x", filepath.Join(file, "b"), 0); r.Err == nil {
		t.Errorf("below a file: %+v", r)
	}
}

// TestTool: what a program says, what it does not, and that it is not there.
func TestTool(t *testing.T) {
	if got := tool(t.Context(), "sh", "-c", "echo one; echo two"); got.Version != "one" || got.Err != nil {
		t.Errorf("%+v", got)
	}
	if got := tool(t.Context(), "sh", "-c", "exit 3"); got.Err == nil {
		t.Errorf("%+v", got)
	}
	if got := tool(t.Context(), "no-such-program"); got.Err == nil {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := tool(ctx, "sleep", "60"); got.Err == nil || !strings.Contains(got.Err.Error(), "no answer") || errors.Is(got.Err, context.Canceled) {
		t.Errorf("%+v", got)
	}
}
