/* blocks.h: malloc, realloc and free, counted in the heap.h of the calling
 * worker. They stand in this folder because it is the only one to call them. */
#ifndef STEPPER_BLOCKS_H
#define STEPPER_BLOCKS_H

#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>

#include "heap.h"

/* The owner alone writes, so an addition need not be atomic as a whole; the
 * store must not be torn. */
static inline void heap_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline void heap_count_in(struct heap *h, void *block, size_t size)
{
	if (__builtin_expect(size <= HEAP_EXACT, 1)) {
		heap_add(&h->allocs[size], 1);
		return;
	}
	heap_add(&h->large_allocs, 1);
	heap_add(&h->large_requested_in, size);
	heap_add(&h->large_usable_in, malloc_usable_size(block));
}

static inline void heap_count_out(struct heap *h, void *block, size_t size)
{
	if (__builtin_expect(size <= HEAP_EXACT, 1)) {
		heap_add(&h->frees[size], 1);
		return;
	}
	heap_add(&h->large_frees, 1);
	heap_add(&h->large_requested_out, size);
	heap_add(&h->large_usable_out, malloc_usable_size(block));
}

/* heap_alloc gives a block of size bytes, or NULL. size is not 0. */
static inline void *heap_alloc(struct heap *h, size_t size)
{
	void *block = malloc(size);

	if (__builtin_expect(block != NULL, 1))
		heap_count_in(h, block, size);
	return block;
}

/* heap_free frees a block of that requested size; NULL is allowed. */
static inline void heap_free(struct heap *h, void *block, size_t size)
{
	if (block == NULL)
		return;
	heap_count_out(h, block, size);
	free(block);
}

/* heap_realloc resizes a block, or gives NULL and leaves it as it was. */
static inline void *heap_realloc(struct heap *h, void *block, size_t old_size, size_t new_size)
{
	uint64_t old_usable = old_size > HEAP_EXACT ? malloc_usable_size(block) : 0;
	void *moved = realloc(block, new_size);

	if (moved == NULL)
		return NULL;
	if (old_size <= HEAP_EXACT) {
		heap_add(&h->frees[old_size], 1);
	} else {
		heap_add(&h->large_frees, 1);
		heap_add(&h->large_requested_out, old_size);
		heap_add(&h->large_usable_out, old_usable);
	}
	heap_count_in(h, moved, new_size);
	heap_add(&h->reallocs, 1);
	return moved;
}

#endif
