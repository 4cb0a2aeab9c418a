package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
	"github.com/stair-stepper/stair-stepper/orchestrator/internal/proc"
)

// Door is the unix socket of an instance, in a folder that the service behind it
// can write to. It can put there what it likes, such as a link to another socket
// of this machine, the engine's own for one; so nothing is taken on trust.
type Door struct {
	Path string
	// Owns gives no error where a process is one of the instance's, and one that
	// matches ErrImpostor where it is not.
	Owns func(bench.Process) error

	known atomic.Pointer[bench.Process] // who listened last time, and was the instance's
}

// Dial connects. The file is opened without following links and must be a
// socket; the connection is made through what was opened, whatever has the name
// by then; and who listens must be one of the instance's processes. Errors of a
// socket that is not there yet match fs.ErrNotExist.
func (d *Door) Dial(ctx context.Context) (net.Conn, error) {
	conn, err := dialFile(ctx, d.Path)
	if err != nil {
		return nil, err
	}
	if err := d.check(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// check sees who is at the other end.
func (d *Door) check(conn net.Conn) error {
	pid, err := listener(conn)
	if err != nil {
		return err
	}
	if pid == 0 {
		return ForeignProc("the process that listens on " + d.Path + " has no process number here")
	}
	start, running, err := proc.StartTime(pid)
	switch {
	case err != nil:
		return err
	case !running:
		return fmt.Errorf("process %d, which opened the socket %s, has ended", pid, d.Path)
	}
	p := bench.Process{PID: pid, Start: start}
	if known := d.known.Load(); known != nil && *known == p {
		return nil
	}
	if err := d.Owns(p); err != nil {
		return err
	}
	d.known.Store(&p)
	return nil
}

// dialFile connects to the socket that path itself is.
func dialFile(ctx context.Context, path string) (net.Conn, error) {
	dir, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: filepath.Dir(path), Err: err}
	}
	defer unix.Close(dir)
	// O_PATH opens the file itself, a link too, and wakes nothing: no FIFO's
	// reader, no device.
	file, err := unix.Openat(dir, filepath.Base(path), unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(file)
	var stat unix.Stat_t
	if err := unix.Fstat(file, &stat); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, &NoSocketError{Path: path, Kind: kindOf(stat.Mode)}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", "/proc/self/fd/"+strconv.Itoa(file))
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: path, Net: "unix"}, Err: bare(err)}
	}
	return conn, nil
}

// ErrImpostor is matched by the errors of a Door behind which is not the
// instance: it will not get better by waiting.
var ErrImpostor = errors.New("not the instance's socket")

// NoSocketError is the error that a service has put something else where its
// socket was to be. It matches ErrImpostor.
type NoSocketError struct {
	Path string
	Kind string // what it is, such as "a symbolic link"
}

func (e *NoSocketError) Error() string {
	return fmt.Sprintf("%s is in the place of the service's socket: %s", e.Kind, e.Path)
}

// Is matches ErrImpostor.
func (e *NoSocketError) Is(target error) bool { return target == ErrImpostor }

// Hint says whose doing it is.
func (e *NoSocketError) Hint() string {
	return "only the service can write to that folder, so it put that there: look into its image"
}

// Stranger is the error that a process that is none of the instance's listens
// on its socket. It matches ErrImpostor.
func Stranger(p bench.Process) error {
	name, _ := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/comm") // for people only
	return fmt.Errorf("%w: process %d (%s), which listens on it, is not one of its processes",
		ErrImpostor, p.PID, strconv.Quote(strings.TrimSpace(string(name))))
}

// kindOf names a kind of file by its mode.
func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFLNK:
		return "a symbolic link"
	case unix.S_IFDIR:
		return "a folder"
	case unix.S_IFIFO:
		return "a FIFO"
	case unix.S_IFCHR, unix.S_IFBLK:
		return "a device"
	}
	return "a plain file"
}

// bare takes the dialer's address, which is of no help to people, off an error.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// listener gives the number of the process that listens at the other end of a
// connection over a unix socket; 0: it has none here.
func listener(conn net.Conn) (int, error) {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var credentials *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		credentials, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, failed); err != nil {
		return 0, fmt.Errorf("ask who listens: %w", err)
	}
	return int(credentials.Pid), nil
}
