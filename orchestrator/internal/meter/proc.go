package meter

import (
	"fmt"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// statusSize holds what of status matters, even where the process is in
// hundreds of groups, which are listed before it.
const statusSize = 8 << 10

// Proc is a process whose status is read again and again. The open file never
// speaks of another process that got the same number. It may be used by one
// goroutine at a time.
type Proc struct {
	file *openFile
}

// Open opens the status of a process. The error matches ErrEnded if the process
// has ended, and also if another one has got its number.
func Open(fs FS, p bench.Process) (*Proc, error) {
	file, err := fs.open(ofPID(p.PID, "status"), statusSize)
	if err != nil {
		return nil, err
	}
	if err := fs.still(p); err != nil {
		_ = file.close() // it was not read
		return nil, err
	}
	return &Proc{file}, nil
}

// Status reads it. The error matches ErrEnded once the process has ended,
// also before its parent has waited for it.
func (p *Proc) Status() (Status, error) {
	b, err := p.file.read()
	if err != nil {
		return Status{}, err
	}
	s, err := parseStatus(b)
	if err != nil {
		return s, fmt.Errorf("%s: %w", p.file.name, err)
	}
	if s.Ended() {
		return s, fmt.Errorf("%s: %w", p.file.name, ErrEnded)
	}
	return s, nil
}

// Close gives the file back.
func (p *Proc) Close() error { return p.file.close() }
