package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// say writes a text.
func say(text string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
}

// must ends the test.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holds checks a file's text, and that a folder has so many entries: no
// temporary file is left.
func holds(t *testing.T, path, want string, entries int) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
	if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != entries {
		t.Errorf("entries %v, %v; want %d", all, err, entries)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	must(t, Write(path, say("one")))
	holds(t, path, "one", 1)
	broken := errors.New("no more")
	half := func(w io.Writer) error { _ = say(strings.Repeat("half", 4096))(w); return broken }
	if err := Write(path, half); !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v; want %v", err, broken)
	}
	holds(t, path, "one", 1)
	must(t, Write(path, say("two")))
	holds(t, path, "two", 1)

	long := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	must(t, Write(long, say("long name")))
	holds(t, long, "long name", 1)

	t.Chdir(dir)
	must(t, Write("file", say("three")))
	holds(t, path, "three", 1)

	for _, name := range []string{dir, filepath.Join(dir, "none", "file"), filepath.Join(path, "file"), ""} {
		if err := Write(name, say("x")); err == nil || strings.Contains(err.Error(), ".tmp") {
			t.Errorf("%q: %v; want an error that names no temporary file", name, err)
		}
		if CheckWrite(name) == nil {
			t.Errorf("CheckWrite(%q): no error", name)
		}
	}
	for _, name := range []string{path, filepath.Join(dir, "new"), "new", "/dev/null"} {
		if err := CheckWrite(name); err != nil {
			t.Errorf("CheckWrite(%q): %v", name, err)
		}
	}
	holds(t, path, "three", 1)
}

// TestWriteKeeps: a file keeps everything but its text.
func TestWriteKeeps(t *testing.T) {
	for _, mode := range []uint32{0o600, 0o640, 0o444, 0o777, 0o4755, 0o2664} {
		path := filepath.Join(t.TempDir(), "file")
		must(t, os.WriteFile(path, []byte("old"), 0o600))
		owner, group := os.Getuid(), os.Getgid()
		if owner == 0 {
			owner, group = 12345, 23456
			must(t, os.Chown(path, owner, group))
		}
		attribute := unix.Setxattr(path, "user.origin", []byte("here"), 0)
		must(t, syscall.Chmod(path, mode))
		must(t, Write(path, say("new")))
		holds(t, path, "new", 1)
		info, err := os.Stat(path)
		must(t, err)
		stat := info.Sys().(*syscall.Stat_t)
		if stat.Mode&0o7777 != mode || int(stat.Uid) != owner || int(stat.Gid) != group {
			t.Errorf("mode %o of %d:%d; want %o of %d:%d", stat.Mode&0o7777, stat.Uid, stat.Gid, mode, owner, group)
		}
		if attribute == nil {
			value := make([]byte, 16)
			if n, err := unix.Getxattr(path, "user.origin", value); err != nil || string(value[:n]) != "here" {
				t.Errorf("mode %o: attribute %q, %v", mode, value[:max(n, 0)], err)
			}
		}
	}
}

