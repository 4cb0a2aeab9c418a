package docker

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// blindChild has the test binary say what it sees, as another user.
const blindChild = "STEPPER_TEST_BLIND"

// TestBlind: root reads what containers hold, another user does not, and of a
// daemon without privileges nobody knows beforehand.
func TestBlind(t *testing.T) {
	if os.Getenv(blindChild) != "" {
		t.Logf("sees: %q", blind(nil, os.Getuid()))
		return
	}
	needs.Root(t, "be the one who reads what others hold")
	if why := blind([]string{"name=seccomp,profile=default"}, 0); why != "" {
		t.Errorf("root is blind: %s", why)
	}
	check := func(user, want string) {
		t.Helper()
		// Of the binary's folder others may see nothing: it is opened before.
		cmd := exec.CommandContext(t.Context(), "setpriv", strings.Fields(user+" /proc/self/fd/3 -test.run=^TestBlind$ -test.v")...)
		binary, err := os.Open(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		defer binary.Close()
		cmd.ExtraFiles, cmd.Dir, cmd.Env = []*os.File{binary}, "/", append(os.Environ(), blindChild+"=1", "TMPDIR=/tmp")
		out, err := cmd.CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			t.Fatal("setpriv, of util-linux, is missing")
		}
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, want %q:\n%s", user, err, want, out)
		}
	}
	check("--reuid=65532 --clear-groups", "to root alone")
	check("--bounding-set=-sys_ptrace --inh-caps=-sys_ptrace", "this root is without")
	if why := blind([]string{"name=rootless"}, 1000); why != "" {
		t.Errorf("a daemon without privileges: %s", why)
	}
}
