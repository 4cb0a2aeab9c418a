/* parse.c: JSON text to a tree of blocks, by recursive descent. */
#include <string.h>

#include "parser.h"

/* A value may stand in at most this many containers, the outer object
 * included. */
#define MAX_DEPTH 127

static bool parse_value(struct parser *ps, struct value *v);

static bool array_push(struct parser *ps, struct value *array, const struct value *item)
{
	size_t cap = array->as.array.cap;

	if (array->as.array.len == cap) {
		const size_t size = sizeof(struct value);
		struct value *items = cap == 0 ? heap_alloc(ps->h, 4 * size)
					       : heap_realloc(ps->h, array->as.array.items, cap * size, 2 * cap * size);
		if (items == NULL)
			return fail_memory(ps);
		array->as.array.items = items;
		array->as.array.cap = cap == 0 ? 4 : 2 * cap;
	}
	array->as.array.items[array->as.array.len++] = *item;
	return true;
}

/* The bracket has been consumed. What has been read so far is in v, also on
 * failure: the caller frees it. */
static bool parse_array(struct parser *ps, struct value *v)
{
	*v = (struct value){.kind = KIND_ARRAY, .as.array = {0}};
	for (bool first = true;; first = false) {
		struct value item;

		skip_space(ps);
		if (ps->p == ps->end)
			return fail_peek(ps, "EOF while parsing a list");
		if (*ps->p == ']') {
			ps->p++;
			return true;
		}
		if (!first) {
			if (*ps->p != ',')
				return fail_peek(ps, "expected `,` or `]`");
			ps->p++;
			skip_space(ps);
			if (ps->p == ps->end)
				return fail_peek(ps, "EOF while parsing a value");
			if (*ps->p == ']')
				return fail_peek(ps, "trailing comma");
		}
		if (!parse_value(ps, &item))
			return path_index(ps, v->as.array.len);
		if (!array_push(ps, v, &item)) {
			value_free(ps->h, &item);
			return false;
		}
	}
}

/* Reads up to the opening quote of the next key, which is consumed, and sets
 * *more; or consumes the closing brace. */
static bool next_key(struct parser *ps, bool first, bool *more)
{
	skip_space(ps);
	if (ps->p == ps->end)
		return fail_peek(ps, "EOF while parsing an object");
	*more = *ps->p != '}';
	if (!*more) {
		ps->p++;
		return true;
	}
	if (!first) {
		if (*ps->p != ',')
			return fail_peek(ps, "expected `,` or `}`");
		ps->p++;
		skip_space(ps);
		if (ps->p == ps->end)
			return fail_peek(ps, "EOF while parsing a value");
		if (*ps->p == '}')
			return fail_peek(ps, "trailing comma");
	}
	if (*ps->p != '"')
		return fail_peek(ps, "key must be a string");
	ps->p++;
	return true;
}

static bool parse_colon(struct parser *ps)
{
	skip_space(ps);
	if (ps->p == ps->end)
		return fail_peek(ps, "EOF while parsing an object");
	if (*ps->p != ':')
		return fail_peek(ps, "expected `:`");
	ps->p++;
	return true;
}

/* One entry of an object, its key's opening quote consumed. Two more copies of
 * the key live until the value is complete: a deserialiser that can name the
 * path of an error keeps them, and the pattern of short-lived blocks between
 * long-lived ones is part of the load. */
static bool parse_entry(struct parser *ps, struct value *object)
{
	struct slice text;
	struct key key = {0};
	struct value value;
	char *capture = NULL, *segment = NULL;
	size_t len = 0;
	bool ok = false;

	if (!parse_string(ps, &text))
		return path_key(ps, "?", 1);
	len = text.len;
	if (!copy_slice(ps, text, &capture) || !copy_slice(ps, text, &key.bytes))
		goto out;
	key = key_make(key.bytes, text.text, len);
	if (!copy_slice(ps, (struct slice){key.bytes, len}, &segment) || !parse_colon(ps))
		goto out;
	if (!parse_value(ps, &value)) {
		path_key(ps, segment, len);
		goto out;
	}
	ok = object_insert(ps->h, object, key, value);
	if (!ok) {
		value_free(ps->h, &value);
		fail_memory(ps);
	}
out:
	heap_free(ps->h, segment, len);
	heap_free(ps->h, capture, len);
	if (!ok)
		heap_free(ps->h, key.bytes, len);
	return ok;
}

/* The brace has been consumed. As with parse_array, v is valid on failure. */
static bool parse_object(struct parser *ps, struct value *v)
{
	*v = (struct value){.kind = KIND_OBJECT, .as.object = {0}};
	for (bool first = true;; first = false) {
		bool more;

		if (!next_key(ps, first, &more))
			return path_key(ps, "?", 1);
		if (!more)
			return true;
		if (!parse_entry(ps, v))
			return false;
	}
}

static bool parse_container(struct parser *ps, struct value *v)
{
	bool ok;

	if (ps->depth == MAX_DEPTH)
		return fail_peek(ps, "recursion limit exceeded");
	ps->depth++;
	ok = *ps->p++ == '{' ? parse_object(ps, v) : parse_array(ps, v);
	ps->depth--;
	if (!ok)
		value_free(ps->h, v);
	return ok;
}

