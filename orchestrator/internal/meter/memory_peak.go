package meter

import (
	"os"

	"github.com/stair-stepper/stair-stepper/orchestrator/internal/bench"
)

// memoryPeak is memory.peak of a version 2 group, held open: a write resets what
// this one open file reads, and nobody else's (kernel.GroupPeakReset).
type memoryPeak struct {
	file *os.File
	stat string // name of memory.stat beside it
}

// resetMemoryPeak opens memory.peak and resets it. Where the kernel cannot,
// the error says why.
func (fs FS) resetMemoryPeak(c Cgroup) (*memoryPeak, error) {
	dir := fs.unified(c.Unified)
	name := dir + "/memory.peak"
	f, err := os.OpenFile(fs.path(name), os.O_RDWR, 0)
	if err != nil {
		return nil, explain(name, err)
	}
	p := &memoryPeak{file: f, stat: dir + "/memory.stat"}
	if err := p.reset(); err != nil {
		_ = f.Close() // nothing was kept in it
		return nil, explain(name, err)
	}
	return p, nil
}

func (p *memoryPeak) reset() error {
	_, err := p.file.WriteAt([]byte("reset\n"), 0)
	return err
}

// read gives the peak since the reset, less the page cache of this moment. What
// shmem counts is in file too, and may be a heap: it stays.
func (p *memoryPeak) read(fs FS) (bench.Bytes, error) {
	b := make([]byte, 64)
	n, err := p.file.ReadAt(b, 0)
	if n == 0 {
		return 0, err
	}
	peak, err := single(b[:n])
	if err != nil {
		return 0, err
	}
	s, err := parse(fs, p.stat, parseMemoryStat)
	if err != nil {
		return 0, err
	}
	return max(0, bench.Bytes(peak)-max(0, s.file-s.shmem)), nil
}

func (p *memoryPeak) close() {
	_ = p.file.Close() // it was only read
}
