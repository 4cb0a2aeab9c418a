/* allocator.c: asks the allocator that is really behind malloc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "allocator.h"

/* A static program has no dynamic symbols; what is linked into it shows as weak
 * references that are not null. */
extern int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));
extern int mi_version(void) __attribute__((weak));
extern const char *tc_version(int *, int *, const char **) __attribute__((weak));

typedef int mallctl_function(const char *, void *, size_t *, void *, size_t);

static void *find(const char *name, void *linked)
{
	void *found = dlsym(RTLD_DEFAULT, name);

	return found != NULL ? found : linked;
}

static mallctl_function *find_mallctl(void)
{
	return (mallctl_function *)find("mallctl", (void *)mallctl);
}

static bool ctl(const char *name, void *value, size_t size)
{
	mallctl_function *call = find_mallctl();
	size_t got = size;

	return call != NULL && call(name, value, &got, NULL, 0) == 0 && got == size;
}

bool jemalloc_bool(const char *name, bool *value) { return ctl(name, value, sizeof *value); }
bool jemalloc_size(const char *name, size_t *value) { return ctl(name, value, sizeof *value); }
bool jemalloc_unsigned(const char *name, unsigned *value) { return ctl(name, value, sizeof *value); }

bool jemalloc_ssize(const char *name, int64_t *value)
{
	ssize_t got;

	if (!ctl(name, &got, sizeof got))
		return false;
	*value = got;
	return true;
}

bool jemalloc_text(const char *name, char out[TEXT_BYTES])
{
	const char *text;

	if (!ctl(name, &text, sizeof text))
		return false;
	snprintf(out, TEXT_BYTES, "%s", text);
	return true;
}

void jemalloc_refresh(void)
{
	mallctl_function *call = find_mallctl();
	uint64_t epoch = 1;
	size_t size = sizeof epoch;

	if (call != NULL)
		call("epoch", &epoch, &size, &epoch, size);
}

/* The C library, by what it says; musl says nothing at run time, so the build
 * names its version. */
static void identify_libc(struct identity *id)
{
#ifdef __GLIBC__
	strcpy(id->libc, "glibc");
	snprintf(id->libc_version, TEXT_BYTES, "%s", gnu_get_libc_version());
#else
	strcpy(id->libc, "musl");
#ifdef STEPPER_MUSL_VERSION
	snprintf(id->libc_version, TEXT_BYTES, "%s", STEPPER_MUSL_VERSION);
#endif
#endif
}

/* Does this symbol stand in the file that malloc comes from? A library that is
 * loaded but does not serve malloc must not be taken for the allocator. */
static void *beside_malloc(const struct identity *id, const char *name, void *linked)
{
	void *symbol = find(name, linked);
	Dl_info where;

	if (symbol == NULL || id->file[0] == '\0')
		return symbol;
	if (dladdr(symbol, &where) == 0 || strcmp(where.dli_fname, id->file) != 0)
		return NULL;
	return symbol;
}

static void identify_file(struct identity *id)
{
	void *symbol = dlsym(RTLD_DEFAULT, "malloc");
	Dl_info where;

	memset(id, 0, sizeof *id);
	if (symbol != NULL && dladdr(symbol, &where) != 0 && where.dli_fname != NULL)
		snprintf(id->file, TEXT_BYTES, "%s", where.dli_fname);
}

