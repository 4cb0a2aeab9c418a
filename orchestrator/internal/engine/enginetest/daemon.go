package enginetest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// Daemon begins a test that needs Docker; missing says why none answers, nil that
// one does. Without Docker the test is skipped, unless LAB_DOCKER=1 says that
// there has to be one. Go tests packages in parallel, and two of them on one
// daemon take each other's build cache and count each other's containers: the
// first of a process to call Daemon waits until no other process has, and the
// daemon is the process's own until it ends.
func Daemon(t *testing.T, missing error) {
	t.Helper()
	if missing != nil {
		if os.Getenv("LAB_DOCKER") == "1" {
			t.Fatalf("LAB_DOCKER=1, but: %v", missing)
		}
		t.Skipf("no Docker answers: %v", missing)
	}
	if err := ownDaemon(); err != nil {
		t.Fatal(err)
	}
}

// ownDaemon takes a lock that the kernel gives back when the process ends.
var ownDaemon = sync.OnceValue(func() error {
	// Not in TMPDIR, which may be another one for each process.
	path := filepath.Join("/tmp", fmt.Sprintf("stepper-tests-%d.lock", os.Geteuid()))
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	return nil
})
