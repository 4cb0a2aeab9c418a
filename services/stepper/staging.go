package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 2 << 20

// stagingKept is how many staging buffers are kept for later requests. Bodies
// arrive faster than they are parsed, so that seldom more are in use; those of a
// burst are given back, or they would show as the service's idle memory.
const stagingKept = 2

// stagingBytes is the size of a mapping: a body and one byte more, by which a
// body that is too long shows, in whole pages.
const stagingBytes = maxBody + 4096

// staging is memory that a body arrives in, outside both the Go heap and the
// malloc heap: mapped pages, so that neither garbage collector nor allocator
// sees the bytes before a worker copies them to a block of their exact length.
// Only the pages that bodies touch are resident.
type staging struct {
	bytes   []byte
	touched int // how far bodies have reached
}

func (s *staging) pointer() unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s.bytes)) }

// stagingPool keeps mappings between requests: without it every request would
// pay a page fault for every page of its body.
type stagingPool struct {
	mu       sync.Mutex
	free     []*staging
	inUse    atomic.Int64 // number of buffers
	resident atomic.Int64 // bytes that bodies have reached, in all mappings
}

// get gives a buffer of stagingBytes.
func (p *stagingPool) get() (*staging, error) {
	p.inUse.Add(1)
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()

	bytes, err := syscall.Mmap(-1, 0, stagingBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		p.inUse.Add(-1)
		return nil, fmt.Errorf("map a staging buffer: %w", err)
	}
	// Best effort: without it, where the kernel makes huge pages of everything,
	// a small body would make 2 MiB resident. Kernels without huge pages refuse.
	_ = syscall.Madvise(bytes, noHugePage)
	return &staging{bytes: bytes}, nil
}

// noHugePage is MADV_NOHUGEPAGE, which package syscall does not name.
const noHugePage = 15

// put takes a buffer back that held size bytes.
func (p *stagingPool) put(s *staging, size int) error {
	defer p.inUse.Add(-1)
	if size > s.touched {
		p.resident.Add(int64(size - s.touched))
		s.touched = size
	}
	p.mu.Lock()
	if len(p.free) < stagingKept {
		p.free = append(p.free, s)
		p.mu.Unlock()
		return nil
	}
	p.mu.Unlock()
	p.resident.Add(int64(-s.touched))
	if err := syscall.Munmap(s.bytes); err != nil {
		return fmt.Errorf("unmap a staging buffer: %w", err)
	}
	return nil
}
