/* knobs.c: reads the allocator's settings back. For the main thread alone. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocator.h"
#include "knobs.h"

extern int mi_version(void) __attribute__((weak));
extern long mi_option_get(int) __attribute__((weak));
typedef void mimalloc_output(const char *, void *);
extern void mi_options_print_out(mimalloc_output *, void *) __attribute__((weak));
extern int MallocExtension_GetNumericProperty(const char *, size_t *) __attribute__((weak));
extern double MallocExtension_GetMemoryReleaseRate(void) __attribute__((weak));
extern void __scudo_print_stats(void) __attribute__((weak));

int mimalloc_version(void)
{
	int (*version)(void) = (int (*)(void))allocator_symbol("mi_version", (void *)mi_version);

	return version == NULL ? 0 : version();
}

bool mimalloc_option(int number, long *value)
{
	long (*get)(int) = (long (*)(int))allocator_symbol("mi_option_get", (void *)mi_option_get);

	if (get == NULL)
		return false;
	*value = get(number);
	return true;
}

struct text {
	char *at;
	size_t left; /* with the end's 0 */
};

static void add(const char *message, void *to)
{
	struct text *t = to;
	size_t n = strlen(message);

	if (n >= t->left)
		n = t->left - 1;
	memcpy(t->at, message, n);
	t->at += n;
	t->left -= n;
	*t->at = '\0';
}

bool mimalloc_print(char *out, size_t size)
{
	struct text t = {out, size};
	void (*print)(mimalloc_output *, void *) =
		(void (*)(mimalloc_output *, void *))allocator_symbol("mi_options_print_out", (void *)mi_options_print_out);

	if (print == NULL)
		return false;
	print(add, &t);
	return true;
}

bool gperftools_property(const char *name, size_t *value)
{
	int (*get)(const char *, size_t *) = (int (*)(const char *, size_t *))allocator_symbol(
		"MallocExtension_GetNumericProperty", (void *)MallocExtension_GetNumericProperty);

	return get != NULL && get(name, value) != 0;
}

/* Before 2.11 there is no function of C's for the rate. Then the method of the
 * implementation itself is called, by its name in the library. */
bool gperftools_release_rate(double *value)
{
	double (*get)(void) = (double (*)(void))allocator_symbol(
		"MallocExtension_GetMemoryReleaseRate", (void *)MallocExtension_GetMemoryReleaseRate);
	void *(*instance)(void);
	double (*method)(void *);

	if (get != NULL) {
		*value = get();
		return true;
	}
	instance = (void *(*)(void))allocator_symbol("_ZN15MallocExtension8instanceEv", NULL);
	method = (double (*)(void *))allocator_symbol("_ZN22TCMallocImplementation20GetMemoryReleaseRateEv", NULL);
	if (instance == NULL || method == NULL)
		return false;
	*value = method(instance());
	return true;
}

bool scudo_print(char *out, size_t size)
{
	void (*print)(void) = (void (*)(void))allocator_symbol("__scudo_print_stats", (void *)__scudo_print_stats);
	int file, before;
	ssize_t got;

	if (print == NULL || (file = memfd_create("stepper", MFD_CLOEXEC)) < 0)
		return false;
	if ((before = dup(2)) < 0 || dup2(file, 2) < 0) {
		close(file);
		if (before >= 0)
			close(before);
		return false;
	}
	print();
	dup2(before, 2);
	close(before);
	got = pread(file, out, size - 1, 0);
	close(file);
	out[got < 0 ? 0 : got] = '\0';
	return got > 0;
}

bool glibc_trim(void)
{
#ifdef __GLIBC__
	struct identity id;

	allocator_identify(&id);
	if (strcmp(id.name, "glibc") != 0)
		return false;
	malloc_trim(0);
	return true;
#else
	return false;
#endif
}