func TestWriteLinks(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b")
	must(t, os.MkdirAll(dir, 0o755))
	at := func(name string) string { return filepath.Join(dir, name) }

	// Hard links, also with a shorter text than before.
	must(t, os.WriteFile(at("one"), []byte("a long text"), 0o640))
	must(t, os.Link(at("one"), at("two")))
	for _, text := range []string{"short", "as long as it was, and longer"} {
		must(t, Write(at("one"), say(text)))
		holds(t, at("one"), text, 2)
		holds(t, at("two"), text, 2)
	}
	if err := Write(at("two"), func(io.Writer) error { return io.ErrUnexpectedEOF }); err == nil {
		t.Error("no error")
	}
	holds(t, at("one"), "as long as it was, and longer", 2)
	must(t, os.Remove(at("two")))

	// Symbolic links, one after the other, out of the folder, through another, and
	// to nothing yet.
	check := func(link, to, target string) {
		t.Helper()
		must(t, os.Symlink(to, at(link)))
		must(t, Write(at(link), say(link)))
		if got, err := os.Readlink(at(link)); err != nil || got != to {
			t.Errorf("%s leads to %q, %v; want %q", link, got, err, to)
		}
		if got, err := os.ReadFile(target); err != nil || string(got) != link {
			t.Errorf("%s: %s holds %q, %v", link, target, got, err)
		}
		if info, err := os.Lstat(target); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: %s is %v, %v", link, target, info, err)
		}
	}
	check("relative", "one", at("one"))
	check("chain", "relative", at("one"))
	check("absolute", at("one"), at("one"))
	check("up", "../up.txt", filepath.Join(top, "a", "up.txt"))
	check("dangling", "new.txt", at("new.txt"))
	check("danglingchain", "dangling2", at("dangling2"))
	must(t, os.MkdirAll(filepath.Join(top, "c", "d"), 0o755))
	must(t, os.Symlink("../../c/d", at("folder")))
	check("through", "folder/../new.txt", filepath.Join(top, "c", "new.txt")) // not a/b/new.txt
	check("dangling3", "folder/new.txt", filepath.Join(top, "c", "d", "new.txt"))

	must(t, os.Symlink("loop", at("loop")))
	must(t, os.Symlink("none/none", at("lost")))
	for _, name := range []string{"loop", "lost"} {
		if err := Write(at(name), say("x")); err == nil {
			t.Errorf("%s: no error", name)
		}
		if info, err := os.Lstat(at(name)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v, %v", name, info, err)
		}
	}
}

// TestWriteDirectly: what is no file of its own is written to as it is.
func TestWriteDirectly(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	must(t, syscall.Mkfifo(fifo, 0o600))
	err := Write(fifo, say("x"))
	if err == nil || !strings.HasSuffix(err.Error(), "nothing reads from this pipe (FIFO)") || hint.Of(err) == "" {
		t.Errorf("a FIFO that nobody reads: %v", err)
	}
	reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	must(t, err)
	defer reader.Close()
	must(t, Write(fifo, say("to the pipe")))
	if got, err := io.ReadAll(reader); err != nil || string(got) != "to the pipe" {
		t.Errorf("read %q, %v", got, err)
	}
	if info, err := os.Lstat(fifo); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the FIFO is %v, %v", info, err)
	}

	link := filepath.Join(dir, "full")
	must(t, os.Symlink("/dev/full", link))
	if err := Write(link, say("x")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("/dev/full: %v", err)
	}
	must(t, Write("/dev/null", say("x")))
	for _, device := range []string{"/dev/full", "/dev/null"} {
		if info, err := os.Lstat(device); err != nil || info.Mode()&fs.ModeDevice == 0 {
			t.Errorf("%s is %v, %v", device, info, err)
		}
	}

	// An open file by its descriptor: what is written goes on where it stands.
	open, err := os.Create(filepath.Join(dir, "open"))
	must(t, err)
	defer open.Close()
	must(t, say("before ")(open))
	must(t, Write(fmt.Sprintf("/dev/fd/%d", open.Fd()), say("between ")))
	must(t, say("after")(open))
	holds(t, open.Name(), "before between after", 3)
}

// TestWriteInPlaceFails: what cannot be written to the end is as it was.
func TestWriteInPlaceFails(t *testing.T) {
	fd, err := unix.MemfdCreate("sealed", unix.MFD_ALLOW_SEALING)
	must(t, err)
	sealed := os.NewFile(uintptr(fd), "sealed")
	defer sealed.Close()
	old := strings.Repeat("the old text\n", 1000)
	must(t, say(old)(sealed))
	_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_GROW)
	must(t, err)
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	info, err := os.Stat(path)
	must(t, err)

	dir := t.TempDir()
	fresh := filepath.Join(dir, "fresh")
	must(t, os.WriteFile(fresh, []byte(strings.Repeat("a new text\n", 10_000)), 0o600))
	if err := overwrite(place{path: path, info: info}, fresh); err == nil {
		t.Fatal("a file that cannot grow grew")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != old {
		t.Errorf("%d bytes that begin %.20q, %v; want the old text", len(got), got, err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Errorf("left: %v, %v", all, err)
	}
}
