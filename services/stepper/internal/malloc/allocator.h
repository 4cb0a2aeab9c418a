/* allocator.h: which malloc this process runs, as it says itself. */
#ifndef STEPPER_ALLOCATOR_H
#define STEPPER_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "heap.h"

#define TEXT_BYTES 256

struct identity {
	char name[TEXT_BYTES];    /* glibc, musl, jemalloc, mimalloc, gperftools, tbbmalloc, scudo, rpmalloc or unknown */
	char version[TEXT_BYTES]; /* empty: it does not say */
	char file[TEXT_BYTES];    /* file that malloc comes from; empty: static */
	char libc[TEXT_BYTES];
	char libc_version[TEXT_BYTES];
};

void allocator_identify(struct identity *id);

/* A symbol of the library that malloc comes from, or else, in a static program,
 * what is linked; NULL: it has none of that name. */
void *allocator_symbol(const char *name, void *linked);

/* The number of arenas that exist, or 0 where the allocator does not say. */
int allocator_arenas(void);

/* A jemalloc option or statistic by its mallctl name. False: not jemalloc, or
 * no such name of that type. */
bool jemalloc_bool(const char *name, bool *value);
bool jemalloc_size(const char *name, size_t *value);
bool jemalloc_ssize(const char *name, int64_t *value);
bool jemalloc_unsigned(const char *name, unsigned *value);
bool jemalloc_text(const char *name, char out[TEXT_BYTES]);
void jemalloc_refresh(void);

/* What glibc's mallinfo2 says, summed over all arenas. False: not glibc. */
struct glibc_info {
	uint64_t arena, hblkhd, uordblks, fordblks, keepcost;
};
bool glibc_mallinfo(struct glibc_info *info);

/* malloc_usable_size of a block of that requested size: the least of three, asked
 * once for each size up to HEAP_EXACT. For the main thread alone. */
size_t usable_size(size_t requested);

/* Sums the live blocks of n heaps: allocs, frees, reallocs, live requested bytes
 * of large blocks and their usable bytes; and live[size], the blocks of each
 * size up to HEAP_EXACT. */
struct heap_sum {
	uint64_t allocs, frees, reallocs;
	int64_t large_requested, large_usable;
	int64_t live[HEAP_EXACT + 1];
};
void heap_sum(struct heap *const *heaps, size_t n, struct heap_sum *sum);

#endif
