// Package malloc wraps the C heap of the process: the counters of each worker
// thread (heap.h), and what the allocator behind malloc says of itself.
//
// Functions that ask the allocator may allocate in the calling thread. The
// service calls them on its main thread alone, so that no thread but the
// workers touches an arena that holds request data.
package malloc

// #cgo LDFLAGS: -ldl
// #include "allocator.h"
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

// Heap counts the blocks of one worker thread, which is the only one that may
// allocate and free through it.
type Heap struct{ c *C.struct_heap }

// NewHeap makes the counters of one thread. They live outside the Go heap until
// the process ends.
func NewHeap() (*Heap, error) {
	c := (*C.struct_heap)(C.calloc(1, C.sizeof_struct_heap))
	if c == nil {
		return nil, errors.New("no memory for the counters of a worker")
	}
	return &Heap{c}, nil
}

// Pointer gives the struct heap for C code of other packages.
func (h *Heap) Pointer() unsafe.Pointer { return unsafe.Pointer(h.c) }

// Counters sums what several heaps have counted.
type Counters struct {
	Requested int64  // live bytes as asked of malloc
	Usable    int64  // live bytes as malloc_usable_size has them
	Blocks    int64  // live blocks
	Allocs    uint64 // calls of malloc since the start
	Frees     uint64 // calls of free since the start
	Reallocs  uint64 // calls of realloc since the start
}

// Count reads the heaps while their owners may be at work: the sums are exact
// only when nobody allocates meanwhile.
func Count(heaps []*Heap) Counters {
	pointers := make([]*C.struct_heap, len(heaps))
	for i, h := range heaps {
		pointers[i] = h.c
	}
	var sum C.struct_heap_sum
	if len(heaps) > 0 {
		var pin runtime.Pinner
		defer pin.Unpin()
		pin.Pin(&pointers[0])
		C.heap_sum(&pointers[0], C.size_t(len(pointers)), &sum)
	}
	c := Counters{
		Requested: int64(sum.large_requested),
		Usable:    int64(sum.large_usable),
		Allocs:    uint64(sum.allocs),
		Frees:     uint64(sum.frees),
		Reallocs:  uint64(sum.reallocs),
	}
	c.Blocks = int64(c.Allocs - c.Frees)
	for size, live := range sum.live {
		if live != 0 {
			c.Requested += int64(size) * int64(live)
			c.Usable += int64(Usable(size)) * int64(live)
		}
	}
	return c
}

// Usable gives malloc_usable_size of a block of that requested size, which
// allocators decide by the size alone, glibc nearly so.
func Usable(size int) int { return int(C.usable_size(C.size_t(size))) }

// Requested gives the bytes that the heap's owner has asked of malloc, less those
// that it has freed, whoever asked for them. Only the owner may call it. It asks
// nothing of the allocator.
func (h *Heap) Requested() int64 {
	bytes := int64(h.c.large_requested_in) - int64(h.c.large_requested_out)
	for size := range h.c.allocs {
		bytes += int64(size) * int64(h.c.allocs[size]-h.c.frees[size])
	}
	return bytes
}

// AllocsBySize tells how many blocks of each requested size up to 1,024 bytes
// the heap's owner has allocated, those that a realloc made included. It is for
// tests, which cannot call C themselves.
func (h *Heap) AllocsBySize() []uint64 {
	sizes := make([]uint64, len(h.c.allocs))
	for i, n := range h.c.allocs {
		sizes[i] = uint64(n)
	}
	return sizes
}
