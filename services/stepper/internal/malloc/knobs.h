/* knobs.h: the settings of the allocator behind malloc, as it says itself. What
 * is not exported by the library that serves malloc answers false. */
#ifndef STEPPER_KNOBS_H
#define STEPPER_KNOBS_H

#include <stdbool.h>
#include <stddef.h>

/* mimalloc's option by its number in the running version, and that version as
 * its mi_version has it. */
bool mimalloc_option(int number, long *value);
int mimalloc_version(void);

/* All of mimalloc's options as it prints them, where it does. */
bool mimalloc_print(char *out, size_t size);

bool gperftools_property(const char *name, size_t *value);
bool gperftools_release_rate(double *value);

/* What scudo prints of itself. It prints to stderr: what others write there
 * meanwhile comes out a moment later. */
bool scudo_print(char *out, size_t size);

/* malloc_trim(0) of glibc, where it serves malloc. */
bool glibc_trim(void);

#endif
