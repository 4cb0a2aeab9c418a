package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/plan"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/vars"
)

func TestBash(t *testing.T) {
	check := func(command, want string) {
		t.Helper()
		if got, err := bash(t.Context(), command, true); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", command, got, err, want)
		}
	}
	check(`printf ' a\n\tb \n\u00a0\u3000\n'`, " a\n\tb")
	check("echo out; echo err >&2; exit 7", "out")
	check("-x; echo not an option", "not an option")
	check(`printf 'a\xe2\x82b\xffc\xf0\x9f'`, "a�b�c�")
	check("cat", "") // nothing to read
	check("(sleep 0.05; echo late) &", "late")
	check("kill -9 $$", "")

	if out, err := bash(t.Context(), "head -c 70000000 /dev/zero", false); out != "" || err != nil {
		t.Errorf("much that nobody keeps: %d bytes, %v", len(out), err)
	}
	if _, err := bash(t.Context(), "head -c 70000000 /dev/zero; sleep 60", true); err == nil || err.Error() != "the command prints more than 64 MB" {
		t.Errorf("too much: %v", err)
	}
}

// The end of the run ends a command with all that it started, and the iteration
// does not count.
func TestBashCancel(t *testing.T) {
	for _, command := range []string{"sleep 60 & echo $! > %s; wait", "setsid sleep 2 & echo $! > %s"} {
		file := filepath.Join(t.TempDir(), "pid")
		ctx, cancel := context.WithCancel(t.Context())
		var cancelled time.Time
		go func() {
			defer cancel()
			for readPid(file) == "" && t.Context().Err() == nil {
				time.Sleep(5 * time.Millisecond)
			}
			cancelled = time.Now()
		}()
		got := mustRunCtx(ctx, t, planOf(1, 1, &plan.Exec{Command: vars.Parse(fmt.Sprintf(command, file))}), Target{}, Options{})
		if took := time.Since(cancelled); took > time.Second || !got.Interrupted || got.Iterations != 0 || got.Broken != 0 {
			t.Errorf("%s: %v after the end: %+v", command, took, got)
		}
		if strings.HasPrefix(command, "setsid") {
			continue // it has left
		}
		for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			stat, err := os.ReadFile("/proc/" + readPid(file) + "/stat")
			if err != nil || strings.Contains(string(stat), ") Z ") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: still runs: %s", command, stat)
			}
		}
	}
}

func readPid(file string) string {
	pid, _ := os.ReadFile(file) // not written yet
	return strings.TrimSpace(string(pid))
}

func TestNoBash(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	got := mustRun(t, planOf(1, 2, &plan.Exec{Command: vars.Parse("true")}), Target{}, Options{})
	if got.Broken != 2 || got.Mistakes[0].Text != "bash is not installed" {
		t.Errorf("%+v", got)
	}
}

// Iterations do not wait for each other's commands.
func TestExecTogether(t *testing.T) {
	start := time.Now()
	got := mustRun(t, planOf(8, 8, &plan.Exec{Command: vars.Parse("sleep 0.5")}), Target{}, Options{})
	if took := time.Since(start); took > 3*time.Second || got.Iterations != 8 {
		t.Errorf("eight commands of 0.5 s took %v", took)
	}
}
