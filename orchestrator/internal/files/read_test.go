package files

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

func TestRead(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "files") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	put := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return at(name)
	}
	link := func(name, to string) string {
		t.Helper()
		if err := os.Symlink(to, at(name)); err != nil {
			t.Fatal(err)
		}
		return at(name)
	}
	fifo := at("fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	sparse := put("sparse", "")
	if err := os.Truncate(sparse, 1<<40); err != nil {
		t.Fatal(err)
	}
	pipe, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer other.Close()
	substituted := filepath.Join("/proc/self/fd", strconv.Itoa(int(pipe.Fd())))

	good := func(name, path, want string) {
		t.Helper()
		if got, err := Read(path, 8); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	good("a file", put("file", "text"), "text")
	good("an empty file", put("empty", ""), "")
	good("as long as it may be", put("full", "12345678"), "12345678")
	good("a link", link("link", "file"), "text")
	if text, err := Read("/proc/self/status", 1<<20); err != nil || !strings.HasPrefix(string(text), "Name:") {
		t.Errorf("a file that claims no length: %q, %v", text, err)
	}

	bad := func(name, path, want string, advised bool) {
		t.Helper()
		_, err := Read(path, 8)
		if err == nil || !strings.HasSuffix(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want %s", name, err, want)
		}
		if _, ok := errors.AsType[*fs.PathError](err); !ok {
			t.Errorf("%s: %T; want an *fs.PathError", name, err)
		}
		if (hint.Of(err) != "") != advised {
			t.Errorf("%s: hint %q", name, hint.Of(err))
		}
	}
	bad("one byte too long", put("long", "123456789"), ": is larger than 8 bytes", true)
	bad("a length that is a lie", "/proc/self/status", ": is larger than 8 bytes", true)
	bad("a huge length", sparse, ": is larger than 8 bytes", true)
	bad("no end", "/dev/zero", ": is a device, not a regular file", true)
	bad("nothing", "/dev/null", ": is a device, not a regular file", true)
	bad("a FIFO", fifo, ": is a pipe (FIFO), not a regular file", true)
	bad("a link to a FIFO", link("tofifo", "fifo"), ": is a pipe (FIFO), not a regular file", true)
	bad("process substitution", substituted, ": is a pipe (FIFO), not a regular file", true)
	bad("a socket", at("socket"), ": is a socket, not a regular file", true)
	bad("a folder", dir, ": is a directory", false)
	bad("memory", "/proc/self/mem", ": input/output error", false)
	bad("not there", at("none"), ": no such file or directory", false)
	bad("a link to nothing", link("dangling", "none"), ": no such file or directory", false)
	bad("a link to itself", link("loop", "loop"), ": too many levels of symbolic links", false)
	if _, err := Read("/proc/kmsg", 1<<30); err == nil {
		t.Error("the kernel's endless log was read to its end")
	}
	if _, err := Read(at("none"), 8); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not there: %v is no fs.ErrNotExist", err)
	}
}
