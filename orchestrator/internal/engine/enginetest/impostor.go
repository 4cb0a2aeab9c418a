package enginetest

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/engine"
)

// full has the service put all it can into the folder of its socket: that has an
// end or a consequence, disturbs no removal, and nothing is left.
func (h *harness) full(t *testing.T) {
	in := h.start(t, h.engine, h.spec(nil))
	get(t, in, true, "/healthz")
	failed := get(t, in, true, "/fill")
	_, err := in.Processes(t.Context())
	if h.Bounds && err == nil && !strings.Contains(failed, "no space left on device") {
		t.Errorf("filling its folder gave it %q, and Processes no error", failed)
	}
	if err := in.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Dir(in.Socket())); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its folder is still there (%v)", err)
	}
}

// impostors puts other things where an instance's socket was, as the service in
// it could: none of them is connected to, and the socket is again once it is
// back.
func (h *harness) impostors(t *testing.T) {
	in := h.start(t, h.engine, h.spec(nil))
	get(t, in, true, "/healthz")
	other := filepath.Join(ShortDir(t), "other")
	l, err := net.Listen("unix", other)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	socket, aside := in.Socket(), in.Socket()+".aside"
	impostors := map[string]func() error{
		"a link to another socket":    func() error { return os.Symlink(other, socket) },
		"a link to its own socket":    func() error { return os.Symlink(aside, socket) },
		"a link to nothing":           func() error { return os.Symlink("/nowhere", socket) },
		"a FIFO":                      func() error { return unix.Mkfifo(socket, 0o666) },
		"a folder":                    func() error { return os.Mkdir(socket, 0o777) },
		"a plain file":                func() error { return os.WriteFile(socket, nil, 0o666) },
		"a file that nobody may read": func() error { return os.WriteFile(socket, nil, 0) },
	}
	if h.Children {
		impostors["the socket of another process"] = func() error {
			mine, err := net.Listen("unix", socket)
			if err == nil {
				t.Cleanup(func() { mine.Close() })
			}
			return err
		}
	}
	for what, put := range impostors {
		t.Run(what, func(t *testing.T) {
			if err := errors.Join(os.Rename(socket, aside), put()); err != nil {
				t.Fatal(err)
			}
			conn, err := in.Dial(t.Context())
			if !errors.Is(err, engine.ErrImpostor) {
				t.Errorf("Dial = %v, %v; want ErrImpostor", conn, err)
			}
			if err := errors.Join(os.Remove(socket), os.Rename(aside, socket)); err != nil {
				t.Fatal(err)
			}
			if conn, err = in.Dial(t.Context()); err != nil {
				t.Fatalf("Dial once it is back: %v", err)
			}
			conn.Close()
		})
	}
}
