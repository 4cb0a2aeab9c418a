package meter

import (
	"fmt"
	"io"
	"syscall"
)

// statusSize holds what of status matters, even where the process is in
// hundreds of groups, which are listed before it.
const statusSize = 8 << 10

// Proc is a process whose status is read again and again. The file is kept
// open: reading costs half of what opening it each time does, and it never
// speaks of another process that got the same number. It may be used by one
// goroutine at a time.
type Proc struct {
	PID  int
	name string
	fd   int
	buf  [statusSize]byte
}

// Open opens the status of a process. The error matches ErrEnded if there is
// no such process.
func Open(fs FS, pid int) (*Proc, error) {
	p := &Proc{PID: pid, name: ofPID(pid, "status")}
	// Not an os.File: it reads on to be sure of the end, which would be a
	// second call into the kernel each time.
	var err error
	for {
		p.fd, err = syscall.Open(fs.path(p.name), syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return nil, explain(p.name, err)
	}
	return p, nil
}

// Status reads it. The error matches ErrEnded once the process has ended,
// also before its parent has waited for it.
func (p *Proc) Status() (Status, error) {
	var n int
	var err error
	for {
		n, err = syscall.Pread(p.fd, p.buf[:], 0)
		if err != syscall.EINTR {
			break
		}
	}
	if err == nil && n == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return Status{}, explain(p.name, err)
	}
	s, err := parseStatus(p.buf[:n])
	if err != nil {
		return s, fmt.Errorf("%s: %w", p.name, err)
	}
	if s.Ended() {
		return s, fmt.Errorf("%s: %w", p.name, ErrEnded)
	}
	return s, nil
}

// Close gives the file back.
func (p *Proc) Close() error { return syscall.Close(p.fd) }
