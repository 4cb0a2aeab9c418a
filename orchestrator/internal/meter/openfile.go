package meter

import (
	"io"
	"syscall"
)

// openFile is a file that is read again and again, and kept open: reading costs
// half of what opening it each time does. It may be used by one goroutine at a
// time.
type openFile struct {
	name string
	fd   int
	buf  []byte
}

// open opens a file of which size bytes matter.
func (fs FS) open(name string, size int) (*openFile, error) {
	f := &openFile{name: name, buf: make([]byte, size)}
	// Not an os.File: it reads on to be sure of the end, which would be a
	// second call into the kernel each time.
	var err error
	for {
		f.fd, err = syscall.Open(fs.path(name), syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return nil, explain(name, err)
	}
	return f, nil
}

// read gives what the file says now. It stands until the next read.
func (f *openFile) read() ([]byte, error) {
	var n int
	var err error
	for {
		n, err = syscall.Pread(f.fd, f.buf, 0)
		if err != syscall.EINTR {
			break
		}
	}
	if err == nil && n == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, explain(f.name, err)
	}
	return f.buf[:n], nil
}

func (f *openFile) close() error { return syscall.Close(f.fd) }
