package debian

import (
	"strings"
	"syscall"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// TestFullDisk: a disk without room for what apt is to fetch.
func TestFullDisk(t *testing.T) {
	needs.Root(t, "mount a small file system")
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		needs.Right(t, "mount", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	_, err := Download(t.Context(), Request{Suite: "bookworm", Arch: "amd64", Packages: []string{"gcc"}, Dir: dir, Log: func(string) {}})
	if err == nil || !strings.Contains(err.Error(), "no room left in "+dir) || !strings.Contains(hint.Of(err), "TMPDIR") {
		t.Errorf("%v; want the place, and advice", err)
	}
}