void allocator_identify(struct identity *id)
{
	void *symbol;

	identify_file(id);
	identify_libc(id);

	if (beside_malloc(id, "mallctl", (void *)mallctl) != NULL) {
		strcpy(id->name, "jemalloc");
		jemalloc_text("version", id->version);
		id->version[strcspn(id->version, "-")] = '\0'; /* without the commit */
	} else if ((symbol = beside_malloc(id, "mi_version", (void *)mi_version)) != NULL) {
		int v = ((int (*)(void))symbol)();
		strcpy(id->name, "mimalloc");
		if (v >= 10000) /* newer ones: two digits each for minor and patch */
			snprintf(id->version, TEXT_BYTES, "%d.%d.%d", v / 10000, v / 100 % 100, v % 100);
		else
			snprintf(id->version, TEXT_BYTES, "%d.%d.%d", v / 100, v / 10 % 10, v % 10);
	} else if ((symbol = beside_malloc(id, "tc_version", (void *)tc_version)) != NULL) {
		int major, minor;
		const char *patch;
		((const char *(*)(int *, int *, const char **))symbol)(&major, &minor, &patch);
		strcpy(id->name, "gperftools");
		snprintf(id->version, TEXT_BYTES, "%d.%d%s", major, minor, patch);
	} else if (beside_malloc(id, "scalable_allocation_mode", NULL) != NULL || strstr(id->file, "libtbbmalloc") != NULL) {
		strcpy(id->name, "tbbmalloc");
	} else if (beside_malloc(id, "__scudo_print_stats", NULL) != NULL) {
		strcpy(id->name, "scudo");
	} else if (beside_malloc(id, "rpmalloc_config", NULL) != NULL) {
		strcpy(id->name, "rpmalloc");
	} else if (id->file[0] == '\0' || strstr(id->file, "/libc.so") != NULL || strstr(id->file, "/ld-musl") != NULL) {
		strcpy(id->name, id->libc);
		strcpy(id->version, id->libc_version);
	} else {
		strcpy(id->name, "unknown");
	}
}

void *allocator_symbol(const char *name, void *linked)
{
	struct identity id;

	identify_file(&id);
	return beside_malloc(&id, name, linked);
}

int allocator_arenas(void)
{
	unsigned n;

	if (jemalloc_unsigned("arenas.narenas", &n))
		return (int)n;
#ifdef __GLIBC__
	/* mallinfo2 sums; only malloc_info lists the arenas, as XML. */
	struct identity id;
	char *text = NULL;
	size_t size = 0;
	int heaps = 0;

	allocator_identify(&id);
	if (strcmp(id.name, "glibc") != 0)
		return 0;
	FILE *out = open_memstream(&text, &size);
	if (out == NULL)
		return 0;
	if (malloc_info(0, out) == 0 && fflush(out) == 0)
		for (const char *p = text; (p = strstr(p, "<heap nr=")) != NULL; p++)
			heaps++;
	fclose(out);
	free(text);
	return heaps;
#else
	return 0;
#endif
}

bool glibc_mallinfo(struct glibc_info *info)
{
#ifdef __GLIBC__
	struct identity id;

	allocator_identify(&id);
	if (strcmp(id.name, "glibc") != 0)
		return false;
	struct mallinfo2 m = mallinfo2();
	*info = (struct glibc_info){m.arena, m.hblkhd, m.uordblks, m.fordblks, m.keepcost};
	return true;
#else
	(void)info;
	return false;
#endif
}

size_t usable_size(size_t requested)
{
	static size_t known[HEAP_EXACT + 1];
	void *volatile blocks[3]; /* a compiler may leave out a malloc that nobody uses */
	size_t least = SIZE_MAX;

	if (requested <= HEAP_EXACT && known[requested] != 0)
		return known[requested];
	for (int i = 0; i < 3; i++) {
		blocks[i] = malloc(requested);
		size_t usable = malloc_usable_size(blocks[i]);
		if (usable < least)
			least = usable;
	}
	for (int i = 0; i < 3; i++)
		free(blocks[i]);
	if (requested <= HEAP_EXACT)
		known[requested] = least;
	return least;
}

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void heap_sum(struct heap *const *heaps, size_t n, struct heap_sum *sum)
{
	memset(sum, 0, sizeof *sum);
	for (size_t i = 0; i < n; i++) {
		const struct heap *h = heaps[i];

		for (size_t size = 1; size <= HEAP_EXACT; size++) {
			uint64_t allocs = load(&h->allocs[size]), frees = load(&h->frees[size]);
			sum->allocs += allocs;
			sum->frees += frees;
			sum->live[size] += (int64_t)(allocs - frees);
		}
		sum->allocs += load(&h->large_allocs);
		sum->frees += load(&h->large_frees);
		sum->reallocs += load(&h->reallocs);
		sum->large_requested += (int64_t)(load(&h->large_requested_in) - load(&h->large_requested_out));
		sum->large_usable += (int64_t)(load(&h->large_usable_in) - load(&h->large_usable_out));
	}
	sum->allocs -= sum->reallocs;
	sum->frees -= sum->reallocs;
}