static bool parse_value(struct parser *ps, struct value *v)
{
	struct slice text;
	const char *from;

	skip_space(ps);
	v->kind = KIND_NULL;
	if (ps->p == ps->end)
		return fail_peek(ps, "EOF while parsing a value");
	switch (*ps->p) {
	case '"':
		ps->p++;
		if (!parse_string(ps, &text) || !copy_slice(ps, text, &v->as.string.bytes))
			return false;
		v->as.string.len = text.len;
		v->kind = KIND_STRING;
		return true;
	case '{':
	case '[':
		return parse_container(ps, v);
	case 'n':
		return parse_word(ps, "null");
	case 't':
		v->kind = KIND_TRUE;
		return parse_word(ps, "true");
	case 'f':
		v->kind = KIND_FALSE;
		return parse_word(ps, "false");
	case '-':
	case '0' ... '9':
		from = ps->p;
		if (!skip_number(ps))
			return false;
		switch (number_parse(ps->h, v, from, (size_t)(ps->p - from))) {
		case NUMBER_NO_MEMORY:
			return fail_memory(ps);
		case NUMBER_OUT_OF_RANGE:
			return ps->ignoring || fail(ps, "number out of range");
		case NUMBER_OK:
			return true;
		}
		return true;
	default:
		return fail_peek(ps, "expected value");
	}
}

static bool fail_data(struct parser *ps, const char *reason)
{
	ps->failure->path_start = PATH_MAX_BYTES;
	return fail_at(ps, ps->p, FAILURE_DATA, reason);
}

/* Something else than an object where the outer object should stand: bad
 * syntax first, then the wrong type. */
static bool fail_outer(struct parser *ps)
{
	static const char *const reasons[] = {
		[KIND_NULL] = "invalid type: null, expected a map with a field `payload`",
		[KIND_FALSE] = "invalid type: boolean, expected a map with a field `payload`",
		[KIND_TRUE] = "invalid type: boolean, expected a map with a field `payload`",
		[KIND_INT] = "invalid type: integer, expected a map with a field `payload`",
		[KIND_UINT] = "invalid type: integer, expected a map with a field `payload`",
		[KIND_DOUBLE] = "invalid type: floating point, expected a map with a field `payload`",
		[KIND_STRING] = "invalid type: string, expected a map with a field `payload`",
		[KIND_ARRAY] = "invalid type: sequence, expected a map with a field `payload`",
	};
	struct value v;

	if (!parse_value(ps, &v))
		return false;
	fail_data(ps, reasons[v.kind]);
	value_free(ps->h, &v);
	return false;
}

/* Reads {"payload": v, ...}. A field of another name must be well-formed, within
 * the depth, and is thrown away. v is valid on failure. */
static bool parse_outer(struct parser *ps, struct value *v)
{
	static const char name[] = "payload";
	bool seen = false;

	skip_space(ps);
	if (ps->p == ps->end || *ps->p != '{')
		return fail_outer(ps);
	ps->p++;
	ps->depth = 1;
	for (bool first = true;; first = false) {
		struct slice key;
		struct value other;
		bool more, payload;

		if (!next_key(ps, first, &more))
			return false;
		if (!more)
			break;
		if (!parse_string(ps, &key))
			return false;
		payload = key.len == sizeof name - 1 && memcmp(key.text, name, key.len) == 0;
		if (payload && seen)
			return fail_data(ps, "duplicate field `payload`");
		if (!parse_colon(ps))
			return false;
		if (payload) {
			if (!parse_value(ps, v))
				return path_key(ps, name, sizeof name - 1);
			seen = true;
			continue;
		}
		/* The key may lie in the scratch buffer, which the value uses. */
		char *copy;
		size_t len = key.len;
		if (!copy_slice(ps, key, &copy))
			return false;
		ps->ignoring = true;
		bool ok = parse_value(ps, &other);
		ps->ignoring = false;
		if (ok)
			value_free(ps->h, &other);
		else
			path_key(ps, copy, len);
		heap_free(ps->h, copy, len);
		if (!ok)
			return false;
	}
	if (!seen)
		return fail_data(ps, "missing field `payload`");
	skip_space(ps);
	if (ps->p < ps->end)
		return fail_peek(ps, "trailing characters");
	return true;
}

bool document_parse(struct heap *h, struct document *doc, const char *body, size_t len, struct failure *failure)
{
	struct parser ps = {.h = h, .failure = failure};
	char *block = NULL;
	bool ok;

	*doc = (struct document){0};
	failure->kind = FAILURE_NONE;
	failure->path_start = PATH_MAX_BYTES;
	failure->path_full = false;
	if (len > 0) {
		block = heap_alloc(h, len);
		if (block == NULL) {
			ps.start = ps.p = ps.end = body;
			return fail_memory(&ps);
		}
		memcpy(block, body, len);
	}
	ps.start = ps.p = block;
	ps.end = block + len;
	ok = parse_outer(&ps, &doc->tree);
	heap_free(h, ps.scratch.bytes, ps.scratch.cap);
	heap_free(h, block, len);
	if (!ok)
		value_free(h, &doc->tree);
	return ok;
}
