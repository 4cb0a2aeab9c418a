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
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	return readAll(file, name, limit)
}

// Open is Read for what does not fit into memory: reading gives an error beyond
// limit bytes.
func Open(name string, limit int64) (io.ReadCloser, error) {
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	from, err := regular(file, limit)
	if err != nil {
		return nil, errors.Join(&fs.PathError{Op: "read", Path: name, Err: err}, file.Close())
	}
	return &opened{from: from, left: limit, name: name, file: file}, nil
}

// opened reads a file up to a limit.
type opened struct {
	from io.Reader
	left int64
	name string
	file *os.File
}

func (o *opened) Read(p []byte) (int, error) {
	n, err := o.from.Read(p)
	if o.left -= int64(n); o.left < 0 && err == nil {
		err = errors.New("grows while it is read")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = &fs.PathError{Op: "read", Path: o.name, Err: explain(err)}
	}
	return n, err
}

func (o *opened) Close() error { return o.file.Close() }

// open opens a file to read it, and waits for nobody.
func open(name string) (*os.File, error) {
	// Otherwise the open itself would wait for a pipe's other end.
	file, err := os.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		// A socket cannot be opened at all, some devices neither.
		if info, statErr := os.Stat(name); statErr == nil && errors.Is(err, syscall.ENXIO) && !info.Mode().IsRegular() {
			err = &fs.PathError{Op: "open", Path: name, Err: notRegular(info.Mode())}
		}
		return nil, err
	}
	return file, nil
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
	from, err := regular(file, limit)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(int(info.Size()) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(from, limit+1))
	switch {
	case err != nil:
		return nil, explain(err)
	case n > limit:
		return nil, tooLarge(limit)
	}
	return b.Bytes(), nil
}

// regular gives a reader of a file that is regular and no longer than limit.
func regular(file *os.File, limit int64) (io.Reader, error) {
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
	return impatient{conn}, nil
}

// explain gives advice on what reading runs into.
func explain(err error) error {
	if errors.Is(err, syscall.EAGAIN) {
		return hint.With(errors.New("has nothing to read at the moment"), "it is a kernel file that waits for events: name another")
	}
	return err
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
