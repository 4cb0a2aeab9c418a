package runs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/needs"
)

// What a service can leave in the folder of its socket goes with it, and what
// it points to stays.
func TestRemoveAll(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("stays"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, fill := range map[string]func(dir string) error{
		"a link to a file":   func(dir string) error { return os.Symlink(outside, filepath.Join(dir, "l")) },
		"a link to a folder": func(dir string) error { return os.Symlink(filepath.Dir(outside), filepath.Join(dir, "l")) },
		"a FIFO":             func(dir string) error { return unix.Mkfifo(filepath.Join(dir, "f"), 0o600) },
		"a set-user-id file": func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "s"), nil, 0o755), os.Chmod(filepath.Join(dir, "s"), 0o755|os.ModeSetuid))
		},
		"a locked folder": func(dir string) error {
			locked := filepath.Join(dir, "a", "b")
			return errors.Join(os.MkdirAll(locked, 0o755), os.WriteFile(filepath.Join(locked, "f"), nil, 0o644),
				os.Chmod(locked, 0), os.Chmod(filepath.Dir(locked), 0))
		},
		"a locked folder itself": func(dir string) error { return errors.Join(os.Mkdir(filepath.Join(dir, "a"), 0), os.Chmod(dir, 0)) },
		"very deep folders, the last one locked": func(dir string) error {
			return deep(dir, 3000) // more than there are descriptors, and than a path can name
		},
		"folders with names that are in the way": func(dir string) error {
			return errors.Join(os.MkdirAll(filepath.Join(dir, "a", "b", "a", "b"), 0o700), os.MkdirAll(filepath.Join(dir, "b", "b", "a"), 0o700),
				os.WriteFile(filepath.Join(dir, "a", "b", "b"), nil, 0))
		},
		"many files": func(dir string) error {
			for i := range 5000 {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := NewFolders(t.TempDir(), "p-", Owner{})
			if err != nil {
				t.Fatal(err)
			}
			dir, err := f.Add("run", "libc", "")
			if err != nil {
				t.Fatal(err)
			}
			if err := fill(dir); err != nil {
				t.Fatal(err)
			}
			fewFiles(t)
			if err := f.Remove(dir); err != nil {
				t.Fatal(err)
			}
			if left, _ := os.ReadDir(f.Root); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
			if text, err := os.ReadFile(outside); err != nil || string(text) != "stays" {
				t.Errorf("%q, %v: what was linked to has changed", text, err)
			}
		})
	}
}

// The mount is a bound, and goes with the folder.
func TestBound(t *testing.T) {
	f, err := NewFolders(t.TempDir(), "p-", Owner{})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := f.Add("run", "libc", "")
	if err != nil {
		t.Fatal(err)
	}
	if !Bound(dir) {
		needs.Right(t, "mount", unix.Mount("stair-stepper-test", dir, "tmpfs", 0, "size=1m"))
		t.Fatalf("may mount, and did not: %v", Unbound(dir))
	}
	var full error
	for i := 0; full == nil && i < 1000; i++ {
		full = os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o644)
	}
	if !errors.Is(full, unix.ENOSPC) {
		t.Errorf("many files: %v; want ENOSPC", full)
	}
	full = errors.Join(os.Remove(filepath.Join(dir, "0")), os.WriteFile(filepath.Join(dir, "big"), make([]byte, 8<<20), 0o644))
	if !errors.Is(full, unix.ENOSPC) {
		t.Errorf("8 MB: %v; want ENOSPC", full)
	}
	if sees, err := SeesFolder(os.Getpid(), dir, dir); err != nil || !sees {
		t.Errorf("this process sees it: %v, %v", sees, err)
	}
	if err := f.Remove(dir); err != nil {
		t.Fatal(err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("it is still mounted (%v)", err)
	}
	if left, _ := os.ReadDir(f.Root); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestCheckFolder(t *testing.T) {
	write := func(name string, size int) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o644) }
	}
	for name, c := range map[string]struct {
		fill func(dir string) error
		want string // in the error; empty: none
	}{
		"nothing":      {func(string) error { return nil }, ""},
		"a little":     {write("lock", 100), ""},
		"a link":       {func(dir string) error { return os.Symlink("/proc/kcore", filepath.Join(dir, "l")) }, ""},
		"a large file": {write("big", 2<<20), "2 MB"},
		"a sparse file": {func(dir string) error {
			return errors.Join(write("big", 0)(dir), os.Truncate(filepath.Join(dir, "big"), 1<<40))
		}, "MB"},
		"a folder": {func(dir string) error { return os.Mkdir(filepath.Join(dir, "d"), 0o755) }, "a folder"},
		"many files": {func(dir string) error {
			var failed error
			for i := range 200 {
				failed = errors.Join(failed, write(fmt.Sprint(i), 0)(dir))
			}
			return failed
		}, "more than 64 files"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.fill(dir); err != nil {
				t.Fatal(err)
			}
			err := CheckFolder(dir)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("CheckFolder = %v; want %q", err, c.want)
			}
		})
	}
}

// What a process has mounted is told by its mountinfo, whose places may be
// mounted over and over.
func TestMountsAt(t *testing.T) {
	const text = `600 500 0:52 / / ro,relatime - overlay overlay rw
612 600 0:60 / /run/stepper rw,nosuid,nodev,noexec - tmpfs stair-stepper rw,size=1024k
613 600 254:1 /tmp/x /run/stepper/deeper rw - ext4 /dev/vda rw
cut short
614 612 254:1 /y /run/stepper rw - ext4 /dev/vda rw
`
	if got := strings.Join(mountsAt(text, "/run/stepper"), " "); got != "0:60 254:1" {
		t.Errorf("mountsAt = %q", got)
	}
	if got := mountsAt(text, "/run"); got != nil {
		t.Errorf("mountsAt = %q", got)
	}
}

// fewFiles gives this process few descriptors for the time of a test.
func fewFiles(t *testing.T) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := syscall.Rlimit{Cur: min(256, before.Max), Max: before.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	})
}

// deep makes folders in one another, with a locked one at the bottom.
func deep(dir string, levels int) error {
	at, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	for i := 0; err == nil && i < levels; i++ {
		inner := -1
		if err = unix.Mkdirat(at, "d", 0o700); err == nil {
			inner, err = unix.Openat(at, "d", unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		}
		unix.Close(at)
		at = inner
	}
	if err != nil {
		return err
	}
	defer unix.Close(at)
	return errors.Join(unix.Mkdirat(at, "l", 0o700), unix.Mkdirat(at, "l/inner", 0o700), unix.Fchmodat(at, "l", 0, 0))
}
