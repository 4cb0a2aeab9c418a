package files

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/hint"
)

// Read reads a regular file of up to limit bytes. It never waits for another
// program: a pipe, a socket, a device and a folder are refused, each by its
// name, and so is a file that is longer, whatever length it claims. The check is
// made on what was opened, so that nothing can be put in its place. Errors are
// *fs.PathError.
func Read(name string, limit int64) ([]byte, error) {
	// Otherwise the open itself would wait for a pipe's other end.
	file, err := os.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		// A socket cannot be opened at all, some devices neither.
		if info, statErr := os.Stat(name); statErr == nil && errors.Is(err, syscall.ENXIO) && !info.Mode().IsRegular() {
			err = &fs.PathError{Op: "open", Path: name, Err: notRegular(info.Mode())}
		}
		return nil, err
	}
	return readAll(file, name, limit)
}

// ReadIn is Read inside a folder: no name and no link leads out of it.
func ReadIn(root *os.Root, name string, limit int64) ([]byte, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	return readAll(file, name, limit)
}

func readAll(file *os.File, name string, limit int64) ([]byte, error) {
	defer file.Close()
	data, err := read(file, limit)
	if err != nil {
		if inner, ok := errors.AsType[*fs.PathError](err); ok {
			err = inner.Err
		}
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

func read(file *os.File, limit int64) ([]byte, error) {
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, notRegular(info.Mode())
	case info.Size() > limit:
		return nil, tooLarge(limit)
	}
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(int(info.Size()) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(impatient{conn}, limit+1))
	switch {
	case errors.Is(err, syscall.EAGAIN):
		return nil, hint.With(errors.New("has nothing to read at the moment"), "it is a file of the kernel's that waits for events; name another")
	case err != nil:
		return nil, err
	case n > limit:
		return nil, tooLarge(limit)
	}
	return b.Bytes(), nil
}

// impatient reads without ever waiting: some files of the kernel's, such as
// /proc/kmsg, look regular and have no end.
type impatient struct{ conn syscall.RawConn }

func (r impatient) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	failed := r.conn.Read(func(fd uintptr) bool {
		for {
			if n, err = syscall.Read(int(fd), p); !errors.Is(err, syscall.EINTR) {
				return true // done, whatever came of it
			}
		}
	})
	switch {
	case failed != nil:
		return 0, failed
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
