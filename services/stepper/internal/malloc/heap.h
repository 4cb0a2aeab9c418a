/* heap.h: the counters of one thread's malloc; document/blocks.h counts.
 *
 * Each worker thread has one struct heap and is the only one to write it;
 * anyone may read it at any time. A block is counted under its exact requested
 * size by the thread that allocates it, and again by the thread that frees it,
 * so the live blocks of a size are the sum over all heaps of allocs - frees.
 * That costs two plain additions per block. malloc_usable_size would cost 7 to
 * 15 per cent of a request, so usable bytes are derived when somebody asks: an
 * allocator gives blocks of one requested size the same usable size, but for
 * glibc's rare ones that were cut from a chunk too small to be split. */
#ifndef STEPPER_HEAP_H
#define STEPPER_HEAP_H

#include <stdint.h>

/* Blocks up to this size are counted by exact size, larger ones (a few per
 * request) by asking malloc_usable_size at once. */
#define HEAP_EXACT 1024

struct heap {
	uint64_t allocs[HEAP_EXACT + 1];
	uint64_t frees[HEAP_EXACT + 1];
	uint64_t reallocs; /* each counts as one alloc and one free above or below */
	uint64_t large_allocs;
	uint64_t large_frees;
	uint64_t large_requested_in;
	uint64_t large_requested_out;
	uint64_t large_usable_in;
	uint64_t large_usable_out;
};

#endif
