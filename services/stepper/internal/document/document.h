/* document.h: a JSON document as a tree of C-heap blocks.
 *
 * The blocks are those that a typical service with an ordered map, owned
 * strings and a deserialiser that remembers its path makes: one block per
 * string of its exact length, a B-tree of up to 11 entries a node per object,
 * an array buffer that doubles from 4. They are the load that the allocators
 * are compared under, so their number and sizes are part of the contract (see
 * profile_test.go). */
#ifndef STEPPER_DOCUMENT_H
#define STEPPER_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"

enum kind {
	KIND_NULL,
	KIND_FALSE,
	KIND_TRUE,
	KIND_INT,    /* negative integer that fits 64 bits */
	KIND_UINT,   /* other integer that fits 64 bits */
	KIND_DOUBLE, /* everything else */
	KIND_STRING,
	KIND_ARRAY,
	KIND_OBJECT,
};

struct node;

/* A value is 32 bytes. Numbers, booleans and null own no block. */
struct value {
	uint8_t kind;
	bool short_decimal; /* of a double: decimal and exponent are its shortest form */
	int16_t exponent;   /* of a short decimal: value = +-decimal * 10^exponent */
	union {
		int64_t i;
		uint64_t u;
		struct {
			double d;
			uint64_t decimal;
		} number;
		struct {
			char *bytes; /* NULL when empty */
			size_t len;
		} string;
		struct {
			struct value *items; /* NULL when nothing was ever in it */
			size_t len, cap;
		} array;
		struct {
			struct node *root; /* NULL when empty */
			size_t len;
		} object;
	} as;
};

/* A key is 24 bytes: its first eight bytes stand beside the pointer, as a
 * big-endian number padded with zeros, so that most comparisons touch no other
 * cache line. */
struct key {
	char *bytes; /* NULL when empty */
	uint64_t prefix;
	size_t len;
};

#define NODE_KEYS 11

/* A node of an object's B-tree: 632 bytes for a leaf, 728 with edges. */
struct node {
	uint64_t height; /* 0: a leaf */
	uint64_t len;
	struct key keys[NODE_KEYS];
	struct value values[NODE_KEYS];
};

struct inner {
	struct node node;
	struct node *edges[NODE_KEYS + 1];
};

_Static_assert(sizeof(struct value) == 32, "a value is 32 bytes");
_Static_assert(sizeof(struct key) == 24, "a key is 24 bytes");
_Static_assert(sizeof(struct node) == 632, "a leaf is 632 bytes");
_Static_assert(sizeof(struct inner) == 728, "an inner node is 728 bytes");

/* The serialised bytes: a buffer that starts at 128 and doubles. */
struct buffer {
	char *bytes;
	size_t len, cap;
};

enum failure_kind { FAILURE_NONE, FAILURE_SYNTAX, FAILURE_DATA, FAILURE_MEMORY };

#define PATH_MAX_BYTES 2048

/* Why a parse failed, and where. The path is written from the end of its
 * field backwards while the recursion unwinds. */
struct failure {
	int kind;
	const char *reason;
	size_t line, column; /* from 1; the column counts bytes, 0 before the first */
	size_t path_start;   /* the path is path[path_start..PATH_MAX_BYTES] */
	bool path_full;      /* its front is missing */
	char path[PATH_MAX_BYTES];
};

/* A request's document: all that lives through the handler's sleep. */
struct document {
	struct value tree;
	struct value clone;
	struct buffer bytes;
};

/* document_parse copies the body into a block of its exact length, parses
 * {"payload": ...} into doc->tree and frees the block. On failure nothing is
 * left allocated and failure says why. */
bool document_parse(struct heap *h, struct document *doc, const char *body, size_t len, struct failure *failure);

/* document_clone makes doc->clone a deep copy of doc->tree. False: no memory;
 * nothing is left allocated for the clone. */
bool document_clone(struct heap *h, struct document *doc);

/* document_encode writes the tree as compact JSON, keys sorted, to doc->bytes.
 * False: no memory. */
bool document_encode(struct heap *h, struct document *doc);

/* document_copy makes the tree of the empty document to a deep copy of that of
 * from. False: no memory; to stays empty. */
bool document_copy(struct heap *h, struct document *to, const struct document *from);

/* document_free frees the bytes, then the clone, then the tree. */
void document_free(struct heap *h, struct document *doc);

/* Between the files of this package. */

void value_free(struct heap *h, struct value *v);
bool value_clone(struct heap *h, struct value *to, const struct value *from);

/* object_insert takes over key and value. A key that is there already gets the
 * new value; its own block stays and the new key's is freed. False: no memory;
 * key and value still belong to the caller. */
bool object_insert(struct heap *h, struct value *object, struct key key, struct value value);

struct key key_make(char *bytes, const char *text, size_t len);

/* number_parse reads the number of len bytes at text, which is valid JSON, into
 * v. */
enum number_result { NUMBER_OK, NUMBER_OUT_OF_RANGE, NUMBER_NO_MEMORY };
enum number_result number_parse(struct heap *h, struct value *v, const char *text, size_t len);

/* number_format writes v, a number, to out, which has NUMBER_MAX bytes, and
 * gives its length. */
#define NUMBER_MAX 32
size_t number_format(const struct value *v, char *out);

#endif
